#include "core/bucketstore/advisories.h"

#include "core/foundation/base32.h"

#include <array>
#include <ctime>

namespace tarn::bucketstore {

namespace {

/// `2026-03-01T120000`: sorts by time and holds no colon.
std::string timeName(WallTime now) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H%M%S", &parts);
    return {text.data(), length};
}

}  // namespace

Advisories::Advisories(std::shared_ptr<FileSystem> files, std::string folder)
    : m_files(std::move(files)), m_folder(std::move(folder)) {}

Result<void> Advisories::keep(ContainerKind kind, StorageIndex index, ShareNum share, std::string_view reason,
                              WallTime now) {
    const std::string bucket = toBase32(index.bytes());
    const std::string number = std::to_string(share.value());
    const std::string path = m_folder + '/' + timeName(now) + "--" + bucket + '-' + number;
    std::string text = "report: Share Corruption\ntype: ";
    text += kind == ContainerKind::Mutable ? "mutable" : "immutable";
    text += "\nstorage_index: " + bucket + "\nshare_number: " + number + "\n\n";
    text += reason.substr(0, mostAdvisoryReason);
    text += "\n\n";

    const std::lock_guard lock(m_mutex);
    const auto kept = m_files->names(m_folder);
    if (!kept) {
        return failure(kept.error());
    }
    if (kept->size() >= mostAdvisories) {
        return {};
    }
    auto file = m_files->open(path, FileSystem::Access::CreateNew);
    if (!file) {
        if (file.error().code == ErrorCode::Conflict) {
            return {};
        }
        return failure(file.error());
    }
    auto written = (*file)->write(0, std::array{viewOf(text)});
    if (!written) {
        file->reset();
        (void)m_files->remove(path);
    }
    return written;
}

}  // namespace tarn::bucketstore
