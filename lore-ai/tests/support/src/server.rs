//! [`Server`].

use std::{borrow::Cow, future, io, net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::BodyExt as _;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

use crate::{
    Reply, Seen,
    body::{AnswerBody, pieces, whole},
    reply::{Does, End},
    state::State,
};

/// A local endpoint of scripted models. Stops when it is dropped. `GET /counts` tells other programs how often each model
/// was asked.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// An endpoint without models, on the running tokio runtime.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { address, state, task }
    }

    /// Address of the interface, to be configured as a base.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Adds a model, or replaces it, that gives these replies in this order, and then the last one again and again.
    pub fn model(&self, model: &str, replies: impl IntoIterator<Item = Reply>) -> &Self {
        self.state.script(model, replies.into_iter().collect());
        self
    }

    /// Adds a model, or replaces it, that decides by the request.
    pub fn model_by(&self, model: &str, rule: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> &Self {
        self.state.rule(model, Arc::new(rule));
        self
    }

    /// Answers the request for the list of models like this. Without it, the models with a script are listed by name.
    pub fn list(&self, reply: Reply) -> &Self {
        self.state.set_list(reply);
        self
    }

    /// How many completions were asked for.
    pub fn calls(&self) -> usize {
        self.state.calls()
    }

    /// How many completions this model was asked for since it was added.
    pub fn calls_of(&self, model: &str) -> usize {
        self.state.calls_of(model)
    }

    /// Returns when so many completions were asked for.
    pub async fn until_calls(&self, count: usize) {
        while self.calls() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The last request of any kind.
    pub fn last(&self) -> Seen {
        self.state.last().expect("there was a request")
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        stream.set_nodelay(true).expect("an option of a socket");
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&state)));
            // Connections are broken on purpose.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
        while connections.try_join_next().is_some() {}
    }
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(default)]
    stream: bool,
}

/// An error breaks the connection without an answer.
async fn answer(request: Request<Incoming>, state: Arc<State>) -> io::Result<Response<AnswerBody>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    state.see(Seen { path: path.clone(), headers: head.headers, body: body.clone() });
    let (reply, model, is_stream) = match (head.method, path.as_str()) {
        (Method::GET, "/v1/models") => (state.list(), Cow::Borrowed(""), false),
        (Method::GET, "/counts") => (state.counts(), Cow::Borrowed(""), false),
        (Method::POST, "/v1/chat/completions") => match serde_json::from_slice::<Asked<'_>>(&body) {
            Ok(asked) => (state.next(&asked.model, &body), asked.model, asked.stream),
            Err(_) => (Reply::error(400, "this is no request"), Cow::Borrowed(""), false),
        },
        _ => (Reply::error(404, "no such path"), Cow::Borrowed(""), false),
    };
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    let mut response = respond(&reply, &model, is_stream).await?;
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

async fn respond(reply: &Reply, model: &str, is_stream: bool) -> io::Result<Response<AnswerBody>> {
    let mut length = None;
    let (status, kind, body) = match &reply.does {
        Does::Drops => return Err(io::ErrorKind::ConnectionReset.into()),
        Does::Hangs => future::pending().await,
        Does::Says(speech) if is_stream => {
            (200, "text/event-stream", pieces(speech.pieces(model), speech.gap, End::Properly))
        }
        Does::Says(speech) => (200, "application/json", whole(speech.whole(model))),
        Does::Body { status, body, cut_at: None } => (*status, "application/json", whole(body.clone())),
        // Announces its whole length and breaks off before.
        Does::Body { status, body, cut_at: Some(count) } => {
            length = Some(body.len());
            (*status, "application/json", pieces(vec![body.slice(..*count)], Duration::ZERO, End::Cut))
        }
        Does::Events { pieces: all, gap, end } => {
            (200, "text/event-stream; charset=utf-8", pieces(all.to_vec(), *gap, *end))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    Ok(response)
}
