//! Cases of [`PinStore`].
//!
//! Every case has content of its own, made from its name and [`Harness::salt`], so that cases may run side by side on
//! one account of a shared service. Error cases assert the kind, not the text.

mod sources;

use std::sync::Arc;

use futures_util::future::{Either, join, select};

use self::sources::{Fault, Scripted, bytes_of};
use crate::{
    content::{
        BytesContent, Content,
        unixfs::{Fingerprint, Profile, fingerprint_bytes},
    },
    error::{Error, ErrorKind, Result},
    port::pins::{PinRequest, PinStore, Pinned},
};

/// Makes stores for the suite. Each case makes a harness and calls [`fresh`](Self::fresh) once.
#[expect(async_fn_in_trait, reason = "cases are awaited where they are called; their futures never move")]
pub trait Harness {
    /// A store in which nothing of the cases is pinned.
    async fn fresh(&self) -> Result<Arc<dyn PinStore>>;

    /// Whether the store can stop keeping content.
    fn can_unpin(&self) -> bool {
        true
    }

    /// How often bytes of whole files were sent to the store that [`fresh`](Self::fresh) made, as seen from the other
    /// side where there is one. `None` if nobody can tell.
    async fn uploads(&self) -> Option<u64> {
        None
    }

    /// Goes into the bytes of every case. Something new per run if the store outlives the run.
    fn salt(&self) -> String {
        String::new()
    }
}

/// Content of one case and what it must turn out to be.
struct Sample {
    bytes: Arc<[u8]>,
    expected: Fingerprint,
}

impl Sample {
    fn of(profile: Profile, bytes: Vec<u8>) -> Result<Self> {
        let expected = fingerprint_bytes(profile, &bytes)?;
        Ok(Self { bytes: bytes.into(), expected })
    }

    fn new(harness: &impl Harness, store: &Arc<dyn PinStore>, case: &str, size: usize) -> Result<Self> {
        Self::of(store.profile(), bytes_of(&format!("{case} {}", harness.salt()), size))
    }

    fn content(&self) -> BytesContent {
        BytesContent::new(self.bytes.clone())
    }

    async fn pin(&self, store: &Arc<dyn PinStore>) -> Result<Pinned> {
        self.pin_from(store, &self.content()).await
    }

    async fn pin_from(&self, store: &Arc<dyn PinStore>, content: &dyn Content) -> Result<Pinned> {
        store.pin(PinRequest::new(content, &self.expected, "sample.bin")).await
    }

    async fn is_found(&self, store: &Arc<dyn PinStore>) -> Result<bool> {
        let found = store.find(&self.expected.cid).await?;
        if let Some(pinned) = found {
            assert_eq!(pinned.cid, self.expected.cid, "`find` answered for another CID");
            assert!(!pinned.uploaded, "`find` uploads nothing");
        }
        Ok(found.is_some())
    }

    async fn fetch(&self, store: &Arc<dyn PinStore>, buffer_bytes: usize) -> Result<Vec<u8>> {
        let mut reader = store.fetch(&self.expected.cid).await?;
        let mut all = Vec::new();
        let mut buffer = vec![0; buffer_bytes];
        loop {
            let count = reader.read(&mut buffer).await?;
            if count == 0 {
                return Ok(all);
            }
            all.extend_from_slice(buffer.get(..count).unwrap_or_default());
            assert!(all.len() <= self.bytes.len(), "more bytes came out than went in");
        }
    }

    async fn assert_round_trip(&self, store: &Arc<dyn PinStore>) -> Result<()> {
        let pinned = self.pin(store).await?;
        assert_eq!(pinned.cid, self.expected.cid);
        assert!(self.is_found(store).await?, "pinned content is not found");
        assert!(self.fetch(store, 64 * 1024).await? == *self.bytes, "other bytes came out than went in");
        Ok(())
    }
}

/// The error of a call that must fail, if it is of the right kind.
fn refused<T>(result: Result<T>, kind: ErrorKind) -> Result<()> {
    match result {
        Ok(_) => Err(Error::new(ErrorKind::Unexpected, "a call succeeded that must fail")),
        Err(err) if err.kind() == kind => Ok(()),
        Err(err) => Err(Error::new(ErrorKind::Unexpected, "a call failed with the wrong kind")
            .with_context("wanted", kind)
            .with_source(err)),
    }
}

fn skip(case: &str, why: &str) -> Result<()> {
    println!("skipped: {case}: {why}");
    Ok(())
}

async fn assert_uploads(harness: &impl Harness, case: &str, wanted: u64) -> Result<()> {
    match harness.uploads().await {
        Some(uploads) => assert_eq!(uploads, wanted, "uploads"),
        None => skip(case, "uploads cannot be counted; `Pinned::uploaded` was checked")?,
    }
    Ok(())
}

