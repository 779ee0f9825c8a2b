//! The proxy's server: takes HTTP requests apart, asks the rules, forwards, counts.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    response::Response,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time};

use super::{
    fault::{Answer, Fault},
    line::{Cut, Lines},
    rule::{Rule, RuleId, Rules},
};
use crate::rpc::Rpc;

/// How long [`Proxy::seen`] waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// A call that came.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The parameters.
    pub params: Value,
    /// The HTTP request that it came in, from 1.
    pub request: u64,
    /// Calls in that request: more than 1 in a batch.
    pub batch: usize,
    /// What was done to it; see [`Fault::name`].
    pub fault: Option<&'static str>,
}

/// A proxy before a node. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// The node behind.
#[derive(Clone, Debug)]
pub(super) struct Upstream(Rpc);

impl Upstream {
    /// The node's JSON-RPC answer to one call.
    pub(super) async fn ask(&self, call: &Value) -> Value {
        let text = self.0.post(call.to_string()).await;
        let text = text.unwrap_or_else(|failure| panic!("the node behind the proxy: {failure:?}"));
        serde_json::from_str(&text).unwrap()
    }
}

#[derive(Debug)]
struct Shared {
    upstream: Upstream,
    rules: Mutex<Rules>,
    calls: Mutex<Vec<Call>>,
    /// Of every method; kept apart from the records, so that waiting for a call does not read them all.
    counts: watch::Sender<BTreeMap<String, u64>>,
    requests: AtomicU64,
    is_down: AtomicBool,
}

impl Proxy {
    /// Starts a proxy before the node at `upstream`.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            upstream: Upstream(Rpc::new(upstream)),
            rules: Mutex::default(),
            calls: Mutex::default(),
            counts: watch::Sender::default(),
            requests: AtomicU64::new(0),
            is_down: AtomicBool::new(false),
        });
        let app = Router::new().fallback(serve).with_state(shared.clone());
        let app = app.into_make_service_with_connect_info::<Cut>();
        let server = tokio::spawn(async move { axum::serve(Lines(listener), app).await.unwrap() });
        Self { url, shared, server }
    }

    /// The address for the client.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets `fault` happen to the calls that `rule` picks. Where several rules pick a call, the one added first decides.
    pub fn add(&self, rule: Rule, fault: Fault) -> RuleId {
        self.shared.rules.lock().unwrap().add(rule, fault)
    }

    /// Takes a rule back.
    pub fn remove(&self, id: RuleId) {
        self.shared.rules.lock().unwrap().remove(id);
    }

    /// Takes all rules back.
    pub fn clear(&self) {
        self.shared.rules.lock().unwrap().clear();
    }

    /// How often a fault happened. A test that means it to happen asks, or it may prove nothing.
    #[must_use]
    pub fn fired(&self, id: RuleId) -> u64 {
        self.shared.rules.lock().unwrap().fired(id)
    }

    /// Closes every connection that asks something, from now on or no longer.
    pub fn set_down(&self, is_down: bool) {
        self.shared.is_down.store(is_down, Ordering::SeqCst);
    }

    /// The calls that came, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// How many calls of a method came.
    #[must_use]
    pub fn count(&self, method: &str) -> u64 {
        self.shared.counts.borrow().get(method).copied().unwrap_or_default()
    }

    /// How many calls came, by method.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.shared.counts.borrow().clone()
    }

    /// How many calls came. In a batch each counts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.shared.counts.borrow().values().sum()
    }

    /// How many HTTP requests came. A batch is one.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Forgets what came. Rules keep their counts.
    pub fn forget(&self) {
        self.shared.calls.lock().unwrap().clear();
        self.shared.counts.send_replace(BTreeMap::new());
        self.shared.requests.store(0, Ordering::SeqCst);
    }

    /// Waits until so many calls of a method came: before they are answered, or forwarded. Panics after 20 seconds.
    pub async fn seen(&self, method: &str, count: u64) {
        let mut counts = self.shared.counts.subscribe();
        let came = counts.wait_for(|counts| counts.get(method).is_some_and(|seen| *seen >= count));
        let came = time::timeout(PATIENCE, came).await.map(|came| drop(came.unwrap()));
        assert!(came.is_ok(), "{count} calls of {method} came; so far: {:?}", self.counts());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set_down(true);
        self.server.abort();
    }
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let body = to_bytes(request.into_body(), usize::MAX).await;
    let is_down = shared.is_down.load(Ordering::SeqCst);
    // A task of its own: what is on its way reaches the node even if the client no longer waits for the answer.
    let answer = match body {
        Ok(body) if !is_down => tokio::spawn(async move { shared.answer(&body).await }).await.ok(),
        _ => None,
    };
    let (status, retry_after, text) = match answer {
        Some(HttpAnswer::Text(text)) => (200, None, text),
        Some(HttpAnswer::Status { status, retry_after }) => {
            (status, retry_after, "<html>no</html>".to_owned())
        }
        Some(HttpAnswer::Closed) | None => {
            cut.cut();
            (200, None, String::new())
        }
    };
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    response.body(Body::from(text)).unwrap()
}

