//! What Lore costs around a chain. `cargo bench --bench chain`, after `cargo xtask setup`; with `-- PART` one part alone.
//! Where the node is not installed, the parts that need it say so and measure nothing. Each part asserts its results.
//!
//! - `coding`: typed arguments of a registration under license terms to call data, and a recorded receipt in the JSON form
//!   of nodes to the typed result. No network, no disk. Median of rounds.
//! - `reading`: the states of 1,000 IPs on anvil, cold: by aggregated calls for all, by aggregated calls for each, and by a
//!   request for each single value, which is what a client without aggregation does. The contracts are a stand-in that
//!   answers everything at once, so the time is that of requests, encoding and the node's own machine.
//! - `paced`: the time from the first call to the last final receipt. With it: compiling the requests, running each call on
//!   the node first, signing, storing (Lore keeps what it signed in memory here), sending, and waiting for blocks.
//! - `syncing`: a million logs into SQLite on disk, and into a store that only counts, with the memory of the process while
//!   it goes on. The node is a server of our own in another process, which makes up valid logs and refuses more than 10,000
//!   at once. With it: requests, JSON, decoding, checks for a changed chain, and the store. `LORE_BENCH_LOGS=100000` takes
//!   another number.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench ends with a message where something is missing, and reads the machine's clock"
)]

mod coding;
mod paced;
mod reading;
mod server;
mod syncing;

use std::env;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [child, url, store, logs] = arguments.as_slice()
        && child == syncing::CHILD
    {
        return syncing::child(url, store, logs.parse().unwrap()).await;
    }
    let is_wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|wanted| part.contains(wanted));
    if is_wanted("coding") {
        coding::run();
    }
    if is_wanted("reading") {
        reading::run().await;
    }
    if is_wanted("paced") {
        paced::run().await;
    }
    if is_wanted("syncing") {
        syncing::run().await;
    }
}
