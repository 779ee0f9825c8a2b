//! A local server that speaks Pinata's protocol: v3 with multipart and TUS uploads, signed uploads, the older API, and a
//! gateway. Written from the documentation, not from the client: it checks what the documentation demands (token and
//! scope before the body, fields, limits, offsets) and keeps the defaults that hurt (`network` is private unless said).
//!
//! It keeps files in memory, counts what it was sent, and fails when and how a test scripts it.
//!
//! What it cannot prove about the real service:
//! - that its CIDs are the ones of [`Profile::Pinata`] for files of several blocks: the vendor documents it, nobody promises it;
//! - that a file is listed under its CID as soon as its upload was answered, or its lost answer was sent;
//! - whether two uploads of one CID get one file or two, and what `HEAD` answers for a finished upload;
//! - where resumable uploads live (another host?), how long they are kept, and whether half a piece is kept;
//! - the real limits, the exact error bodies, and which headers come with 429;
//! - that the gateway gives raw blocks on every plan, and how long a fresh file takes to get there.

#![expect(clippy::result_large_err, reason = "a refusal is an answer like any other")]

mod faults;
mod gateway;
mod legacy;
#[path = "../../../../lore-story/tests/support/src/proxy/line.rs"]
mod line;
mod state;
mod tus;
mod v3;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State as Shared},
    http::{StatusCode, header::AUTHORIZATION},
    response::Response,
};
use lore_core::{Clock, content::unixfs::Profile, memory::clock::ManualClock};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use self::line::{Cut, Lines};
use self::{
    faults::Timing,
    state::{NewFile, State},
};
pub(crate) use self::{
    faults::{Fault, Operation},
    state::{Counts, File},
};

/// A token with all scopes.
pub(crate) const TOKEN: &str = "header.all-scopes.signature";
/// A token that may only read.
pub(crate) const READ_TOKEN: &str = "header.read-only.signature";
/// A token without scopes for the API it is used with.
pub(crate) const SCOPELESS_TOKEN: &str = "header.no-scopes.signature";
/// A token that was taken back.
pub(crate) const REVOKED_TOKEN: &str = "header.revoked.signature";
/// The token of the gateway.
pub(crate) const GATEWAY_TOKEN: &str = "gateway-token";

/// Rules of the server.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) clock: ManualClock,
    /// Profile of version 1 uploads.
    pub(crate) profile: Profile,
    pub(crate) multipart_limit: usize,
    pub(crate) chunk_limit: usize,
    pub(crate) requests_per_minute: Option<usize>,
    /// Whether a piece that broke off keeps what came.
    pub(crate) keeps_partial_pieces: bool,
    /// Most files in a page of a listing, whatever is asked for.
    pub(crate) page_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: ManualClock::default(),
            profile: Profile::Pinata,
            multipart_limit: 100 * 1024 * 1024,
            chunk_limit: 50_000_000,
            requests_per_minute: None,
            keeps_partial_pieces: true,
            page_limit: 1_000,
        }
    }
}

/// What every handler works with.
#[derive(Debug)]
struct Inner {
    settings: Settings,
    url: String,
    state: Mutex<State>,
    /// Requests that will never be answered, so far.
    silences: watch::Sender<usize>,
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

#[derive(Debug)]
pub(crate) struct PinataServer {
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

impl Drop for PinataServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl PinataServer {
    pub(crate) async fn start(settings: Settings) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            settings,
            url: format!("http://{address}"),
            state: Mutex::default(),
            silences: watch::Sender::new(0),
        });
        let app = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable())
            .with_state(inner.clone())
            .into_make_service_with_connect_info::<Cut>();
        #[expect(clippy::disallowed_methods, reason = "the server has to run beside the test")]
        let task = tokio::spawn(async move { axum::serve(Lines(listener), app).await.unwrap() });
        Self { inner, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.inner.url
    }

    /// The next requests of this operation go wrong, in this order; those after them do not.
    pub(crate) fn script(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.inner.state().script.add(operation, faults.into_iter().map(Some));
    }

    /// The next requests of this operation go well; what is scripted afterwards comes after them.
    pub(crate) fn skip(&self, operation: Operation, requests: usize) {
        self.inner.state().script.add(operation, std::iter::repeat_n(None, requests));
    }

    /// Whether listings leave everything out, as an index that lags behind does.
    pub(crate) fn hide_files(&self, hide: bool) {
        self.inner.state().is_hiding = hide;
    }

    /// Uploads in pieces are sent to another server.
    pub(crate) fn upload_elsewhere(&self, url: &str) {
        self.inner.state().elsewhere = Some(url.to_owned());
    }

    /// Whether any request carried a token.
    pub(crate) fn saw_a_token(&self) -> bool {
        self.inner.state().saw_a_token
    }

    /// Faults that no request has met yet.
    pub(crate) fn faults_left(&self) -> usize {
        self.inner.state().script.left()
    }

    /// Returns when `count` requests have come that will never be answered.
    pub(crate) async fn silent(&self, count: usize) {
        self.inner.silences.subscribe().wait_for(|silences| *silences >= count).await.unwrap();
    }

    pub(crate) fn counts(&self) -> Counts {
        self.inner.state().counts.clone()
    }

    pub(crate) fn files(&self) -> Vec<File> {
        self.inner.state().files.clone()
    }

    /// Drops every unfinished upload, as time does.
    pub(crate) fn expire_uploads(&self) {
        self.inner.state().uploads.clear();
    }

    /// Keeps a file as if somebody else had uploaded it, also beside an equal one.
    pub(crate) fn put(&self, network: &str, bytes: &[u8]) -> File {
        let profile = self.inner.settings.profile;
        self.inner.state().add(NewFile::new(network, "by hand", bytes.to_vec()), profile)
    }

    /// As [`put`](Self::put), public, cut into blocks in another way.
    pub(crate) fn put_with(&self, profile: Profile, bytes: &[u8]) -> File {
        self.inner.state().add(NewFile::new("public", "by hand", bytes.to_vec()), profile)
    }

    /// Changes a byte of a block that the gateway gives.
    pub(crate) fn damage(&self, cid: &lore_core::Cid) {
        self.inner.state().damage(cid);
    }
}

