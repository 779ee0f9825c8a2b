//! Cases of the [`Repository`](crate::port::repository::Repository) port.
//!
//! Every case starts from a repository of its own, so cases may run at the same time.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

mod assets;
mod commits;
mod creations;
pub mod fixtures;
mod harness;
mod leases;
mod links;
mod lists;
mod persistence;
mod search;

pub use self::{
    assets::{
        a_maximal_asset_comes_back_field_by_field, a_minimal_asset_comes_back_field_by_field,
        an_asset_is_found_by_its_ip, an_unknown_asset_is_none, an_updated_asset_replaces_the_stored_one,
        assets_come_in_the_order_asked, every_type_and_profile_comes_back,
    },
    commits::{
        a_deleted_asset_is_gone, a_missing_asset_cannot_be_changed, a_new_asset_has_version_one,
        a_refused_commit_changes_nothing, a_stale_asset_is_refused, an_asset_id_is_taken_once,
        an_empty_commit_is_ok, an_ip_belongs_to_one_asset, an_ip_is_free_again_after_its_asset_is_gone,
        many_commits_at_once_all_land, one_of_many_updates_an_asset,
    },
    creations::{
        a_creation_comes_back_field_by_field, a_creation_id_and_asset_are_taken_once,
        a_replaced_lease_cannot_append, an_append_needs_a_creation_and_a_lease, an_unknown_step_is_refused,
        creations_are_filtered, creations_are_listed_newest_first, events_follow_without_a_gap,
        every_event_comes_back, keys_of_other_owners_are_other_creations, one_of_many_appends_an_event,
        one_of_many_opens_a_creation, the_journal_moves_status_and_step,
    },
    harness::Harness,
    leases::{
        a_held_lease_says_when_to_come_back, a_lease_needs_a_creation, a_released_lease_is_free,
        a_replaced_lease_cannot_be_renewed, an_ended_lease_can_be_renewed, an_ended_lease_is_handed_over,
        creations_without_a_holder_are_found, one_of_many_acquires_the_lease,
        releasing_a_replaced_lease_is_ok,
    },
    links::{
        a_link_is_written_over, a_link_needs_both_assets, a_parent_cannot_be_deleted,
        a_parent_goes_with_all_its_children, an_asset_needs_its_cids, an_open_creation_needs_its_media,
        an_open_creation_needs_what_it_pins, links_lead_up_and_down,
    },
    lists::{
        a_cursor_of_another_query_is_refused, assets_added_while_paging_do_not_shift_pages,
        assets_are_filtered, assets_are_sorted_by_every_key_in_both_orders, equal_keys_are_sorted_by_id,
        page_limits_are_bounded, pages_give_every_asset_once,
    },
    persistence::{data_survive_reopening, two_handles_share_one_store},
    search::{
        a_search_goes_with_filters_and_pages, all_words_must_be_found_in_any_field,
        changed_text_is_found_and_old_text_is_not, short_words_are_found_anywhere,
        special_characters_are_plain_text, text_is_found_in_any_script, upper_and_lower_case_are_equal,
    },
};

/// Emits one test per case of the repository suite for the harness that the expression makes.
#[macro_export]
macro_rules! repository_conformance {
    ($harness:expr) => {
        $crate::__cases! { $harness, $crate::conformance::repository,
            a_creation_comes_back_field_by_field,
            a_creation_id_and_asset_are_taken_once,
            a_cursor_of_another_query_is_refused,
            a_deleted_asset_is_gone,
            a_held_lease_says_when_to_come_back,
            a_lease_needs_a_creation,
            a_link_is_written_over,
            a_link_needs_both_assets,
            a_maximal_asset_comes_back_field_by_field,
            a_minimal_asset_comes_back_field_by_field,
            a_missing_asset_cannot_be_changed,
            a_new_asset_has_version_one,
            a_parent_cannot_be_deleted,
            a_parent_goes_with_all_its_children,
            a_refused_commit_changes_nothing,
            a_released_lease_is_free,
            a_replaced_lease_cannot_append,
            a_replaced_lease_cannot_be_renewed,
            a_search_goes_with_filters_and_pages,
            a_stale_asset_is_refused,
            all_words_must_be_found_in_any_field,
            an_append_needs_a_creation_and_a_lease,
            an_asset_id_is_taken_once,
            an_asset_is_found_by_its_ip,
            an_asset_needs_its_cids,
            an_empty_commit_is_ok,
            an_ended_lease_can_be_renewed,
            an_ended_lease_is_handed_over,
            an_ip_belongs_to_one_asset,
            an_ip_is_free_again_after_its_asset_is_gone,
            an_open_creation_needs_its_media,
            an_open_creation_needs_what_it_pins,
            an_unknown_asset_is_none,
            an_unknown_step_is_refused,
            an_updated_asset_replaces_the_stored_one,
            assets_added_while_paging_do_not_shift_pages,
            assets_are_filtered,
            assets_are_sorted_by_every_key_in_both_orders,
            assets_come_in_the_order_asked,
            changed_text_is_found_and_old_text_is_not,
            creations_are_filtered,
            creations_are_listed_newest_first,
            creations_without_a_holder_are_found,
            data_survive_reopening,
            equal_keys_are_sorted_by_id,
            every_event_comes_back,
            every_type_and_profile_comes_back,
            events_follow_without_a_gap,
            keys_of_other_owners_are_other_creations,
            links_lead_up_and_down,
            many_commits_at_once_all_land,
            one_of_many_acquires_the_lease,
            one_of_many_appends_an_event,
            one_of_many_opens_a_creation,
            one_of_many_updates_an_asset,
            page_limits_are_bounded,
            pages_give_every_asset_once,
            releasing_a_replaced_lease_is_ok,
            short_words_are_found_anywhere,
            special_characters_are_plain_text,
            text_is_found_in_any_script,
            the_journal_moves_status_and_step,
            two_handles_share_one_store,
            upper_and_lower_case_are_equal,
        }
    };
}
