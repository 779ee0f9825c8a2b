//! Files of the v3 API.

use std::collections::HashMap;

use axum::{
    body::to_bytes,
    extract::{FromRequest, Multipart, Query, Request},
    http::StatusCode,
    response::Response,
};
use lore_core::{Cid, Clock, content::unixfs::Profile};
use serde::Deserialize;
use serde_json::json;

use super::{
    Inner, error,
    faults::Fault,
    invalid, json as json_answer,
    state::{NewFile, Signed, StoredFile},
};

pub(super) fn query(request: &Request) -> Result<HashMap<String, String>, Response> {
    Query::try_from_uri(request.uri()).map(|Query(map)| map).map_err(|err| invalid(&err.to_string()))
}

/// The fields of a multipart body. Files are read whole, within the limit.
pub(super) struct Form {
    pub(super) fields: HashMap<String, String>,
    pub(super) file: Vec<u8>,
    pub(super) file_name: String,
    pub(super) media_type: String,
}

impl Form {
    /// A body that breaks off is refused: nothing of it is kept.
    pub(super) async fn read(inner: &Inner, request: Request, known: &[&str]) -> Result<Self, Response> {
        let bad = |what: String| invalid(&what);
        let mut parts = Multipart::from_request(request, &()).await.map_err(|err| bad(err.body_text()))?;
        let (mut fields, mut file) = (HashMap::new(), None);
        while let Some(mut part) = parts.next_field().await.map_err(|err| bad(err.body_text()))? {
            let name = part.name().unwrap_or_default().to_owned();
            if name == "file" {
                let file_name = part.file_name().ok_or_else(|| invalid("file has no filename"))?.to_owned();
                let media_type = part.content_type().unwrap_or_default().to_owned();
                let mut bytes = Vec::new();
                while let Some(piece) = part.chunk().await.map_err(|err| bad(err.body_text()))? {
                    inner.state().counts.bytes += piece.len();
                    bytes.extend_from_slice(&piece);
                    if bytes.len() > inner.settings.multipart_limit {
                        return Err(error(
                            StatusCode::PAYLOAD_TOO_LARGE,
                            "TOO_LARGE",
                            "use resumable uploads",
                        ));
                    }
                }
                if file.replace((bytes, file_name, media_type)).is_some() {
                    return Err(invalid("more than one file"));
                }
            } else if known.contains(&name.as_str()) {
                let value = part.text().await.map_err(|err| bad(err.body_text()))?;
                fields.insert(name, value);
            } else {
                return Err(invalid(&format!("unknown field {name}")));
            }
        }
        let (file, file_name, media_type) = file.ok_or_else(|| invalid("file is required"))?;
        inner.state().counts.uploads += 1;
        Ok(Self { fields, file, file_name, media_type })
    }
}

pub(super) fn network(value: Option<&String>) -> Result<String, Response> {
    match value.map(String::as_str) {
        None | Some("private") => Ok("private".to_owned()),
        Some("public") => Ok("public".to_owned()),
        Some(_) => Err(invalid("network must be public or private")),
    }
}

pub(super) fn profile(inner: &Inner, version: u8, fault: Option<Fault>) -> Profile {
    match fault {
        Some(Fault::OtherProfile(profile)) => profile,
        _ if version == 0 => Profile::UnixFsV0_2015,
        _ => inner.settings.profile,
    }
}

pub(super) fn cid_version(value: Option<&String>, default: u8) -> Result<u8, Response> {
    match value.map(String::as_str) {
        None => Ok(default),
        Some("0") => Ok(0),
        Some("1") => Ok(1),
        Some(_) => Err(invalid("cid_version must be 0 or 1")),
    }
}

/// The CID that an answer names.
pub(super) fn said_cid(stored: &StoredFile, fault: Option<Fault>) -> String {
    if fault == Some(Fault::WrongCid) { Cid::raw([7; 32]).to_string() } else { stored.file.cid.to_string() }
}

const FIELDS: [&str; 8] =
    ["network", "name", "group_id", "keyvalues", "cid_version", "expires_at", "car", "streamable"];

pub(super) async fn upload(
    inner: &Inner,
    request: Request,
    fault: Option<Fault>,
) -> Result<Response, Response> {
    let form = Form::read(inner, request, &FIELDS).await?;
    let network = network(form.fields.get("network"))?;
    let version = cid_version(form.fields.get("cid_version"), 1)?;
    let mut new = NewFile::new(&network, form.fields.get("name").unwrap_or(&form.file_name), form.file);
    new.group_id = form.fields.get("group_id").cloned();
    new.media_type = form.media_type;
    let stored = inner.state().store(new, profile(inner, version, fault));
    let mut data = stored.to_json();
    data["cid"] = json!(said_cid(&stored, fault));
    Ok(json_answer(StatusCode::OK, &json!({ "data": data })))
}

