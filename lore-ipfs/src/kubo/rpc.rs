//! [`Rpc`]: the node's commands, as this adapter needs them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use lore_core::{
    Cid, Clock, Error, ErrorKind, Result, Retry, content::unixfs::Profile, port::pins::PinRequest,
};
use reqwest::{
    RequestBuilder, StatusCode, Url,
    multipart::{Form, Part},
};
use serde::Deserialize;

use super::config::{KuboAuth, KuboConfig};
use crate::http::{Answer, Http, HttpSetup, content_body, endpoint, parse_base};

/// The store's name, in metrics and errors.
pub(super) const NAME: &str = "kubo";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version: String,
}

/// A line of the answer to `add`: a file, or why it failed after the answer began.
///
/// Its `Size`, text or number depending on the node, counts the tree, not the file: nothing to compare with.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Added {
    hash: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PinList {
    keys: Option<BTreeMap<String, PinKind>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PinKind {
    r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failure {
    message: String,
}

#[derive(Debug)]
pub(super) struct Rpc {
    http: Http,
    base: Url,
    auth: Option<KuboAuth>,
}

impl Rpc {
    pub(super) fn new(config: &KuboConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        config.check()?;
        let secrets = match &config.auth {
            None => Vec::new(),
            Some(KuboAuth::Bearer(token)) => vec![token.clone()],
            Some(KuboAuth::Basic { password, .. }) => vec![password.clone()],
        };
        let setup = HttpSetup {
            store: NAME,
            connect_timeout: Duration::from_secs(config.connect_timeout_seconds),
            answer_timeout: Duration::from_secs(config.answer_timeout_seconds),
            min_upload_rate: config.min_upload_bytes_per_second,
            secrets,
        };
        let base = parse_base("rpc_url", &config.rpc_url, config.auth.is_some())?;
        Ok(Self { http: Http::new(setup, clock)?, base, auth: config.auth.clone() })
    }

    fn command(&self, name: &[&str], arguments: &[(&str, &str)]) -> RequestBuilder {
        let url = endpoint(&self.base, &[&["api", "v0"], name].concat());
        let request = self.http.client().post(url).query(arguments);
        match &self.auth {
            None => request,
            Some(KuboAuth::Bearer(token)) => request.bearer_auth(token.expose()),
            Some(KuboAuth::Basic { user, password }) => request.basic_auth(user, Some(password.expose())),
        }
    }

    /// The node's version, in its own words.
    pub(super) async fn version(&self) -> Result<String> {
        let answer = self.http.send(self.command(&["version"], &[])).await?;
        Ok(self.http.json::<Version>(answer)?.version)
    }

    /// Adds a file without pinning it. Returns the CID as the node wrote it.
    pub(super) async fn add(&self, request: &PinRequest<'_>, profile: Profile) -> Result<String> {
        let size_bytes = request.content.size_bytes();
        let (body, fault) = content_body(request.content, 0, size_bytes).await?;
        let name = if request.name.is_empty() { "content" } else { request.name };
        // A part of no type is no file to some nodes.
        let file = Part::stream_with_length(body, size_bytes)
            .file_name(name.to_owned())
            .mime_str("application/octet-stream")
            .map_err(|err| Error::new(ErrorKind::Unexpected, "a media type was refused").with_source(err))?;
        // Everything is said, because a node's own defaults can be configured (`Import.*`).
        let chunker = format!("size-{}", profile.chunk_bytes());
        let (version, raw_leaves) = (profile.cid_version().to_string(), profile.raw_leaves().to_string());
        let max_links = profile.max_links().to_string();
        let arguments = [
            ("cid-version", version.as_str()),
            ("raw-leaves", &raw_leaves),
            ("chunker", &chunker),
            ("max-file-links", &max_links),
            ("hash", "sha2-256"),
            ("pin", "false"),
            ("wrap-with-directory", "false"),
            ("progress", "false"),
        ];
        let post = self.command(&["add"], &arguments).multipart(Form::new().part("file", file));
        let answer = self.http.upload(post, size_bytes).await;
        if let Some(error) = fault.take() {
            return Err(error);
        }
        let answer = self.http.accept(answer?)?;
        last_added(&answer)
    }

    /// Whether this CID is pinned with all below it.
    pub(super) async fn is_pinned(&self, cid: &Cid) -> Result<bool> {
        let command = self.command(&["pin", "ls"], &[("arg", &*cid.to_string()), ("type", "recursive")]);
        let answer = self.http.send(command).await?;
        if says_not_pinned(&answer) {
            return Ok(false);
        }
        let list: PinList = self.http.json(answer)?;
        let is_it = |key: &str| key.parse::<Cid>().ok() == Some(*cid);
        Ok(list.keys.unwrap_or_default().iter().any(|(key, kind)| is_it(key) && kind.r#type == "recursive"))
    }

    pub(super) async fn pin(&self, cid: &Cid) -> Result<()> {
        let answer = self.http.send(self.command(&["pin", "add"], &[("arg", &*cid.to_string())])).await?;
        self.http.accept(answer).map(drop)
    }

    /// Unpins; fine if it is not pinned.
    pub(super) async fn unpin(&self, cid: &Cid) -> Result<()> {
        let answer = self.http.send(self.command(&["pin", "rm"], &[("arg", &*cid.to_string())])).await?;
        match self.http.accept(answer) {
            Ok(_) => Ok(()),
            // Nodes refuse in several wordings what is not pinned, or only as a part of something else.
            Err(_) if !self.is_pinned(cid).await? => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// One block. The bytes are not verified yet.
    pub(super) async fn block(&self, cid: &Cid, max_bytes: usize) -> Result<Vec<u8>> {
        let command = self.command(&["block", "get"], &[("arg", &*cid.to_string())]);
        let answer = self.http.send_for_bytes(command, max_bytes).await?;
        Ok(self.http.accept(answer)?.body)
    }
}

/// The RPC has one status and one code for every failure. That a CID is not pinned, an ordinary answer, is told by its
/// text alone: `path '…' is not pinned`.
fn says_not_pinned(answer: &Answer) -> bool {
    answer.status == StatusCode::INTERNAL_SERVER_ERROR
        && serde_json::from_slice::<Failure>(&answer.body)
            .is_ok_and(|failure| failure.message.contains("not pinned"))
}

/// The file of an answer of JSON lines. A failure after the answer began ends it, or stands in its last line.
fn last_added(answer: &Answer) -> Result<String> {
    let mut found = None;
    for line in answer.body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        let added: Added = serde_json::from_slice(line).map_err(|err| {
            Error::new(ErrorKind::Unavailable, "the answer broke off")
                .with_context("store", NAME)
                .with_source(err)
        })?;
        if let Some(message) = added.message {
            return Err(Error::new(ErrorKind::Unavailable, "the node failed while it added the file")
                .with_context("store", NAME)
                .with_context("reason", message.chars().take(200).collect::<String>()));
        }
        found = added.hash.or(found);
    }
    found.ok_or_else(|| {
        Error::new(ErrorKind::Unavailable, "the node ended its answer without a CID")
            .with_context("store", NAME)
            .with_retry(Retry::After(None))
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn the_last_file_of_an_answer_counts_whatever_its_size_looks_like() {
        let text = "{\"Name\":\"a\",\"Bytes\":3}\n{\"Name\":\"a\",\"Hash\":\"bafk\",\"Size\":\"3\"}\n";
        assert_eq!(last_added(&answer(200, text)).unwrap(), "bafk");
        assert_eq!(last_added(&answer(200, r#"{"Name":"a","Hash":"z1","Size":3}"#)).unwrap(), "z1");
    }

    #[test]
    fn an_answer_that_fails_after_it_began_is_a_failure() {
        let failing =
            "{\"Name\":\"a\",\"Bytes\":3}\n{\"Message\":\"disk full\",\"Code\":0,\"Type\":\"error\"}\n";
        for text in [failing, "", "{\"Name\":\"a\",\"Bytes\":3}\n", "{\"Name\":\"a\",\"Ha"] {
            let error = last_added(&answer(200, text)).unwrap_err();
            assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)), "{text}");
        }
    }

    #[test]
    fn only_the_nodes_own_words_mean_not_pinned() {
        let said = r#"{"Message":"path 'bafk' is not pinned","Code":0,"Type":"error"}"#;
        assert!(says_not_pinned(&answer(500, said)));
        assert!(!says_not_pinned(&answer(502, said)));
        assert!(!says_not_pinned(&answer(500, "a proxy says: not pinned")));
        assert!(!says_not_pinned(&answer(500, r#"{"Message":"disk full","Code":0,"Type":"error"}"#)));
    }
}
