//! Content and its names: what a CID says, and which CID content has.

use lore::{Cid, Error, ErrorKind, Profile, Result, unixfs::Importer};
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{error::or_throw, value::to_js};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** How a file is cut into blocks; the same bytes get other CIDs under another profile. */
export type Profile = "unixfs-v0-2015" | "unixfs-v1-2025" | "pinata";

/** What a CID says by itself. */
export interface CidInfo {
    /** The CID in its usual text form. */
    cid: string;
    version: 0 | 1;
    /** `raw`: the bytes themselves, whose SHA-256 is `sha256`; `dag-pb`: the root of a tree of blocks. */
    codec: "raw" | "dag-pb";
    sha256: string | null;
    uri: string;
}

/** What content is known by. */
export interface Fingerprint { cid: string; sha256: string; size_bytes: number; profile: Profile; }
"#;

#[derive(Serialize)]
struct CidInfo {
    cid: Cid,
    version: u8,
    codec: &'static str,
    sha256: Option<String>,
    uri: String,
}

/// Reads a CID, and says what is in it.
///
/// # Errors
/// `invalid_input` if it is none that Lore can verify.
#[wasm_bindgen(js_name = parseCid, unchecked_return_type = "CidInfo")]
pub fn parse_cid(text: &str) -> Result<JsValue, JsValue> {
    or_throw(text.parse().and_then(|cid: Cid| {
        to_js(&CidInfo {
            cid,
            version: cid.version(),
            codec: if cid.is_raw() { "raw" } else { "dag-pb" },
            sha256: cid.content_hash().map(|hash| hash.to_string()),
            uri: cid.to_uri(),
        })
    }))
}

/// CID and SHA-256 of bytes that are in memory.
///
/// # Errors
/// `invalid_input` for an unknown profile.
#[wasm_bindgen(unchecked_return_type = "Fingerprint")]
pub fn fingerprint(
    bytes: &[u8],
    #[wasm_bindgen(unchecked_param_type = "Profile")] profile: &str,
) -> Result<JsValue, JsValue> {
    or_throw(find_profile(profile).and_then(|profile| {
        let mut importer = Importer::new(profile);
        importer.update(bytes, &mut ())?;
        to_js(&importer.finish(&mut ())?)
    }))
}

/// CID and SHA-256 of bytes that come piece by piece, as from a file too big for memory.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Fingerprinter(Option<Importer>);

#[wasm_bindgen]
impl Fingerprinter {
    /// Begins.
    ///
    /// # Errors
    /// `invalid_input` for an unknown profile.
    #[wasm_bindgen(constructor)]
    pub fn new(#[wasm_bindgen(unchecked_param_type = "Profile")] profile: &str) -> Result<Self, JsValue> {
        or_throw(find_profile(profile).map(|profile| Self(Some(Importer::new(profile)))))
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// `conflict` after [`finish`](Self::finish).
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        or_throw(self.0.as_mut().ok_or_else(finished).and_then(|importer| importer.update(bytes, &mut ())))
    }

    /// Ends, and tells.
    ///
    /// # Errors
    /// `conflict` if it has ended before.
    #[wasm_bindgen(unchecked_return_type = "Fingerprint")]
    pub fn finish(&mut self) -> Result<JsValue, JsValue> {
        or_throw(
            self.0
                .take()
                .ok_or_else(finished)
                .and_then(|importer| importer.finish(&mut ()))
                .and_then(|fingerprint| to_js(&fingerprint)),
        )
    }
}

fn finished() -> Error {
    Error::new(ErrorKind::Conflict, "this fingerprinter has finished; make another for other content")
}

fn find_profile(name: &str) -> Result<Profile> {
    Profile::ALL.into_iter().find(|profile| profile.as_str() == name).ok_or_else(|| {
        let names = Profile::ALL.map(Profile::as_str).join(", ");
        Error::invalid("profile", "unknown", format!("one of {names}"))
    })
}
