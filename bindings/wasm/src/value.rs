//! Plain JavaScript values from what serde can write.

use js_sys::JSON;
use lore::{Error, ErrorKind, Result};
use serde::Serialize;
use wasm_bindgen::JsValue;

/// `value` as JavaScript objects, arrays, strings and numbers: exactly what its JSON says.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue> {
    let unexpected = |why: String| {
        Error::new(ErrorKind::Unexpected, "a value has no JSON form").with_context("cause", why)
    };
    let text = serde_json::to_string(value).map_err(|err| unexpected(err.to_string()))?;
    JSON::parse(&text).map_err(|err| unexpected(format!("{err:?}")))
}
