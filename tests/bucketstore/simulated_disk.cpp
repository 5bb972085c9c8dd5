#include "tests/bucketstore/simulated_disk.h"

#include <algorithm>

namespace tarn::bucketstore::test {

namespace {

struct Change {
    std::uint64_t offset = 0;
    Bytes bytes;
    std::optional<std::uint64_t> cutTo;  ///< a truncation instead of a write

    void applyTo(Bytes& file) const {
        if (cutTo) {
            file.resize(static_cast<std::size_t>(*cutTo));
            return;
        }
        const auto end = static_cast<std::size_t>(offset) + bytes.size();
        if (file.size() < end) {
            file.resize(end);
        }
        std::ranges::copy(bytes, file.begin() + static_cast<std::ptrdiff_t>(offset));
    }
};

std::string lastName(const std::string& path) {
    return path.substr(path.find_last_of('/') + 1);
}

tl::unexpected<Error> absent() {
    return failure(ErrorCode::NotFound, "no such file");
}

}  // namespace

struct SimulatedDisk::Node {
    bool folder = false;
    Bytes bytes;
    Bytes syncedBytes;
    std::int64_t modified = 0;
    std::vector<Change> unsynced;
    std::map<std::string, NodePointer> names;
    std::map<std::string, NodePointer> syncedNames;
};

struct SimulatedDisk::OpenFile final : public File {
    OpenFile(SimulatedDisk* itsDisk, NodePointer itsNode) : disk(itsDisk), node(std::move(itsNode)) {}

    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, MutableByteView out) const override {
        const std::lock_guard lock(disk->m_mutex);
        if (offset >= node->bytes.size()) {
            return 0;
        }
        const std::size_t count =
            std::min<std::size_t>(out.size(), node->bytes.size() - static_cast<std::size_t>(offset));
        std::copy_n(node->bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
        return count;
    }

    [[nodiscard]] Result<void> write(std::uint64_t offset, std::span<const ByteView> pieces) override {
        const std::lock_guard lock(disk->m_mutex);
        Change change;
        change.offset = offset;
        for (const ByteView piece : pieces) {
            change.bytes.insert(change.bytes.end(), piece.begin(), piece.end());
        }
        const bool wasStopped = disk->m_stopped;
        const auto fault = disk->step(true);
        if (fault) {
            const bool tears = disk->m_stopped ? !wasStopped && disk->m_tear : true;
            if (!tears) {
                return failure(*fault);
            }
            // A full disk, and a machine that stops, leave half a write behind.
            change.bytes.resize(change.bytes.size() / 2);
        }
        change.applyTo(node->bytes);
        node->modified = ++disk->m_changes;
        node->unsynced.push_back(std::move(change));
        return fault ? failure(*fault) : Result<void>();
    }

    [[nodiscard]] Result<void> sync() override {
        const std::lock_guard lock(disk->m_mutex);
        if (const auto fault = disk->step(true)) {
            return failure(*fault);
        }
        node->syncedBytes = node->bytes;
        node->unsynced.clear();
        return {};
    }

    [[nodiscard]] Result<std::uint64_t> size() const override {
        const std::lock_guard lock(disk->m_mutex);
        return node->bytes.size();
    }

    [[nodiscard]] Result<void> truncate(std::uint64_t size) override {
        const std::lock_guard lock(disk->m_mutex);
        if (const auto fault = disk->step(false)) {
            return failure(*fault);
        }
        Change change;
        change.cutTo = size;
        change.applyTo(node->bytes);
        node->modified = ++disk->m_changes;
        node->unsynced.push_back(std::move(change));
        return {};
    }

    SimulatedDisk* disk;
    NodePointer node;
};

struct SimulatedDisk::Held final : public FolderLock {
    explicit Held(std::shared_ptr<bool> itsFlag) : flag(std::move(itsFlag)) { *flag = true; }
    ~Held() override { *flag = false; }
    std::shared_ptr<bool> flag;
};

SimulatedDisk::SimulatedDisk() : m_root(std::make_shared<Node>()) {
    m_root->folder = true;
}

void SimulatedDisk::stopAt(std::uint64_t step, bool tear) {
    const std::lock_guard lock(m_mutex);
    m_stopAt = step;
    m_tear = tear;
}

void SimulatedDisk::fillAt(std::uint64_t step, bool forGood) {
    const std::lock_guard lock(m_mutex);
    m_fillAt = step;
    m_fillForGood = forGood;
}

void SimulatedDisk::heal() {
    const std::lock_guard lock(m_mutex);
    m_fillAt = 0;
    m_fillForGood = false;
}

std::uint64_t SimulatedDisk::steps() const {
    const std::lock_guard lock(m_mutex);
    return m_steps;
}

bool SimulatedDisk::stopped() const {
    const std::lock_guard lock(m_mutex);
    return m_stopped;
}

bool SimulatedDisk::struck() const {
    const std::lock_guard lock(m_mutex);
    return m_struck;
}

void SimulatedDisk::setFreeSpace(std::uint64_t bytes) {
    const std::lock_guard lock(m_mutex);
    m_free = bytes;
}

std::optional<Error> SimulatedDisk::step(bool needsRoom) {
    ++m_steps;
    if (m_stopAt != 0 && m_steps >= m_stopAt) {
        m_stopped = true;
        return Error{ErrorCode::ServerFailed, "the machine has stopped", false};
    }
    if (needsRoom && m_fillAt != 0 && (m_fillForGood ? m_steps >= m_fillAt : m_steps == m_fillAt)) {
        m_struck = true;
        return Error{ErrorCode::NoSpace, "the disk is full", false};
    }
    return std::nullopt;
}

SimulatedDisk::NodePointer SimulatedDisk::surviving(const Node& node, Survives survives) {
    auto result = std::make_shared<Node>();
    result->folder = node.folder;
    // Where the system went on nothing looks touched; after a power cut a file may be an older one.
    result->modified = survives == Survives::Everything ? node.modified : -node.modified;
    switch (survives) {
    case Survives::Everything:
    case Survives::BytesAndSynced: result->bytes = node.bytes; break;
    case Survives::WhatWasSynced:
    case Survives::NamesAndSynced: result->bytes = node.syncedBytes; break;
    case Survives::NamesAndNewest:
        result->bytes = node.syncedBytes;
        if (!node.unsynced.empty()) {
            node.unsynced.back().applyTo(result->bytes);
        }
        break;
    }
    const bool allNames = survives != Survives::WhatWasSynced && survives != Survives::BytesAndSynced;
    for (const auto& [name, child] : allNames ? node.names : node.syncedNames) {
        result->names.emplace(name, surviving(*child, survives));
    }
    syncTree(*result);
    return result;
}

void SimulatedDisk::syncTree(Node& node) {
    node.syncedBytes = node.bytes;
    node.unsynced.clear();
    node.syncedNames = node.names;
    for (const auto& [name, child] : node.names) {
        syncTree(*child);
    }
}

std::shared_ptr<SimulatedDisk> SimulatedDisk::afterRestart(Survives survives) const {
    const std::lock_guard lock(m_mutex);
    auto next = std::make_shared<SimulatedDisk>();
    next->m_root = surviving(*m_root, survives);
    next->m_changes = m_changes;
    return next;
}

std::optional<Bytes> SimulatedDisk::contents(const std::string& path) const {
    const std::lock_guard lock(m_mutex);
    const NodePointer node = find(path);
    return node && !node->folder ? std::optional(node->bytes) : std::nullopt;
}

void SimulatedDisk::put(const std::string& path, Bytes bytes) {
    const std::lock_guard lock(m_mutex);
    auto node = std::make_shared<Node>();
    node->bytes = std::move(bytes);
    node->modified = ++m_changes;
    syncTree(*node);
    NodePointer at = m_root;
    std::size_t begin = 1;
    for (std::size_t slash = path.find('/', begin); slash != std::string::npos; slash = path.find('/', begin)) {
        auto& child = at->names[path.substr(begin, slash - begin)];
        if (!child) {
            child = std::make_shared<Node>();
            child->folder = true;
            at->modified = child->modified = m_changes;
        }
        at->syncedNames = at->names;
        at = child;
        begin = slash + 1;
    }
    at->names[path.substr(begin)] = node;
    at->modified = m_changes;
    at->syncedNames = at->names;
}

SimulatedDisk::NodePointer SimulatedDisk::find(const std::string& path) const {
    NodePointer at = m_root;
    std::size_t begin = 1;
    while (at && begin < path.size()) {
        const std::size_t slash = std::min(path.find('/', begin), path.size());
        const auto child = at->names.find(path.substr(begin, slash - begin));
        at = child == at->names.end() ? nullptr : child->second;
        begin = slash + 1;
    }
    return at;
}

SimulatedDisk::NodePointer SimulatedDisk::folderOf(const std::string& path) const {
    const NodePointer folder = find(path.substr(0, path.find_last_of('/')));
    return folder && folder->folder ? folder : nullptr;
}

Result<std::unique_ptr<File>> SimulatedDisk::open(const std::string& path, Access access) {
    const std::lock_guard lock(m_mutex);
    NodePointer node = find(path);
    if (access != Access::CreateNew) {
        if (!node || node->folder) {
            return absent();
        }
        return std::unique_ptr<File>(std::make_unique<OpenFile>(this, node));
    }
    if (node) {
        return failure(ErrorCode::Conflict, "the file is there");
    }
    const NodePointer folder = folderOf(path);
    if (!folder) {
        return absent();
    }
    if (const auto fault = step(true)) {
        return failure(*fault);
    }
    node = std::make_shared<Node>();
    folder->names[lastName(path)] = node;
    node->modified = folder->modified = ++m_changes;
    return std::unique_ptr<File>(std::make_unique<OpenFile>(this, node));
}

Result<std::uint64_t> SimulatedDisk::fileSize(const std::string& path) {
    const std::lock_guard lock(m_mutex);
    const NodePointer node = find(path);
    if (!node || node->folder) {
        return absent();
    }
    return node->bytes.size();
}

Result<EntryStatus> SimulatedDisk::status(const std::string& path) {
    const std::lock_guard lock(m_mutex);
    const NodePointer node = find(path);
    if (!node) {
        return absent();
    }
    return EntryStatus{node->bytes.size(), node->modified, !node->folder};
}

Result<bool> SimulatedDisk::makeFolder(const std::string& path) {
    const std::lock_guard lock(m_mutex);
    if (find(path)) {
        return false;
    }
    const NodePointer folder = folderOf(path);
    if (!folder) {
        return absent();
    }
    if (const auto fault = step(true)) {
        return failure(*fault);
    }
    auto node = std::make_shared<Node>();
    node->folder = true;
    folder->names[lastName(path)] = node;
    node->modified = folder->modified = ++m_changes;
    return true;
}

Result<std::vector<std::string>> SimulatedDisk::names(const std::string& path) {
    const std::lock_guard lock(m_mutex);
    const NodePointer folder = find(path);
    if (!folder || !folder->folder) {
        return absent();
    }
    std::vector<std::string> found;
    for (const auto& [name, node] : folder->names) {
        found.push_back(name);
    }
    return found;
}

Result<void> SimulatedDisk::rename(const std::string& from, const std::string& to) {
    const std::lock_guard lock(m_mutex);
    const NodePointer node = find(from);
    const NodePointer target = folderOf(to);
    if (!node || !target) {
        return absent();
    }
    if (target->names.contains(lastName(to))) {
        return failure(ErrorCode::Conflict, "the name is taken");
    }
    if (const auto fault = step(true)) {
        return failure(*fault);
    }
    const NodePointer source = folderOf(from);
    target->names[lastName(to)] = node;
    source->names.erase(lastName(from));
    target->modified = source->modified = ++m_changes;
    return {};
}

Result<void> SimulatedDisk::replace(const std::string& from, const std::string& to) {
    const std::lock_guard lock(m_mutex);
    const NodePointer node = find(from);
    const NodePointer target = folderOf(to);
    if (!node || !target) {
        return absent();
    }
    if (const auto fault = step(true)) {
        return failure(*fault);
    }
    const NodePointer source = folderOf(from);
    target->names[lastName(to)] = node;
    source->names.erase(lastName(from));
    target->modified = source->modified = ++m_changes;
    return {};
}

Result<void> SimulatedDisk::link(const std::string& file, const std::string& name) {
    const std::lock_guard lock(m_mutex);
    const NodePointer node = find(file);
    const NodePointer target = folderOf(name);
    if (!node || !target) {
        return absent();
    }
    if (target->names.contains(lastName(name))) {
        return failure(ErrorCode::Conflict, "the name is taken");
    }
    if (const auto fault = step(true)) {
        return failure(*fault);
    }
    target->names[lastName(name)] = node;
    target->modified = ++m_changes;
    return {};
}

Result<void> SimulatedDisk::remove(const std::string& path) {
    const std::lock_guard lock(m_mutex);
    if (!find(path)) {
        return absent();
    }
    if (const auto fault = step(false)) {
        return failure(*fault);
    }
    const NodePointer folder = folderOf(path);
    folder->names.erase(lastName(path));
    folder->modified = ++m_changes;
    return {};
}

Result<void> SimulatedDisk::removeFolder(const std::string& path) {
    const std::lock_guard lock(m_mutex);
    const NodePointer node = find(path);
    if (!node || !node->folder) {
        return absent();
    }
    if (!node->names.empty()) {
        return failure(ErrorCode::Conflict, "there are names in the folder");
    }
    if (const auto fault = step(false)) {
        return failure(*fault);
    }
    const NodePointer folder = folderOf(path);
    folder->names.erase(lastName(path));
    folder->modified = ++m_changes;
    return {};
}

Result<void> SimulatedDisk::syncFolder(const std::string& path) {
    const std::lock_guard lock(m_mutex);
    const NodePointer folder = find(path);
    if (!folder) {
        return absent();
    }
    if (const auto fault = step(true)) {
        return failure(*fault);
    }
    folder->syncedNames = folder->names;
    return {};
}

Result<void> SimulatedDisk::syncAll(const std::string& /*folder*/) {
    const std::lock_guard lock(m_mutex);
    if (const auto fault = step(false)) {
        return failure(*fault);
    }
    syncTree(*m_root);
    return {};
}

Result<std::uint64_t> SimulatedDisk::freeSpace(const std::string& /*folder*/) {
    const std::lock_guard lock(m_mutex);
    return m_free;
}

Result<std::unique_ptr<FolderLock>> SimulatedDisk::lock(const std::string& /*path*/) {
    const std::lock_guard guard(m_mutex);
    if (*m_locked) {
        return failure(ErrorCode::ProfileLocked, "held");
    }
    return std::unique_ptr<FolderLock>(std::make_unique<Held>(m_locked));
}

}  // namespace tarn::bucketstore::test
