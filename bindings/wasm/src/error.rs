//! Errors as JavaScript knows them: a real `Error` with the stable names of Lore's.

use js_sys::Reflect;
use lore::{Error, Result};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use crate::value::to_js;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** One broken rule of a request. */
export interface Violation { field: string; rule: string; expected: string; }

/** What every function of Lore throws. `kind` and `rule` are stable; `message` is for people. */
export interface LoreError extends Error {
    name: "LoreError";
    kind: "config" | "invalid_input" | "not_found" | "already_exists" | "conflict" | "permission_denied"
        | "unauthenticated" | "rate_limited" | "unavailable" | "insufficient_funds" | "reverted"
        | "integrity_mismatch" | "unsupported" | "unexpected";
    op: string;
    retry: "never" | { after: { secs: number; nanos: number } | null } | "reconcile" | "exhausted";
    violations?: Violation[];
}
"#;

/// Throws in JavaScript what is an error in Rust.
pub(crate) fn or_throw<T>(result: Result<T>) -> std::result::Result<T, JsValue> {
    result.map_err(|error| to_js_error(&error))
}

fn to_js_error(error: &Error) -> JsValue {
    let js = js_sys::Error::new(error.message());
    js.set_name("LoreError");
    // The record is what every binding and the journal know of an error.
    if let Ok(record) = to_js(&error.to_record())
        && let Some(record) = record.dyn_ref::<js_sys::Object>()
    {
        for key in js_sys::Object::keys(record) {
            if key != "message" {
                // Reading and writing plain properties of plain objects cannot fail.
                let value = Reflect::get(record, &key).unwrap_or(JsValue::UNDEFINED);
                drop(Reflect::set(&js, &key, &value));
            }
        }
    }
    js.into()
}
