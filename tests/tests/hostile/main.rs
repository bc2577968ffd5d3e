//! Input that broke other servers, sent to running programs; and where each verdict on
//! messages, TSIG, AXFR, IXFR and NOTIFY is proved. The tests named here are in this folder, on
//! sockets, and beside the code in zxfr-core, zxfr-io and zxfrd.
//!
//! | input | tests |
//! |---|---|
//! | off-apex SOA | `off_apex_soa_is_rejected`, `off_apex_soa_in_differences_is_rejected` |
//! | SOA in the middle of an AXFR | `soa_in_the_middle_is_rejected` |
//! | first and last SOA differ | `first_and_last_soa_that_differ_are_rejected`, `first_and_last_soa_of_differences_that_differ_are_rejected`, `closing_soa_is_the_first_in_all_fields`, `first_and_last_soa_of_axfr_style_must_match` |
//! | answers after the final SOA | `answers_after_the_final_soa_are_rejected`, `what_follows_the_end_does_not_undo_it`, `answers_after_the_end_of_differences_are_rejected`, `records_after_the_end_of_an_ixfr_are_rejected` |
//! | class not IN | `class_not_in_is_rejected`, `other_classes_types_and_opcodes_are_refused`, `class_and_meta_types_in_differences_are_rejected`, `what_cannot_stand_in_a_zone_cannot_stand_in_differences` |
//! | meta type inside a transfer | `meta_type_is_rejected`, `meta_types_are_rejected`, `class_and_meta_types_in_differences_are_rejected`, `what_cannot_stand_in_a_zone_cannot_stand_in_differences` |
//! | owner or RDATA name malformed | `malformed_owner_is_rejected`, `malformed_owners_are_rejected`, `malformed_names_in_rdata_are_rejected`, `malformed_records_in_differences_are_rejected` |
//! | RDATA too short or too long | `malformed_rdata_is_rejected`, `rdata_too_short_or_too_long_is_rejected`, `closing_soa_cut_short_is_rejected`, `known_types_are_checked_for_shape`, `malformed_records_in_differences_are_rejected` |
//! | RDATA that wraps 16 bits | `rdata_that_wraps_the_message_is_rejected`, `rdata_that_wraps_its_message_is_rejected`, `rdata_that_wraps_its_length_is_refused`, `malformed_records_in_differences_are_rejected` |
//! | record outside the zone | `record_outside_the_zone_is_skipped_and_counted`, `record_outside_the_zone_is_skipped_in_deletions_too`, `record_outside_the_zone_is_skipped_in_deletions_and_additions` |
//! | endless transfer: octets | `octets`, `endless_octets_are_cut`, `endless_differences_are_cut`, `limits_hold_in_differences` |
//! | endless transfer: records | `records`, `endless_records_are_cut`, `endless_differences_are_cut`, `limits_hold_in_differences` |
//! | endless transfer: messages | `messages_that_are_empty_count`, `empty_messages_in_a_row`, `endless_empty_messages_are_cut`, `what_a_primary_breaks_off_is_discarded`, `endless_differences_are_cut`, `limits_hold_in_differences` |
//! | endless transfer: RRset size | `records_in_an_rrset`, `limits_hold_in_any_order`, `endless_rrset_is_cut`, `endless_differences_are_cut`, `limits_hold_in_differences` |
//! | endless transfer: types per name | `types_at_a_name`, `endless_types_at_a_name_are_cut`, `endless_differences_are_cut`, `limits_hold_in_differences` |
//! | endless transfer: unverified octets | `unverified_octets_have_a_limit_of_their_own`, `hundred_messages_in_a_row_without_tsig_are_refused` |
//! | EOF before the closing SOA | `eof_before_the_closing_soa_discards_all`, `stream_cut_at_any_octet_never_commits`, `a_primary_that_breaks_off_gives_no_zone`, `what_breaks_off_differences_discards_them`, `ixfr_cut_at_any_octet_never_commits`, `differences_cut_at_every_octet_leave_the_old_version`, `recorded_ixfr_cut_at_any_octet_changes_nothing` |
//! | error RCODE before the closing SOA | `error_rcode_discards_all`, `what_breaks_off_differences_discards_them` |
//! | TC before the closing SOA | `tc_or_another_id_or_a_query_discards_all`, `tc_discards_all`, `what_breaks_off_differences_discards_them` |
//! | another message ID before the closing SOA | `tc_or_another_id_or_a_query_discards_all`, `another_id_discards_all`, `what_breaks_off_differences_discards_them` |
//! | name over 255 octets | `name_at_255_octets_is_the_longest`, `names_over_255_octets_are_rejected`, `name_over_255_octets_is_a_format_error` |
//! | label over 63 | `refuses_loops_forward_pointers_and_odd_labels`, `odd_labels_are_a_format_error`, `malformed_owners_are_rejected` |
//! | forward or looping pointer | `refuses_loops_forward_pointers_and_odd_labels`, `forward_and_looping_pointers_are_a_format_error`, `looping_pointers_are_rejected`, `malformed_records_in_differences_are_rejected` |
//! | count that overruns the message | `counts_that_overrun_the_message_are_rejected`, `counts_that_do_not_fit_are_a_format_error`, `malformed_records_in_differences_are_rejected` |
//! | MAC missing where one is needed | `mac_missing_where_one_is_needed_is_refused`, `last_message_must_be_signed`, `missing_mac_is_refused`, `answer_without_tsig_is_refused`, `last_message_without_tsig_is_refused`, `differences_without_tsig_are_refused`, `end_of_an_ixfr_must_be_signed` |
//! | MAC shorter than the RFC's minimum, or too long | `mac_of_a_length_that_none_may_have_is_a_format_error`, `mac_below_the_minimum_or_too_long_is_a_format_error`, `short_mac_is_signed_bad_trunc` |
//! | TSIG not last, twice, or in another section | `framing_faults`, `tsig_not_last_twice_or_in_another_section_is_a_format_error`, `meta_types_are_rejected` |
//! | bad other-data length | `malformed_records`, `tsig_with_a_bad_other_data_length_is_a_format_error` |
//! | unknown algorithm | `unknown_algorithm_is_bad_key_and_comes_back`, `unknown_algorithm_and_unknown_key_are_bad_key` |
//! | unknown key, wrong MAC | `unknown_key_and_wrong_mac_are_answered_unsigned`, `wrong_mac_is_bad_sig`, `nothing_of_a_message_with_a_wrong_mac_is_told`, `changed_message_is_refused` |
//! | right MAC, bad time | `bad_time_is_signed_with_both_times`, `right_mac_at_a_bad_time_is_bad_time_signed_with_our_time`, `bad_time_is_told_and_not_retried`, `old_message_is_refused` |
//! | key name in another case | `names_in_another_case_are_the_same`, `key_name_in_another_case_is_the_same_key`, `any_configured_key_is_found_without_case` |
//! | largest key name, MAC and question | `largest_names_key_and_mac_fit_together`, `tail_len_of_the_largest`, `largest_key_name_mac_and_question_still_fit` |
//! | record that can't be sent signed | `a_record_that_cannot_be_signed_is_refused_before_the_transfer_starts`, `a_deleted_record_that_cannot_be_signed_makes_it_the_whole_zone`, `largest_record_is_sent_and_one_octet_more_is_not` |
//! | many unauthorised requests | `strangers_are_refused_before_any_key_is_looked_for`, `many_unauthorised_requests_harm_nobody`, `a_refusal_is_logged_once` |
//! | one octet at a time | `one_octet_at_a_time_and_several_requests_at_once`, `one_octet_at_a_time_is_answered`, `one_octet_at_a_time_is_taken`, `one_octet_at_a_time_of_differences_is_taken` |
//! | stalls | `idle_connections_are_closed_and_half_requests_cut`, `a_primary_that_says_nothing_is_given_up`, `stalling_primary_is_given_up`, `stalling_differences_fall_back_to_axfr` |
//! | never reads | `a_client_that_reads_nothing_is_cut_off_and_others_are_not` |
//! | odd characters in owner names, in files and logs | `odd_owner_names_round_trip`, `odd_names_in_the_log_are_escaped`, `what_zxfr_writes_loads_again` |
//! | thousands of records in an RRset | `work_for_an_rrset_is_linear`, `large_records_and_rrsets` |
//! | new version during a slow transfer | `new_version_during_a_slow_transfer_leaves_it_on_its_own`, `new_version_during_a_slow_ixfr_leaves_it_on_its_own` |
//! | NOTIFY burst in a transfer | `notify_burst_in_a_transfer_is_harmless` |
//! | NOTIFY ahead of the primary | `notify_ahead_of_the_primary_is_one_check` |
//! | NOTIFY over TCP | `notify_over_tcp_is_taken`, `it_is_answered_with_its_header_and_question` |
//! | NOTIFY of class ANY, NONE, CH | `notify_of_another_class_is_a_format_error`, `any_other_question_is_malformed` |
//! | NOTIFY from strangers | `notify_from_strangers_is_refused_before_its_mac`, `strangers_are_refused_before_any_key_is_looked_for` |
//! | IXFR without the asker's SOA | `an_ixfr_without_the_askers_soa_is_malformed` |
//! | duplicate records in an AXFR | `takes_records_in_any_order_and_twice`, `duplicates_are_ignored_and_counted` |
//! | differences whose first serial is not ours | `differences_from_another_serial_than_ours_are_rejected`, `differences_from_another_serial_fall_back_to_axfr`, `recorded_differences_are_rejected_where_another_serial_is_held` |
//! | delete of an absent record | `delete_of_an_absent_record_is_refused`, `delete_of_an_absent_record_falls_back_to_axfr`, `soa_that_is_deleted_must_be_the_one_that_is_there` |
//! | add of a present record | `add_of_a_present_record_is_refused`, `add_of_a_present_record_falls_back_to_axfr` |
//! | broken serial chain | `broken_chain_is_rejected`, `sequence_that_leads_nowhere_is_rejected`, `broken_serial_chain_falls_back_to_axfr` |
//! | IXFR that ends at an SOA that is the last record of a message | `ixfr_that_ends_at_the_end_of_a_message_is_taken`, `takes_differences_wherever_messages_end`, `ixfr_that_ends_at_an_soa_that_ends_a_message_is_accepted` |
//! | AXFR-style IXFR | `axfr_style_is_taken_whatever_its_serial`, `axfr_style_ixfr_is_accepted` |
//! | IXFR answered with the SOA alone | `lone_soa_that_is_not_newer_is_up_to_date`, `lone_soa_that_is_newer_waits_for_more`, `soa_twice_and_nothing_else_is_up_to_date` |
//! | IXFR refused | `refusal_of_an_ixfr_is_told`, `refused_ixfr_falls_back_to_axfr` |
//! | IXFR over UDP that is not all there is | `truncated_datagram_tells_nothing`, `start_of_a_zone_in_a_datagram_is_not_the_end`, `differences_cut_short_in_a_datagram_are_not_the_end`, `lone_newer_soa_in_a_datagram_is_not_the_end`, `datagram_that_is_not_all_there_is_means_tcp`, `wrong_differences_in_a_datagram_are_refused_at_once`, `datagrams_of_others_are_passed_over` |
//! | duplicate records in differences | `record_twice_in_one_list_is_refused`, `record_twice_in_differences_falls_back_to_axfr` |

mod clients;
mod differences;
mod load;
mod notify;
mod offered;
mod primaries;
mod secondary;

use zxfr_tests::named;

/// Every test that the table names is there.
#[test]
fn tests_named_in_the_table_exist() {
    let names = named::in_table(include_str!("main.rs"));
    assert!(names.len() > 80, "{}", names.len());
    let missing = named::missing(&names);
    assert!(missing.is_empty(), "{missing:?}");
}
