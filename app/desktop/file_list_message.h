#pragma once

#include <QByteArray>
#include <QList>
#include <QStringList>

#include <optional>

namespace tarn::desktop {

/// What a second instance sends to the first: files to queue; none asks only for the window.
///
/// Frame: 4 bytes "TRN1" | 4 bytes body length, big-endian, at most kLargestBody | body: absolute paths in UTF-8, each
/// ended by a zero byte, each at most kLongestPath bytes.
inline constexpr qsizetype kLargestBody = 1 << 20;
inline constexpr qsizetype kLongestPath = 16 * 1024;

/// As many frames as the limit asks for, at least one. A path that is not absolute or too long is left out.
[[nodiscard]] QList<QByteArray> encodeFileList(const QStringList& absolutePaths);

/// Takes frames apart as bytes arrive. Once `broken`, it stays so: the sender is not one of ours.
class FileListReader {
public:
    /// The next whole frame's paths, if all of it has come.
    [[nodiscard]] std::optional<QStringList> next();
    void feed(const QByteArray& bytes);
    [[nodiscard]] bool broken() const { return m_broken; }

private:
    QByteArray m_pending;
    bool m_broken = false;
};

}  // namespace tarn::desktop
