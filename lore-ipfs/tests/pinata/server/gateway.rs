//! The gateway: raw blocks of public files, and whole small files for those who do not ask for blocks.

use axum::{body::Body, extract::Request, http::StatusCode, response::Response};
use lore_core::Cid;

use super::{GATEWAY_TOKEN, Inner, error, v3::query};

pub(super) fn block(inner: &Inner, request: &Request) -> Result<Response, Response> {
    if request.headers().contains_key("authorization") {
        // The account's token has no business here.
        return Err(error(StatusCode::BAD_REQUEST, "LEAKED_TOKEN", "do not send the account's token"));
    }
    let token = request.headers().get("x-pinata-gateway-token");
    if token.is_some_and(|token| token.as_bytes() != GATEWAY_TOKEN.as_bytes()) {
        return Err(error(StatusCode::UNAUTHORIZED, "BAD_TOKEN", "the gateway does not know the token"));
    }
    if query(request)?.get("format").map(String::as_str) != Some("raw") {
        return Err(error(StatusCode::NOT_ACCEPTABLE, "FORMAT", "only raw blocks"));
    }
    let cid = request.uri().path().rsplit('/').next().and_then(|text| text.parse::<Cid>().ok());
    let cid = cid.ok_or_else(|| error(StatusCode::BAD_REQUEST, "BAD_CID", "no CID"))?;
    let state = inner.state();
    let block = state.files.iter().filter(|file| file.network == "public").find_map(|file| file.block(&cid));
    match block {
        Some(block) => Ok(Response::builder()
            .header("content-type", "application/vnd.ipld.raw")
            .body(Body::from(block.clone()))
            .unwrap()),
        None => Err(error(StatusCode::NOT_FOUND, "NOT_FOUND", "no such block")),
    }
}
