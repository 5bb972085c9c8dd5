#include "core/upload/upload.h"

#include "core/grid/permuted_ring.h"
#include "core/upload/file_key.h"
#include "core/upload/upload_driver.h"

#include <utility>

namespace tarn::upload {

namespace {

/// Reads a file of a single run once: for its key, its plaintext, and, where the shares are small, also for them.
Result<Prepared> readWhole(const std::shared_ptr<Source>& source, const formats::EncodingParameters& parameters,
                           const formats::Geometry& geometry, const crypto::ConvergenceSecret& convergence) {
    auto plaintext = std::make_shared<Bytes>();
    plaintext->reserve(geometry.fileSize + geometry.required);  // with room for the padding
    plaintext->resize(geometry.fileSize);
    if (auto read = source->read(ByteOffset(0), *plaintext); !read) {
        return failure(read.error());
    }
    if (auto unchanged = source->checkUnchanged(); !unchanged) {
        return failure(unchanged.error());
    }
    auto hasher = keyHasherFor(geometry, convergence);
    hasher.update(*plaintext);
    Prepared prepared{source, parameters, geometry, hasher.finish()};
    if (!areSmall(geometry)) {
        prepared.plaintext = std::move(plaintext);
        return prepared;
    }
    // On the spot, to spare a small file the way to another thread.
    auto whole = makeWhole(geometry, prepared.key, std::move(plaintext));
    if (!whole) {
        return failure(whole.error());
    }
    prepared.whole = std::move(*whole);
    return prepared;
}

async::Task<Prepared> readWholeOnDiskPool(std::shared_ptr<Source> source, formats::EncodingParameters parameters,
                                          formats::Geometry geometry, std::shared_ptr<const Secrets> secrets,
                                          std::shared_ptr<async::Pools> pools) {
    // Named on purpose, as every lambda that is handed to an awaited call: GCC 12 destroys the captures of a temporary
    // one twice.
    auto work = [source, parameters, geometry, secrets] {
        return readWhole(source, parameters, geometry, secrets->convergence);
    };
    co_return co_await async::runOn(pools->disk, std::move(work));
}

/// Reports the key pass. Phase and sizes only: no share has a place yet.
void reportHashed(const Watch& watch, const formats::Geometry& geometry, ByteCount hashed) {
    if (watch) {
        Progress progress;
        progress.fileSize = ByteCount(geometry.fileSize);
        progress.hashed = hashed;
        progress.shares.resize(geometry.total);
        watch(progress);
    }
}

async::Task<Prepared> prepare(std::shared_ptr<Source> source, formats::EncodingParameters parameters,
                              formats::Geometry geometry, std::shared_ptr<const Secrets> secrets,
                              std::shared_ptr<const Environment> environment, Watch watch, std::stop_token stop) {
    reportHashed(watch, geometry, ByteCount(0));
    if (RunPlan(geometry).count() == 1) {
        co_return co_await readWholeOnDiskPool(source, parameters, geometry, secrets, environment->pools);
    }
    HashedSoFar progress = [watch, geometry](ByteCount hashed) {
        reportHashed(watch, geometry, hashed);
    };
    auto key = co_await hashKey(source, geometry, secrets, environment, std::move(progress), stop);
    if (!key) {
        co_return failure(key.error());
    }
    co_return Prepared{source, parameters, geometry, *key};
}

async::Task<Outcome> drive(std::shared_ptr<UploadDriver> driver, std::stop_token stop) {
    const auto mailbox = driver->mailbox();
    const std::stop_callback onStop(stop, [mailbox] { mailbox.push(UploadDriver::StopRequested{}); });
    driver->start();
    while (!driver->over()) {
        auto event = co_await mailbox.next();
        driver->handle(std::move(event));
    }
    co_await driver->scope().drain();
    co_return driver->outcome();
}

async::Task<Outcome> uploadLiteral(std::shared_ptr<Source> source, std::shared_ptr<async::Pools> pools, Watch watch) {
    auto work = [source]() -> Result<Bytes> {
        Bytes bytes(source->size().value());
        if (auto read = source->read(ByteOffset(0), bytes); !read) {
            return failure(read.error());
        }
        if (auto unchanged = source->checkUnchanged(); !unchanged) {
            return failure(unchanged.error());
        }
        return bytes;
    };
    auto data = co_await async::runOn(pools->disk, std::move(work));
    if (!data) {
        co_return failure(data.error());
    }
    if (watch) {
        Progress progress;
        progress.phase = Phase::Done;
        progress.fileSize = progress.hashed = source->size();
        watch(progress);
    }
    Outcome outcome;
    outcome.capability = caps::Literal{std::move(*data)};
    co_return outcome;
}

}  // namespace

async::Task<Outcome> upload(std::shared_ptr<Source> source, formats::EncodingParameters parameters,
                            std::shared_ptr<const Secrets> secrets, storage::ServerList servers,
                            std::shared_ptr<const Environment> environment, Watch watch,
                            std::shared_ptr<const Continuation> continuation, std::stop_token stop) {
    if (auto valid = parameters.check(); !valid) {
        co_return failure(valid.error());
    }
    if (source->size().value() <= caps::Literal::mostWritten) {
        co_return co_await uploadLiteral(source, environment->pools, watch);
    }
    const auto geometry = formats::Geometry::make(parameters, source->size());
    if (!geometry) {
        co_return failure(geometry.error());
    }
    auto prepared = co_await prepare(source, parameters, *geometry, secrets, environment, watch, stop);
    if (!prepared) {
        co_return failure(prepared.error());
    }
    if (stop.stop_requested()) {
        co_return failure(ErrorCode::Cancelled);
    }
    auto ring = grid::permuted(std::move(servers), crypto::storageIndexOf(prepared->key));
    const auto driver = std::make_shared<UploadDriver>(std::move(*prepared), secrets, std::move(ring), environment,
                                                       watch, std::move(continuation));
    co_return co_await drive(driver, stop);
}

async::Task<Outcome> upload(std::shared_ptr<Source> source, formats::EncodingParameters parameters,
                            std::shared_ptr<const Secrets> secrets, storage::ServerList servers,
                            std::shared_ptr<const Environment> environment, Watch watch, std::stop_token stop) {
    return upload(std::move(source), parameters, std::move(secrets), std::move(servers), std::move(environment),
                  std::move(watch), nullptr, std::move(stop));
}

}  // namespace tarn::upload