async fn answer(
    Shared(inner): Shared<Arc<Inner>>,
    ConnectInfo(connection): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let operation = Operation::of(&request);
    let fault = {
        let mut state = inner.state();
        state.counts.requests += 1;
        *state.counts.by_operation.entry(operation).or_default() += 1;
        state.saw_a_token |= request.headers().contains_key(AUTHORIZATION);
        state.script.next(operation)
    };
    if let Some(fault) = fault.filter(|fault| fault.timing() == Timing::Before) {
        return fail(&inner, &connection, fault).await;
    }
    if let Some(refusal) = throttled(&inner, operation) {
        return refusal;
    }
    let response = route(&inner, operation, request, fault).await;
    match fault.filter(|fault| fault.timing() == Timing::After) {
        Some(Fault::Truncated) => faults::truncate(response).await,
        Some(fault) => fail(&inner, &connection, fault).await,
        None => response,
    }
}

async fn fail(inner: &Inner, connection: &Cut, fault: Fault) -> Response {
    match fault {
        Fault::SilentBefore | Fault::SilentAfter => {
            inner.silences.send_modify(|silences| *silences += 1);
            std::future::pending().await
        }
        Fault::DropBefore | Fault::DropAfter | Fault::HalfPiece => {
            connection.cut();
            Response::new(Body::empty())
        }
        other => other.response(),
    }
}

fn throttled(inner: &Inner, operation: Operation) -> Option<Response> {
    let limit = inner.settings.requests_per_minute?;
    if operation == Operation::Block {
        return None;
    }
    let now = inner.settings.clock.monotonic();
    let mut state = inner.state();
    state.recent.retain(|at| now.saturating_sub(*at).as_secs() < 60);
    if state.recent.len() >= limit {
        return Some(error(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "too many requests"));
    }
    state.recent.push(now);
    None
}

async fn route(inner: &Inner, operation: Operation, request: Request, fault: Option<Fault>) -> Response {
    let result = match operation {
        Operation::Block => gateway::block(inner, &request),
        Operation::SignedUpload => v3::signed_upload(inner, request).await,
        _ => match authorize(operation, &request) {
            Err(refusal) => Err(refusal),
            Ok(()) => match operation {
                Operation::List => v3::list(inner, &request),
                Operation::Upload => v3::upload(inner, request, fault).await,
                Operation::Delete => v3::delete(inner, &request),
                Operation::Sign => v3::sign(inner, request).await,
                Operation::TusCreate => tus::create(inner, &request),
                Operation::TusHead => tus::head(inner, &request),
                Operation::TusPatch => tus::patch(inner, request, fault).await,
                Operation::LegacyList => legacy::list(inner, &request),
                Operation::LegacyUpload => legacy::upload(inner, request, fault).await,
                Operation::LegacyUnpin => legacy::unpin(inner, &request),
                Operation::Block | Operation::SignedUpload | Operation::Other => {
                    Err(error(StatusCode::NOT_FOUND, "NOT_FOUND", "no such endpoint"))
                }
            },
        },
    };
    result.unwrap_or_else(|refusal| refusal)
}

/// Checks token and scope, before a byte of the body is read.
fn authorize(operation: Operation, request: &Request) -> Result<(), Response> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(header) = header else {
        let mut bare = Response::new(Body::empty());
        *bare.status_mut() = StatusCode::UNAUTHORIZED;
        return Err(bare);
    };
    let reads = matches!(operation, Operation::List | Operation::LegacyList);
    match header.strip_prefix("Bearer ") {
        Some(TOKEN) => Ok(()),
        Some(READ_TOKEN) if reads => Ok(()),
        Some(READ_TOKEN | SCOPELESS_TOKEN) => {
            Err(error(StatusCode::FORBIDDEN, "NO_SCOPES_FOUND", "this key does not have the required scopes"))
        }
        Some(REVOKED_TOKEN) => Err(error(StatusCode::FORBIDDEN, "API_KEY_REVOKED", "this key was revoked")),
        // A server may well repeat what it was sent.
        _ => Err(error(StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS", &format!("not accepted: {header}"))),
    }
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(value.to_string()))
        .unwrap()
}

fn error(status: StatusCode, reason: &str, details: &str) -> Response {
    json(status, &serde_json::json!({ "error": { "reason": reason, "details": details } }))
}

fn invalid(details: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", details)
}
