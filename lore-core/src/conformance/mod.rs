//! One suite per port, run against every adapter of it and through every layer.
//!
//! A suite is a module of async functions, one per rule of the port, and one macro that lists them: a new case runs for
//! every adapter at once. An adapter's test file makes a harness and calls the macro:
//!
//! ```ignore
//! mod kubo { lore_core::pin_store_conformance!(super::KuboHarness::default()); }
//! ```
//!
//! The feature is exempt from semver.

pub mod audit_log;
pub mod cache;
pub mod call_ledger;
pub mod chain_client;
pub mod chain_event_store;
pub mod clock;
pub mod dispute_client;
pub mod group_client;
pub mod llm_provider;
mod on_chain;
pub mod permission_client;
pub mod pin_store;
pub mod report_store;
pub mod repository;
pub mod royalty_client;
pub mod transaction_store;
pub mod wallet_verifier;

pub use self::on_chain::Clients;

/// Emits one test per case. The caller needs `tokio` with `macros` and `rt-multi-thread`.
///
/// `skip_if` is an `Option<String>`: why the adapter cannot be tested on this machine, if it cannot.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases {
    ($harness:expr, $suite:path, $($case:ident),+ $(,)?) => {
        $crate::__cases! { $harness, skip_if: ::core::option::Option::None::<String>, $suite, $($case),+ }
    };
    ($harness:expr, skip_if: $why:expr, $suite:path, $($case:ident),+ $(,)?) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() -> $crate::Result<()> {
                use $suite as suite;
                if let Some(why) = $why {
                    println!("skipped: {}: {why}", stringify!($case));
                    return Ok(());
                }
                suite::$case(&$harness).await
            }
        )+
    };
}
