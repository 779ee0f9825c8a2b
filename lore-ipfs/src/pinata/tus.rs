//! Resumable uploads: TUS 1.0, as Pinata speaks it (the last piece is answered with the CID in `upload-cid`).
//!
//! The one rule: after anything went wrong, nothing is sent before the service said where it is. A piece whose answer was
//! lost may have been stored, wholly or in part; only `HEAD` knows.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use data_encoding::BASE64;
use lore_core::{Cid, Error, ErrorKind, MediaType, Result, Retry, port::pins::PinRequest};
use reqwest::{
    RequestBuilder, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION},
};

use super::{
    account::{Account, NAME, Stored},
    files::{file_name, media_type_text},
};
use crate::http::{Answer, content_body};

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_CID: HeaderName = HeaderName::from_static("upload-cid");
const TUS_VERSION: &str = "1.0.0";

/// Setbacks in a row, without a byte of progress, after which the caller is told.
const MAX_SETBACKS: u32 = 3;
/// Broken uploads remembered at most; the service forgets them too.
const MAX_REMEMBERED: usize = 1_024;

/// Uploads that were begun, by the CID of what they will be.
#[derive(Debug, Default)]
pub(super) struct Begun(Mutex<HashMap<Cid, Url>>);

impl Begun {
    fn get(&self, cid: &Cid) -> Option<Url> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(cid).cloned()
    }

    fn remember(&self, cid: Cid, location: Url) {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.len() < MAX_REMEMBERED {
            begun.insert(cid, location);
        }
    }

    fn forget(&self, cid: &Cid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(cid);
    }
}

/// What one exchange led to.
enum Step {
    /// Go on.
    Progress,
    /// Ask where the service is, then go on.
    Setback(Error),
    Done(Stored),
}

/// One resumable upload. The caller holds the lock of its CID.
pub(super) struct Upload<'a> {
    account: &'a Account,
    begun: &'a Begun,
    request: &'a PinRequest<'a>,
    media_type: Option<&'a MediaType>,
    location: Option<Url>,
    /// Bytes the service has; `None` if only it knows.
    offset: Option<u64>,
}

impl<'a> Upload<'a> {
    pub(super) fn new(
        account: &'a Account,
        begun: &'a Begun,
        request: &'a PinRequest<'a>,
        media_type: Option<&'a MediaType>,
    ) -> Self {
        let location = begun.get(&request.expected.cid);
        Self { account, begun, request, media_type, location, offset: None }
    }

