//! What the client says about every recorded write before it asks a node anything.
//!
//! The client has a node's address at which nothing listens. What it refuses, it refuses by its own rules; what gets past
//! them ends at that address, which proves that nothing was asked before and that everything after needs the chain.

use std::{collections::BTreeMap, sync::Arc};

use lore_core::{Error, ErrorKind, Secret, SystemClock, memory::transactions::MemoryTransactionStore};
use lore_story::{LocalSigner, Network, Operation, StoryClient, StoryConfig, network::RpcUrl};
use serde_json::Value;

use crate::{
    preflight_answers::{Expected, earlier, expected},
    preflight_writes as writes,
    report::{Suite, Verdict, vectors},
};

/// A development key that everybody knows.
const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// What the client said.
pub(crate) enum Answer {
    /// It refused by these rules.
    Refused(Vec<String>),
    /// It asked the node, where nobody is.
    Asked,
    /// Lore's types have no such write.
    Unsaid(&'static str),
}

/// A client that reaches no node.
pub(crate) struct Offline {
    client: StoryClient,
    runtime: tokio::runtime::Runtime,
}

impl Offline {
    pub(crate) fn new() -> Self {
        let mut network = Network::aeneid();
        network.rpc_urls = vec![RpcUrl::parse("http://127.0.0.1:1").unwrap()];
        let signer = Arc::new(LocalSigner::from_key(&Secret::new(KEY)).unwrap());
        let store = Arc::new(MemoryTransactionStore::new());
        let client = StoryClient::new(StoryConfig::new(network), signer, store, SystemClock::shared());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { client: client.unwrap(), runtime }
    }

    /// Asks for a write.
    pub(crate) fn say<O: Operation>(&self, operation: &O) -> Answer {
        let planned = self.runtime.block_on(self.client.plan(operation, self.client.signer()));
        let error: Error = planned.err().unwrap();
        match error.kind() {
            ErrorKind::InvalidInput => {
                Answer::Refused(error.violations().iter().map(|found| found.rule.to_string()).collect())
            }
            ErrorKind::Unavailable => Answer::Asked,
            kind => panic!("neither refused nor asked, but {kind:?}: {error}"),
        }
    }
}

/// What came of one set.
#[derive(Default)]
struct Tally {
    cases: usize,
    /// Writes: those of the cases, and those that led to them.
    writes: usize,
    refused: usize,
    accepted: usize,
    /// Writes that the chain refuses, by what only it knows.
    of_chain: BTreeMap<&'static str, usize>,
    /// Writes that are refused earlier than the chain would, by why.
    earlier: BTreeMap<&'static str, usize>,
    unsaid: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn judge(&mut self, operation: &str, error: Option<&str>, answer: Answer) -> Verdict {
        self.writes += 1;
        let said = match answer {
            Answer::Refused(rules) => Some(rules),
            Answer::Asked => None,
            Answer::Unsaid(why) => {
                *self.unsaid.entry(why).or_default() += 1;
                return Ok(());
            }
        };
        match (said, expected(error)?) {
            (Some(rules), Expected::Refused(rule)) if rules.iter().any(|found| found == rule) => {
                self.refused += 1;
            }
            (Some(rules), _) => match earlier(operation, &rules) {
                Some(why) => *self.earlier.entry(why).or_default() += 1,
                None => return Err(format!("{operation}: refused by {rules:?}, on chain {error:?}")),
            },
            (None, Expected::Refused(rule)) => {
                return Err(format!("{operation}: asked a node about what breaks `{rule}`: {error:?}"));
            }
            (None, Expected::Asks(None)) => self.accepted += 1,
            (None, Expected::Asks(Some(why))) => *self.of_chain.entry(why).or_default() += 1,
        }
        Ok(())
    }

    fn print(&self, set: &str) {
        let of_chain: usize = self.of_chain.values().sum();
        println!(
            "preflight {set}: {} cases, {} writes: {} refused without a node, {} accepted, {of_chain} need the chain",
            self.cases, self.writes, self.refused, self.accepted
        );
        let groups = [
            ("needs the chain", &self.of_chain),
            ("refused earlier", &self.earlier),
            ("cannot be said", &self.unsaid),
        ];
        for (what, reasons) in groups {
            for (why, count) in reasons {
                println!("    {count:4} {what}: {why}");
            }
        }
    }
}

/// A write: what it is, what the chain said, and what the client says.
pub(crate) struct Write {
    pub(crate) operation: String,
    pub(crate) error: Option<String>,
    pub(crate) answer: Answer,
}

impl Write {
    pub(crate) fn new(operation: &str, error: Option<&str>, answer: Answer) -> Self {
        Self { operation: operation.to_owned(), error: error.map(str::to_owned), answer }
    }
}

fn run(suite: &mut Suite<'_>, set: &str, cases: &Value, writes: impl Fn(&Value) -> Vec<Write>) {
    let mut tally = Tally::default();
    for case in cases.as_array().unwrap() {
        let tally = &mut tally;
        suite.case(case["name"].as_str().unwrap(), || {
            tally.cases += 1;
            writes(case)
                .into_iter()
                .try_for_each(|write| tally.judge(&write.operation, write.error.as_deref(), write.answer))
        });
    }
    tally.print(set);
}

pub(crate) fn suite(suite: &mut Suite<'_>) {
    let offline = Offline::new();
    for set in ["linking", "groups", "disputes"] {
        run(suite, set, &vectors(set), |case| writes::of_steps(&offline, case));
    }
    run(suite, "terms", &vectors("terms"), |case| writes::of_terms(&offline, case));
    run(suite, "permissions", &vectors("permissions"), |case| writes::of_grants(&offline, case));
    run(suite, "eip712", &vectors("eip712"), |case| writes::of_signature(&offline, case));
    for set in ["royalty", "royalty-groups", "royalty-vault-split"] {
        run(suite, set, &vectors(set)["cases"], |case| writes::of_payments(&offline, case));
    }
    run(suite, "royalty-limits", &vectors("royalty-limits")["probes"], |case| {
        writes::of_probe(&offline, case)
    });
}
