//! What goes wrong, and when.

use std::collections::{HashMap, VecDeque};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode},
    response::Response,
};
use lore_core::content::unixfs::Profile;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    List,
    Upload,
    Delete,
    Sign,
    SignedUpload,
    TusCreate,
    TusHead,
    TusPatch,
    LegacyList,
    LegacyUpload,
    LegacyUnpin,
    Block,
    Other,
}

impl Operation {
    pub(super) fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let is_tus = request.headers().contains_key("upload-length");
        match (request.method(), path) {
            (&Method::GET, "/v3/files/public" | "/v3/files/private") => Self::List,
            (&Method::POST, "/v3/files") if is_tus => Self::TusCreate,
            (&Method::POST, "/v3/files") => Self::Upload,
            (&Method::POST, "/v3/files/sign") => Self::Sign,
            (&Method::POST, _) if path.starts_with("/v3/files/signed/") => Self::SignedUpload,
            (&Method::DELETE, _) if path.starts_with("/v3/files/p") => Self::Delete,
            (&Method::HEAD, _) if path.starts_with("/v3/files/") => Self::TusHead,
            (&Method::PATCH, _) if path.starts_with("/v3/files/") => Self::TusPatch,
            (&Method::GET, "/data/pinList") => Self::LegacyList,
            (&Method::POST, "/pinning/pinFileToIPFS") => Self::LegacyUpload,
            (&Method::DELETE, _) if path.starts_with("/pinning/unpin/") => Self::LegacyUnpin,
            (&Method::GET, _) if path.starts_with("/ipfs/") => Self::Block,
            _ => Self::Other,
        }
    }
}

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection closes before the body is read.
    DropBefore,
    /// The work is done, then the connection closes without an answer.
    DropAfter,
    /// No answer comes, and nothing is done.
    SilentBefore,
    /// The work is done, and no answer comes.
    SilentAfter,
    /// A status instead of the work, with a `Retry-After`.
    Refuse(u16, Option<&'static str>),
    /// The work is done, but the answer is this status.
    RefuseAfter(u16),
    /// The work is done, but the answer is a proxy's page with this status.
    Page(u16),
    /// The work is done, and the answer is cut in the middle.
    Truncated,
    /// The file is kept under the right CID, and the answer names another one.
    WrongCid,
    /// The file is cut into blocks in another way.
    OtherProfile(Profile),
    /// A piece is read to its half, then the connection closes.
    HalfPiece,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    Before,
    During,
    After,
}

impl Fault {
    pub(super) fn timing(self) -> Timing {
        match self {
            Self::DropBefore | Self::SilentBefore | Self::Refuse(..) => Timing::Before,
            Self::WrongCid | Self::OtherProfile(_) => Timing::During,
            Self::DropAfter
            | Self::SilentAfter
            | Self::RefuseAfter(_)
            | Self::Page(_)
            | Self::Truncated
            | Self::HalfPiece => Timing::After,
        }
    }

    pub(super) fn response(self) -> Response {
        match self {
            Self::Refuse(status, pause) => {
                let status = StatusCode::from_u16(status).unwrap();
                let mut response = super::error(status, "SCRIPTED", "as the test wants");
                if let Some(pause) = pause {
                    response.headers_mut().insert("retry-after", pause.parse().unwrap());
                }
                response
            }
            Self::RefuseAfter(status) => {
                super::error(StatusCode::from_u16(status).unwrap(), "SCRIPTED", "as the test wants")
            }
            Self::Page(status) => Response::builder()
                .status(status)
                .header("content-type", "text/html")
                .body(Body::from("<html>\n<h1>Sorry</h1> A proxy speaking.</html>"))
                .unwrap(),
            other => panic!("{other:?} is no answer"),
        }
    }
}

/// The first half of an answer, with the headers of the whole one.
pub(super) async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    parts.headers.remove("content-length");
    Response::from_parts(parts, Body::from(bytes.slice(..bytes.len() / 2)))
}

/// What happens to the next requests of each operation; `None` goes well.
#[derive(Debug, Default)]
pub(super) struct Script(HashMap<Operation, VecDeque<Option<Fault>>>);

impl Script {
    pub(super) fn add(&mut self, operation: Operation, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.0.entry(operation).or_default().extend(faults);
    }

    pub(super) fn next(&mut self, operation: Operation) -> Option<Fault> {
        self.0.get_mut(&operation)?.pop_front().flatten()
    }

    pub(super) fn left(&self) -> usize {
        self.0.values().flatten().flatten().count()
    }
}
