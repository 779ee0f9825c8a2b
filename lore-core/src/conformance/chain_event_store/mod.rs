//! Cases of the [`ChainEventStore`](crate::port::chain_events::ChainEventStore) port.
//!
//! Every case starts from a store of its own, so cases may run at the same time.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

pub mod fixtures;
mod harness;
mod reads;
pub mod scripted;
mod syncing;
mod writes;

pub use self::{
    harness::Harness,
    reads::{
        a_cursor_of_another_query_is_refused, an_event_is_found_under_each_ip_that_it_names,
        events_added_while_paging_do_not_shift_pages, events_are_filtered_by_block,
        events_are_filtered_by_kind, events_come_in_the_order_of_the_chain,
        every_event_comes_back_field_by_field, page_limits_are_bounded, pages_give_every_event_once,
    },
    syncing::what_two_processes_sync_are_the_canonical_events,
    writes::{
        a_batch_is_applied_once, a_refused_batch_changes_nothing, a_reorganised_chain_leaves_its_own_events,
        chains_are_independent, events_survive_reopening, one_of_many_applies_a_batch,
        only_what_follows_is_applied, the_cursor_is_what_was_applied_last,
    },
};

/// Emits one test per case of the chain event store suite for the harness that the expression makes.
#[macro_export]
macro_rules! chain_event_store_conformance {
    ($harness:expr) => {
        $crate::__cases! { $harness, $crate::conformance::chain_event_store,
            a_batch_is_applied_once,
            a_cursor_of_another_query_is_refused,
            a_refused_batch_changes_nothing,
            a_reorganised_chain_leaves_its_own_events,
            an_event_is_found_under_each_ip_that_it_names,
            chains_are_independent,
            events_added_while_paging_do_not_shift_pages,
            events_are_filtered_by_block,
            events_are_filtered_by_kind,
            events_come_in_the_order_of_the_chain,
            events_survive_reopening,
            every_event_comes_back_field_by_field,
            one_of_many_applies_a_batch,
            only_what_follows_is_applied,
            page_limits_are_bounded,
            pages_give_every_event_once,
            the_cursor_is_what_was_applied_last,
            what_two_processes_sync_are_the_canonical_events,
        }
    };
}
