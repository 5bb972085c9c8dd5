#pragma once

#include <QByteArray>
#include <QFile>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QTemporaryDir>

#include <memory>

namespace tarn::test {

constexpr int patience = 120'000;  // milliseconds; only a hang comes near it

inline QString tarnProgram() {
    return QStringLiteral(TARN_BINARY_DIR "/bin/tarn");
}

/// How one run of the real program ended.
struct Run {
    int exit = -1;
    QByteArray out;
    QByteArray err;
    [[nodiscard]] QByteArray line() const { return out.trimmed(); }
};

/// A folder for one test, with a profile in it and the program to run on it.
class Tarn {
public:
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString profile() const { return path(QStringLiteral("profile")); }

    QString write(const QString& name, const QByteArray& content) const {
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) {
            qFatal("no test file");
        }
        return file.fileName();
    }
    [[nodiscard]] QByteArray read(const QString& name) const {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    /// Runs the program on this folder's profile.
    [[nodiscard]] Run operator()(const QStringList& arguments, const QByteArray& input = {}) const {
        return bare(QStringList{QStringLiteral("--profile"), profile()} + arguments, input);
    }
    /// Runs it with these arguments alone.
    [[nodiscard]] Run bare(const QStringList& arguments, const QByteArray& input = {}) const {
        QProcess process;
        process.setWorkingDirectory(m_folder.path());
        process.start(tarnProgram(), arguments);
        process.write(input);
        process.closeWriteChannel();
        Run run;
        if (process.waitForFinished(patience) && process.exitStatus() == QProcess::NormalExit) {
            run.exit = process.exitCode();
        }
        run.out = process.readAllStandardOutput();
        run.err = process.readAllStandardError();
        return run;
    }

private:
    QTemporaryDir m_folder;
};

/// `tarn serve`, running until it goes.
class Serving {
public:
    explicit Serving(const QString& folder, const QStringList& more = {}) {
        m_process.start(tarnProgram(), QStringList{QStringLiteral("serve"), QStringLiteral("--dir"), folder} + more);
        while (m_process.state() != QProcess::NotRunning && !m_process.canReadLine()) {
            m_process.waitForReadyRead(patience);
        }
        m_line = m_process.readLine().trimmed();
        m_announcement = folder + QStringLiteral("/announcement.yaml");
    }
    ~Serving() { kill(); }

    [[nodiscard]] const QByteArray& line() const { return m_line; }
    [[nodiscard]] const QString& announcement() const { return m_announcement; }

    [[nodiscard]] qint64 process() const { return m_process.processId(); }

    void kill() {
        m_process.kill();
        m_process.waitForFinished(patience);
    }
    /// Asks it to end; its exit code.
    int terminate() {
        m_process.terminate();
        return m_process.waitForFinished(patience) && m_process.exitStatus() == QProcess::NormalExit
                   ? m_process.exitCode()
                   : -1;
    }

private:
    QProcess m_process;
    QByteArray m_line;
    QString m_announcement;
};

/// The same bytes in each run, with no repetition that a fault could hide behind.
inline QByteArray contentOf(qsizetype size) {
    QByteArray content(size, '\0');
    quint32 state = 2463534242;
    for (auto& byte : content) {
        state ^= state << 13U;
        state ^= state >> 17U;
        state ^= state << 5U;
        byte = static_cast<char>(state >> 24U);
    }
    return content;
}

/// Words of a command line: `"put --format sdmf"_words`.
inline QStringList operator""_words(const char16_t* text, std::size_t length) {
    return QString(reinterpret_cast<const QChar*>(text), static_cast<qsizetype>(length)).split(QLatin1Char(' '));
}

}  // namespace tarn::test
