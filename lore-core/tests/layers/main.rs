//! The layers: what each of them does, and that a port stays a port inside each of them.
#![cfg(all(feature = "conformance", feature = "fault"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod fault;
mod limit;
mod metrics;
mod retry;
mod suites;
mod sums;
mod timeout;

use std::{sync::Arc, time::Duration};

use lore_core::{
    memory::{clock::ManualClock, llm::ScriptedLlmProvider},
    port::llm::{CompletionRequest, Message, Role},
};

const SECOND: Duration = Duration::from_secs(1);

fn ask(model: &str) -> CompletionRequest {
    CompletionRequest::new(model, vec![Message::new(Role::User, "what the user wrote")])
}

/// A provider without models, and the clock that it waits on: time passes when somebody sleeps.
fn scripted() -> (ScriptedLlmProvider, ManualClock) {
    let clock = ManualClock::default().auto_advance();
    (ScriptedLlmProvider::new("scripted", Arc::new(clock.clone())), clock)
}