enum HttpAnswer {
    Closed,
    Status { status: u16, retry_after: Option<u64> },
    Text(String),
}

impl HttpAnswer {
    /// Of an answer that stands for the whole.
    fn whole(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::Closed => Some(Self::Closed),
            Answer::Status { status, retry_after } => {
                Some(Self::Status { status: *status, retry_after: *retry_after })
            }
            Answer::Text(text) => Some(Self::Text(text.clone())),
            Answer::Error { .. } | Answer::Result(_) => None,
        }
    }
}

impl Shared {
    async fn answer(&self, body: &[u8]) -> HttpAnswer {
        let Ok(asked) = serde_json::from_slice::<Value>(body) else {
            let error = Answer::error(-32700, "Parse error").to_json(&Value::Null);
            return HttpAnswer::Text(json!(error).to_string());
        };
        let (calls, is_batch) = match asked {
            Value::Array(calls) => (calls, true),
            call => (vec![call], false),
        };
        let faults = self.record(&calls);
        let instead = |fault: &Fault| match fault {
            Fault::Instead(answer) => HttpAnswer::whole(answer),
            _ => None,
        };
        if let Some(whole) = faults.iter().flatten().find_map(instead) {
            return whole;
        }
        if faults.iter().all(Option::is_none) {
            return match self.upstream.0.post(String::from_utf8_lossy(body).into_owned()).await {
                Ok(text) => HttpAnswer::Text(text),
                Err(_) => HttpAnswer::Closed,
            };
        }
        let mut answers = Vec::with_capacity(calls.len());
        let mut whole = None;
        for (call, fault) in calls.iter().zip(&faults) {
            let answer = self.one(call, fault.as_ref()).await;
            if let Some(Fault::After(lost)) = fault
                && lost.is_whole()
            {
                whole = whole.or_else(|| HttpAnswer::whole(lost));
            }
            answers.push(answer);
        }
        let text = if is_batch { Value::Array(answers) } else { answers.pop().unwrap_or_default() };
        whole.unwrap_or_else(|| HttpAnswer::Text(text.to_string()))
    }

    /// Counts the calls of one HTTP request, and decides what happens to them.
    fn record(&self, calls: &[Value]) -> Vec<Option<Fault>> {
        let request = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let mut faults = Vec::with_capacity(calls.len());
        for call in calls {
            let method = call["method"].as_str().unwrap_or_default().to_owned();
            let params = call["params"].clone();
            let fault = self.rules.lock().unwrap().fault(&method, &params);
            let name = fault.as_ref().map(Fault::name);
            let record = Call { method: method.clone(), params, request, batch: calls.len(), fault: name };
            self.calls.lock().unwrap().push(record);
            self.counts.send_modify(|counts| *counts.entry(method).or_default() += 1);
            faults.push(fault);
        }
        faults
    }

    /// The JSON-RPC answer to one call. Where the whole HTTP answer is another, it is not looked at.
    async fn one(&self, call: &Value, fault: Option<&Fault>) -> Value {
        let upstream = &self.upstream;
        match fault {
            None => upstream.ask(call).await,
            Some(Fault::Instead(answer)) => answer.to_json(&call["id"]).unwrap_or_default(),
            Some(Fault::After(answer)) => {
                upstream.ask(call).await;
                answer.to_json(&call["id"]).unwrap_or_default()
            }
            Some(Fault::Delay { before, after }) => {
                time::sleep(*before).await;
                let answer = upstream.ask(call).await;
                time::sleep(*after).await;
                answer
            }
            Some(Fault::Hold(gate)) => {
                gate.pass().await;
                upstream.ask(call).await
            }
            Some(Fault::HoldAnswer(gate)) => {
                let answer = upstream.ask(call).await;
                gate.pass().await;
                answer
            }
            Some(Fault::Duplicate) => {
                let first = upstream.ask(call).await;
                upstream.ask(call).await;
                first
            }
            Some(Fault::Lag(lag)) => lag.ask(upstream, call).await,
            Some(Fault::LogsLimit(limit)) => limit.ask(upstream, call).await,
            Some(Fault::Change(change)) => change(upstream.ask(call).await),
        }
    }
}
