//! Cases of the [`AuditLog`](crate::port::ai_log::AuditLog) port.
//!
//! Every case starts from a log of its own, so cases may run at the same time.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

pub mod fixtures;
pub(super) mod harness;
mod lines;
mod proof;

pub use self::{
    harness::Harness,
    lines::{
        an_empty_batch_changes_nothing, lines_are_appended_in_order, lines_come_in_pages,
        lines_of_a_request_are_found, lines_survive_reopening, only_a_line_that_is_there_becomes_the_anchor,
        what_is_dropped_is_gone_and_the_chain_goes_on, writers_at_once_make_one_chain,
    },
    proof::{
        a_changed_line_is_named, a_log_is_verified_while_others_append_and_archive,
        every_kind_of_entry_comes_back, what_is_stored_is_returned,
    },
};

/// Emits one test per case of the audit log suite for the harness that the expression makes.
#[macro_export]
macro_rules! audit_log_conformance {
    ($harness:expr) => {
        $crate::__cases! { $harness, $crate::conformance::audit_log,
            a_changed_line_is_named,
            a_log_is_verified_while_others_append_and_archive,
            an_empty_batch_changes_nothing,
            every_kind_of_entry_comes_back,
            lines_are_appended_in_order,
            lines_come_in_pages,
            lines_of_a_request_are_found,
            lines_survive_reopening,
            only_a_line_that_is_there_becomes_the_anchor,
            what_is_dropped_is_gone_and_the_chain_goes_on,
            what_is_stored_is_returned,
            writers_at_once_make_one_chain,
        }
    };
}
