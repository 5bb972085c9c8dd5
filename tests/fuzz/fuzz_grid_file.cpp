// A grid that is accepted reads the same after it was written.

#include "core/formats/grid_file.h"
#include "expect.h"

using namespace tarn;
using namespace tarn::formats;
using tarn::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto grid = parseGridFile(textOf(ByteView(data, size)));
    if (!grid) {
        expect(grid.error().code == ErrorCode::InvalidGrid);
        return 0;
    }
    const auto again = parseGridFile(writeGridFile(grid->servers));
    expect(again && again->leftOut.empty() && again->servers.size() == grid->servers.size());
    for (std::size_t i = 0; i < grid->servers.size(); ++i) {
        const ServerAnnouncement& server = grid->servers[i];
        const ServerAnnouncement& copy = again->servers[i];
        expect(!server.nurls.empty() && copy.id == server.id && copy.nickname == server.nickname &&
               copy.permutationSeed == server.permutationSeed && copy.leaseSeed == server.leaseSeed &&
               copy.nurls.size() == server.nurls.size());
    }
    return 0;
}
