// The desktop with a long queue: how long each event of its GUI thread takes, and what it holds in memory.
//
// bench_rows PROFILE FILES ROWS SECONDS: in a new profile, adds the ROWS files of the folder FILES, scrolls, selects,
// moves, lets uploads run for SECONDS. bench_rows PROFILE: opens what is there, looks, and takes all of it off the
// list. One JSON line a figure on stdout. The real window, model and engine; run it with QT_QPA_PLATFORM=offscreen.

#include "app/desktop/desktop.h"
#include "core/engine/local_engine.h"
#include "core/foundation/allocator.h"
#include "tests/bench/event_times.h"
#include "ui/widgets/language.h"
#include "ui/widgets/transfer_view.h"
#include "ui/widgets/transfers_page.h"

#include <QAction>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QKeyEvent>
#include <QMetaEnum>
#include <QMouseEvent>
#include <QScrollBar>
#include <QThread>
#include <QWheelEvent>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>

namespace tarn::bench {

namespace {

using ui::TransferAction;

double milliseconds(EventTimes::Span span) {
    return std::chrono::duration<double, std::milli>(span).count();
}

void print(const QJsonObject& figure) {
    const auto line = QJsonDocument(figure).toJson(QJsonDocument::Compact);
    std::printf("%s\n", line.constData());
    std::fflush(stdout);
}

/// In MiB, by the name that the kernel gives it.
double memory(const char* field) {
    QFile status(QStringLiteral("/proc/self/status"));
    if (!status.open(QIODevice::ReadOnly)) {
        return 0;
    }
    const auto lines = status.readAll().split('\n');
    const auto found =
        std::find_if(lines.begin(), lines.end(), [field](const QByteArray& line) { return line.startsWith(field); });
    return found == lines.end() ? 0 : found->simplified().split(' ').value(1).toDouble() / 1024;
}

QJsonObject describe(const EventTimes& times) {
    QJsonArray slowest;
    const auto types = QMetaEnum::fromType<QEvent::Type>();
    for (const auto& slow : times.slowest) {
        const char* const name = types.valueToKey(slow.type);
        slowest.append(QStringLiteral("%1 of %2: %3 ms, CPU %4 ms")
                           .arg(QLatin1String(name == nullptr ? "?" : name), QLatin1String(slow.receiver))
                           .arg(milliseconds(slow.wall), 0, 'f', 1)
                           .arg(milliseconds(slow.cpu), 0, 'f', 1));
    }
    return {{QStringLiteral("events"), static_cast<qint64>(times.count)},
            {QStringLiteral("max"), milliseconds(times.maxWall)},
            {QStringLiteral("max_cpu"), milliseconds(times.maxCpu)},
            {QStringLiteral("almost_all"), milliseconds(times.almostAllWall())},
            {QStringLiteral("almost_all_cpu"), milliseconds(times.almostAllCpu())},
            {QStringLiteral("long"), static_cast<qint64>(times.longWall)},
            {QStringLiteral("long_cpu"), static_cast<qint64>(times.longCpu)},
            {QStringLiteral("slowest"), slowest}};
}

class RowsBench {
public:
    RowsBench(TimedApplication& app, const QString& profile) : m_app(app), m_profile(profile) {}