pub(super) fn list(inner: &Inner, request: &Request) -> Result<Response, Response> {
    let query = query(request)?;
    let network = request.uri().path().rsplit('/').next().unwrap_or_default();
    let limit: usize = match query.get("limit") {
        None => 10,
        Some(text) => match text.parse() {
            Ok(limit @ 1..=1_000) => limit,
            _ => return Err(invalid("limit must be 1 to 1000")),
        },
    };
    let limit = limit.min(inner.settings.page_limit);
    let start: usize = match query.get("pageToken") {
        None => 0,
        Some(text) => {
            text.strip_prefix("page-").and_then(|n| n.parse().ok()).ok_or_else(|| invalid("bad pageToken"))?
        }
    };
    let state = inner.state();
    let matching: Vec<_> = state
        .files
        .iter()
        .filter(|file| file.network == network && !state.is_hiding)
        .filter(|file| query.get("cid").is_none_or(|cid| *cid == file.cid.to_string()))
        .collect();
    let page: Vec<_> = matching.iter().skip(start).take(limit).map(|file| file.to_json(false)).collect();
    let next = (start + limit < matching.len()).then(|| format!("page-{}", start + limit));
    let answer = json!({ "data": { "files": page, "next_page_token": next.unwrap_or_default() } });
    Ok(json_answer(StatusCode::OK, &answer))
}

pub(super) fn delete(inner: &Inner, request: &Request) -> Result<Response, Response> {
    let mut path = request.uri().path().rsplit('/');
    let (id, network) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
    let mut state = inner.state();
    let before = state.files.len();
    state.files.retain(|file| file.id != id || file.network != network);
    if state.files.len() == before {
        return Err(error(StatusCode::NOT_FOUND, "NOT_FOUND", "file not found"));
    }
    Ok(json_answer(StatusCode::OK, &json!({ "data": null })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignBody {
    date: u64,
    expires: u64,
    max_file_size: Option<usize>,
    #[serde(default)]
    allow_mime_types: Vec<String>,
    network: Option<String>,
    #[serde(rename = "group_id")]
    _group_id: Option<String>,
    #[serde(rename = "filename")]
    _filename: Option<String>,
}

pub(super) async fn sign(inner: &Inner, request: Request) -> Result<Response, Response> {
    let bytes = to_bytes(request.into_body(), 64 * 1024).await.map_err(|err| invalid(&err.to_string()))?;
    let body: SignBody = serde_json::from_slice(&bytes).map_err(|err| invalid(&err.to_string()))?;
    let mut state = inner.state();
    let number = state.signed.len();
    let signature = format!("signature-{number}");
    state.signed.push(Signed {
        until_unix: body.date + body.expires,
        max_file_size: body.max_file_size,
        allow_mime_types: body.allow_mime_types,
        network: network(body.network.as_ref())?,
        signature: signature.clone(),
    });
    let url = format!("{}/v3/files/signed/{number}?X-Signature={signature}", inner.url);
    Ok(json_answer(StatusCode::OK, &json!({ "data": url })))
}

pub(super) async fn signed_upload(inner: &Inner, request: Request) -> Result<Response, Response> {
    let number = request.uri().path().rsplit('/').next().and_then(|text| text.parse::<usize>().ok());
    let signed = number.and_then(|number| inner.state().signed.get(number).cloned());
    let signed = signed.ok_or_else(|| error(StatusCode::FORBIDDEN, "BAD_SIGNATURE", "unknown"))?;
    if query(&request)?.get("X-Signature") != Some(&signed.signature) {
        return Err(error(StatusCode::FORBIDDEN, "BAD_SIGNATURE", "wrong signature"));
    }
    if inner.settings.clock.now().unix_seconds() > signed.until_unix {
        return Err(error(StatusCode::FORBIDDEN, "EXPIRED", "the address has expired"));
    }
    let form = Form::read(inner, request, &FIELDS).await?;
    if signed.max_file_size.is_some_and(|max| form.file.len() > max) {
        return Err(error(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", "over the signed size"));
    }
    let allowed = |pattern: &String| match pattern.strip_suffix('*') {
        Some(family) => form.media_type.starts_with(family),
        None => form.media_type == *pattern,
    };
    if !signed.allow_mime_types.is_empty() && !signed.allow_mime_types.iter().any(allowed) {
        return Err(invalid("media type not allowed"));
    }
    let new = NewFile::new(&signed.network, &form.file_name, form.file);
    let stored = inner.state().store(new, inner.settings.profile);
    Ok(json_answer(StatusCode::OK, &json!({ "data": stored.to_json() })))
}
