#pragma once

#include "core/formats/slot_messages.h"
#include "tests/storage/contract.h"

namespace tarn::testing {

/// The contract's other half: what every StorageServer must do with mutable slots.
class SlotContract : public StorageContract {
    Q_OBJECT

private Q_SLOTS:
    void slot_is_made_by_its_first_write();
    void slot_changes_several_shares_by_one_request();
    void slot_write_without_a_test_replaces_bytes_where_they_stand();
    void slot_writes_are_made_in_their_order();
    void slot_write_past_the_end_leaves_zeros_before_it();
    void slot_write_of_nothing_past_the_end_lengthens_the_share();
    void slot_share_named_without_a_write_is_made_empty();

    void slot_reads_show_what_was_there_before_the_write();
    void slot_reads_show_every_share_that_is_there();
    void slot_reads_past_the_end_are_short();

    void slot_test_that_fails_changes_nothing_and_reads_all_the_same();
    void slot_test_of_one_share_guards_the_others();
    void slot_test_of_an_absent_share_reads_it_as_empty();
    void slot_test_past_the_end_compares_what_is_there();
    void slot_test_wants_the_whole_specimen();
    void slot_takes_thirty_tests_and_reads();

    void slot_is_cut_to_a_new_length();
    void slot_is_not_lengthened_by_a_new_length();
    void slot_is_cut_after_it_was_written();
    void slot_that_was_cut_shows_zeros_when_it_grows();
    void slot_share_is_removed_by_length_zero();
    void slot_removal_does_no_writes();
    void slot_removal_of_what_is_not_there_is_fine();
    void slot_without_shares_is_open_to_another_write_enabler();

    void slot_write_with_a_wrong_enabler_is_unauthorized();
    void slot_read_with_a_wrong_enabler_is_unauthorized();
    void slot_write_past_the_largest_offset_fails();

    void slot_list_of_an_unknown_slot_is_empty();
    void slot_is_no_bucket_and_a_bucket_is_no_slot();
    void slot_share_is_read_whole_and_in_part();
    void slot_read_of_an_unknown_share_is_not_found();
    void slot_share_keeps_a_lease();
    void slot_lease_comes_with_each_write();
    void slot_advice_on_a_damaged_share_is_taken();
    void slot_advice_on_an_unknown_share_is_not_found();

    void slot_of_several_megabytes_comes_back_byte_for_byte();
    void slot_shares_with_every_number_can_be_written_and_listed();
    void slot_that_many_would_change_is_changed_by_one();
    void slot_call_that_was_stopped_before_it_began_is_cancelled();

private:
    [[nodiscard]] Result<formats::gbs::SlotReply> ask(const StorageIndex& index, const class SlotCall& call);
    [[nodiscard]] Result<Bytes> whole(const StorageIndex& index, unsigned share);
    [[nodiscard]] Result<std::set<ShareNum>> listed(const StorageIndex& index);

    const WriteEnabler m_enabler = freshSecret<WriteEnabler>();
};

}  // namespace tarn::testing
