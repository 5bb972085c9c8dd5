#pragma once

#include "core/foundation/result.h"
#include "core/server/owner_socket.h"

#include <QObject>
#include <QSocketNotifier>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tarn::server {

class DiskWork;

inline constexpr std::string_view pauseExpiryOrder = "expiry pause";
inline constexpr std::string_view resumeExpiryOrder = "expiry resume";

/// A way for a folder's owner to tell the server that runs there what to do: a datagram to FOLDER/orders.sock holds one
/// order of words, and is answered by one: "done", or "failed: " and why. Whoever sends one without an address of his
/// own gets no answer.
///
/// The socket is for the owner alone (0600), and what comes from somebody who is neither the owner nor root is passed
/// over. As there are no connections, nobody can hold it up. Thread: the one it was made on.
class OrderChannel final : public QObject {
public:
    /// `obey` runs as `disk` work, one order after the other. Fails: InvalidArgument (no such order), and as it says.
    /// `disk` must outlive the channel.
    OrderChannel(std::filesystem::path folder, std::function<Result<void>(std::string_view)> obey, DiskWork& disk);
    /// Removes the socket.
    ~OrderChannel() override;
    static constexpr std::size_t mostText = 512;  ///< of an order and of an answer, in bytes

    /// To be called by whoever has the folder for itself. Fails: FileUnwritable.
    [[nodiscard]] Result<void> open();

private:
    void takeOne();

    const std::filesystem::path m_folder;
    const std::function<Result<void>(std::string_view)> m_obey;
    DiskWork& m_disk;
    Descriptor m_socket;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

/// Gives the server in `folder` an order and waits for at most `patience` until it is done. Fails: NotFound (none runs
/// there), FileUnreadable (it is somebody else's), TimedOut (whether it was done is not known), ServerFailed (it was
/// not done, and why).
[[nodiscard]] Result<void> giveOrder(const std::filesystem::path& folder, std::string_view order,
                                     std::chrono::milliseconds patience);

}  // namespace tarn::server
