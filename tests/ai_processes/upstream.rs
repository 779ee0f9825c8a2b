//! [`Upstream`]: models on loopback, and what reached them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lore::{Usd, ai::OperationKind};
use lore_ai_testbed::{Reply, Server};
use serde_json::{Value, json};

use crate::request::UNSPEAKABLE;

/// Refuses now and then because it is asked too often.
pub(crate) const BUSY: &str = "busy";
/// Answers with nonsense now and then, or not at all.
pub(crate) const BROKEN: &str = "broken";
/// Answers.
pub(crate) const STEADY: &str = "steady";

/// A call that reached a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) model: &'static str,
    pub(crate) operation: OperationKind,
    /// What it was said to cost: another amount for each call, so that its line is known by it. `None` if the model said
    /// nothing that could be charged.
    pub(crate) cost: Option<Usd>,
}

#[derive(Debug)]
pub(crate) struct Upstream {
    server: Server,
    sent: Arc<Mutex<Vec<Sent>>>,
}

/// What a model does with a call.
enum Does {
    Says(String),
    Fails(Reply),
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let (server, sent) = (Server::start().await, Arc::<Mutex<Vec<Sent>>>::default());
        for (model, does) in [(BUSY, busy as fn(u64, _) -> _), (BROKEN, broken), (STEADY, steady)] {
            let sent = Arc::clone(&sent);
            server.model_by(model, move |body| reply(&sent, model, does, body));
        }
        Self { server, sent }
    }

    pub(crate) fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// All calls that reached a model, in order.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

fn reply(
    sent: &Mutex<Vec<Sent>>,
    model: &'static str,
    does: fn(u64, OperationKind) -> Does,
    body: &Value,
) -> Reply {
    let name = body["response_format"]["json_schema"]["name"].as_str().unwrap();
    let operation = OperationKind::from_name(name).unwrap();
    let mut sent = sent.lock().unwrap();
    let of_model = sent.iter().filter(|sent| sent.model == model).count() as u64;
    let does = match does(of_model + 1, operation) {
        Does::Says(_) if body["messages"].to_string().contains(UNSPEAKABLE) => {
            Does::Says("I would rather not speak of it.".to_owned())
        }
        does => does,
    };
    let number = sent.len() as u64 + 1;
    let (reply, cost) = match does {
        Does::Says(text) => {
            let reply = Reply::text(text).usage(150 + number % 100, 50 + number % 30);
            (reply.cost(&format!("0.{number:012}")), Some(Usd::from_picos(number)))
        }
        Does::Fails(reply) => (reply, None),
    };
    sent.push(Sent { model, operation, cost });
    // So long that equal requests meet, and that there are calls under way whenever a process is killed.
    reply.after(Duration::from_millis(2 + number % 20))
}

fn busy(number: u64, operation: OperationKind) -> Does {
    if number.is_multiple_of(20) {
        return Does::Fails(Reply::error(429, "slow down").header("retry-after", "1"));
    }
    steady(number, operation)
}

fn broken(number: u64, operation: OperationKind) -> Does {
    match number % 12 {
        // Cut off, and not what was asked for: the model is asked again.
        1 => Does::Says(good(operation).to_string().split_at(12).0.to_owned()),
        3 => Does::Says(json!({ "title": 7 }).to_string()),
        5 => Does::Fails(Reply::error(502, "bad gateway")),
        7 => Does::Fails(Reply::raw(200, "<html>maintenance</html>")),
        9 => Does::Fails(Reply::dropped()),
        _ => steady(number, operation),
    }
}

fn steady(_: u64, operation: OperationKind) -> Does {
    Does::Says(good(operation).to_string())
}

/// An answer that keeps the rules.
fn good(operation: OperationKind) -> Value {
    match operation {
        OperationKind::Titles => json!({
            "titles": ["Harbour at Dusk", "Letters from the Tide", "Copper and Salt", "A Quiet Winter Engine"],
        }),
        OperationKind::Description => {
            let sentence =
                "The tide leaves copper light on the winter sand and the dunes answer slowly with shadow. ";
            json!({ "description": sentence.repeat(8).trim_end() })
        }
        OperationKind::Analysis => json!({
            "category": "short fiction",
            "tags": ["sea", "winter", "tide"],
            "themes": ["loss"],
            "quality_notes": ["A strong first line."],
        }),
        OperationKind::LicenseAdvice => json!({
            "license_type": "commercial_remix",
            "commercial_use": true,
            "derivatives_allowed": true,
            "royalty_percentage": "10",
            "reasoning": "The creator wants commercial use.",
        }),
        OperationKind::DerivativeAnalysis => json!({
            "similarity_percentage": "60",
            "differences": ["The tempo."],
            "suggested_relationship": "remix",
            "suggested_shares": { "parent_percentage": "40", "child_percentage": "60" },
        }),
        OperationKind::Validation => json!({ "valid": true, "findings": [] }),
        other => panic!("nobody asks for {other}"),
    }
}