    void fill(const QString& files, int rows, int seconds) {
        start();
        until([this] { return engine().state() == api::Engine::State::NoProfile; });
        engine().createHomeProfile();
        until([this] { return ready(); });
        hold(true);
        rest();
        note("start");
        noteMemory("empty");

        posted([this, files] { m_desktop->window().addFiles({files}); });
        until([this, rows] { return model().rowCount() >= rows; });
        note("add");
        rest();
        note("add, after");
        noteMemory("added");

        lookThrough();
        noteMemory("looked through");
        // Each of these changes every row but a few.
        select(rows / 2, rows - 1);
        act(TransferAction::ToTop, "half to the top");
        act(TransferAction::Down, "half down");
        act(TransferAction::Up, "half up");
        select(0, rows - 1);
        act(TransferAction::FirstAmongAll, "priority of all");
        act(TransferAction::Pause, "pause all");
        act(TransferAction::Resume, "resume all");
        act(TransferAction::Cancel, "cancel all");
        act(TransferAction::Retry, "retry all");
        rest();
        noteMemory("changed");

        view().clearSelection();
        view().verticalScrollBar()->setValue(0);
        idle();
        (void)m_app.take();
        m_clock.restart();
        hold(false);
        QElapsedTimer clock;
        clock.start();
        while (clock.elapsed() < seconds * 1000) {
            wheel(4);
            pass(50);
        }
        const auto done = engine().transfers().totals().done;
        hold(true);
        until([this] { return engine().transfers().totals().running == 0; });
        note("uploads", {{QStringLiteral("files_a_second"), static_cast<double>(done) / seconds}});
        rest();
        noteMemory("after uploads");
        stop();
    }

    void openAgain() {
        start();
        until([this] { return ready(); });
        rest();
        note("open");
        noteMemory("opened");
        view().selectAll();
        act(TransferAction::Cancel, "cancel all, again");
        // What is stored holds its link, and would have to be asked about.
        QList<api::TransferId> all = view().selectedIds();
        idle();
        m_clock.restart();
        posted([this, &all] { engine().transfers().remove(all); });
        until([this] { return model().rowCount() == 0; });
        idle();
        note("remove all");
        rest();
        noteMemory("emptied");
        stop();
    }

private:
    api::Engine& engine() { return m_desktop->engine(); }
    ui::TransferModel& model() { return m_desktop->window().model(); }
    ui::TransferView& view() { return m_desktop->window().transfersPage().view(); }

    bool ready() {
        return engine().state() == api::Engine::State::Ready &&
               engine().homeServer().snapshot().state == api::HomeServerSnapshot::State::On;
    }

    void start() {
        const auto makeEngine = [this]() -> std::unique_ptr<api::Engine> {
            auto made =
                std::make_unique<engine::LocalEngine>(engine::LocalEngineOptions{.profile = m_profile.toStdString()});
            made->open();
            return made;
        };
        m_desktop = std::make_unique<desktop::Desktop>(makeEngine, m_profile + QStringLiteral(".ini"));
        m_desktop->open({});
    }

    void stop() { m_desktop.reset(); }

    /// Lets the program run; events are delivered as they are in its own loop.
    static void pass(int milliseconds) {
        QElapsedTimer clock;
        clock.start();
        while (clock.elapsed() < milliseconds) {
            QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
            QThread::usleep(200);
        }
    }
    static void until(const std::function<bool()>& met) {
        while (!met()) {
            pass(2);
        }
    }
    /// Until the engine has answered all it was asked and the window shows it.
    void idle() {
        bool answered = false;
        const auto connection =
            QObject::connect(&engine().transfers(), &api::Transfers::settingsChanged, [&answered] { answered = true; });
        engine().transfers().setSettings(engine().transfers().settings());
        until([&answered] { return answered; });
        QObject::disconnect(connection);
        pass(300);
    }
    /// Longer than the program waits before it gives memory back.
    void rest() {
        idle();
        pass(4000);
    }
    void hold(bool held) {
        auto settings = engine().transfers().settings();
        settings.held = held;
        engine().transfers().setSettings(settings);
        until([this, held] { return engine().transfers().settings().held == held; });
    }

    /// As an event of its own, so that its time is taken.
    template <typename Work>
    void posted(Work work) {
        QMetaObject::invokeMethod(&m_desktop->window(), work, Qt::QueuedConnection);
        pass(1);
    }
    void key(int code, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
        QCoreApplication::postEvent(&view(), new QKeyEvent(QEvent::KeyPress, code, modifiers));
        QCoreApplication::postEvent(&view(), new QKeyEvent(QEvent::KeyRelease, code, modifiers));
        pass(2);
    }
    void wheel(int notches) {
        const QPointF at(200, 200);
        QCoreApplication::postEvent(view().viewport(),
                                    new QWheelEvent(at, at, {}, QPoint(0, -120 * notches), Qt::NoButton, Qt::NoModifier,
                                                    Qt::NoScrollPhase, false));
        pass(2);
    }
    void click(const QPointF& at, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
        for (const auto type : {QEvent::MouseMove, QEvent::MouseButtonPress, QEvent::MouseButtonRelease}) {
            const auto buttons = type == QEvent::MouseButtonPress ? Qt::LeftButton : Qt::NoButton;
            const auto button = type == QEvent::MouseMove ? Qt::NoButton : Qt::LeftButton;
            QCoreApplication::postEvent(view().viewport(), new QMouseEvent(type, at, at, button, buttons, modifiers));
        }
        pass(2);
    }

