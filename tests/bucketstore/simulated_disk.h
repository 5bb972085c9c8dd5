#pragma once

#include "core/bucketstore/file_system.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tarn::bucketstore::test {

/// A disk in memory that tells what was done from what was synced, so that the power can be cut at any step.
///
/// Each call that changes or syncs something is a step, counted from 1. Thread: any.
class SimulatedDisk : public FileSystem {
public:
    /// What is still there after the end came.
    enum class Survives : std::uint8_t {
        Everything,      ///< the program was killed; the system went on
        WhatWasSynced,   ///< nothing else
        NamesAndSynced,  ///< all names, and of the bytes what was synced
        NamesAndNewest,  ///< all names, and of each file's unsynced writes the last one only
        BytesAndSynced,  ///< all bytes, and of the names what was synced
    };

    SimulatedDisk();

    /// The machine stops during step `step`: it and all later ones fail. With `tear` a write at that step gets half
    /// way.
    void stopAt(std::uint64_t step, bool tear);
    /// Steps that need room fail with NoSpace from this one on, or it alone.
    void fillAt(std::uint64_t step, bool forGood);
    void heal();
    [[nodiscard]] std::uint64_t steps() const;
    [[nodiscard]] bool stopped() const;
    /// Whether a step failed for lack of room.
    [[nodiscard]] bool struck() const;
    /// The disk as the next start finds it.
    [[nodiscard]] std::shared_ptr<SimulatedDisk> afterRestart(Survives survives) const;
    void setFreeSpace(std::uint64_t bytes);
    /// A file's bytes now; nothing when there is none.
    [[nodiscard]] std::optional<Bytes> contents(const std::string& path) const;
    void put(const std::string& path, Bytes bytes);

    [[nodiscard]] Result<std::unique_ptr<File>> open(const std::string& path, Access access) override;
    [[nodiscard]] Result<std::uint64_t> fileSize(const std::string& path) override;
    [[nodiscard]] Result<EntryStatus> status(const std::string& path) override;
    [[nodiscard]] Result<bool> makeFolder(const std::string& path) override;
    [[nodiscard]] Result<std::vector<std::string>> names(const std::string& folder) override;
    [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override;
    [[nodiscard]] Result<void> replace(const std::string& from, const std::string& to) override;
    [[nodiscard]] Result<void> link(const std::string& file, const std::string& name) override;
    [[nodiscard]] Result<void> remove(const std::string& file) override;
    [[nodiscard]] Result<void> removeFolder(const std::string& folder) override;
    [[nodiscard]] Result<void> syncFolder(const std::string& folder) override;
    [[nodiscard]] Result<void> syncAll(const std::string& folder) override;
    [[nodiscard]] Result<std::uint64_t> freeSpace(const std::string& folder) override;
    [[nodiscard]] Result<std::unique_ptr<FolderLock>> lock(const std::string& path) override;

private:
    struct Node;
    struct OpenFile;
    struct Held;
    using NodePointer = std::shared_ptr<Node>;

    // These need the lock.
    [[nodiscard]] NodePointer find(const std::string& path) const;
    [[nodiscard]] NodePointer folderOf(const std::string& path) const;
    [[nodiscard]] std::optional<Error> step(bool needsRoom);
    [[nodiscard]] static NodePointer surviving(const Node& node, Survives survives);
    static void syncTree(Node& node);

    mutable std::mutex m_mutex;
    NodePointer m_root;
    std::int64_t m_changes = 0;  ///< of bytes and names so far: the disk's idea of time
    std::uint64_t m_steps = 0;
    std::uint64_t m_stopAt = 0;
    bool m_tear = false;
    bool m_stopped = false;
    std::uint64_t m_fillAt = 0;
    bool m_fillForGood = false;
    bool m_struck = false;
    std::uint64_t m_free = 1ULL << 40U;
    std::shared_ptr<bool> m_locked = std::make_shared<bool>(false);
};

}  // namespace tarn::bucketstore::test
