//! What happens when models fail: each fault of an endpoint, at each place of a tier of three models, over real HTTP.
//!
//! For each a new service asks one question. So that a fault at the second or third place is met, the models before it are
//! out of order (500). Printed is the model that answered, the calls that were made, and the lines that the log has: one for
//! each call and one for the request.
//!
//! ```text
//! cargo run --example ai_faults
//! ```

use std::sync::Arc;

use lore::{
    Address, AssetType, Caller, LlmProvider, MemoryAiLog, OpenAiConfig, OpenAiLlmProvider, Result,
    SystemClock, TokioSpawner,
    ai::{
        AiPolicy, AiService, Ask, TierModel,
        audit::{Source, verify},
        operations::{DescriptionRequest, Work},
    },
};
use lore_ai_testbed::{Reply, Server};

const MODELS: [&str; 3] = ["first", "second", "third"];

/// 120 words: within the rules for a description.
fn good() -> Reply {
    let text =
        "The tide leaves copper light on the winter sand and the dunes answer slowly with shadow. ".repeat(8);
    Reply::text(serde_json::json!({ "description": text.trim_end() }).to_string())
}

/// The faults, and what each is.
fn faults() -> Vec<(&'static str, Reply)> {
    vec![
        ("429 without a pause", Reply::error(429, "slow down")),
        ("429, Retry-After 900", Reply::error(429, "slow down").header("retry-after", "900")),
        ("402 no credits", Reply::error(402, "no credits")),
        ("401 key refused", Reply::error(401, "who are you")),
        ("403 moderated", Reply::raw(403, MODERATED)),
        ("400 bad request", Reply::error(400, "no such parameter")),
        ("404 no such model", Reply::error(404, "no such model")),
        ("408 timeout", Reply::error(408, "too slow")),
        ("500 server error", Reply::error(500, "oops")),
        ("502 bad upstream", Reply::error(502, "bad gateway")),
        ("503 no host", Reply::error(503, "no host")),
        ("error inside a 200", Reply::raw(200, r#"{"error":{"code":502,"message":"upstream"}}"#)),
        ("empty answer", Reply::text("")),
        ("truncated answer", Reply::text("{\"description\": \"The tide").finish("length")),
        ("content filter", Reply::text("").finish("content_filter")),
        ("not JSON at all", Reply::raw(200, "<html>maintenance</html>")),
        ("an answer that breaks the rules", Reply::text("{\"description\": \"Too short.\"}")),
        ("chatter, no JSON", Reply::text("I am sorry, I would rather not.")),
        ("connection dropped", Reply::dropped()),
        ("no answer in time", Reply::silent()),
    ]
}

const MODERATED: &str = r#"{"error":{"code":403,"message":"flagged","metadata":{"reasons":["violence"],"flagged_input":"x","provider_name":"p","model_slug":"m"}}}"#;

struct Outcome {
    answered: String,
    calls: usize,
    lines: usize,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{} {}/{}", self.answered, self.calls, self.lines))
    }
}

/// `places` says what each of the models does.
async fn outcome(places: [Reply; 3]) -> Result<Outcome> {
    let server = Server::start().await;
    for (model, reply) in MODELS.into_iter().zip(places) {
        server.model(model, [reply]);
    }
    let mut endpoint = OpenAiConfig::new("loopback", server.base_url());
    endpoint.answer_timeout_seconds = 1;
    let provider: Arc<dyn LlmProvider> = Arc::new(OpenAiLlmProvider::new(endpoint, SystemClock::shared())?);
    let mut policy = AiPolicy::default();
    policy.fast = MODELS.map(TierModel::new).to_vec();
    let log = MemoryAiLog::new();
    let ai = AiService::builder(Arc::new(log.clone()), TokioSpawner::current()?.shared())
        .llm_provider(provider)
        .policy(policy)
        .build()?;
    let work = Work::new(AssetType::Photography).title("Tide").description("The tide in winter.");
    let caller = Caller::User(Address::from_bytes([0x11; 20]));
    let reply = ai.ask(&caller, &Ask::new(DescriptionRequest::new(work))).await;
    ai.flush().await;
    let report = verify(&log, None).await?.into_result()?;
    let answered = match reply {
        Ok(reply) if reply.answer.source == Source::Rules => "rules".to_owned(),
        Ok(reply) => reply.answer.model.clone().unwrap_or_default(),
        Err(error) => format!("({})", error.kind()),
    };
    let lines = usize::try_from(report.lines).unwrap_or(usize::MAX);
    let outcome = Outcome { answered, calls: server.calls(), lines };
    // One line for each call, and one for the request.
    assert_eq!(outcome.lines, outcome.calls + 1, "a call is missing from the log");
    Ok(outcome)
}

#[tokio::main]
async fn main() -> Result<()> {
    println!("model that answered, or (error); calls/log lines\n");
    println!("{:<34}{:<26}{:<26}{:<26}everywhere", "fault", "at 1", "at 2", "at 3");
    for (name, fault) in faults() {
        let mut row = format!("{name:<34}");
        let down = || Reply::error(500, "oops");
        for places in [
            [fault.clone(), good(), good()],
            [down(), fault.clone(), good()],
            [down(), down(), fault.clone()],
            [fault.clone(), fault.clone(), fault],
        ] {
            row.push_str(&format!("{:<26}", outcome(places).await?));
        }
        println!("{}", row.trim_end());
    }
    Ok(())
}
