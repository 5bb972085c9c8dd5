#include "core/upload/upload_plan.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace tarn::upload {

namespace {

/// An error's detail is shown in one line: what servers and their nicknames put in is cut and freed of control
/// characters.
std::string cleaned(std::string_view text, std::size_t most) {
    std::string clean;
    while (most > 0 && most < text.size() && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) {
        --most;  // not in the middle of a character
    }
    for (const char character : text.substr(0, most)) {
        clean.push_back(static_cast<unsigned char>(character) < 0x20 || character == 0x7f ? ' ' : character);
    }
    return clean;
}

constexpr std::size_t mostNameLength = 64;
constexpr std::size_t mostTroubleLength = 120;
constexpr std::size_t mostTroublesNamed = 20;

std::set<ShareNum> sharesOf(const grid::ShareMap& map) {
    std::set<ShareNum> shares;
    for (const auto& [server, held] : map) {
        shares.insert(held.begin(), held.end());
    }
    return shares;
}

}  // namespace

UploadPlan::UploadPlan(Input input) : m_input(std::move(input)) {
    // Tahoe-LAFS looks no further than 2n servers either, so both find each other's shares.
    const std::size_t considered = std::min<std::size_t>(m_input.servers.size(), std::size_t{2} * m_input.total);
    m_servers.resize(considered);
    for (std::size_t server = 0; server < considered; ++server) {
        m_servers[server].name = cleaned(m_input.servers[server], mostNameLength);
        if (server < m_input.ids.size()) {
            m_servers[server].id = m_input.ids[server];
        }
    }
}

UploadPlan::Actions UploadPlan::start() {
    if (m_servers.size() < m_input.happy) {
        fail(
            {ErrorCode::NotEnoughServers,
             "needed " + std::to_string(m_input.happy) + " servers, " + std::to_string(m_servers.size()) + " are known",
             true});
        return std::exchange(m_actions, {});
    }
    ask(newPlaces());
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        if (m_servers[server].asked.empty()) {
            m_servers[server].listing = true;
            m_actions.emplace_back(ListShares{server});
        }
    }
    return std::exchange(m_actions, {});
}

UploadPlan::Actions UploadPlan::on(Event event) {
    std::visit([this](auto&& happened) { apply(std::forward<decltype(happened)>(happened)); }, std::move(event));
    return std::exchange(m_actions, {});
}

void UploadPlan::apply(AllocationAnswered event) {
    Server& server = m_servers.at(event.server);
    if (server.asked.empty()) {
        // Given up and aborted before, but the answer says that room is held after all. What is stored may stay.
        if (event.answer) {
            for (const ShareNum share : event.answer->allocated) {
                if (share.value() < m_input.total && !server.begun.contains(share) && !server.closed.contains(share) &&
                    !event.answer->stored.contains(share)) {
                    m_actions.emplace_back(Abort{event.server, share});
                }
            }
        }
        return;
    }
    const std::set<ShareNum> asked = std::exchange(server.asked, {});
    if (!event.answer) {
        // The answer may be all that was lost: the room may be held.
        server.takesShares = false;
        noteTrouble(event.server, event.answer.error());
        for (const ShareNum share : asked) {
            m_actions.emplace_back(Abort{event.server, share});
        }
        settle();
        return;
    }
    bool refused = false;
    for (const ShareNum share : event.answer->alreadyHave) {
        if (share.value() < m_input.total) {
            server.found.insert(share);
        }
    }
    for (const ShareNum share : asked) {
        if (event.answer->stored.contains(share)) {
            server.found.erase(share);
            server.closed.insert(share);
        } else if (event.answer->allocated.contains(share)) {
            if (server.found.contains(share)) {
                m_actions.emplace_back(Abort{event.server, share});  // it says both: no room is needed there
            } else {
                server.begun.insert(share);
            }
        } else if (!server.found.contains(share)) {
            refused = true;
        }
    }
    if (refused) {
        server.takesShares = false;
        server.trouble = "no room";
    }
    settle();
}

