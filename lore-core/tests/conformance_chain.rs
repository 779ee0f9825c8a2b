//! The chain suite on the simulated chain: in memory, and in a file that several handles use.
#![cfg(feature = "conformance")]

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use lore_core::{
    Address, Result,
    conformance::{Clients, chain_client::Harness},
    memory::{
        chain::{SimulatedChain, SimulatedConfig},
        clock::ManualClock,
    },
    port::chain::ChainClient,
};

const ALICE: Address = Address::from_bytes([0xa1; 20]);
const BOB: Address = Address::from_bytes([0xb0; 20]);

struct Memory;

impl Harness for Memory {
    async fn fresh(&self) -> Result<Clients<dyn ChainClient>> {
        let chain = SimulatedChain::new(ALICE, Arc::new(ManualClock::default()));
        Ok(Clients::of_chain(Arc::new(chain.clone()))
            .with_again(Arc::new(chain.connect(ALICE)))
            .with_other(Arc::new(chain.connect(BOB))))
    }
}

/// Each client opens the file for itself, as processes of their own would.
struct File {
    name: &'static str,
    made: AtomicU32,
}

impl Harness for File {
    async fn fresh(&self) -> Result<Clients<dyn ChainClient>> {
        // The thread is named after the test.
        let test = std::thread::current().name().unwrap_or("main").replace("::", "-");
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let path =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{test}-{number}.jsonl", self.name));
        // What an earlier run left. It is usually not there.
        drop(std::fs::remove_file(&path));
        let clock = ManualClock::default();
        let open = |signer| {
            SimulatedChain::open(&path, SimulatedConfig::default(), signer, Arc::new(clock.clone()))
                .map(Arc::new)
        };
        Ok(Clients::of_chain(open(ALICE)?).with_again(open(ALICE)?).with_other(open(BOB)?))
    }
}

mod memory {
    lore_core::chain_client_conformance!(super::Memory);
}

mod file {
    lore_core::chain_client_conformance!(super::File {
        name: "conformance-chain",
        made: std::sync::atomic::AtomicU32::new(0)
    });
}
