#include "core/upload/upload_driver.h"

#include <algorithm>
#include <utility>

// What an UploadDriver does about silence, and with shares that are lost on their way.

namespace tarn::upload {

namespace {

/// A line that moves less than this is taken for dead: the time for all bytes under way at this rate, and some more,
/// may pass without any answer from any server. Time in which a limit of our own holds bytes back does not count.
constexpr std::uint64_t slowestLine = 16 * 1024;
constexpr async::Milliseconds answerSlack{30000};
/// What a server may take to say whether a share stands there whose end is in doubt.
constexpr async::Milliseconds doubtSpan{5000};

}  // namespace

void UploadDriver::watchForSilence() {
    if (m_unanswered == 0 || m_failure) {
        m_silence.reset();
        return;
    }
    m_silenceSpan = answerSlack + async::Milliseconds(m_unanswered * 1000 / slowestLine);
    m_silence = m_environment->timers->after(m_silenceSpan, [mailbox = m_mailbox] { mailbox.push(Silence{}); });
}

/// Whether a limit of our own kept calls from a server within the last `span`.
bool UploadDriver::wasHeldBack(const Server& server, async::Milliseconds span) const {
    return server.calls->heldBackUntil() > m_environment->clock->steadyNow() - span;
}

/// Whether questions for room have no answer yet because bytes that go along with them wait for their time.
bool UploadDriver::limitsHoldQuestions() const {
    for (grid::ServerIndex index = 0; index < m_servers.size(); ++index) {
        const Server& server = m_servers[index];
        if ((!server.along.empty() || m_probing.contains(index)) && wasHeldBack(server, m_patienceSpan)) {
            return true;
        }
    }
    return false;
}

void UploadDriver::on(const Silence&) {
    for (std::size_t share = 0; share < m_lanes.size(); ++share) {
        const ShareNum number(static_cast<std::uint16_t>(share));
        const auto destination = m_destinations.find(number);
        if (m_lanes[share].writing() && !m_lanes[share].closed() && destination != m_destinations.end() &&
            !wasHeldBack(m_servers[destination->second], m_silenceSpan)) {
            lose(number, {ErrorCode::TimedOut, "stopped answering", true});
        }
    }
}

/// A write that comes after the share is complete finds nothing to write to, and the last one may have completed it
/// whatever came back: what stands is not lost, and is not sent to another server.
void UploadDriver::lose(ShareNum share, Error error) {
    ShareLane& lane = m_lanes[share.value()];
    const bool mayStand = error.code == ErrorCode::NotFound || lane.allHandedOut();
    closeLane(lane);
    if (!mayStand) {
        act(m_plan.on(UploadPlan::ShareLost{share, std::move(error)}));
        return;
    }
    Doubt& doubt = m_doubts.insert_or_assign(share, Doubt{std::move(error), {}, {}}).first->second;
    doubt.patience =
        m_environment->timers->after(doubtSpan, [mailbox = m_mailbox, share] { mailbox.push(DoubtTimedOut{share}); });
    ++m_calls;
    const auto& server = m_servers[m_destinations.at(share)].calls;
    m_scope.spawn(server->listShares(m_index, doubt.question.get_token()),
                  [mailbox = m_mailbox, share](Result<std::set<ShareNum>> answer) {
                      mailbox.push(DoubtAnswered{share, std::move(answer)});
                  });
}

void UploadDriver::on(const DoubtAnswered& event) {
    --m_calls;
    const Doubt doubt = std::move(m_doubts.extract(event.share).mapped());
    if (event.answer && event.answer->contains(event.share)) {
        m_acknowledged += shareSizeOf(m_geometry) - m_lanes[event.share.value()].confirmed().value();
        act(m_plan.on(UploadPlan::ShareClosed{event.share}));
    } else {
        act(m_plan.on(UploadPlan::ShareLost{event.share, doubt.error}));
    }
}

void UploadDriver::on(const DoubtTimedOut& event) {
    if (const auto doubt = m_doubts.find(event.share); doubt != m_doubts.end()) {
        doubt->second.question.request_stop();
    }
}

/// Makes the lost shares that have new places. Not before the first making has come to its end, a later one is at rest
/// and every earlier write has ended: what is held stays within one window, the source is read once at a time, and no
/// answer is taken for another's.
void UploadDriver::makeLostAgain() {
    if (!m_makeLost || !sealed()) {
        return;
    }
    m_maker->stop();  // all that it makes is lost by now, or there
    if (m_maker->working() || std::ranges::any_of(m_lanes, &ShareLane::writing)) {
        return;
    }
    m_makeLost = false;
    m_sealed = m_again.before = sealed();
    ++m_making;
    m_lanes = std::vector<ShareLane>(m_geometry.total);
    m_maker.emplace(m_again, m_environment->pools, m_environment->window, m_lanes, m_scope, teller());
    setLanes();
    if (auto begun = m_maker->start(); !begun) {
        act(m_plan.on(UploadPlan::SourceLost{begun.error()}));
    }
}

}  // namespace tarn::upload
