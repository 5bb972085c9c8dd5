#include "core/engine/profile.h"
#include "core/foundation/base32.h"
#include "tests/engine/grids.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QObject>
#include <QTemporaryDir>
#include <QTest>

#include <functional>

#include <sys/stat.h>

using namespace tarn;
using namespace tarn::engine;

namespace {

/// Counts up: different secrets, the same in each run.
class CountingRandom final : public Random {
public:
    void fill(MutableByteView out) override {
        for (auto& byte : out) {
            byte = m_next++;
        }
    }

private:
    Byte m_next = 1;
};

mode_t modeOf(const std::filesystem::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

QByteArray read(const std::filesystem::path& path) {
    QFile file(QString::fromStdString(path.string()));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const std::filesystem::path& path, const QByteArray& content) {
    QFile file(QString::fromStdString(path.string()));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(content), content.size());
}

}  // namespace

class ProfileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_temporary = std::make_unique<QTemporaryDir>(); }

    void aHomeProfileComesBackAsItWasMade() {
        makeHome();
        const auto profile = loadProfile(folder());
        QVERIFY2(profile, profile ? "" : profile.error().detail.c_str());
        QVERIFY(profile->settings.home);
        QVERIFY(profile->settings.serverEnabled);
        QCOMPARE(profile->settings.encoding.required, 1U);
        QCOMPARE(profile->settings.encoding.happy, 1U);
        QCOMPARE(profile->settings.encoding.total, 1U);
        QCOMPARE(profile->settings.serverFolder, folder() / "storage");
        QVERIFY(profile->servers.empty());
    }

    void aJoinedProfileComesBackAsItWasMade() {
        makeJoined();
        const auto profile = loadProfile(folder());
        QVERIFY2(profile, profile ? "" : profile.error().detail.c_str());
        QVERIFY(!profile->settings.home);
        QVERIFY(!profile->settings.serverEnabled);
        QVERIFY((profile->settings.encoding == formats::EncodingParameters{2, 3, 5, ByteCount(131072)}));
        QCOMPARE(profile->servers.size(), std::size_t{2});
        QCOMPARE(profile->servers[0].id.text(), std::string("v0-alpha"));
        QCOMPARE(profile->servers[1].nurls.front().reveal(), test::announcementOf("beta").nurls.front().reveal());
        QCOMPARE(textOf(profile->secrets->convergence.reveal()), std::string_view("chosen by a person"));
    }

    void theSecretsOfTwoProfilesDiffer() {
        makeHome();
        CountingRandom other;
        (void)other.make<crypto::LeaseMaster>();
        NewProfile second;
        second.settings = homeSettings(folder() / "second");
        QVERIFY(createProfile(folder() / "second", second, other));
        const auto a = loadProfile(folder());
        const auto b = loadProfile(folder() / "second");
        QVERIFY(a && b);
        QVERIFY(!(a->secrets->leases == b->secrets->leases));
        QCOMPARE(a->secrets->convergence.reveal().size(), std::size_t{16});
        QVERIFY(textOf(a->secrets->convergence.reveal()) != textOf(b->secrets->convergence.reveal()));
    }

    void nobodyElseMayReadAProfile() {
        const auto before = ::umask(0);
        makeJoined();
        ::umask(before);
        QCOMPARE(modeOf(folder()), mode_t{0700});
        QCOMPARE(modeOf(folder() / "secrets"), mode_t{0700});
        for (const auto* const file : {"profile.json", "grid.yaml", "secrets/convergence", "secrets/leases"}) {
            QCOMPARE(modeOf(folder() / file), mode_t{0600});
        }
    }

    void nothingTemporaryIsLeftBehind() {
        makeJoined();
        QCOMPARE(std::distance(std::filesystem::directory_iterator(folder()), {}), std::ptrdiff_t{3});
        QCOMPARE(std::distance(std::filesystem::directory_iterator(folder() / "secrets"), {}), std::ptrdiff_t{2});
    }

    void whereNoProfileIsTheErrorSaysSo() {
        const auto profile = loadProfile(folder());
        QVERIFY(!profile);
        QVERIFY(profile.error().code == ErrorCode::ProfileMissing);
    }

    void aProfileIsNeverMadeOverAnother() {
        makeJoined();
        const auto before = read(folder() / "profile.json");
        const auto secret = read(folder() / "secrets/convergence");
        CountingRandom random;
        NewProfile again;
        again.settings = homeSettings(folder());
        const auto made = createProfile(folder(), again, random);
        QVERIFY(!made);
        QVERIFY(made.error().code == ErrorCode::ProfileExists);
        QCOMPARE(read(folder() / "profile.json"), before);
        QCOMPARE(read(folder() / "secrets/convergence"), secret);
    }

    void anAttemptThatWasCutOffIsFinishedByTheNext() {
        makeHome();
        const auto secret = read(folder() / "secrets/convergence");
        std::filesystem::remove(folder() / "profile.json");
        makeHome();
        QVERIFY(loadProfile(folder()));
        QCOMPARE(read(folder() / "secrets/convergence"), secret);
    }

    void anImpossibleEncodingMakesNoProfile() {
        CountingRandom random;
        NewProfile profile;
        profile.settings = homeSettings(folder());
        profile.settings.encoding.required = 2;
        const auto made = createProfile(folder(), profile, random);
        QVERIFY(!made);
        QVERIFY(made.error().code == ErrorCode::InvalidArgument);
        QVERIFY(!std::filesystem::exists(folder() / "profile.json"));
    }

    void aMissingPartIsNamed_data() {
        QTest::addColumn<QByteArray>("part");
        for (const auto* const part : {"grid.yaml", "secrets/convergence", "secrets/leases"}) {
            QTest::newRow(part) << QByteArray(part);
        }
    }
    void aMissingPartIsNamed() {
        QFETCH(const QByteArray, part);
        makeJoined();
        std::filesystem::remove(folder() / part.toStdString());
        const auto profile = loadProfile(folder());
        QVERIFY(!profile);
        QVERIFY(profile.error().code == ErrorCode::ProfileDamaged);
        QVERIFY(profile.error().detail.find(part.toStdString()) != std::string::npos);
    }

    void aDamagedPartIsNamedAndLeftAsItIs_data() {
        QTest::addColumn<QByteArray>("part");
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("settings: empty") << QByteArray("profile.json") << QByteArray();
        QTest::newRow("settings: not JSON") << QByteArray("profile.json") << QByteArray("{\"version\": 1,");
        QTest::newRow("settings: a list") << QByteArray("profile.json") << QByteArray("[1]");
        QTest::newRow("settings: nothing in it") << QByteArray("profile.json") << QByteArray("{}");
        QTest::newRow("settings: newer") << QByteArray("profile.json") << QByteArray("{\"version\": 2}");
        QTest::newRow("convergence: empty") << QByteArray("secrets/convergence") << QByteArray("\n");
        QTest::newRow("convergence: not base32") << QByteArray("secrets/convergence") << QByteArray("UPPER CASE\n");
        QTest::newRow("leases: short") << QByteArray("secrets/leases") << QByteArray("mfrgg\n");
        QTest::newRow("leases: too large") << QByteArray("secrets/leases") << QByteArray(100'000, 'a');
        QTest::newRow("grid: not YAML") << QByteArray("grid.yaml") << QByteArray("{{{{");
        QTest::newRow("grid: no servers") << QByteArray("grid.yaml") << QByteArray("storage: {}\n");
    }
    void aDamagedPartIsNamedAndLeftAsItIs() {
        QFETCH(const QByteArray, part);
        QFETCH(const QByteArray, content);
        makeJoined();
        write(folder() / part.toStdString(), content);
        const auto profile = loadProfile(folder());
        QVERIFY(!profile);
        const auto code = profile.error().code;
        QVERIFY(code == ErrorCode::ProfileDamaged || (content.size() > 4096 && code == ErrorCode::FileUnreadable));
        QVERIFY2(profile.error().detail.find(part.toStdString()) != std::string::npos, profile.error().detail.c_str());
        QCOMPARE(read(folder() / part.toStdString()), content);
    }

    void aSettingOutsideItsRangeIsDamage_data() {
        QTest::addColumn<QByteArray>("from");
        QTest::addColumn<QByteArray>("to");
        QTest::newRow("k above n") << QByteArray("\"required\": 2") << QByteArray("\"required\": 6");
        QTest::newRow("k is half") << QByteArray("\"required\": 2") << QByteArray("\"required\": 2.5");
        QTest::newRow("k is text") << QByteArray("\"required\": 2") << QByteArray("\"required\": \"2\"");
        QTest::newRow("k is negative") << QByteArray("\"required\": 2") << QByteArray("\"required\": -2");
        QTest::newRow("n is huge") << QByteArray("\"total\": 5") << QByteArray("\"total\": 5e300");
        QTest::newRow("no segments") << QByteArray("131072") << QByteArray("0");
        QTest::newRow("home is a number") << QByteArray("\"home\": false") << QByteArray("\"home\": 0");
        QTest::newRow("no folder") << QByteArray("\"storage\"") << QByteArray("\"\"");
    }
    void aSettingOutsideItsRangeIsDamage() {
        QFETCH(const QByteArray, from);
        QFETCH(const QByteArray, to);
        makeJoined();
        auto json = read(folder() / "profile.json");
        QVERIFY(json.contains(from));
        json.replace(from, to);
        write(folder() / "profile.json", json);
        const auto profile = loadProfile(folder());
        QVERIFY(!profile);
        QVERIFY(profile.error().code == ErrorCode::ProfileDamaged);
    }

    void theServerSwitchIsRemembered() {
        makeHome();
        QVERIFY(saveServerEnabled(folder(), false));
        QVERIFY(!loadProfile(folder())->settings.serverEnabled);
        QVERIFY(loadProfile(folder())->settings.home);
        QVERIFY(saveServerEnabled(folder(), true));
        QVERIFY(loadProfile(folder())->settings.serverEnabled);
    }

    void aProfileThatIsMovedTakesItsStoreAlong() {
        makeHome();
        const auto moved = std::filesystem::path(m_temporary->path().toStdString()) / "moved";
        std::filesystem::rename(folder(), moved);
        QCOMPARE(loadProfile(moved)->settings.serverFolder, moved / "storage");
    }

    void aStoreElsewhereStaysElsewhere() {
        CountingRandom random;
        NewProfile profile;
        profile.settings = homeSettings(folder());
        profile.settings.serverFolder = "/srv/Größe und Maß";
        QVERIFY(createProfile(folder(), profile, random));
        QCOMPARE(loadProfile(folder())->settings.serverFolder, std::filesystem::path("/srv/Größe und Maß"));
    }

    void aFileInTheFoldersPlaceIsReported() {
        write(folder(), "in the way");
        CountingRandom random;
        NewProfile profile;
        profile.settings = homeSettings(folder());
        const auto made = createProfile(folder(), profile, random);
        QVERIFY(!made);
        QVERIFY(made.error().code == ErrorCode::FileUnwritable);
        QCOMPARE(read(folder()), QByteArray("in the way"));
    }

private:
    [[nodiscard]] std::filesystem::path folder() const {
        return std::filesystem::path(m_temporary->path().toStdString()) / "profile";
    }

    void makeHome() {
        CountingRandom random;
        NewProfile profile;
        profile.settings = homeSettings(folder());
        const auto made = createProfile(folder(), profile, random);
        QVERIFY2(made, made ? "" : made.error().detail.c_str());
    }

    void makeJoined() {
        CountingRandom random;
        NewProfile profile;
        profile.settings.encoding = {2, 3, 5, ByteCount(131072)};
        profile.settings.serverFolder = defaultServerFolder(folder());
        profile.servers = {test::announcementOf("alpha"), test::announcementOf("beta")};
        profile.convergence.emplace(copyOf(viewOf("chosen by a person")));
        const auto made = createProfile(folder(), profile, random);
        QVERIFY2(made, made ? "" : made.error().detail.c_str());
    }

    std::unique_ptr<QTemporaryDir> m_temporary;
};

QTEST_GUILESS_MAIN(ProfileTest)
#include "profile_test.moc"