void UploadPlan::apply(SharesListed event) {
    Server& server = m_servers.at(event.server);
    if (!std::exchange(server.listing, false)) {
        return;
    }
    if (!event.answer) {
        server.takesShares = false;
        noteTrouble(event.server, event.answer.error());
    } else {
        for (const ShareNum share : *event.answer) {
            if (share.value() < m_input.total) {
                server.found.insert(share);
            }
        }
        if (!server.found.empty() && m_state == State::Placing) {
            m_actions.emplace_back(RenewLease{event.server});
        }
    }
    settle();
}

void UploadPlan::apply(const PatienceOver& event) {
    if (event.number != m_patience || m_state != State::Placing) {
        return;
    }
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        giveUpAsking(server);
    }
    settle();
}

void UploadPlan::apply(const ShareClosed& event) {
    const auto sending = m_sending.find(event.share);
    if (m_state != State::Sending || sending == m_sending.end()) {
        return;
    }
    Server& server = m_servers[sending->second];
    server.begun.erase(event.share);
    server.closed.insert(event.share);
    goOnWhenAllEnded();
}

void UploadPlan::apply(const ShareLost& event) {
    const auto sending = m_sending.find(event.share);
    if (m_state != State::Sending || sending == m_sending.end() ||
        !m_servers[sending->second].begun.contains(event.share)) {
        return;
    }
    Server& server = m_servers[sending->second];
    noteTrouble(sending->second, event.error);
    server.takesShares = false;
    server.begun.erase(event.share);
    server.adrift.insert(event.share);
    m_lost.insert_or_assign(event.share, event.error.code);
    if (auto error = shortage()) {
        if (!canBeMended()) {
            fail(std::move(*error));
            return;
        }
    } else {
        abortAdrift();
    }
    goOnWhenAllEnded();
}

void UploadPlan::apply(const SourceLost& event) {
    if (m_state != State::Placing && m_state != State::Sending) {
        return;
    }
    m_sourceLost = true;
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        giveUpAsking(server);
        for (const ShareNum share : m_servers[server].begun) {
            m_lost.insert_or_assign(share, event.error.code);
        }
    }
    grid::ShareMap stands = standing();
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        for (const ShareNum share : m_servers[server].begun) {
            stands[server].erase(share);
        }
    }
    if (!isEnough(stands)) {
        fail(event.error);
        return;
    }
    abortAllBegun();
    finish();
}

void UploadPlan::apply(const Abandoned& event) {
    if (m_state == State::Placing || m_state == State::Sending) {
        fail(event.error);
    }
}

/// Asks every server for room for the shares that are placed on it and do not stand there yet.
void UploadPlan::ask(const std::map<ShareNum, grid::ServerIndex>& placement) {
    for (const auto& [share, server] : placement) {
        m_servers[server].asked.insert(share);
    }
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        if (!m_servers[server].asked.empty()) {
            // Lost shares are made once more only when there is room for them.
            const bool along = m_mendings == 0 && m_input.takeWhole.contains(server);
            m_actions.emplace_back(Allocate{server, m_servers[server].asked, along});
        }
    }
    startPatience(answerSpan);
}

void UploadPlan::startPatience(async::Milliseconds span) {
    m_shortPatience = span == listSpan;
    m_actions.emplace_back(StartPatience{++m_patience, span});
}

/// Goes on as far as the answers that have come allow.
void UploadPlan::settle() {
    if (m_state != State::Placing ||
        std::ranges::any_of(m_servers, [](const Server& server) { return !server.asked.empty(); })) {
        return;
    }
    const grid::ShareMap stands = standing();
    const bool satisfied = sharesOf(stands).size() == m_input.total && grid::happinessOf(stands) >= m_input.happy;
    if (std::ranges::any_of(m_servers, &Server::listing)) {
        // What these hold could only save sending a share or two. One silent server must not cost every upload 15 s.
        if (satisfied && !m_shortPatience) {
            startPatience(listSpan);
        }
        return;
    }
    if (!satisfied) {
        // Every server that is asked takes what it is asked to, or is not asked again: so this ends.
        if (const auto places = m_mendings == 0 ? newPlaces() : placesForLost(); !places.empty()) {
            ask(places);
            return;
        }
    }
    beginSending();
}

