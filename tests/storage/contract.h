#pragma once

#include "core/foundation/random.h"
#include "core/storage/storage_server.h"

#include <QObject>
#include <QString>

#include <memory>

namespace tarn::testing {

/// Where a server may answer otherwise than the suite wants. Each stands for a difference that was seen in a real
/// server, and that the client has to live with.
struct Differences {
    /// Tahoe-LAFS leaves a share that somebody has begun out of `allocated`, even where it was the same upload secret;
    /// the share can be written with that secret all the same. The protocol's document says that nothing changes.
    bool repeatedAllocateNamesNothing = false;
    /// Tahoe-LAFS has no answer of its own to a write past the allocated size: it fails inside.
    bool failsOnWritePastTheEnd = false;
    /// Tahoe-LAFS does not tell slots from buckets before it opens a share: it lists a slot's shares as immutable ones
    /// and the other way round, and fails inside where it then finds the wrong container.
    bool mistakesSlotsForBuckets = false;
    /// Tahoe-LAFS has no answer of its own to a write past the largest offset: it fails inside, and leaves an empty
    /// share behind.
    bool failsOnWritePastTheLargestOffset = false;
};

/// What every StorageServer must do, whatever it is made of: one suite for the server in memory, for ours over HTTPS
/// and for a real Tahoe-LAFS one. A test program derives from it, says which server it is, and runs it as a Qt Test
/// object.
///
/// Each case takes a storage index of its own, so one server may serve all of them.
class StorageContract : public QObject {
    Q_OBJECT

protected:
    [[nodiscard]] virtual std::shared_ptr<storage::StorageServer> server() = 0;
    [[nodiscard]] virtual Differences differences() const { return {}; }

private Q_SLOTS:
    void version_names_the_application_and_its_limits();

    void allocate_holds_room_for_fresh_shares();
    void allocate_repeated_with_the_same_secret_changes_nothing();
    void allocate_with_another_secret_gets_nothing_that_is_begun();
    void allocate_names_every_complete_share_of_the_bucket();
    void allocate_takes_all_256_share_numbers();
    void allocate_with_whole_shares_stores_what_finds_room();
    void find_brings_small_shares_along();

    void write_of_a_whole_share_completes_it();
    void write_in_pieces_says_what_is_missing();
    void write_out_of_order_completes_too();
    void write_of_equal_bytes_again_is_fine();
    void write_of_other_bytes_conflicts_and_keeps_the_first();
    void write_past_the_end_fails_and_does_no_harm();
    void write_to_what_was_never_allocated_is_not_found();
    void write_to_a_complete_share_is_not_found();
    void write_with_a_wrong_secret_is_unauthorized();
    void write_of_much_with_a_wrong_secret_is_unauthorized();
    void write_of_nothing_is_an_invalid_argument();

    void abort_gives_the_share_up_for_others();
    void abort_of_a_complete_share_conflicts();
    void abort_of_what_was_never_allocated_is_not_found();
    void abort_with_a_wrong_secret_is_unauthorized();

    void list_of_an_unknown_bucket_is_empty();
    void list_leaves_out_what_is_not_complete();

    void read_gives_the_whole_share();
    void read_gives_a_range();
    void read_past_the_end_is_short();
    void read_beyond_the_end_is_empty();
    void read_of_nothing_is_empty();
    void read_of_an_unknown_share_is_not_found();
    void read_of_a_share_that_is_not_complete_is_not_found();

    void lease_is_added_to_a_bucket_with_shares();
    void lease_on_an_unknown_bucket_is_not_found();

    void advice_on_a_damaged_share_is_taken();
    void advice_on_an_unknown_share_is_not_found();

    void share_of_several_megabytes_comes_back_byte_for_byte();
    void fifty_calls_at_once_all_succeed();
    void shares_with_every_number_can_be_written_and_listed();
    void call_that_was_stopped_before_it_began_is_cancelled();

protected:
    [[nodiscard]] Bytes someBytes(std::size_t size);
    [[nodiscard]] StorageIndex freshIndex() { return StorageIndex(*StorageIndex::fromBytes(someBytes(16))); }
    [[nodiscard]] LeaseSecrets freshLease();
    /// Allocates and writes one share.
    void store(const StorageIndex& index, ShareNum share, const Bytes& data);
    template <typename Kind>
    [[nodiscard]] Kind freshSecret() {
        return m_random.make<Kind>();
    }

private:
    SystemRandom m_random;
};

}  // namespace tarn::testing