/// Bytes that make several blocks under every profile, the last of them short.
const SEVERAL_BLOCKS: usize = 3 * 1024 * 1024 + 17;

/// What was pinned is found.
pub async fn what_was_pinned_is_found(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let sample = Sample::new(harness, &store, "found", 1_000)?;
    sample.pin(&store).await?;
    assert!(sample.is_found(&store).await?);
    Ok(())
}

/// What was never pinned, or is not pinned any more, is not found.
pub async fn unpinned_content_is_not_found(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let sample = Sample::new(harness, &store, "not found", 1_000)?;
    assert!(!sample.is_found(&store).await?, "content was found that nobody pinned");
    if !harness.can_unpin() {
        return skip(
            "unpinned_content_is_not_found",
            "the store cannot unpin; only unknown content was checked",
        );
    }
    sample.pin(&store).await?;
    store.unpin(&sample.expected.cid).await?;
    assert!(!sample.is_found(&store).await?, "content was found after it was unpinned");
    Ok(())
}

/// A pin answers with the CID that was computed beforehand, and says that it uploaded.
pub async fn pin_returns_the_expected_cid(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    for size in [1, 100_000, SEVERAL_BLOCKS] {
        let sample = Sample::new(harness, &store, "expected cid", size)?;
        assert_eq!(sample.pin(&store).await?, Pinned::new(sample.expected.cid, true), "of {size} bytes");
    }
    Ok(())
}

/// The second pin of the same content sends nothing.
pub async fn pin_twice_uploads_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let sample = Sample::new(harness, &store, "pin twice", 300_000)?;
    assert!(sample.pin(&store).await?.uploaded);
    assert_eq!(sample.pin(&store).await?, Pinned::new(sample.expected.cid, false));
    assert_uploads(harness, "pin_twice_uploads_once", 1).await
}

/// Two pins of the same content at the same time send it once, and both succeed.
pub async fn two_pins_at_once_upload_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let sample = Sample::new(harness, &store, "two at once", SEVERAL_BLOCKS)?;
    let sources = [Scripted::honest(&sample.bytes), Scripted::honest(&sample.bytes)];
    let [left, right] = &sources;
    let (left, right) = join(sample.pin_from(&store, left), sample.pin_from(&store, right)).await;
    let (left, right) = (left?, right?);
    assert_eq!((left.cid, right.cid), (sample.expected.cid, sample.expected.cid));
    assert!(left.uploaded != right.uploaded, "one of two concurrent pins uploads");
    assert!(sample.fetch(&store, 64 * 1024).await? == *sample.bytes);
    assert_uploads(harness, "two_pins_at_once_upload_once", 1).await
}

/// Bytes that do not match the expected fingerprint are refused, and neither content is there afterwards.
pub async fn other_bytes_than_expected_are_refused(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    for size in [1_000, SEVERAL_BLOCKS] {
        let wanted = Sample::new(harness, &store, "wanted bytes", size)?;
        let other = Sample::new(harness, &store, "other bytes", size)?;
        refused(wanted.pin_from(&store, &other.content()).await, ErrorKind::IntegrityMismatch)?;
        assert!(!wanted.is_found(&store).await?, "content is found whose bytes never came");
        assert!(!other.is_found(&store).await?, "refused bytes were kept");
        // The right CID does not excuse a wrong hash.
        let mut false_hash = wanted.expected;
        false_hash.sha256 = other.expected.sha256;
        let content = wanted.content();
        let request = PinRequest::new(&content, &false_hash, "sample.bin");
        refused(store.pin(request).await, ErrorKind::IntegrityMismatch)?;
        assert!(!wanted.is_found(&store).await?, "refused bytes were kept");
        wanted.assert_round_trip(&store).await?;
    }
    Ok(())
}

/// Content that gives fewer or more bytes than it says, or says another size than expected, is refused.
pub async fn a_wrong_size_is_refused(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    for size in [1_000, SEVERAL_BLOCKS] {
        let sample = Sample::new(harness, &store, "wrong size", size)?;
        let (whole, expected) = (&sample.bytes, sample.expected);
        let shorter: Arc<[u8]> = whole.iter().take(size - 1).copied().collect();
        let longer: Arc<[u8]> = whole.iter().copied().chain([7]).collect();
        for bytes in [shorter, longer] {
            // First the source lies about its size, then it tells a truth that nobody expected.
            for said in [expected.size_bytes, bytes.len() as u64] {
                let source = Scripted::honest(&bytes).saying(said);
                refused(sample.pin_from(&store, &source).await, ErrorKind::IntegrityMismatch)?;
                assert!(!sample.is_found(&store).await?, "refused bytes were kept");
            }
            let given = Sample::of(store.profile(), bytes.to_vec())?;
            assert!(!given.is_found(&store).await?, "refused bytes were kept");
        }
        sample.assert_round_trip(&store).await?;
    }
    Ok(())
}

