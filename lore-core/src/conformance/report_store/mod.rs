//! Cases of the [`UsageReports`](crate::port::ai_reports::UsageReports) and
//! [`AcceptedContent`](crate::port::ai_reports::AcceptedContent) ports.
//!
//! Every case starts from a store of its own, so cases may run at the same time.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

mod accepted;
pub mod fixtures;
mod harness;
mod usage;

pub use self::{
    accepted::{
        a_rating_can_be_changed, accepted_outputs_survive_reopening, an_output_is_accepted_once,
        every_output_comes_back_field_by_field, outputs_are_listed_by_asset_request_and_user,
        pages_give_every_output_once, what_was_taken_is_counted_by_operation_and_model,
    },
    harness::Harness,
    usage::{
        a_batch_goes_forward, a_batch_is_added_once, a_day_has_the_rows_of_its_hours, a_users_days_add_up,
        batches_add_up, one_of_many_adds_a_batch, the_cursor_and_the_rows_survive_reopening,
        users_are_counted_once, what_two_processes_count_is_counted_once,
    },
};

/// Emits one test per case of the report store suite for the harness that the expression makes.
#[macro_export]
macro_rules! report_store_conformance {
    ($harness:expr) => {
        $crate::__cases! { $harness, $crate::conformance::report_store,
            a_batch_goes_forward,
            a_batch_is_added_once,
            a_day_has_the_rows_of_its_hours,
            a_rating_can_be_changed,
            a_users_days_add_up,
            accepted_outputs_survive_reopening,
            an_output_is_accepted_once,
            batches_add_up,
            every_output_comes_back_field_by_field,
            one_of_many_adds_a_batch,
            outputs_are_listed_by_asset_request_and_user,
            pages_give_every_output_once,
            the_cursor_and_the_rows_survive_reopening,
            users_are_counted_once,
            what_two_processes_count_is_counted_once,
            what_was_taken_is_counted_by_operation_and_model,
        }
    };
}
