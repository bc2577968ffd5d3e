//! What is known of Cloudflare's API, as far as it is about zone transfers and the zones, accounts and tokens beside them, and
//! which tests prove that it holds here. Where a claim comes from: S the zone-transfer guides, D the documentation, SDK the
//! official SDKs' source, SENT requests that they were seen to make, OBS answers that were seen; R is our choice where nothing is
//! known. What clients of others are known to expect (TF, 3P) stands where we keep to it, too.
//!
//! | part | claim | tests |
//! |---|---|---|
//! | 1.1 SDK | paths begin with `/client/v4` and one slash joins them | `the_document_has_every_method_of_zone_transfers`, `what_the_sdks_send_is_taken_as_it_is` |
//! | 1.1 SENT | the SDKs' own headers are ignored, `api-version` too | `the_headers_of_the_sdks_are_ignored_and_deletions_may_have_a_content_type` |
//! | 1.1 SENT | POST without a body has a JSON type and length 0, or no type; DELETE has a JSON type and no body | `a_post_of_content_length_0_with_a_json_type_has_no_body`, `bodyless_posts_take_nothing_an_empty_object_or_null_whatever_the_content_type`, `the_headers_of_the_sdks_are_ignored_and_deletions_may_have_a_content_type` |
//! | 1.1 SDK D | where no body is needed nothing, `{}` and `null` are taken | `bodyless_posts_take_nothing_an_empty_object_or_null_whatever_the_content_type` |
//! | 1.1 SENT SDK D | parameters of queries are nested with dots; lists are repeated or have commas | `zones_are_filtered`, `arrays_come_repeated_or_with_commas` |
//! | 1.2 D | a bearer token is preferred | `a_bearer_token_passes` |
//! | 1.2 SENT | X-Auth-Email with X-Auth-Key alone opens, too | `x_auth_email_with_x_auth_key_passes`, `a_token_without_an_email_has_no_pair` |
//! | 1.2 R | of several schemes any complete one that is valid is enough | `any_complete_valid_scheme_is_enough` |
//! | 1.2 D | reading and writing are permissions of their own, for an account's objects | `a_read_token_changes_nothing`, `a_token_does_no_more_than_it_is_good_for`, `nothing_of_an_account_shows_to_the_tokens_of_another` |
//! | 1.2 R | tokens are verified, a user's and an account's | `tokens_are_verified` |
//! | 1.3 SDK | success and failure are envelopes with the same four members; errors have code (1000 or more) and message | `every_answer_is_an_envelope_and_only_what_is_well_says_success`, `no_request_is_answered_with_5xx_or_what_is_not_documented` |
//! | 1.3 SDK | the status alone says whether it went well | `every_answer_is_an_envelope_and_only_what_is_well_says_success` |
//! | 1.3 OBS | the three lists have no result_info and all rows | `the_zone_transfer_lists_are_whole_and_have_no_result_info`, `a_name_may_be_there_twice_and_lists_are_whole_whatever_page_is_asked_for` |
//! | 1.4 SDK R | 400 for what breaks a rule, 404, 409 with x-should-retry: false | `tsig_rules_name_the_member`, `peer_rules_name_the_member`, `incoming_rules_name_the_member`, `unknown_ids_are_404`, `what_is_in_use_is_not_deleted_and_not_tried_again` |
//! | 1.4 SDK | 429 says when to come again | `requests_are_limited_per_token`, `wrong_tokens_are_limited_per_address` |
//! | 1.5 | 6003, 9106, 9109, 10000 for credentials | `malformed_credentials_are_6003_with_a_chain`, `no_credentials_are_9106`, `a_wrong_token_is_9109`, `a_metrics_token_gets_metrics_and_nothing_else` |
//! | 1.5 | 7003 with 7000 for paths and ids that are none; 1001 for zones; 1061 for a zone that is there | `an_unknown_path_is_404_with_7003_and_7000`, `an_ill_formed_id_is_404_with_7003`, `unknown_ids_are_404`, `a_zones_name_exists_once_and_whose_it_is_is_not_told` |
//! | 1.5 R | codes of our own: 1000 bodies | `a_body_is_a_json_object`, `a_member_of_the_wrong_type_is_refused_with_its_pointer`, `a_needed_member_that_is_missing_or_null_is_said_to_be` |
//! | 1.5 R | 1101 to 1105 TSIGs | `tsig_rules_name_the_member`, `unknown_ids_are_404`, `what_is_in_use_is_not_deleted_and_not_tried_again` |
//! | 1.5 R | 1201 to 1206 peers | `peer_rules_name_the_member`, `unknown_ids_are_404`, `what_is_in_use_is_not_deleted_and_not_tried_again` |
//! | 1.5 R | 1301 to 1303 ACLs | `an_acl_comes_back_as_it_was_sent`, `unknown_ids_are_404` |
//! | 1.5 R | 1401 to 1409 configurations of zones | `incoming_rules_name_the_member`, `an_outgoing_configuration_is_disabled_at_first`, `peers_are_there_in_the_account_once_and_no_more_than_30` |
//! | 1.5 R | the JSON pointer of the bad member | `a_member_of_the_wrong_type_is_refused_with_its_pointer` |
//! | 1.5 3P | unknown objects and configurations that aren't there are 404, a second one 409 | `unknown_ids_are_404`, `a_second_one_conflicts_and_a_missing_one_is_not_found` |
//! | 1.6 SDK | lists that are empty are `[]`; page and per_page are tolerated where there are no pages | `the_headers_of_the_sdks_are_ignored_and_deletions_may_have_a_content_type`, `a_name_may_be_there_twice_and_lists_are_whole_whatever_page_is_asked_for` |
//! | 1.6 SENT | a page past the end is 200 and empty | `zones_come_in_pages_and_one_past_the_end_is_empty`, `a_page_past_the_end_is_empty`, `what_the_sdks_send_is_taken_as_it_is` |
//! | 1.6 | result_info is right, per_page is clamped, order, direction and match are heeded | `zones_come_in_pages_and_one_past_the_end_is_empty`, `per_page_is_clamped_and_page_counts_from_1`, `zones_are_ordered`, `zones_are_filtered` |
//! | 1.6 D | x-ratelimit headers | `requests_are_limited_per_token` |
//! | 1.7 OBS | ids are 32 lower-case hex digits; a configuration has its zone's | `an_id_is_32_hex_digits_in_lower_case`, `an_incoming_configuration_that_never_transferred_has_serial_0_and_the_times_of_its_creation`, `what_the_sdks_send_is_taken_as_it_is` |
//! | 1.7 OBS SDK | times are RFC 3339, UTC, with microseconds and `Z` | `times_are_utc_with_six_digits`, `an_acl_comes_back_as_it_was_sent` |
//! | 1.7 SENT OBS | numbers come as integers or floats and go out as integers | `numbers_may_be_floats_and_have_to_be_integral`, `what_the_sdks_send_is_taken_as_it_is` |
//! | 1.7 OBS | unknown members are ignored, `primaries` that come back too | `unknown_members_are_ignored`, `older_clients_say_primaries` |
//! | 2 S SENT | 28 methods; PUT and no PATCH; creating is 200; four answers are bare strings | `the_document_has_every_method_of_zone_transfers`, `a_method_that_there_is_not_is_405_and_says_which_there_are`, `what_the_sdks_send_is_taken_as_it_is` |
//! | 2 SDK | paths of older clients | `older_clients_say_primaries` |
//! | 2.1 OBS | the secret comes back as it was sent | `a_tsig_comes_back_as_it_was_sent_with_its_secret`, `a_tsig_is_echoed_as_it_was_sent` |
//! | 2.1 R | and is seen by tokens of the account alone, never in errors or logs | `nothing_of_an_account_shows_to_the_tokens_of_another`, `a_secret_is_never_quoted_in_an_error`, `a_change_is_one_commit_with_a_line_of_audit_and_no_secret_in_it` |
//! | 2.1 D R | the name with or without its dot, echoed; lower case on the wire; compared without case | `a_key_goes_out_in_lower_case_and_comes_back_as_it_was_sent`, `any_configured_key_is_found_without_case`, `key_name_in_another_case_is_the_same_key` |
//! | 2.1 R | names need not differ: the peer says which key | `a_name_may_be_there_twice_and_lists_are_whole_whatever_page_is_asked_for`, `keys_of_one_name_are_told_by_identity_and_changes_take_effect_at_once` |
//! | 2.1 R | five algorithms with or without dot and case, hmac-md5 behind a switch, no truncated ones | `a_tsig_has_a_name_an_algorithm_and_a_secret`, `tsig_rules_name_the_member` |
//! | 2.1 S D R | a secret is made when there is none | `a_missing_tsig_secret_is_generated`, `a_secret_is_generated_when_missing_or_empty` |
//! | 2.1 R | base64 of 1 to 512 octets; below 16 with a warning | `a_tsig_has_a_name_an_algorithm_and_a_secret`, `a_short_secret_is_warned_of` |
//! | 2.1 R | what a peer uses is not deleted | `what_is_in_use_is_not_deleted_and_says_who_uses_it`, `what_is_in_use_is_not_deleted_and_not_tried_again` |
//! | 2.2 S | NOTIFYs go to a peer's ip and port; its ip may ask without an ACL | `enabling_serves_at_once_and_tells_linked_peers_that_have_an_ip`, `ixfr_is_served_to_a_peer_whatever_its_ixfr_enable_says`, `linked_peers_and_acls_are_admitted_to_zones_that_go_out` |
//! | 2.2 S | IXFR is served whatever ixfr_enable says; asked for only where it is set | `ixfr_is_served_to_a_peer_whatever_its_ixfr_enable_says`, `ixfr_is_tried_when_enabled_and_axfr_when_it_fails_and_axfr_alone_otherwise`, `a_peer_is_asked_for_ixfr_only_if_that_is_enabled` |
//! | 2.2 S | the TSIG signs requests, transfers and NOTIFYs | `a_key_goes_out_in_lower_case_and_comes_back_as_it_was_sent`, `notify_is_signed_with_the_key_of_the_peer_and_unsigned_requests_are_refused_then`, `a_key_is_changed_without_a_transfer_that_fails` |
//! | 2.2 SENT TF | POST of the name alone, and of the whole object | `a_peer_of_a_name_alone_shows_no_members_that_were_never_set`, `a_peer_is_made_whole_by_post` |
//! | 2.2 OBS TF | missing, null, "" and 0 are unset | `put_replaces_a_peer_and_null_empty_and_missing_are_unset`, `what_is_unset_of_a_peer` |
//! | 2.2 R | PUT replaces | `put_replaces_a_peer_and_null_empty_and_missing_are_unset`, `what_the_sdks_send_is_taken_as_it_is` |
//! | 2.2 R | port 53 with an ip and no port; 1 to 65535, integral; 0 only without an ip | `with_an_ip_and_no_port_the_port_is_53`, `a_peer_keeps_the_rules`, `numbers_may_be_floats_and_have_to_be_integral` |
//! | 2.2 S D | one peer may be linked to many zones, both ways; names need not differ | `one_peer_is_linked_to_many_zones_both_ways`, `a_name_may_be_there_twice_and_lists_are_whole_whatever_page_is_asked_for` |
//! | 2.2 R | what is linked is not deleted | `one_peer_is_linked_to_many_zones_both_ways`, `what_is_in_use_is_not_deleted_and_says_who_uses_it` |
//! | 2.2 S D | a zone has at most 30 peers | `peers_are_there_in_the_account_once_and_no_more_than_30` |
//! | 2.3 S D | no wider than /24 and /64; bits behind the prefix are taken | `an_acl_is_no_wider_than_24_and_64`, `an_acl_is_echoed_with_its_host_bits_and_matches_its_network` |
//! | 2.3 OBS | created_time and modified_time; the range as it was sent | `an_acl_comes_back_as_it_was_sent` |
//! | 2.3 R | matched without bits behind the prefix; a bare address is itself | `an_acl_is_echoed_with_its_host_bits_and_matches_its_network`, `an_acl_comes_back_as_it_was_sent` |
//! | 2.3 S D | for all zones of the account, both ways | `keys_and_acls_are_good_for_the_zones_of_their_account`, `notify_from_a_linked_peer_or_an_acl_address_is_acted_upon_at_once_and_from_others_refused` |
//! | 2.3 S D | addresses of neither peers nor ACLs get nothing | `linked_peers_and_acls_are_admitted_to_zones_that_go_out`, `ixfr_is_served_to_a_peer_whatever_its_ixfr_enable_says` |
//! | 2.3 R | first enabled, then the address, then TSIG; faults of TSIG are told with NOTAUTH | `linked_peers_and_acls_are_admitted_to_zones_that_go_out`, `strangers_are_refused_before_any_key_is_looked_for`, `tsig_faults_are_told` |
//! | 2.4 | peers may be empty: the zone stays | `incoming_without_peers_leaves_the_zone_as_it_is` |
//! | 2.4 S OBS | auto_refresh_seconds is at least 300 | `auto_refresh_seconds_is_at_least_300_a_day_at_first_and_unchanged_on_put` |
//! | 2.4 R | a day when POST says nothing, as it was when PUT says nothing, up to 32 bits | `auto_refresh_seconds_is_at_least_300_a_day_at_first_and_unchanged_on_put`, `incoming_without_peers_leaves_the_zone_as_it_is` |
//! | 2.4 OBS S | never transferred: serial 0 and all times that of creation; `primaries` beside `peers` | `an_incoming_configuration_that_never_transferred_has_serial_0_and_the_times_of_its_creation` |
//! | 2.4 R | the name is the zone's without case and dot, and echoed | `the_name_is_the_zones_without_case_and_final_dot_and_echoed`, `what_the_sdks_send_is_taken_as_it_is` |
//! | 2.4 3P | a second POST is 409; without one 404 | `a_second_one_conflicts_and_a_missing_one_is_not_found` |
//! | 2.4 R | only for secondary zones; outgoing for full and secondary ones | `incoming_is_for_secondary_zones_and_outgoing_for_full_and_secondary` |
//! | 2.4 D | after DELETE the zone keeps its data | `a_zone_whose_incoming_configuration_is_deleted_keeps_its_data` |
//! | 2.5 S | outgoing needs no peer | `a_secondary_zone_that_is_made_linked_and_transferred_is_served_at_once`, `an_outgoing_configuration_is_disabled_at_first` |
//! | 2.5 OBS S | never transferred: serial 0 and all times that of creation | `an_outgoing_configuration_is_disabled_at_first` |
//! | 2.5 R | disabled at first | `an_outgoing_configuration_is_disabled_at_first`, `outgoing_is_disabled_at_first_and_switched`, `enabling_serves_at_once_and_tells_linked_peers_that_have_an_ip` |
//! | 2.5 S R | enabling serves at once and tells linked peers that have an ip; again is no error | `enabling_serves_at_once_and_tells_linked_peers_that_have_an_ip` |
//! | 2.5 SDK | disabling stops serving and clears the IXFR backlog | `disabling_stops_serving_and_clears_the_history_for_ixfr` |
//! | 2.5 SDK | force_notify tells all linked peers and clears the IXFR backlog | `force_notify_tells_all_linked_peers_and_clears_the_history_for_ixfr` |
//! | 2.5 R | force_notify while disabled is 400, and without a configuration 404 | `enabling_serves_at_once_and_tells_linked_peers_that_have_an_ip`, `a_second_one_conflicts_and_a_missing_one_is_not_found` |
//! | 2.5 R | status without a configuration is 404 | `an_outgoing_configuration_is_disabled_at_first` |
//! | 2.6 D R | force_axfr is asynchronous and heeds neither serial nor IXFR; repeated ones are one | `force_axfr_is_asynchronous_and_heeds_neither_serial_nor_ixfr`, `force_takes_the_whole_zone_whatever_the_serials` |
//! | 2.6 R | 404 without an incoming configuration | `force_axfr_without_an_incoming_configuration_is_404`, `a_transfer_is_forced_where_there_is_incoming` |
//! | 3.1 S | the serial is checked every auto_refresh_seconds, whatever the SOA's REFRESH | `the_serial_is_looked_for_every_auto_refresh_seconds_whatever_the_soa_says`, `interval_stands_for_refresh` |
//! | 3.1 D | a NOTIFY from a linked peer or an ACL address causes a check at once; over TCP, too | `notify_from_a_linked_peer_or_an_acl_address_is_acted_upon_at_once_and_from_others_refused`, `notify_over_tcp_is_taken` |
//! | 3.1 S | AXFR by default; IXFR first where enabled, AXFR when it fails | `ixfr_is_tried_when_enabled_and_axfr_when_it_fails_and_axfr_alone_otherwise`, `ixfr_then_axfr_from_the_same_primary_then_the_next` |
//! | 3.1 R | all peers are asked, the newest serial is transferred, the next peer tried on failure | `with_several_peers_the_newest_serial_is_taken_and_the_next_when_that_fails`, `five_failing_primaries_of_six_delay_nothing` |
//! | 3.1 R | after a failure RETRY, no longer than auto_refresh_seconds, 60 s at least, with jitter | `refresh_and_retry_are_kept_within_bounds`, `jitter_shortens_and_spreads`, `each_way_to_fail_is_told_in_time_and_the_zone_recovers_by_itself` |
//! | 3.1 R | SERVFAIL when EXPIRE has passed; the data is kept | `a_zone_expires_and_comes_back`, `expires_once_and_recovers` |
//! | 3.1 R | checked_time, soa_serial and modified_time follow | `an_incoming_configuration_tells_what_was_transferred`, `ixfr_is_tried_when_enabled_and_axfr_when_it_fails_and_axfr_alone_otherwise` |
//! | 3.1 D | a zone that is pending is transferred and answered, too | `a_secondary_zone_that_is_made_linked_and_transferred_is_served_at_once` |
//! | 3.2 S D | AXFR, IXFR and SOA are answered; changes are told to peers with an ip | `force_notify_tells_all_linked_peers_and_clears_the_history_for_ixfr`, `soa_is_answered_signed_when_asked_signed` |
//! | 3.2 R | records go out as they are stored, CAA too | `both_spellings_of_every_type_are_the_same`, `real_zones_have_their_record_counts_and_round_trip` |
//! | 3.3 D R | peers with different TSIGs are linked with a warning | `peers_with_different_tsigs_are_linked_with_a_warning`, `mixed_tsigs_at_a_zone_are_warned_of` |
//! | 3.3 R | where any linked peer has a TSIG one of theirs is needed, from addresses of ACLs, too | `when_any_linked_peer_has_a_tsig_one_of_theirs_is_needed`, `notify_is_signed_with_the_key_of_the_peer_and_unsigned_requests_are_refused_then` |
//! | 3.7 D | secondary becomes full once its peers are unlinked, and keeps its records | `a_secondary_zone_that_becomes_a_full_one_keeps_its_records`, `full_and_secondary_become_each_other_once_nothing_comes_in` |
//! | 4.1 SDK OBS | a zone has all members that the models need, its name without the last dot | `a_zone_has_all_members_that_the_sdks_models_need` |
//! | 4.1 | zones are created, full when nothing is said; jump_start is ignored | `unknown_members_are_ignored`, `a_zone_has_an_account_and_a_type` |
//! | 4.1 | zones are filtered; internal ones are listed when asked for | `zones_are_filtered`, `internal_zones_are_listed_when_asked_for` |
//! | 4.1 | one of paused, type and vanity_name_servers is edited; deletion and activation_check give the id | `one_member_of_a_zone_is_edited_at_a_time`, `one_thing_of_a_zone_is_edited_at_a_time` |
//! | 5 SENT | the requests of the SDKs, as they were recorded | `what_the_sdks_send_is_taken_as_it_is` |
//! | 6 SDK | what isn't there is never 200 with null | `unknown_ids_are_404`, `every_answer_is_an_envelope_and_only_what_is_well_says_success` |
//! | 6 TF | name, ip_range, algo and secret come back as they were sent | `a_tsig_is_echoed_as_it_was_sent`, `an_acl_comes_back_as_it_was_sent`, `odd_names_come_back_as_they_were_sent` |
//! | 6 R | what was never set of a peer is left out, what was set is there; tsig_id is never "" | `a_peer_of_a_name_alone_shows_no_members_that_were_never_set`, `a_peer_is_made_whole_by_post`, `put_replaces_a_peer_and_null_empty_and_missing_are_unset` |
//! | 6 TF | null for what was removed | `put_replaces_a_peer_and_null_empty_and_missing_are_unset` |
//! | 7 R | what the file declares is shown and not changed, and the answer says why | `what_the_configuration_declares_is_shown_and_not_changed`, `what_is_declared_is_shown_and_not_changed` |
//! | 7 R | a secondary zone may have outgoing as well | `incoming_is_for_secondary_zones_and_outgoing_for_full_and_secondary`, `a_hub_hands_on_what_it_takes` |

use zxfr_tests::named;

#[test]
fn tests_named_in_the_table_of_claims_exist() {
    let names = named::in_table(include_str!("claims.rs"));
    assert!(names.len() > 100, "{}", names.len());
    let missing = named::missing(&names);
    assert!(missing.is_empty(), "{missing:?}");
}
