//! Services, logs and the model on loopback.

use std::{sync::Arc, time::Duration};

use lore::{
    Address, AssetType, CallLedger, Caller, LlmProvider, MemoryAiLog, OpenAiConfig, OpenAiLlmProvider,
    SystemClock, TokioSpawner,
    ai::{
        AiPolicy, AiService, Ask, TierModel,
        operations::{TitleRequest, Work},
    },
};
use lore_ai_testbed::{Reply, Server};

/// Four titles that keep the rules.
pub(crate) const TITLES: &str =
    r#"{"titles":["Harbour at Dusk","Letters from the Tide","Copper and Salt","A Quiet Winter Engine"]}"#;

pub(crate) fn caller() -> Caller {
    Caller::User(Address::from_bytes([7; 20]))
}

pub(crate) fn policy() -> AiPolicy {
    let mut policy = AiPolicy::default();
    policy.fast = vec![TierModel::new("first"), TierModel::new("second")];
    policy
}

/// A model that answers at once.
pub(crate) async fn upstream() -> Server {
    let server = Server::start().await;
    server.model("first", [Reply::text(TITLES)]).model("second", [Reply::text(TITLES)]);
    server
}

/// The model on loopback for other programs, until this one is ended.
pub(crate) async fn upstream_for_peers() {
    let server = upstream().await;
    server
        .model("slow", [Reply::text(TITLES).after(Duration::from_millis(200))])
        .model("limited", [Reply::error(429, "slow down")]);
    println!("{}", server.base_url());
    std::future::pending::<()>().await;
}

pub(crate) fn provider(server: &Server) -> Arc<dyn LlmProvider> {
    let config = OpenAiConfig::new("loopback", server.base_url());
    Arc::new(OpenAiLlmProvider::new(config, SystemClock::shared()).unwrap())
}

pub(crate) fn service(server: &Server, ledger: Arc<dyn CallLedger>) -> AiService {
    AiService::builder(ledger, TokioSpawner::current().unwrap().shared())
        .llm_provider(provider(server))
        .policy(policy())
        .build()
        .unwrap()
}

pub(crate) fn in_memory(server: &Server) -> AiService {
    service(server, Arc::new(MemoryAiLog::new()))
}

/// A question whose text has about so many bytes.
pub(crate) fn question(bytes: usize, number: usize) -> Ask<TitleRequest> {
    let line = "A harbour in winter, seen from the old signal house; copper light on quiet water.\n";
    let mut text = format!("{number} {}", line.repeat(bytes / line.len() + 1));
    text.truncate(bytes.min(20_000));
    let mut request = TitleRequest::new(Work::new(AssetType::Writing).content(text));
    if bytes > 20_000 {
        request = request.wishes("short and plain. ".repeat((bytes - 20_000) / 17));
    }
    Ask::new(request)
}
