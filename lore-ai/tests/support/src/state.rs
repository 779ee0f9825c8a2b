//! The models with their scripts, and what was seen.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hyper::HeaderMap;
use serde_json::{Value, json};

use crate::Reply;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Path and query.
    pub path: String,
    /// Its headers, by their names in lower case.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Seen {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// A header's text, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }
}

pub(crate) type Rule = Arc<dyn Fn(&Value) -> Reply + Send + Sync>;

enum Script {
    /// In this order; the last one stays.
    Replies(VecDeque<Reply>),
    Rule(Rule),
}

#[derive(Default)]
struct Inner {
    scripts: BTreeMap<String, (Script, usize)>,
    calls: usize,
    last: Option<Seen>,
    list: Option<Reply>,
}

#[derive(Default)]
pub(crate) struct State(Mutex<Inner>);

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("State").field("models", &inner.scripts.keys()).field("calls", &inner.calls).finish()
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn script(&self, model: &str, replies: VecDeque<Reply>) {
        assert!(!replies.is_empty(), "a model has something to say");
        self.lock().scripts.insert(model.to_owned(), (Script::Replies(replies), 0));
    }

    pub(crate) fn rule(&self, model: &str, rule: Rule) {
        self.lock().scripts.insert(model.to_owned(), (Script::Rule(rule), 0));
    }

    pub(crate) fn set_list(&self, reply: Reply) {
        self.lock().list = Some(reply);
    }

    pub(crate) fn calls(&self) -> usize {
        self.lock().calls
    }

    pub(crate) fn calls_of(&self, model: &str) -> usize {
        self.lock().scripts.get(model).map_or(0, |(_, calls)| *calls)
    }

    /// How often each model was asked, by name, for other programs.
    pub(crate) fn counts(&self) -> Reply {
        let inner = self.lock();
        let counts: BTreeMap<&String, usize> =
            inner.scripts.iter().map(|(model, (_, calls))| (model, *calls)).collect();
        Reply::raw(200, json!(counts).to_string())
    }

    pub(crate) fn last(&self) -> Option<Seen> {
        self.lock().last.clone()
    }

    pub(crate) fn see(&self, seen: Seen) {
        self.lock().last = Some(seen);
    }

    /// The reply of the model, which is asked once more by this.
    pub(crate) fn next(&self, model: &str, body: &Bytes) -> Reply {
        let mut inner = self.lock();
        inner.calls += 1;
        let Some((script, calls)) = inner.scripts.get_mut(model) else {
            let error = json!({ "error": {
                "code": 404, "message": format!("No endpoints found for {model}."),
                "availability": { "code": "model_not_found", "retryable": false },
            } });
            return Reply::raw(404, error.to_string());
        };
        *calls += 1;
        match script {
            Script::Replies(replies) if replies.len() > 1 => replies.pop_front(),
            Script::Replies(replies) => replies.front().cloned(),
            Script::Rule(rule) => {
                let rule = Arc::clone(rule);
                // A rule may take its time.
                drop(inner);
                Some(rule(&serde_json::from_slice(body).expect("the body is JSON")))
            }
        }
        .expect("a script is never empty")
    }

    pub(crate) fn list(&self) -> Reply {
        let inner = self.lock();
        let listed = || {
            let data: Vec<Value> =
                inner.scripts.keys().map(|id| json!({ "id": id, "object": "model" })).collect();
            Reply::raw(200, json!({ "object": "list", "data": data }).to_string())
        };
        inner.list.clone().unwrap_or_else(listed)
    }
}
