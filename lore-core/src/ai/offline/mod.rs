//! A provider without a model: fixed rules make every answer, from what the prompt gives and nothing else.

mod comparison;
mod prose;
mod provider;
mod subject;

pub use self::provider::OfflineProvider;
