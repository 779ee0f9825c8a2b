//! Uploads in pieces (TUS 1.0).

use std::collections::HashMap;

use axum::{body::Body, extract::Request, http::StatusCode, response::Response};
use data_encoding::BASE64;
use futures_util::StreamExt as _;

use super::{
    Inner, error,
    faults::Fault,
    invalid,
    state::{NewFile, Piecewise},
    v3::{cid_version, network, profile, query, said_cid},
};

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn number(request: &Request, name: &str) -> Result<usize, Response> {
    header(request, name)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| invalid(&format!("{name} is missing or no number")))
}

fn id_of(request: &Request) -> String {
    request.uri().path().rsplit('/').next().unwrap_or_default().to_owned()
}

fn gone() -> Response {
    error(StatusCode::NOT_FOUND, "NOT_FOUND", "no such upload")
}

/// `key base64,key base64`, every key once.
fn metadata(request: &Request) -> Result<HashMap<String, String>, Response> {
    let text = header(request, "upload-metadata").ok_or_else(|| invalid("Upload-Metadata is missing"))?;
    let mut found = HashMap::new();
    for pair in text.split(',') {
        let (key, value) = pair.split_once(' ').ok_or_else(|| invalid("malformed Upload-Metadata"))?;
        let value = BASE64.decode(value.as_bytes()).map_err(|_| invalid("metadata is not base64"))?;
        let value = String::from_utf8(value).map_err(|_| invalid("metadata is no text"))?;
        let known = ["filename", "filetype", "network", "group_id", "keyvalues", "cid_version"];
        if !known.contains(&key) || found.insert(key.to_owned(), value).is_some() {
            return Err(invalid("unknown or repeated metadata"));
        }
    }
    Ok(found)
}

fn bare(status: StatusCode) -> axum::http::response::Builder {
    Response::builder().status(status).header("tus-resumable", "1.0.0")
}

pub(super) fn create(inner: &Inner, request: &Request) -> Result<Response, Response> {
    let length = number(request, "upload-length")?;
    let metadata = metadata(request)?;
    let name = metadata.get("filename").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("filename is required"))?.clone();
    let media_type = metadata.get("filetype").ok_or_else(|| invalid("filetype is required"))?.clone();
    // The version is asked for in the address; a version in the metadata alone is not seen.
    let version = cid_version(query(request)?.get("X-Upload-Option-Cid-Version"), 0)?;
    let network = network(metadata.get("network"))?;
    let mut state = inner.state();
    let id = state.fresh_id();
    let group_id = metadata.get("group_id").cloned();
    let upload = Piecewise {
        length,
        network,
        name,
        group_id,
        media_type,
        cid_version: version,
        received: Vec::new(),
        is_busy: false,
    };
    state.uploads.insert(id.clone(), upload);
    let host = state.elsewhere.clone().unwrap_or_default();
    Ok(bare(StatusCode::CREATED)
        .header("location", format!("{host}/v3/files/{id}"))
        .body(Body::empty())
        .unwrap())
}

pub(super) fn head(inner: &Inner, request: &Request) -> Result<Response, Response> {
    let state = inner.state();
    let upload = state.uploads.get(&id_of(request)).ok_or_else(gone)?;
    Ok(bare(StatusCode::OK)
        .header("upload-offset", upload.received.len())
        .header("upload-length", upload.length)
        .header("cache-control", "no-store")
        .body(Body::empty())
        .unwrap())
}

/// Frees the upload again, also when the connection breaks while a piece is read.
struct Busy<'a>(&'a Inner, String);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if let Some(upload) = self.0.state().uploads.get_mut(&self.1) {
            upload.is_busy = false;
        }
    }
}

pub(super) async fn patch(
    inner: &Inner,
    request: Request,
    fault: Option<Fault>,
) -> Result<Response, Response> {
    let id = id_of(&request);
    if header(&request, "content-type") != Some("application/offset+octet-stream") {
        return Err(error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_TYPE", "not an offset stream"));
    }
    let offset = number(&request, "upload-offset")?;
    let announced = number(&request, "content-length")?;
    if announced >= inner.settings.chunk_limit {
        return Err(error(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", "the piece is too large"));
    }
    {
        let mut state = inner.state();
        let upload = state.uploads.get_mut(&id).ok_or_else(gone)?;
        if upload.is_busy {
            return Err(error(StatusCode::LOCKED, "LOCKED", "a piece is being received"));
        }
        if upload.received.len() != offset || offset + announced > upload.length {
            return Err(error(StatusCode::CONFLICT, "OFFSET", "not the offset of this upload"));
        }
        upload.is_busy = true;
    }
    let _busy = Busy(inner, id.clone());
    let wanted = if fault == Some(Fault::HalfPiece) { announced / 2 } else { announced };
    receive(inner, &id, request, wanted, wanted == announced).await?;
    finish(inner, &id, fault)
}

/// Reads a piece, keeping what comes as it comes.
async fn receive(
    inner: &Inner,
    id: &str,
    request: Request,
    wanted: usize,
    is_whole: bool,
) -> Result<(), Response> {
    let mut body = request.into_body().into_data_stream();
    let mut piece = Vec::new();
    while piece.len() < wanted {
        match body.next().await {
            Some(Ok(bytes)) => {
                let bytes = &bytes[..bytes.len().min(wanted - piece.len())];
                piece.extend_from_slice(bytes);
                let mut state = inner.state();
                state.counts.bytes += bytes.len();
                if inner.settings.keeps_partial_pieces {
                    state.uploads.get_mut(id).ok_or_else(gone)?.received.extend_from_slice(bytes);
                }
            }
            _ => return Err(invalid("the piece broke off")),
        }
    }
    if !inner.settings.keeps_partial_pieces && is_whole {
        inner.state().uploads.get_mut(id).ok_or_else(gone)?.received.extend_from_slice(&piece);
    }
    Ok(())
}

fn finish(inner: &Inner, id: &str, fault: Option<Fault>) -> Result<Response, Response> {
    let mut state = inner.state();
    let upload = state.uploads.get(id).ok_or_else(gone)?.clone();
    let offset = upload.received.len();
    let answer = bare(StatusCode::NO_CONTENT).header("upload-offset", offset);
    if offset < upload.length {
        return Ok(answer.body(Body::empty()).unwrap());
    }
    state.counts.uploads += 1;
    let profile = profile(inner, upload.cid_version, fault);
    let mut new = NewFile::new(&upload.network, &upload.name, upload.received);
    new.id = Some(id.to_owned());
    new.group_id = upload.group_id;
    new.media_type = upload.media_type;
    let stored = state.store(new, profile);
    Ok(answer.header("upload-cid", said_cid(&stored, fault)).body(Body::empty()).unwrap())
}
