//! Input that broke other servers, sent to running programs; and where each verdict on
//! messages, TSIG and AXFR is proved. The tests named here are in this folder, on
//! sockets, and beside the code in zxfr-core, zxfr-io and zxfrd.
//!
//! | input | tests |
//! |---|---|
//! | off-apex SOA | `off_apex_soa_is_rejected` |
//! | SOA in the middle of an AXFR | `soa_in_the_middle_is_rejected` |
//! | first and last SOA differ | `first_and_last_soa_that_differ_are_rejected` |
//! | answers after the final SOA | `answers_after_the_final_soa_are_rejected`, `what_follows_the_end_does_not_undo_it` |
//! | class not IN | `class_not_in_is_rejected`, `other_classes_types_and_opcodes_are_refused` |
//! | meta type inside a transfer | `meta_type_is_rejected`, `meta_types_are_rejected` |
//! | owner or RDATA name malformed | `malformed_owner_is_rejected`, `malformed_owners_are_rejected`, `malformed_names_in_rdata_are_rejected` |
//! | RDATA too short or too long | `malformed_rdata_is_rejected`, `rdata_too_short_or_too_long_is_rejected`, `closing_soa_cut_short_is_rejected`, `known_types_are_checked_for_shape` |
//! | RDATA that wraps 16 bits | `rdata_that_wraps_the_message_is_rejected`, `rdata_that_wraps_its_message_is_rejected`, `rdata_that_wraps_its_length_is_refused` |
//! | record outside the zone | `record_outside_the_zone_is_skipped_and_counted` |
//! | endless transfer: octets | `octets`, `endless_octets_are_cut` |
//! | endless transfer: records | `records`, `endless_records_are_cut` |
//! | endless transfer: messages | `messages_that_are_empty_count`, `empty_messages_in_a_row`, `endless_empty_messages_are_cut`, `what_a_primary_breaks_off_is_discarded` |
//! | endless transfer: RRset size | `records_in_an_rrset`, `limits_hold_in_any_order`, `endless_rrset_is_cut` |
//! | endless transfer: types per name | `types_at_a_name`, `endless_types_at_a_name_are_cut` |
//! | endless transfer: unverified octets | `unverified_octets_have_a_limit_of_their_own`, `hundred_messages_in_a_row_without_tsig_are_refused` |
//! | EOF before the closing SOA | `eof_before_the_closing_soa_discards_all`, `stream_cut_at_any_octet_never_commits`, `a_primary_that_breaks_off_gives_no_zone` |
//! | error RCODE before the closing SOA | `error_rcode_discards_all` |
//! | TC before the closing SOA | `tc_or_another_id_or_a_query_discards_all`, `tc_discards_all` |
//! | another message ID before the closing SOA | `tc_or_another_id_or_a_query_discards_all`, `another_id_discards_all` |
//! | name over 255 octets | `name_at_255_octets_is_the_longest`, `names_over_255_octets_are_rejected`, `name_over_255_octets_is_a_format_error` |
//! | label over 63 | `refuses_loops_forward_pointers_and_odd_labels`, `odd_labels_are_a_format_error`, `malformed_owners_are_rejected` |
//! | forward or looping pointer | `refuses_loops_forward_pointers_and_odd_labels`, `forward_and_looping_pointers_are_a_format_error`, `looping_pointers_are_rejected` |
//! | count that overruns the message | `counts_that_overrun_the_message_are_rejected`, `counts_that_do_not_fit_are_a_format_error` |
//! | MAC missing where one is needed | `mac_missing_where_one_is_needed_is_refused`, `last_message_must_be_signed`, `missing_mac_is_refused`, `answer_without_tsig_is_refused`, `last_message_without_tsig_is_refused` |
//! | MAC shorter than the RFC's minimum, or too long | `mac_of_a_length_that_none_may_have_is_a_format_error`, `mac_below_the_minimum_or_too_long_is_a_format_error`, `short_mac_is_signed_bad_trunc` |
//! | TSIG not last, twice, or in another section | `framing_faults`, `tsig_not_last_twice_or_in_another_section_is_a_format_error`, `meta_types_are_rejected` |
//! | bad other-data length | `malformed_records`, `tsig_with_a_bad_other_data_length_is_a_format_error` |
//! | unknown algorithm | `unknown_algorithm_is_bad_key_and_comes_back`, `unknown_algorithm_and_unknown_key_are_bad_key` |
//! | unknown key, wrong MAC | `unknown_key_and_wrong_mac_are_answered_unsigned`, `wrong_mac_is_bad_sig`, `nothing_of_a_message_with_a_wrong_mac_is_told`, `changed_message_is_refused` |
//! | right MAC, bad time | `bad_time_is_signed_with_both_times`, `right_mac_at_a_bad_time_is_bad_time_signed_with_our_time`, `bad_time_is_told_and_not_retried`, `old_message_is_refused` |
//! | key name in another case | `names_in_another_case_are_the_same`, `key_name_in_another_case_is_the_same_key`, `any_configured_key_is_found_without_case` |
//! | largest key name, MAC and question | `largest_names_key_and_mac_fit_together`, `tail_len_of_the_largest` |
//! | record that can't be sent signed | `a_record_that_cannot_be_signed_is_refused_before_the_transfer_starts`, `largest_record_is_sent_and_one_octet_more_is_not` |
//! | many unauthorised requests | `strangers_are_refused_before_any_key_is_looked_for`, `many_unauthorised_requests_harm_nobody`, `a_refusal_is_logged_once` |
//! | one octet at a time | `one_octet_at_a_time_and_several_requests_at_once`, `one_octet_at_a_time_is_answered`, `one_octet_at_a_time_is_taken` |
//! | stalls | `idle_connections_are_closed_and_half_requests_cut`, `a_primary_that_says_nothing_is_given_up`, `stalling_primary_is_given_up` |
//! | never reads | `a_client_that_reads_nothing_is_cut_off_and_others_are_not` |
//! | odd characters in owner names, in files and logs | `odd_owner_names_round_trip`, `odd_names_in_the_log_are_escaped`, `what_zxfr_writes_loads_again` |
//! | thousands of records in an RRset | `work_for_an_rrset_is_linear`, `large_records_and_rrsets` |
//! | new version during a slow transfer | `new_version_during_a_slow_transfer_leaves_it_on_its_own` |
//! | duplicate records in an AXFR | `takes_records_in_any_order_and_twice`, `duplicates_are_ignored_and_counted` |

mod clients;
mod load;
mod primaries;
mod secondary;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every test that the table names is there.
#[test]
fn tests_named_in_the_table_exist() {
    let table = include_str!("main.rs").lines().filter(|line| line.starts_with("//! |"));
    let mut missing: BTreeSet<&str> = table.flat_map(|line| line.split('`').skip(1).step_by(2)).collect();
    assert!(missing.len() > 80, "{}", missing.len());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders: Vec<_> = ["zxfr-core", "zxfr-io", "zxfrd", "tests"]
        .iter()
        .flat_map(|package| ["src", "tests"].map(|folder| root.join(package).join(folder)))
        .filter(|folder| folder.is_dir())
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).unwrap();
                missing.retain(|name| !text.contains(&format!("fn {name}(")));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
