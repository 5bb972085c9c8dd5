#include "app/desktop/desktop.h"
#include "app/desktop/signal_watch.h"
#include "app/desktop/single_instance.h"
#include "core/engine/local_engine.h"
#include "core/engine/profile.h"
#include "core/foundation/allocator.h"
#include "ui/widgets/language.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QFileInfo>

#include <chrono>
#include <cstdio>

namespace {

using namespace std::chrono_literals;
constexpr auto kHandOverPatience = 10s;

QStringList absolute(const QStringList& paths) {
    QStringList whole;
    for (const QString& path : paths) {
        whole.append(QFileInfo(path).absoluteFilePath());
    }
    return whole;
}

}  // namespace

int main(int argc, char** argv) {
    tarn::prepareAllocator();
    // Widgets are painted by the processor: a GL driver loaded for nothing would be the largest part of the program.
    if (!qEnvironmentVariableIsSet("QT_XCB_GL_INTEGRATION")) {
        qputenv("QT_XCB_GL_INTEGRATION", "none");
    }
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("tarn-desktop"));
    QApplication::setApplicationDisplayName(QStringLiteral("Tarn"));
    QApplication::setApplicationVersion(QStringLiteral(TARN_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("tarn-desktop"));
    QApplication::setQuitOnLastWindowClosed(false);  // a closed window goes on in the tray
    const tarn::ui::Language language(QLocale::system());

    QCommandLineParser parser;
    parser.setApplicationDescription(QCoreApplication::translate("main", "Keep files on a Tahoe-LAFS grid."));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption profileOption(QStringLiteral("profile"),
                                           QCoreApplication::translate("main", "Use the profile in this folder."),
                                           QStringLiteral("DIR"));
    parser.addOption(profileOption);
    parser.addPositionalArgument(QStringLiteral("FILES"), QCoreApplication::translate("main", "Files to store."),
                                 QStringLiteral("[FILES…]"));
    parser.process(app);
    const QStringList files = absolute(parser.positionalArguments());
    const QString profile = parser.isSet(profileOption)
                                ? QFileInfo(parser.value(profileOption)).absoluteFilePath()
                                : QString::fromStdString(tarn::engine::defaultProfileFolder().string());

    tarn::desktop::SingleInstance instance(profile, tarn::desktop::SingleInstance::defaultRuntimeFolder());
    if (!instance.claim()) {
        if (instance.handOver(files, kHandOverPatience)) {
            return 0;
        }
        const QString sorry = QCoreApplication::translate(
            "main",
            "Tarn runs already with this profile, but did not answer. Nothing was queued. Quit it and try again.");
        std::fprintf(stderr, "%s\n", qPrintable(sorry));
        return 1;
    }

    const auto makeEngine = [&profile]() -> std::unique_ptr<tarn::api::Engine> {
        auto engine = std::make_unique<tarn::engine::LocalEngine>(
            tarn::engine::LocalEngineOptions{.profile = profile.toStdString()});
        engine->open();
        return engine;
    };
    tarn::desktop::Desktop desktop(makeEngine, tarn::desktop::Desktop::defaultSettingsFile());
    QObject::connect(&instance, &tarn::desktop::SingleInstance::summoned, &desktop, &tarn::desktop::Desktop::open);
    tarn::desktop::SignalWatch signalWatch;
    QObject::connect(&signalWatch, &tarn::desktop::SignalWatch::ended, &desktop, &tarn::desktop::Desktop::quit);
    QObject::connect(&desktop, &tarn::desktop::Desktop::ended, &app, &QApplication::quit, Qt::QueuedConnection);
    desktop.open(files);
    return QApplication::exec();
}
