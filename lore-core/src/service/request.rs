//! [`CreateAsset`]: what a caller asks for, and the rules that need nothing else.

use std::sync::Arc;

use crate::{
    content::{Content, MediaType},
    creation::ParentInput,
    domain::{
        asset::{AssetText, AssetType, check_text},
        derivative::check_parents,
        license::{PilTerms, check_terms},
    },
    error::{Error, Result, Violation, Violations},
};

/// Longest idempotency key, in characters.
const KEY_CHARS: usize = 200;
/// Longest name of a media file, in characters.
const FILE_NAME_CHARS: usize = 255;

/// A new asset, as a caller asks for it.
#[derive(Clone, Debug)]
#[must_use]
pub struct CreateAsset {
    pub(super) asset_type: AssetType,
    pub(super) text: AssetText,
    pub(super) media: Arc<dyn Content>,
    pub(super) media_type: Option<MediaType>,
    pub(super) file_name: Option<String>,
    pub(super) media_source: Option<String>,
    pub(super) idempotency_key: Option<String>,
    pub(super) license: Option<PilTerms>,
    pub(super) parents: Vec<ParentInput>,
}

impl CreateAsset {
    /// An original work without license terms.
    pub fn new(asset_type: AssetType, text: AssetText, media: Arc<dyn Content>) -> Self {
        Self {
            asset_type,
            text,
            media,
            media_type: None,
            file_name: None,
            media_source: None,
            idempotency_key: None,
            license: None,
            parents: Vec::new(),
        }
    }

    /// The caller's own name for this piece of work, 1 to 200 characters. The same key with the same request gives the
    /// running or finished creation; with another request it is a [`Conflict`](crate::ErrorKind::Conflict). Without a key every
    /// call makes a new asset.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// The media's type, if the caller knows it; otherwise its first bytes must tell.
    pub fn media_type(mut self, media_type: MediaType) -> Self {
        self.media_type = Some(media_type);
        self
    }

    /// The media's file name, for people.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Where the application finds the media again after a crash; Lore only keeps it.
    pub fn media_source(mut self, source: impl Into<String>) -> Self {
        self.media_source = Some(source.into());
        self
    }

    /// Terms to attach. A derivative inherits its parents' and takes none.
    pub fn license(mut self, terms: PilTerms) -> Self {
        self.license = Some(terms);
        self
    }

    /// A parent to link to; may be called up to 16 times.
    pub fn parent(mut self, parent: ParentInput) -> Self {
        self.parents.push(parent);
        self
    }
}

impl CreateAsset {
    /// The rules that need nothing but the self.
    pub(super) fn check(&self, max_media_bytes: u64) -> Result<(), Violations> {
        let mut found = Violations::new();
        let mut take = |result: Result<(), Violations>| {
            if let Err(violations) = result {
                found.extend(violations);
            }
        };
        take(check_text(&self.text));
        if let Some(terms) = &self.license {
            take(check_terms(terms));
        }
        if !self.parents.is_empty() {
            take(check_parents(&self.parents, None));
        }
        let size = self.media.size_bytes();
        found.require(size > 0, "media", "empty", "at least one byte");
        let expected = format!("at most {max_media_bytes} bytes, not {size}");
        found.require(size <= max_media_bytes, "media", "too_large", expected);
        check_line(&mut found, "idempotency_key", self.idempotency_key.as_deref(), KEY_CHARS);
        check_line(&mut found, "file_name", self.file_name.as_deref(), FILE_NAME_CHARS);
        if self.license.is_some() && !self.parents.is_empty() {
            found.push(Violation::new(
                "license",
                "inherited",
                "no terms of its own: a derivative inherits its parents'",
            ));
        }
        found.into_result(())
    }

    /// The media's type: the one given, or the one its first bytes show; they must not contradict each other.
    pub(super) async fn detect_media_type(&self) -> Result<MediaType> {
        let mut reader = self.media.open(0).await?;
        let mut first = vec![0; MediaType::DETECT_BYTES];
        let mut filled = 0;
        loop {
            let count = reader.read(first.get_mut(filled..).unwrap_or_default()).await?;
            filled += count;
            if count == 0 || filled == first.len() {
                break;
            }
        }
        let detected = MediaType::detect(first.get(..filled).unwrap_or_default());
        match (&self.media_type, detected) {
            (Some(given), Some(detected)) if contradicts(given, &detected) => Err(Error::invalid(
                "media_type",
                "contradicts_content",
                format!("{detected}, as the bytes show, not {given}"),
            )),
            (Some(given), _) => Ok(given.clone()),
            (None, Some(detected)) => Ok(detected),
            (None, None) => Err(Error::invalid(
                "media_type",
                "unknown",
                "a media type: the first bytes of this media do not tell one",
            )),
        }
    }
}

/// Bounds of an optional piece of text on one line.
fn check_line(found: &mut Violations, field: &str, text: Option<&str>, max_chars: usize) {
    let Some(text) = text else { return };
    let fine = (1..=max_chars).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    found.require(fine, field, "malformed", format!("1 to {max_chars} characters on one line"));
}

/// Whether the bytes are of another sort than the type says. Only the sorts that tell themselves surely are compared.
fn contradicts(given: &MediaType, detected: &MediaType) -> bool {
    let sure = |media_type: &MediaType| matches!(media_type.top_level(), "image" | "audio" | "video");
    sure(given) && sure(detected) && given.top_level() != detected.top_level()
}