/// A fingerprint computed for another store's way of cutting files is refused, although small files would match.
pub async fn another_profile_is_refused(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let bytes = bytes_of(&format!("another profile {}", harness.salt()), 1_000);
    for profile in Profile::ALL.into_iter().filter(|profile| *profile != store.profile()) {
        let sample = Sample::of(profile, bytes.clone())?;
        refused(sample.pin(&store).await, ErrorKind::InvalidInput)?;
        assert!(!sample.is_found(&store).await?, "refused bytes were kept");
    }
    Ok(())
}

/// Content over the limit is refused by its size alone.
pub async fn too_much_content_is_refused_unread(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let Some(size_bytes) = store.max_bytes().checked_add(1) else {
        return skip("too_much_content_is_refused_unread", "the store has no limit");
    };
    let mut sample = Sample::new(harness, &store, "too much", 1_000)?;
    sample.expected.size_bytes = size_bytes;
    let source = Scripted::honest(&sample.bytes).saying(size_bytes);
    refused(sample.pin_from(&store, &source).await, ErrorKind::InvalidInput)?;
    assert_eq!(source.openings(), 0, "content was read that is too large anyway");
    assert!(!sample.is_found(&store).await?, "refused bytes were kept");
    Ok(())
}

/// What was pinned comes back, whatever the size of the reader's buffer.
pub async fn fetch_returns_what_was_pinned(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let small = Sample::new(harness, &store, "fetch small", 1_000)?;
    small.pin(&store).await?;
    for buffer_bytes in [1, 7, 999, 1_000, 1_001] {
        assert!(small.fetch(&store, buffer_bytes).await? == *small.bytes, "in pieces of {buffer_bytes}");
    }
    let large = Sample::new(harness, &store, "fetch large", SEVERAL_BLOCKS)?;
    large.pin(&store).await?;
    for buffer_bytes in [4_099, 262_144, SEVERAL_BLOCKS + 1] {
        assert!(large.fetch(&store, buffer_bytes).await? == *large.bytes, "in pieces of {buffer_bytes}");
    }
    Ok(())
}

/// Content that the store does not have cannot be fetched.
pub async fn fetch_of_unknown_content_fails(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    for size in [1_000, SEVERAL_BLOCKS] {
        let sample = Sample::new(harness, &store, "unknown content", size)?;
        refused(sample.fetch(&store, 1_000).await, ErrorKind::NotFound)?;
    }
    Ok(())
}

/// Unpinning what is not pinned is fine.
pub async fn unpin_twice_is_ok(harness: &impl Harness) -> Result<()> {
    if !harness.can_unpin() {
        return skip("unpin_twice_is_ok", "the store cannot unpin");
    }
    let store = harness.fresh().await?;
    let sample = Sample::new(harness, &store, "unpin twice", 1_000)?;
    store.unpin(&sample.expected.cid).await?;
    sample.pin(&store).await?;
    store.unpin(&sample.expected.cid).await?;
    store.unpin(&sample.expected.cid).await?;
    assert!(!sample.is_found(&store).await?);
    Ok(())
}

/// What was unpinned can be pinned again.
pub async fn a_pin_after_an_unpin_works(harness: &impl Harness) -> Result<()> {
    if !harness.can_unpin() {
        return skip("a_pin_after_an_unpin_works", "the store cannot unpin");
    }
    let store = harness.fresh().await?;
    let sample = Sample::new(harness, &store, "pin again", SEVERAL_BLOCKS)?;
    for _ in 0..2 {
        sample.assert_round_trip(&store).await?;
        store.unpin(&sample.expected.cid).await?;
    }
    sample.assert_round_trip(&store).await
}

/// Unpinning one of two files that share blocks leaves the other whole.
pub async fn unpin_keeps_blocks_that_others_need(harness: &impl Harness) -> Result<()> {
    if !harness.can_unpin() {
        return skip("unpin_keeps_blocks_that_others_need", "the store cannot unpin");
    }
    let store = harness.fresh().await?;
    let gone = Sample::new(harness, &store, "shared blocks", SEVERAL_BLOCKS)?;
    let mut bytes = gone.bytes.to_vec();
    bytes.truncate(2 * 1024 * 1024);
    bytes.extend_from_slice(b"another end");
    let kept = Sample::of(store.profile(), bytes)?;
    gone.pin(&store).await?;
    kept.pin(&store).await?;
    store.unpin(&gone.expected.cid).await?;
    assert!(!gone.is_found(&store).await?);
    assert!(kept.is_found(&store).await?);
    assert!(kept.fetch(&store, 64 * 1024).await? == *kept.bytes);
    Ok(())
}

