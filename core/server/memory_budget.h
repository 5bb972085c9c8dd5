#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace tarn::server {

/// How much memory the bodies of requests and replies may take together, for one client within what all may take.
///
/// It counts what was promised, not what is used: who has a claim may fill it. Units: bytes. Thread: the server's.
class MemoryBudget {
public:
    /// A part of the budget, given back when it goes. The budget must outlive it.
    class Claim {
    public:
        Claim() = default;
        Claim(MemoryBudget& budget, std::size_t bytes) : m_budget(&budget), m_bytes(bytes) { budget.add(bytes); }
        Claim(const Claim&) = delete;
        Claim& operator=(const Claim&) = delete;
        Claim(Claim&& other) noexcept
            : m_budget(std::exchange(other.m_budget, nullptr)), m_bytes(std::exchange(other.m_bytes, 0)) {}
        Claim& operator=(Claim&& other) noexcept {
            std::swap(m_budget, other.m_budget);
            std::swap(m_bytes, other.m_bytes);
            return *this;
        }
        ~Claim() {
            if (m_budget != nullptr) {
                m_budget->remove(m_bytes);
            }
        }
        [[nodiscard]] std::size_t size() const noexcept { return m_bytes; }

    private:
        MemoryBudget* m_budget = nullptr;
        std::size_t m_bytes = 0;
    };

    /// `whole`: the budget that this one is a part of; it must outlive this one.
    explicit MemoryBudget(std::uint64_t limit, MemoryBudget* whole = nullptr) : m_limit(limit), m_whole(whole) {}
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    /// `most` bytes where there is room for them, else `least` in any case: so the claims together are bounded by the
    /// limit and `least` for each claim that there can be.
    [[nodiscard]] Claim claim(std::size_t most, std::size_t least) {
        return {*this, hasRoom(most) ? most : std::min(most, least)};
    }
    /// Nothing where there is no room.
    [[nodiscard]] std::optional<Claim> tryClaim(std::size_t bytes) {
        return hasRoom(bytes) ? std::optional<Claim>(std::in_place, *this, bytes) : std::nullopt;
    }
    /// A claim that may last for as long as its connection: leaves half of the budget to those that come and go.
    [[nodiscard]] std::optional<Claim> tryLastingClaim(std::size_t bytes) {
        return hasRoom(bytes + static_cast<std::size_t>(m_limit / 2)) ? tryClaim(bytes) : std::nullopt;
    }
    [[nodiscard]] std::uint64_t used() const noexcept { return m_used; }

private:
    [[nodiscard]] bool hasRoom(std::size_t bytes) const noexcept {
        return m_used + bytes <= m_limit && (m_whole == nullptr || m_whole->hasRoom(bytes));
    }
    void add(std::size_t bytes) noexcept {
        m_used += bytes;
        if (m_whole != nullptr) {
            m_whole->add(bytes);
        }
    }
    void remove(std::size_t bytes) noexcept {
        m_used -= bytes;
        if (m_whole != nullptr) {
            m_whole->remove(bytes);
        }
    }

    const std::uint64_t m_limit;
    MemoryBudget* const m_whole;
    std::uint64_t m_used = 0;
};

}  // namespace tarn::server