    /// From the top to the bottom: by the bar, by the wheel, by keys; and selecting as a person does.
    void lookThrough() {
        auto* const bar = view().verticalScrollBar();
        for (int step = 0; step <= 1000; ++step) {
            posted([bar, step] { bar->setValue(static_cast<int>(bar->maximum() * static_cast<qint64>(step) / 1000)); });
        }
        posted([bar] { bar->setValue(0); });
        for (int i = 0; i < 200; ++i) {
            wheel(3);
        }
        for (int i = 0; i < 200; ++i) {
            key(Qt::Key_PageDown);
        }
        idle();
        note("scroll");
        for (int i = 0; i < 20; ++i) {
            key(Qt::Key_Home);
            click({200, 100});
            key(Qt::Key_End, Qt::ShiftModifier);
            click({200, 100}, Qt::ControlModifier);
            click({200, 200}, Qt::ControlModifier);
            key(Qt::Key_A, Qt::ControlModifier);
            key(Qt::Key_Home, Qt::ShiftModifier);
        }
        idle();
        note("select");
    }

    void select(int first, int last) {
        view().selectionModel()->select(QItemSelection(model().index(first), model().index(last)),
                                        QItemSelectionModel::ClearAndSelect);
        idle();
        (void)m_app.take();
    }

    void act(TransferAction action, const char* what) {
        idle();
        (void)m_app.take();
        m_clock.restart();
        posted([this, action] { m_desktop->window().transfersPage().action(action)->trigger(); });
        idle();
        note(what);
    }

    void note(const char* what, QJsonObject figure = {}) {
        const auto taken = m_app.take();
        figure.insert(QStringLiteral("what"), QLatin1String(what));
        figure.insert(QStringLiteral("seconds"), static_cast<double>(m_clock.restart()) / 1000);
        figure.insert(QStringLiteral("gui"), describe(*taken.gui));
        figure.insert(QStringLiteral("engine"), describe(*taken.engine));
        print(figure);
    }
    void noteMemory(const char* what) {
        print({{QStringLiteral("memory"), QLatin1String(what)},
               {QStringLiteral("resident"), memory("VmRSS:")},
               {QStringLiteral("anonymous"), memory("RssAnon:")},
               {QStringLiteral("peak"), memory("VmHWM:")}});
        m_clock.restart();
    }

    TimedApplication& m_app;
    QString m_profile;
    std::unique_ptr<desktop::Desktop> m_desktop;
    QElapsedTimer m_clock = [] {
        QElapsedTimer clock;
        clock.start();
        return clock;
    }();
};

int run(int argc, char** argv) {
    prepareAllocator();
    TimedApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("tarn-desktop"));
    QApplication::setQuitOnLastWindowClosed(false);
    const ui::Language language(QLocale::c());
    const QStringList arguments = QApplication::arguments();
    if (arguments.size() != 2 && arguments.size() != 5) {
        std::fprintf(stderr, "bench_rows PROFILE [FILES ROWS SECONDS]\n");
        return 2;
    }
    RowsBench bench(app, arguments.at(1));
    if (arguments.size() == 5) {
        bench.fill(arguments.at(2), arguments.at(3).toInt(), arguments.at(4).toInt());
    } else {
        bench.openAgain();
    }
    return 0;
}

}  // namespace

}  // namespace tarn::bench

int main(int argc, char** argv) {
    return tarn::bench::run(argc, argv);
}
