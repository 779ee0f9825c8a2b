//! [`PinStore`]: keeps content reachable by CID.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    content::{
        Cid, Content, ContentReader,
        unixfs::{Fingerprint, Profile},
    },
    error::{Error, ErrorKind, Result},
    maybe_send::{MaybeSend, MaybeSync},
};

/// Content to be kept, with what Lore computed about it beforehand.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PinRequest<'a> {
    /// The bytes; may be read more than once.
    pub content: &'a dyn Content,
    /// What the bytes must turn out to be, under the store's own profile.
    pub expected: &'a Fingerprint,
    /// A name for people who look at the store, for example a file name.
    pub name: &'a str,
}

impl<'a> PinRequest<'a> {
    /// Asks to keep `content`.
    pub const fn new(content: &'a dyn Content, expected: &'a Fingerprint, name: &'a str) -> Self {
        Self { content, expected, name }
    }

    /// What every store checks before it reads a byte: that the fingerprint is of its own profile, and that the
    /// announced sizes agree and are within its limit.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for another profile or too much content;
    /// [`IntegrityMismatch`](crate::ErrorKind::IntegrityMismatch) if content and fingerprint differ in size.
    pub fn check(&self, profile: Profile, max_bytes: u64) -> Result<()> {
        if self.expected.profile != profile {
            return Err(Error::invalid("expected.profile", "other_profile", profile.as_str())
                .with_context("profile", self.expected.profile.as_str()));
        }
        let size_bytes = self.content.size_bytes();
        if size_bytes > max_bytes {
            return Err(Error::invalid("content", "too_large", format!("at most {max_bytes} bytes"))
                .with_context("size_bytes", size_bytes));
        }
        if size_bytes != self.expected.size_bytes {
            return Err(Error::new(
                ErrorKind::IntegrityMismatch,
                "the content does not have the expected size",
            )
            .with_context("expected_bytes", self.expected.size_bytes)
            .with_context("found_bytes", size_bytes));
        }
        Ok(())
    }
}

/// Content that a store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pinned {
    /// The root.
    pub cid: Cid,
    /// Whether this call sent the bytes; `false` if the store had them.
    pub uploaded: bool,
}

impl Pinned {
    /// Describes pinned content.
    #[must_use]
    pub const fn new(cid: Cid, uploaded: bool) -> Self {
        Self { cid, uploaded }
    }
}

/// Keeps content reachable by CID.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait PinStore: Debug + MaybeSend + MaybeSync + 'static {
    /// Short, stable label for metrics and errors, for example `pinata`.
    fn name(&self) -> &str;

    /// How this store cuts files into blocks, so that CIDs can be computed before anything is sent.
    fn profile(&self) -> Profile;

    /// Largest content in bytes.
    fn max_bytes(&self) -> u64;

    /// Whether the store keeps this content now.
    ///
    /// - MUST find what was pinned (`what_was_pinned_is_found`), and not what was unpinned (`unpinned_content_is_not_found`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) and [`RateLimited`](crate::ErrorKind::RateLimited).
    async fn find(&self, cid: &Cid) -> Result<Option<Pinned>>;

    /// Stores content and keeps it until [`unpin`](Self::unpin).
    ///
    /// - MUST return the expected CID (`pin_returns_the_expected_cid`).
    /// - MUST succeed, without sending the bytes again, if the content is pinned already (`pin_twice_uploads_once`).
    /// - MUST fail with [`IntegrityMismatch`](crate::ErrorKind::IntegrityMismatch), and keep nothing, if the bytes are
    ///   not what was expected (`other_bytes_than_expected_are_refused`, `a_wrong_size_is_refused`).
    /// - MUST upload once if the same content is pinned twice at the same time (`two_pins_at_once_upload_once`).
    /// - MUST keep nothing of a pin that failed or was dropped (`a_failing_source_leaves_nothing`,
    ///   `a_dropped_pin_leaves_nothing`).
    ///
    /// # Cancellation
    /// May be dropped at any await; a later pin of the same content works.
    ///
    /// # Errors
    /// As above; [`InvalidInput`](crate::ErrorKind::InvalidInput) if the content is over [`max_bytes`](Self::max_bytes)
    /// (`too_much_content_is_refused_unread`) or the fingerprint is of another profile (`another_profile_is_refused`);
    /// [`Unavailable`](crate::ErrorKind::Unavailable) and [`RateLimited`](crate::ErrorKind::RateLimited) may be retried.
    async fn pin(&self, request: PinRequest<'_>) -> Result<Pinned>;

    /// Opens pinned content for reading from its start. Bytes are verified against the CID as they are read.
    ///
    /// - MUST give exactly the bytes that were pinned (`fetch_returns_what_was_pinned`).
    /// - MUST fail with [`NotFound`](crate::ErrorKind::NotFound) for content it does not have (`fetch_of_unknown_content_fails`).
    ///
    /// # Errors
    /// As above; [`IntegrityMismatch`](crate::ErrorKind::IntegrityMismatch), here or while reading, for damaged bytes.
    async fn fetch(&self, cid: &Cid) -> Result<Box<dyn ContentReader>>;

    /// Stops keeping content.
    ///
    /// - MUST succeed if it is not pinned (`unpin_twice_is_ok`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) and [`RateLimited`](crate::ErrorKind::RateLimited).
    async fn unpin(&self, cid: &Cid) -> Result<()>;
}
const _: Option<&dyn PinStore> = None;
