//! Cases of the [`TransactionStore`](crate::port::transactions::TransactionStore) port.
//!
//! Every case starts from a store of its own, so cases may run at the same time.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

pub mod fixtures;
mod harness;
mod leases;
mod reads;
mod rivals;
mod writes;

pub use self::{
    harness::Harness,
    leases::{
        a_held_lane_says_when_to_come_back, a_released_lane_is_free, a_replaced_lane_lease_cannot_be_renewed,
        an_ended_lane_lease_can_be_renewed, an_ended_lane_lease_is_handed_over,
        an_ended_lane_lease_may_store_until_it_is_replaced, lanes_are_independent,
        one_of_many_acquires_the_lane, releasing_a_replaced_lane_is_ok,
    },
    reads::{
        a_transaction_comes_back_field_by_field, every_state_comes_back, open_transactions_come_by_nonce,
        the_newest_transaction_of_a_key_is_found, the_next_nonce_follows_the_highest,
    },
    rivals::{
        handles_share_one_store, many_transactions_at_once_all_land, of_two_holders_the_newer_one_stores,
        one_of_many_stores_a_key, one_of_many_stores_a_nonce, transactions_survive_reopening,
    },
    writes::{
        a_final_state_stays, a_key_has_one_living_transaction,
        a_key_whose_transaction_died_may_be_used_again, a_nonce_is_stored_once,
        a_refused_settlement_changes_nothing, a_replaced_lane_lease_cannot_store, an_attempt_is_stored_once,
        an_attempt_needs_an_open_transaction, only_a_just_signed_transaction_is_stored,
        only_an_end_can_be_settled,
    },
};

/// Emits one test per case of the transaction store suite for the harness that the expression makes.
#[macro_export]
macro_rules! transaction_store_conformance {
    ($harness:expr) => {
        $crate::__cases! { $harness, $crate::conformance::transaction_store,
            a_final_state_stays,
            a_held_lane_says_when_to_come_back,
            a_key_has_one_living_transaction,
            a_key_whose_transaction_died_may_be_used_again,
            a_nonce_is_stored_once,
            a_refused_settlement_changes_nothing,
            a_released_lane_is_free,
            a_replaced_lane_lease_cannot_be_renewed,
            a_replaced_lane_lease_cannot_store,
            a_transaction_comes_back_field_by_field,
            an_attempt_is_stored_once,
            an_attempt_needs_an_open_transaction,
            an_ended_lane_lease_can_be_renewed,
            an_ended_lane_lease_is_handed_over,
            an_ended_lane_lease_may_store_until_it_is_replaced,
            every_state_comes_back,
            handles_share_one_store,
            lanes_are_independent,
            many_transactions_at_once_all_land,
            of_two_holders_the_newer_one_stores,
            one_of_many_acquires_the_lane,
            one_of_many_stores_a_key,
            one_of_many_stores_a_nonce,
            only_a_just_signed_transaction_is_stored,
            only_an_end_can_be_settled,
            open_transactions_come_by_nonce,
            releasing_a_replaced_lane_is_ok,
            the_newest_transaction_of_a_key_is_found,
            the_next_nonce_follows_the_highest,
            transactions_survive_reopening,
        }
    };
}
