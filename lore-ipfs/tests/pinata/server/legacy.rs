//! The older API.

use axum::{body::Body, extract::Request, http::StatusCode, response::Response};
use serde::Deserialize;
use serde_json::json;

use super::{
    Inner, error,
    faults::Fault,
    invalid, json as json_answer,
    state::NewFile,
    v3::{Form, profile, query, said_cid},
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    cid_version: u8,
    #[serde(rename = "wrapWithDirectory")]
    _wrap_with_directory: bool,
    group_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Metadata {
    name: String,
}

pub(super) async fn upload(
    inner: &Inner,
    request: Request,
    fault: Option<Fault>,
) -> Result<Response, Response> {
    let form = Form::read(inner, request, &["pinataOptions", "pinataMetadata"]).await?;
    let field = |name: &str| form.fields.get(name).map_or("{}", String::as_str);
    let options: Options =
        serde_json::from_str(field("pinataOptions")).map_err(|err| invalid(&err.to_string()))?;
    let metadata: Metadata =
        serde_json::from_str(field("pinataMetadata")).map_err(|err| invalid(&err.to_string()))?;
    if options.cid_version > 1 {
        return Err(invalid("cidVersion must be 0 or 1"));
    }
    let profile = profile(inner, options.cid_version, fault);
    let mut state = inner.state();
    let mut new = NewFile::new("public", &metadata.name, form.file);
    new.group_id = options.group_id;
    let stored = state.store(new, profile);
    let mut answer = json!({
        "IpfsHash": said_cid(&stored, fault),
        // The size of the tree, not of the file.
        "PinSize": stored.file.bytes.len() + 11,
        "Timestamp": "2026-01-01T00:00:00.000Z",
    });
    if stored.is_duplicate {
        answer["isDuplicate"] = json!(true);
    }
    Ok(json_answer(StatusCode::OK, &answer))
}

pub(super) fn list(inner: &Inner, request: &Request) -> Result<Response, Response> {
    let query = query(request)?;
    let limit: usize = query.get("pageLimit").map_or(Ok(10), |text| text.parse()).unwrap_or(0);
    if !(1..=1_000).contains(&limit) {
        return Err(invalid("pageLimit must be 1 to 1000"));
    }
    let rows: Vec<_> = inner
        .state()
        .files
        .iter()
        .filter(|file| file.network == "public")
        .filter(|file| query.get("cid").is_none_or(|cid| *cid == file.cid.to_string()))
        .take(limit)
        .map(|file| json!({ "id": file.id, "ipfs_pin_hash": file.cid.to_string(), "size": file.bytes.len() }))
        .collect();
    Ok(json_answer(StatusCode::OK, &json!({ "rows": rows })))
}

pub(super) fn unpin(inner: &Inner, request: &Request) -> Result<Response, Response> {
    let cid = request.uri().path().rsplit('/').next().unwrap_or_default();
    let mut state = inner.state();
    let before = state.files.len();
    state.files.retain(|file| file.cid.to_string() != cid);
    if state.files.len() == before {
        let reason = "CURRENT_USER_HAS_NOT_PINNED_CID";
        return Err(error(StatusCode::BAD_REQUEST, reason, "the current user has not pinned the cid"));
    }
    Ok(Response::new(Body::from("OK")))
}
