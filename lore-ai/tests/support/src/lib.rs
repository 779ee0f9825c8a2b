//! What tests and benches of language models run against: a local [`Server`] with the interface of OpenAI and OpenRouter,
//! whose models do what a script of [`Reply`]s tells them to.
//!
//! It knows nothing of the client: it writes its JSON by itself, so that a mistake of the client cannot hide here. It
//! listens on a free port of this machine and stops when it is dropped. Everything panics with a reason instead of
//! returning errors: it runs in tests.

#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: it may fail loudly, and it runs a server beside the test"
)]

mod body;
mod reply;
mod server;
mod state;

pub use reply::Reply;
pub use server::Server;
pub use state::Seen;
