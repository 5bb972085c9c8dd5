#include "core/upload/upload_driver.h"

#include <utility>

// What an UploadDriver does to go on with an earlier upload of the same file, and leaves for a later one.

namespace tarn::upload {

/// Asks how far the shares are that an earlier upload may have begun on this server; false where there is nothing to
/// ask. A byte that stands there already is written again, since only a write is told what is missing. So it also comes
/// out what a Tahoe-LAFS server leaves out of its answer: the shares for which it holds the room already.
bool UploadDriver::probe(const UploadPlan::AllocationAnswered& answered) {
    Server& server = m_servers[answered.server];
    const auto asked = std::exchange(server.asked, {});
    if (!m_continuation || !m_continuation->again || !answered.answer || m_failure) {
        return false;
    }
    Probing probing{*answered.answer, 0};
    auto first = shareHeaderOf(m_geometry);
    first.resize(1);
    const auto byte = std::make_shared<const Bytes>(std::move(first));
    for (const ShareNum share : asked) {
        // Of a share that is one write there is little to save; it mostly matters that there is room for it.
        const bool granted = probing.answer.allocated.contains(share);
        const bool fewBytes = areSmall(m_geometry) || (RunPlan(m_geometry).count() == 1 && !m_continuation->cutOff);
        if (probing.answer.alreadyHave.contains(share) || probing.answer.stored.contains(share) ||
            (granted && fewBytes)) {
            continue;
        }
        ++probing.open;
        ++m_calls;
        m_scope.spawn(
            server.calls->write(m_index, share, server.secret, ByteOffset(0), byte, server.questions.get_token()),
            [mailbox = m_mailbox, index = answered.server, share](Result<storage::WriteProgress> answer) {
                mailbox.push(Probed{index, share, std::move(answer)});
            });
    }
    if (probing.open == 0) {
        return false;
    }
    m_probing.insert_or_assign(answered.server, std::move(probing));
    return true;
}

void UploadDriver::on(Probed event) {
    --m_calls;
    Probing& probing = m_probing.at(event.server);
    if (event.answer && !event.answer->complete) {
        probing.answer.allocated.insert(event.share);
        const auto& missing = event.answer->required;
        if (missing.size() == 1 && missing.front().end.value() == shareSizeOf(m_geometry)) {
            m_standing.insert_or_assign({event.server, event.share}, missing.front().begin);
        }
    }
    if (--probing.open == 0) {
        auto answer = std::move(probing.answer);
        m_probing.erase(event.server);
        act(m_plan.on(UploadPlan::AllocationAnswered{event.server, std::move(answer)}));
    }
}

/// Whether what was begun stays on the servers, to be gone on with.
bool UploadDriver::leavesBehind() const {
    if (!m_continuation || !m_failure) {
        return false;
    }
    return m_failure->retryable || (m_failure->code == ErrorCode::Cancelled && *m_continuation->keep);
}

}  // namespace tarn::upload