void UploadPlan::beginSending() {
    dropWhatStandsElsewhere();
    if (auto error = shortage()) {
        fail(std::move(*error));
        return;
    }
    abortAdrift();
    m_state = State::Sending;
    m_sentTo.clear();
    Send send;
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        for (const ShareNum share : m_servers[server].begun) {
            send.shares.emplace(share, server);
            m_sending.insert_or_assign(share, server);
            m_lost.erase(share);
            m_sentTo.insert(server);
        }
    }
    m_actions.emplace_back(std::move(send));
    goOnWhenAllEnded();
}

/// Where a share stands already, or would stand twice, it is sent only if the second place makes a server happier.
void UploadPlan::dropWhatStandsElsewhere() {
    grid::ShareMap stands = standing();
    const std::size_t happiness = grid::happinessOf(stands);
    for (grid::ServerIndex server = m_servers.size(); server-- > 0;) {
        const std::set<ShareNum> begun = m_servers[server].begun;
        for (const ShareNum share : begun) {
            const bool elsewhere = std::ranges::any_of(
                stands, [&](const auto& entry) { return entry.first != server && entry.second.contains(share); });
            if (!elsewhere) {
                continue;
            }
            stands[server].erase(share);
            if (grid::happinessOf(stands) == happiness) {
                abortBegun(server, share);
            } else {
                stands[server].insert(share);
            }
        }
    }
}

void UploadPlan::giveUpAsking(grid::ServerIndex index) {
    Server& server = m_servers[index];
    if (server.asked.empty() && !server.listing) {
        return;
    }
    m_actions.emplace_back(StopAsking{index});
    for (const ShareNum share : std::exchange(server.asked, {})) {
        m_actions.emplace_back(Abort{index, share});
    }
    server.listing = false;
    server.takesShares = false;
    server.trouble = "did not answer in time";
}

void UploadPlan::abortBegun(grid::ServerIndex server, ShareNum share) {
    m_servers[server].begun.erase(share);
    m_actions.emplace_back(Abort{server, share});
}

void UploadPlan::abortAllBegun() {
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        const std::set<ShareNum> begun = m_servers[server].begun;
        for (const ShareNum share : begun) {
            abortBegun(server, share);
        }
    }
}

void UploadPlan::abortAdrift() {
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        for (const ShareNum share : std::exchange(m_servers[server].adrift, {})) {
            m_actions.emplace_back(Abort{server, share});
        }
    }
}

void UploadPlan::fail(Error error) {
    m_state = State::Failed;
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        giveUpAsking(server);
    }
    abortAllBegun();
    abortAdrift();
    m_actions.emplace_back(Failed{std::move(error)});
}

void UploadPlan::goOnWhenAllEnded() {
    if (std::ranges::any_of(m_servers, [](const Server& server) { return !server.begun.empty(); })) {
        return;
    }
    if (mend()) {
        return;
    }
    if (auto error = shortage()) {
        fail(std::move(*error));
        return;
    }
    finish();
}

/// Looks for new places for what was lost; false where that is not worth it, or nobody takes it.
bool UploadPlan::mend() {
    const bool enough = isEnough(standing());
    if (m_lost.empty() || m_sourceLost || (enough && m_mendings == mostMendings) || (!enough && lineBroke())) {
        return false;
    }
    const auto places = placesForLost();
    if (places.empty()) {
        return false;
    }
    ++m_mendings;
    m_state = State::Placing;
    ask(places);
    return true;
}

void UploadPlan::finish() {
    abortAdrift();
    m_state = State::Done;
    m_actions.emplace_back(Finished{});
}

/// What each server holds, or will hold when all that is begun is sent.
grid::ShareMap UploadPlan::standing() const {
    grid::ShareMap stands;
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        for (const auto* shares : {&m_servers[server].found, &m_servers[server].begun, &m_servers[server].closed}) {
            stands[server].insert(shares->begin(), shares->end());
        }
    }
    return stands;
}

/// The places that the best placement has and that are not taken yet.
std::map<ShareNum, grid::ServerIndex> UploadPlan::newPlaces() const {
    grid::PlacementInput input{m_input.total, {}, standing()};
    for (grid::ServerIndex server = 0; server < m_servers.size(); ++server) {
        if (m_servers[server].takesShares) {
            input.writable.push_back(server);
        }
    }
    auto placement = grid::placeShares(input);
    std::erase_if(placement, [&](const auto& place) { return input.existing[place.second].contains(place.first); });
    return placement;
}

