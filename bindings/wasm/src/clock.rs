//! Time and ids: the browser's clock and randomness behind Lore's own types.

use std::time::Duration;

use lore::{AssetId, Clock as _, SystemClock};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::error::or_throw;

/// The time in UTC, as RFC 3339 text.
#[wasm_bindgen]
#[must_use]
pub fn now() -> String {
    SystemClock.now().to_string()
}

/// Resolves after so many milliseconds.
#[wasm_bindgen]
pub async fn sleep(millis: u32) {
    SystemClock.sleep(Duration::from_millis(millis.into())).await;
}

/// A fresh id for an asset. Ids sort by the time they were made.
///
/// # Errors
/// `unavailable` if the system has no randomness.
#[wasm_bindgen(js_name = newAssetId)]
pub fn new_asset_id() -> Result<String, JsValue> {
    or_throw(AssetId::generate(&SystemClock).map(|id| id.to_string()))
}