/// Empty content is content.
pub async fn empty_content_is_pinned(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    Sample::of(store.profile(), Vec::new())?.assert_round_trip(&store).await
}

/// A file of exactly one block.
pub async fn content_of_exactly_one_chunk_is_pinned(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let size = store.profile().chunk_bytes();
    Sample::new(harness, &store, "one chunk", size)?.assert_round_trip(&store).await
}

/// A file of one block and one byte: the smallest one that is a tree.
pub async fn content_of_one_chunk_and_a_byte_is_pinned(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let size = store.profile().chunk_bytes() + 1;
    Sample::new(harness, &store, "one chunk and a byte", size)?.assert_round_trip(&store).await
}

/// A file of many blocks, some of them equal.
pub async fn content_of_many_blocks_is_pinned(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let part = bytes_of(&format!("many blocks {}", harness.salt()), SEVERAL_BLOCKS);
    let mut bytes = vec![0; 2 * 1024 * 1024];
    bytes.extend_from_slice(&part);
    Sample::of(store.profile(), bytes)?.assert_round_trip(&store).await
}

/// A source that fails in the middle fails the pin with its own kind of error, and nothing is kept.
pub async fn a_failing_source_leaves_nothing(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let sample = Sample::new(harness, &store, "failing source", SEVERAL_BLOCKS)?;
    for opening in 1..=3 {
        let source = Scripted::honest(&sample.bytes).with_fault(Fault::Fails, opening, SEVERAL_BLOCKS / 2);
        let result = sample.pin_from(&store, &source).await;
        if !source.met() {
            // The store reads its source less often than that, or in shorter pieces: nothing failed.
            assert_eq!(result?.cid, sample.expected.cid);
            break;
        }
        refused(result, ErrorKind::PermissionDenied)?;
        assert!(!sample.is_found(&store).await?, "content is found of which only half came");
    }
    sample.assert_round_trip(&store).await
}

/// A pin that is dropped in the middle of the bytes keeps nothing, and a later one works.
pub async fn a_dropped_pin_leaves_nothing(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let sample = Sample::new(harness, &store, "dropped", SEVERAL_BLOCKS)?;
    for opening in 1..=3 {
        let source = Scripted::honest(&sample.bytes).with_fault(Fault::Stalls, opening, SEVERAL_BLOCKS / 2);
        let stalled = source.stalled();
        let pin = Box::pin(sample.pin_from(&store, &source));
        let result = match select(pin, stalled).await {
            Either::Left((result, _)) => Some(result),
            // The reader that was to stall is gone without having come that far.
            Either::Right((Err(_), pin)) => Some(pin.await),
            Either::Right((Ok(()), pin)) => {
                drop(pin);
                None
            }
        };
        if let Some(result) = result {
            assert_eq!(result?.cid, sample.expected.cid);
            break;
        }
        assert!(!sample.is_found(&store).await?, "content is found of which only half came");
        refused(sample.fetch(&store, 1_000).await, ErrorKind::NotFound)?;
    }
    sample.assert_round_trip(&store).await
}

/// Runs every case of [`PinStore`](crate::port::pins::PinStore) against the stores of a harness expression; with
/// `skip_if`, only where that expression gives no reason not to.
#[macro_export]
macro_rules! pin_store_conformance {
    ($harness:expr) => {
        $crate::pin_store_conformance! { $harness, skip_if: ::core::option::Option::None::<String> }
    };
    ($harness:expr, skip_if: $why:expr) => {
        $crate::__cases! { $harness, skip_if: $why, $crate::conformance::pin_store,
            what_was_pinned_is_found,
            unpinned_content_is_not_found,
            pin_returns_the_expected_cid,
            pin_twice_uploads_once,
            two_pins_at_once_upload_once,
            other_bytes_than_expected_are_refused,
            a_wrong_size_is_refused,
            another_profile_is_refused,
            too_much_content_is_refused_unread,
            fetch_returns_what_was_pinned,
            fetch_of_unknown_content_fails,
            unpin_twice_is_ok,
            a_pin_after_an_unpin_works,
            unpin_keeps_blocks_that_others_need,
            empty_content_is_pinned,
            content_of_exactly_one_chunk_is_pinned,
            content_of_one_chunk_and_a_byte_is_pinned,
            content_of_many_blocks_is_pinned,
            a_failing_source_leaves_nothing,
            a_dropped_pin_leaves_nothing,
        }
    };
}