    /// Sends what the service does not have yet.
    ///
    /// # Errors
    /// What the service answers, and what reading the content returns. The next upload of the same content goes on.
    pub(super) async fn run(mut self) -> Result<Stored> {
        let (mut furthest, mut setbacks) = (0, 0);
        loop {
            match self.step().await? {
                Step::Done(stored) => {
                    self.begun.forget(&self.request.expected.cid);
                    return Ok(stored);
                }
                Step::Progress => {
                    if let Some(offset) = self.offset.filter(|offset| *offset > furthest) {
                        furthest = offset;
                        setbacks = 0;
                    }
                }
                Step::Setback(error) => {
                    self.offset = None;
                    setbacks += 1;
                    if setbacks >= MAX_SETBACKS {
                        return Err(error.with_context("sent_bytes", furthest));
                    }
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Step> {
        match (self.location.clone(), self.offset) {
            (None, _) => self.begin().await,
            (Some(location), None) => self.ask_offset(&location).await,
            (Some(_), Some(offset)) if offset >= self.request.content.size_bytes() => self.look_up().await,
            (Some(location), Some(offset)) => self.send_piece(&location, offset).await,
        }
    }

    async fn begin(&mut self) -> Result<Step> {
        let config = &self.account.config;
        let mut metadata = vec![
            ("filename", file_name(self.request).to_owned()),
            ("filetype", media_type_text(self.media_type).to_owned()),
            ("network", "public".to_owned()),
            ("cid_version", config.profile.cid_version().to_string()),
        ];
        if let Some(group) = &config.group_id {
            metadata.push(("group_id", group.clone()));
        }
        let metadata: Vec<String> = metadata
            .iter()
            .map(|(key, value)| format!("{key} {}", BASE64.encode(value.as_bytes())))
            .collect();
        let mut url = self.account.uploads(&["v3", "files"]);
        url.query_pairs_mut()
            .append_pair("X-Upload-Option-Cid-Version", &config.profile.cid_version().to_string());
        let post = self
            .request_to(self.account.http.client().post(url.clone()), &url)
            .header(UPLOAD_LENGTH, self.request.content.size_bytes())
            .header(UPLOAD_METADATA, metadata.join(","))
            .header(CONTENT_LENGTH, 0);
        let answer = self.account.send(post).await?;
        if !answer.status.is_success() {
            return Err(self.account.refusal(&answer));
        }
        let location = answer
            .header(&LOCATION)
            .and_then(|text| url.join(text).ok())
            .ok_or_else(|| unusable("the service named no place to upload to"))?;
        self.begun.remember(self.request.expected.cid, location.clone());
        self.location = Some(location);
        self.offset = Some(0);
        Ok(Step::Progress)
    }

    async fn ask_offset(&mut self, location: &Url) -> Result<Step> {
        let head = self.request_to(self.account.http.client().head(location.clone()), location);
        let answer = self.account.send(head).await?;
        if is_gone(&answer) {
            return Ok(self.restart(&answer));
        }
        if !answer.status.is_success() {
            return Err(self.account.refusal(&answer));
        }
        let size_bytes = self.request.content.size_bytes();
        let offset = header_number(&answer)
            .ok_or_else(|| unusable("the service does not say how far the upload is"))?;
        if offset > size_bytes {
            self.begun.forget(&self.request.expected.cid);
            return Err(Error::new(ErrorKind::Unexpected, "the upload is longer than the content")
                .with_context("store", NAME)
                .with_context("offset", offset));
        }
        self.offset = Some(offset);
        Ok(Step::Progress)
    }

    async fn send_piece(&mut self, location: &Url, offset: u64) -> Result<Step> {
        let size_bytes = self.request.content.size_bytes();
        let length = self.account.config.tus_chunk_bytes.min(size_bytes - offset);
        let (body, fault) = content_body(self.request.content, offset, length).await?;
        let patch = self
            .request_to(self.account.http.client().patch(location.clone()), location)
            .header(CONTENT_TYPE, "application/offset+octet-stream")
            .header(UPLOAD_OFFSET, offset)
            .header(CONTENT_LENGTH, length)
            .body(body);
        let answer = match self.account.upload(patch, length, &fault).await {
            Ok(answer) => answer,
            Err(error) if error.kind() == ErrorKind::Unavailable => return Ok(Step::Setback(error)),
            Err(error) => return Err(error),
        };
        let end = offset + length;
        if answer.status.is_success() {
            if let Some(cid) = answer.header(&UPLOAD_CID).filter(|_| end == size_bytes) {
                return self.done(cid.to_owned(), location).await;
            }
            // An answer that does not name the offset may come from a proxy: it is believed as little as a lost one.
            if header_number(&answer) == Some(end) {
                self.offset = Some(end);
                return Ok(Step::Progress);
            }
            return Ok(Step::Setback(unusable("the service does not say how far the upload is")));
        }
        if is_gone(&answer) {
            return Ok(self.restart(&answer));
        }
        let error = self.account.refusal(&answer);
        match error.kind() {
            // Somebody, perhaps an earlier attempt of ours, moved the upload.
            ErrorKind::Conflict => Ok(Step::Setback(error.with_retry(Retry::After(None)))),
            ErrorKind::Unavailable => Ok(Step::Setback(error)),
            _ => Err(error),
        }
    }

    /// The service has every byte, but the answer with the CID was lost.
    async fn look_up(&self) -> Result<Step> {
        let cid = self.request.expected.cid;
        if self.account.file_ids(&cid, 1).await?.is_empty() {
            let error = Error::new(ErrorKind::Unavailable, "the upload is complete but not listed yet");
            return Err(error.with_context("store", NAME).with_context("cid", cid));
        }
        Ok(Step::Done(Stored { cid: cid.to_string(), removable: None }))
    }

    async fn done(&self, cid: String, location: &Url) -> Result<Step> {
        let mut removable = None;
        // The id is the end of the location; only a listing proves that it is this file's.
        if let Ok(made) = cid.parse::<Cid>()
            && made != self.request.expected.cid
        {
            let id = location.path_segments().and_then(|mut path| path.next_back()).unwrap_or_default();
            let ids = self.account.file_ids(&made, usize::MAX).await?;
            removable = ids.into_iter().find(|listed| listed == id);
        }
        Ok(Step::Done(Stored { cid, removable }))
    }

    fn restart(&mut self, answer: &Answer) -> Step {
        self.begun.forget(&self.request.expected.cid);
        self.location = None;
        Step::Setback(
            Error::new(ErrorKind::Unavailable, "the service dropped the upload")
                .with_context("store", NAME)
                .with_context("status", answer.status.as_u16()),
        )
    }

    fn request_to(&self, request: RequestBuilder, url: &Url) -> RequestBuilder {
        self.account.authorized(request.header(TUS_RESUMABLE, TUS_VERSION), url)
    }
}

/// An answer with success that says nothing, as a proxy's page does.
fn unusable(message: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, message).with_context("store", NAME)
}

fn is_gone(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 404 | 410)
}

fn header_number(answer: &Answer) -> Option<u64> {
    answer.header(&UPLOAD_OFFSET).and_then(|text| text.parse().ok())
}
