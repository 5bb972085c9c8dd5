#include "core/formats/grid_file.h"
#include "core/server/identity.h"
#include "core/x509/certificate.h"
#include "tests/server/raw_client.h"

#include <QDir>
#include <QFile>
#include <QSslCertificate>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QtTest>

namespace tarn::server::test {

class IdentityTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder.emplace(); }
    void cleanup() { m_folder.reset(); }

    void aServerKeepsItsNameAndPlace() {
        std::string nurl;
        std::string announcement;
        for (int start = 0; start < 3; ++start) {
            const auto server = startServer(m_folder->path());
            QVERIFY(server.has_value());
            if (start > 0) {
                QCOMPARE((*server)->nurl(), nurl);
                QCOMPARE(read((*server)->announcementFile()), announcement);
            }
            nurl = (*server)->nurl();
            announcement = read((*server)->announcementFile());
        }
    }

    void theAnnouncementNamesTheServerByItsCertificate() {
        const auto server = startServer(m_folder->path());
        RawClient client(**server);
        const QByteArray der = client.socket().peerCertificate().toDer();
        const auto nurl = formats::parseNurl((*server)->nurl());
        QCOMPARE(nurl->spkiHash, x509::spkiHash(viewOf(der)).value());
        QCOMPARE(nurl->port, (*server)->port());
        QCOMPARE(nurl->swissnum.reveal().size(), 52U);

        const auto grid = formats::parseGridFile(read((*server)->announcementFile()));
        QVERIFY(grid.has_value());
        QCOMPARE(grid->servers.size(), 1U);
        const formats::ServerAnnouncement& announced = grid->servers.front();
        QVERIFY(announced.id.text().starts_with("v0-"));
        QCOMPARE(announced.leaseSeed, x509::tubId(viewOf(der)));
        QCOMPARE(announced.nurls.size(), 1U);
        QCOMPARE(announced.nurls.front().reveal(), (*server)->nurl());
        QCOMPARE("v0-" + toBase32(announced.permutationSeed), announced.id.text());
    }

    void whatIsAdvertisedMayDifferFromWhatIsListenedOn() {
        Options options;
        options.store.folder = m_folder->path().toStdString();
        options.advertise = {{"tarn.example.net", 4321}, {"192.0.2.7", 0}};
        options.nickname = "cupboard";
        const auto server = Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
        const auto grid = formats::parseGridFile(read((*server)->announcementFile()));
        QCOMPARE(grid->servers.front().nickname, std::string("cupboard"));
        QCOMPARE(grid->servers.front().nurls.front().address(), std::string("tarn.example.net:4321"));
        QCOMPARE(grid->servers.front().nurls.back().address(), "192.0.2.7:" + std::to_string((*server)->port()));
        QVERIFY(RawClient(**server).connected());
    }

    void severalAddressesAreListenedOnAndAnnounced() {
        Options options;
        options.store.folder = m_folder->path().toStdString();
        options.listen = {{"127.0.0.1", 0}, {"::1", 0}, {"127.0.0.2", 0}};
        const auto server = Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
        QVERIFY(server.has_value());
        const auto grid = formats::parseGridFile(read((*server)->announcementFile()));
        QCOMPARE(grid->servers.front().nurls.size(), 3U);
        for (const formats::Nurl& nurl : grid->servers.front().nurls) {
            QCOMPARE(nurl.port, (*server)->port());
            RawClient client(**server, QString::fromStdString(nurl.host));
            QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
        }
    }

    void secretsAreForTheOwnerAlone() {
        const auto server = startServer(m_folder->path());
        const QDir identity(m_folder->filePath(QStringLiteral("identity")));
        constexpr auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther |
                                QFile::WriteOther | QFile::ExeOther;
        QVERIFY(!(QFileInfo(identity.path()).permissions() & others));
        QCOMPARE(identity.entryList(QDir::Files).size(), 6);
        for (const QFileInfo& file : identity.entryInfoList(QDir::Files)) {
            QVERIFY(!(file.permissions() & others));
        }
        QVERIFY(!(QFile::permissions(m_folder->filePath(QStringLiteral("announcement.yaml"))) & others));
    }

    void aDamagedIdentityIsSaidAndLeftAlone() {
        { QVERIFY(startServer(m_folder->path()).has_value()); }
        for (const char* const name : {"certificate.pem", "private-key.pem", "server-key", "swissnum", "checksum"}) {
            const QString path = m_folder->filePath(QStringLiteral("identity/") + QLatin1String(name));
            QFile file(path);
            QVERIFY(file.open(QIODevice::ReadOnly));
            const QByteArray good = file.readAll();
            file.close();
            QByteArray turned = good;
            turned[good.size() / 2] = turned[good.size() / 2] == 'b' ? 'c' : 'b';
            for (const QByteArray& bad : {QByteArray(), QByteArray("rubbish"), good.left(good.size() / 2), turned}) {
                overwrite(path, bad);
                const auto server = startServer(m_folder->path());
                QVERIFY2(!server.has_value(), name);
                QCOMPARE(server.error().code, ErrorCode::ProfileDamaged);
                // A part that reads well on its own, as half of a swissnum may, is found out by the others.
                const std::string& detail = server.error().detail;
                const bool together = detail.find("made together") != std::string::npos;
                QVERIFY2(detail.find(name) != std::string::npos || bad == turned || QByteArray(name) == "checksum" ||
                             (QByteArray(name) == "swissnum" && together),
                         (name + (": " + detail)).c_str());
                QCOMPARE(read(path.toStdString()), bad.toStdString());
            }
            QVERIFY(QFile::remove(path));
            QCOMPARE(startServer(m_folder->path()).error().code, ErrorCode::ProfileDamaged);
            overwrite(path, good);
        }
        QVERIFY(startServer(m_folder->path()).has_value());
    }

    void aKeyOfAnotherCertificateIsNoticed() {
        { QVERIFY(startServer(m_folder->path()).has_value()); }
        const auto other = x509::makeSelfSigned(std::chrono::system_clock::now());
        overwrite(m_folder->filePath(QStringLiteral("identity/private-key.pem")),
                  QByteArray::fromStdString(other->privateKeyPem));
        QCOMPARE(startServer(m_folder->path()).error().code, ErrorCode::ProfileDamaged);
    }

    void anIdentityFromElsewhereIsAdoptedAndNeverInPlaceOfAnotherUnlessToldTo() {
        IdentityParts parts;
        parts.certificate = *x509::makeSelfSigned(std::chrono::system_clock::now());
        parts.swissnum = formats::Swissnum(std::string(32, 'b'));
        parts.permutationSeed = Bytes(20, Byte{7});
        const std::filesystem::path folder = m_folder->path().toStdString();
        QCOMPARE(adoptIdentity(folder, parts, OldIdentity::Stays).value(), true);
        QCOMPARE(adoptIdentity(folder, parts, OldIdentity::Stays).value(), false);
        {
            const auto server = startServer(m_folder->path());
            QVERIFY(server.has_value());
            const auto grid = formats::parseGridFile(read((*server)->announcementFile()));
            QCOMPARE(grid->servers.front().permutationSeed, parts.permutationSeed);
            QCOMPARE(grid->servers.front().nurls.front().swissnum.reveal(), parts.swissnum.reveal());
        }
        IdentityParts other = parts;
        other.permutationSeed = Bytes(20, Byte{8});
        QCOMPARE(adoptIdentity(folder, other, OldIdentity::Stays).error().code, ErrorCode::ProfileExists);
        QCOMPARE(adoptIdentity(folder, parts, OldIdentity::Stays).value(), false);
        // Nothing is left lying about, and what is replaced is kept.
        QCOMPARE(QDir(m_folder->path()).entryList({QStringLiteral("identity*")}, QDir::Dirs).size(), 1);
        QCOMPARE(adoptIdentity(folder, other, OldIdentity::IsReplaced).value(), true);
        QVERIFY(QFile::exists(m_folder->filePath(QStringLiteral("identity.replaced-1/certificate.pem"))));
        QVERIFY(startServer(m_folder->path()).has_value());
        IdentityParts bad = other;
        bad.certificate.privateKeyPem = "rubbish";
        QCOMPARE(adoptIdentity(folder, bad, OldIdentity::IsReplaced).error().code, ErrorCode::ProfileDamaged);
        QCOMPARE(adoptIdentity(folder, other, OldIdentity::Stays).value(), false);
        overwrite(m_folder->filePath(QStringLiteral("identity/permutation-seed")), "baaaaaaa");
        QCOMPARE(startServer(m_folder->path()).error().code, ErrorCode::ProfileDamaged);
    }

    void anIdentityThatWasBegunAndNotFinishedIsBegunAnew() {
        QVERIFY(QDir().mkpath(m_folder->filePath(QStringLiteral("identity.new"))));
        overwrite(m_folder->filePath(QStringLiteral("identity.new/swissnum")), "half");
        QVERIFY(startServer(m_folder->path()).has_value());
        QVERIFY(!QFile::exists(m_folder->filePath(QStringLiteral("identity.new"))));
    }

    void aCertificateNearItsEndIsRenewedAndTheServerStaysWhoItWas() {
        std::string nurl;
        std::string announcement;
        QByteArray shown;
        // The first start with a clock that stands before its time, the second a century later, the third soon after.
        for (const int year : {1975, 2069, 2070}) {
            const auto server = startIn(year);
            QVERIFY(server.has_value());
            RawClient client(**server);
            const QByteArray der = client.socket().peerCertificate().toDer();
            QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
            QCOMPARE(formats::parseNurl((*server)->nurl())->spkiHash, x509::spkiHash(viewOf(der)).value());
            QVERIFY(x509::validityOf(viewOf(der))->until > atYear(year + 10));
            if (year == 1975) {
                nurl = (*server)->nurl();
                announcement = read((*server)->announcementFile());
            } else {
                QCOMPARE((*server)->nurl(), nurl);
                QCOMPARE(read((*server)->announcementFile()), announcement);
                QCOMPARE(der != shown, year == 2069);
            }
            shown = der;
        }
    }

    void aCertificateFromTheFutureIsRenewed() {
        { QVERIFY(startIn(2099).has_value()); }
        const auto server = startIn(2026);
        RawClient client(**server);
        QVERIFY(x509::validityOf(viewOf(client.socket().peerCertificate().toDer()))->from < atYear(2026));
    }

    void aDamagedRenewedCertificateIsMadeAgain() {
        { QVERIFY(startIn(1975).has_value()); }
        { QVERIFY(startIn(2069).has_value()); }
        const QString path = m_folder->filePath(QStringLiteral("identity/renewed-certificate.pem"));
        const auto strange = x509::makeSelfSigned(atYear(2069));
        for (const QByteArray& bad :
             {QByteArray("rubbish"), QByteArray(), QByteArray::fromStdString(strange->certificatePem)}) {
            overwrite(path, bad);
            const auto server = startIn(2069);
            QVERIFY(server.has_value());
            RawClient client(**server);
            QCOMPARE(formats::parseNurl((*server)->nurl())->spkiHash,
                     x509::spkiHash(viewOf(client.socket().peerCertificate().toDer())).value());
            QVERIFY(read(path.toStdString()) != bad.toStdString());
        }
    }

    void aPersonMayRenewTheCertificate() {
        std::string nurl;
        QByteArray shown;
        for (const bool renew : {false, true, false}) {
            Options options;
            options.store.folder = m_folder->path().toStdString();
            options.renewCertificate = renew;
            const auto server =
                Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
            QVERIFY(server.has_value());
            RawClient client(**server);
            const QByteArray der = client.socket().peerCertificate().toDer();
            QVERIFY(nurl.empty() || nurl == (*server)->nurl());
            QVERIFY(shown.isEmpty() || (der != shown) == renew);
            nurl = (*server)->nurl();
            shown = der;
        }
    }

    void twoServersDoNotShareAFolder() {
        const auto first = startServer(m_folder->path());
        QCOMPARE(startServer(m_folder->path()).error().code, ErrorCode::ProfileLocked);
        QCOMPARE(RawClient(**first).ask("GET", "/storage/v1/version").status, 200);
    }

    void aTakenPortAndAStrangeAddressAreSaid() {
        QTcpServer taken;
        QVERIFY(taken.listen(QHostAddress::LocalHost));
        Options options;
        options.store.folder = m_folder->path().toStdString();
        options.listen = {{"127.0.0.1", taken.serverPort()}};
        const auto start = [&] {
            return Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>()).error();
        };
        QCOMPARE(start().code, ErrorCode::Unreachable);
        QVERIFY(start().detail.find(std::to_string(taken.serverPort())) != std::string::npos);
        options.listen = {{"not an address", 0}};
        QCOMPARE(start().code, ErrorCode::Unreachable);
        options.listen = {{"::1", 0}};
        const auto server = Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
        QVERIFY(server.has_value());
        QCOMPARE(formats::parseNurl((*server)->nurl())->host, std::string("::1"));
    }

private:
    /// A clock whose calendar stands in June of a year.
    class YearClock final : public Clock {
    public:
        explicit YearClock(int year) : m_year(year) {}
        [[nodiscard]] SteadyTime steadyNow() const override { return std::chrono::steady_clock::now(); }
        [[nodiscard]] WallTime wallNow() const override { return atYear(m_year); }

    private:
        int m_year;
    };

    static WallTime atYear(int year) {
        return WallTime(std::chrono::seconds(QDateTime(QDate(year, 6, 1), QTime(12, 0), Qt::UTC).toSecsSinceEpoch()));
    }
    [[nodiscard]] Result<std::unique_ptr<Server>> startIn(int year) const {
        Options options;
        options.store.folder = m_folder->path().toStdString();
        return Server::start(options, std::make_shared<YearClock>(year), std::make_shared<SystemRandom>());
    }
    static std::string read(const std::filesystem::path& path) {
        QFile file(QString::fromStdString(path.string()));
        return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
    }
    static void overwrite(const QString& path, const QByteArray& bytes) {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        QCOMPARE(file.write(bytes), bytes.size());
    }

    std::optional<QTemporaryDir> m_folder;
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::IdentityTest)
#include "identity_test.moc"
