#pragma once

#include "core/crypto/hash.h"
#include "core/formats/grid_file.h"
#include "core/formats/nurl.h"

#include <string>

namespace tarn::test {

/// A server that exists on paper only; different names give different servers.
inline formats::ServerAnnouncement announcementOf(const std::string& name) {
    formats::ServerAnnouncement server;
    const auto hash = crypto::sha256(viewOf(name));
    server.id = ServerId("v0-" + name);
    server.nickname = name;
    server.permutationSeed = copyOf(hash.bytes());
    server.leaseSeed = *LeaseSeed::fromBytes(hash.bytes().first(LeaseSeed::size));
    formats::Nurl nurl;
    nurl.spkiHash = hash;
    nurl.host = "192.0.2.1";
    nurl.port = 4711;
    nurl.swissnum = formats::Swissnum("swissnum-of-" + name);
    server.nurls.push_back(nurl);
    return server;
}

inline std::string gridYaml(const std::vector<std::string>& names) {
    std::vector<formats::ServerAnnouncement> servers;
    for (const auto& name : names) {
        servers.push_back(announcementOf(name));
    }
    return formats::writeGridFile(servers);
}

}  // namespace tarn::test