/// Of these places those for lost shares that stand nowhere. As many servers become happy again as lost their share, if
/// there are so many, so none of the others need to stand twice.
std::map<ShareNum, grid::ServerIndex> UploadPlan::placesForLost() const {
    auto places = newPlaces();
    const auto stand = sharesOf(standing());
    std::erase_if(places,
                  [&](const auto& place) { return !m_lost.contains(place.first) || stand.contains(place.first); });
    return places;
}

bool UploadPlan::isEnough(const grid::ShareMap& stands) const {
    return grid::happinessOf(stands) >= m_input.happy && sharesOf(stands).size() >= m_input.required;
}

/// Whether it would be enough if all servers took what is placed on them.
bool UploadPlan::canBeMended() const {
    grid::ShareMap stands = standing();
    for (const auto& [share, server] : placesForLost()) {
        stands[server].insert(share);
    }
    return isEnough(stands);
}

/// Several servers, and each of them out of reach with all that was sent to it.
bool UploadPlan::lineBroke() const {
    const auto broke = [this](grid::ServerIndex server) {
        return m_servers[server].closed.empty() && std::ranges::any_of(m_lost, [&](const auto& lost) {
                   return lost.second == ErrorCode::Unreachable && m_sending.at(lost.first) == server;
               });
    };
    return m_input.comesBack && m_sentTo.size() > 1 && std::ranges::all_of(m_sentTo, broke);
}

/// Why what stands is not enough, if it is not.
std::optional<Error> UploadPlan::shortage() const {
    const grid::ShareMap stands = standing();
    if (isEnough(stands)) {
        return std::nullopt;
    }
    if (const std::size_t placed = grid::happinessOf(stands); placed < m_input.happy) {
        return Error{ErrorCode::NotEnoughServers,
                     "needed " + std::to_string(m_input.happy) + " servers, " + std::to_string(placed) +
                         " took shares" + troubles(),
                     true};
    }
    return Error{ErrorCode::NotEnoughServers,
                 "needed places for " + std::to_string(m_input.required) + " shares, found " +
                     std::to_string(sharesOf(stands).size()) + troubles(),
                 true};
}

std::string UploadPlan::troubles() const {
    std::string text;
    std::size_t named = 0;
    std::size_t unnamed = 0;
    for (const Server& server : m_servers) {
        if (server.trouble.empty()) {
            continue;
        }
        if (named == mostTroublesNamed) {
            ++unnamed;
            continue;
        }
        text += (named++ == 0 ? ": " : "; ") + server.name + ": " + server.trouble;
    }
    return unnamed == 0 ? text : text + "; and " + std::to_string(unnamed) + " more";
}

void UploadPlan::noteTrouble(grid::ServerIndex server, const Error& error) {
    const std::string text = error.detail.empty() ? std::string(errorName(error.code)) : error.detail;
    m_servers[server].trouble = cleaned(text, mostTroubleLength);
}

std::vector<ShareState> UploadPlan::shareStates() const {
    std::vector<ShareState> states(m_input.total);
    const auto mark = [&states](const std::set<ShareNum>& shares, ShareState::Where where, const Server& server) {
        for (const ShareNum share : shares) {
            states[share.value()] = {where, server.name, server.id};
        }
    };
    // Later marks win: a share that was sent has a better claim to be shown than one that was found.
    if (m_state == State::Done) {
        std::ranges::fill(states, ShareState{ShareState::Where::Lost, {}, {}});
    }
    for (const auto& [share, server] : m_sending) {
        if (m_lost.contains(share)) {
            states[share.value()] = {ShareState::Where::Lost, m_servers[server].name, m_servers[server].id};
        }
    }
    for (const Server& server : m_servers) {
        mark(server.found, ShareState::Where::FoundThere, server);
    }
    for (const Server& server : m_servers) {
        mark(server.closed, ShareState::Where::Placed, server);
        if (m_state == State::Sending) {
            mark(server.begun, ShareState::Where::Sending, server);
        }
    }
    return states;
}

}  // namespace tarn::upload
