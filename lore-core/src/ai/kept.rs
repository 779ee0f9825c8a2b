//! [`AnswerCache`]: answers in this process, bounded by their bytes, the often used ones longest.

use std::{
    any::Any,
    fmt,
    hash::{BuildHasher, Hasher},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use moka::ops::compute::Op;
use serde::{Serialize, de::DeserializeOwned};

use super::{key::AnswerKey, policy::AiPolicy, reply::Answer};
use crate::{error::FailureRecord, time::Timestamp};

/// How long after an answer past its time was to be replaced that is tried again.
const FETCH_AGAIN: Duration = Duration::from_secs(60);

/// An answer as it is kept: of a type that only its operation knows.
pub(super) struct KeptAnswer {
    /// An [`Answer`] of the operation's output.
    answer: Arc<dyn Any + Send + Sync>,
    /// The same without its value, for the log.
    pub(super) about: Answer<()>,
    fresh_until: Timestamp,
    /// When a new one may be fetched in its place, in microseconds since 1970.
    fetch_from: AtomicI64,
    size_bytes: u32,
}

impl KeptAnswer {
    /// `size_bytes` is that of the value as JSON.
    pub(super) fn new<T: Send + Sync + 'static>(
        answer: Answer<T>,
        fresh: Duration,
        size_bytes: usize,
    ) -> Self {
        let about = Answer {
            value: (),
            source: answer.source,
            model: answer.model.clone(),
            rung: answer.rung,
            request: answer.request,
            made: answer.made,
            usage: answer.usage,
            cost: answer.cost,
        };
        let fresh_until = answer.made.saturating_add(fresh);
        // A value in memory takes about as much again as its JSON, and the rest of the entry some hundred bytes.
        let size_bytes = u32::try_from(size_bytes.saturating_mul(2).saturating_add(512)).unwrap_or(u32::MAX);
        Self {
            answer: Arc::new(answer),
            about,
            fresh_until,
            fetch_from: AtomicI64::new(i64::MIN),
            size_bytes,
        }
    }

    /// Whether a new one is to be fetched in its place: true once a minute at most, since each try may be paid for.
    pub(super) fn is_to_be_replaced(&self, now: Timestamp) -> bool {
        let from = self.fetch_from.load(Ordering::Relaxed);
        let next = now.saturating_add(FETCH_AGAIN).unix_micros();
        from <= now.unix_micros()
            && self.fetch_from.compare_exchange(from, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// The answer, if it is one to this operation.
    pub(super) fn answer<T: Send + Sync + 'static>(&self) -> Option<Arc<Answer<T>>> {
        Arc::clone(&self.answer).downcast().ok()
    }
}

impl fmt::Debug for KeptAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptAnswer").field("about", &self.about).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
enum Kept {
    Answer(Arc<KeptAnswer>),
    /// Every model refuses this request.
    Refusal(Arc<FailureRecord>, Timestamp),
}

/// What is known about a request.
#[derive(Debug)]
pub(super) enum Found {
    Nothing,
    Fresh(Arc<KeptAnswer>),
    /// Past its time, and it may serve while a new one is fetched.
    Revalidate(Arc<KeptAnswer>),
    /// Past its time, and it may serve if no model answers.
    IfError(Arc<KeptAnswer>),
    Refused(Arc<FailureRecord>),
}

/// A key is a hash already.
#[derive(Clone, Copy, Debug, Default)]
struct KeyAsHash;

struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            // The length of the array comes first, and says nothing.
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}
}

impl BuildHasher for KeyAsHash {
    type Hasher = FirstBytes;

    fn build_hasher(&self) -> FirstBytes {
        FirstBytes(0)
    }
}

pub(super) struct AnswerCache {
    entries: moka::sync::Cache<AnswerKey, Kept, KeyAsHash>,
    revalidate: Duration,
    if_error: Duration,
    refused: Duration,
}

impl fmt::Debug for AnswerCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerCache")
            .field("entries", &self.entries.entry_count())
            .field("size_bytes", &self.entries.weighted_size())
            .finish_non_exhaustive()
    }
}

impl AnswerCache {
    pub(super) fn new(policy: &AiPolicy) -> Self {
        let entries = moka::sync::Cache::builder()
            .name("lore-ai")
            .max_capacity(policy.cache_bytes)
            .weigher(|_: &AnswerKey, kept: &Kept| match kept {
                Kept::Answer(answer) => answer.size_bytes,
                Kept::Refusal(record, _) => {
                    u32::try_from(record.message.len().saturating_add(512)).unwrap_or(u32::MAX)
                }
            })
            .time_to_live(policy.kept())
            .build_with_hasher(KeyAsHash);
        Self {
            entries,
            revalidate: Duration::from_secs(policy.stale_while_revalidate_seconds),
            if_error: Duration::from_secs(policy.stale_if_error_seconds),
            refused: Duration::from_secs(policy.refused_seconds),
        }
    }

    pub(super) fn find(&self, key: &AnswerKey, now: Timestamp) -> Found {
        match self.entries.get(key) {
            None => Found::Nothing,
            Some(Kept::Refusal(record, until)) if until > now => Found::Refused(record),
            Some(Kept::Refusal(..)) => Found::Nothing,
            Some(Kept::Answer(answer)) => self.judge(answer, now),
        }
    }

    /// What an answer is good for now.
    pub(super) fn judge(&self, answer: Arc<KeptAnswer>, now: Timestamp) -> Found {
        let until = answer.fresh_until;
        if until > now {
            Found::Fresh(answer)
        } else if until.saturating_add(self.revalidate) > now {
            Found::Revalidate(answer)
        } else if until.saturating_add(self.if_error) > now {
            Found::IfError(answer)
        } else {
            Found::Nothing
        }
    }

    pub(super) fn keep(&self, key: AnswerKey, answer: Arc<KeptAnswer>) {
        self.entries.insert(key, Kept::Answer(answer));
    }

    /// Remembers that every model refuses a request. An answer from before that still serves whoever asks is worth more.
    pub(super) fn refuse(&self, key: AnswerKey, record: FailureRecord, now: Timestamp) {
        if self.refused.is_zero() {
            return;
        }
        let refusal = Kept::Refusal(Arc::new(record), now.saturating_add(self.refused));
        self.entries.entry(key).and_compute_with(|known| {
            let serves = match known.map(moka::Entry::into_value) {
                Some(Kept::Answer(answer)) => {
                    matches!(self.judge(answer, now), Found::Fresh(_) | Found::Revalidate(_))
                }
                Some(Kept::Refusal(..)) | None => false,
            };
            if serves { Op::Nop } else { Op::Put(refusal) }
        });
    }
}

/// The form of the bytes in a shared cache.
const FORMAT: u8 = 1;
const CHECKSUM_BYTES: usize = 16;

fn checksum(body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash = blake3::hash(body);
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// An answer for a shared cache: format, checksum, JSON.
pub(super) fn to_bytes<T: Serialize>(answer: &Answer<T>) -> Option<Arc<[u8]>> {
    let body = serde_json::to_vec(answer).ok()?;
    let mut bytes = Vec::with_capacity(body.len().saturating_add(1 + CHECKSUM_BYTES));
    bytes.push(FORMAT);
    bytes.extend(checksum(&body));
    bytes.extend(body);
    Some(bytes.into())
}

/// An answer out of a shared cache, with the size of its JSON; `None` for bytes of another format or damaged ones.
pub(super) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<(Answer<T>, usize)> {
    let (format, rest) = bytes.split_first()?;
    let (sum, body) = rest.split_at_checked(CHECKSUM_BYTES)?;
    if *format != FORMAT || checksum(body) != sum {
        return None;
    }
    serde_json::from_slice(body).ok().map(|answer| (answer, body.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ai::{
            audit::{Rung, Source},
            key::KeyHasher,
        },
        ids::RequestId,
        port::llm::Usage,
        usd::Usd,
    };

    fn answer(value: &str) -> Answer<String> {
        Answer {
            value: value.to_owned(),
            source: Source::Model,
            model: Some("m".to_owned()),
            rung: Some(Rung::Strict),
            request: RequestId::from_bytes([7; 16]),
            made: "2026-11-24T12:00:00Z".parse().unwrap(),
            usage: Usage::new(3, 4),
            cost: Usd::from_picos(5),
        }
    }

    fn kept(value: &str) -> Arc<KeptAnswer> {
        Arc::new(KeptAnswer::new(answer(value), Duration::from_secs(3_600), value.len()))
    }

    fn key(number: u64) -> AnswerKey {
        let mut hasher = KeyHasher::new();
        hasher.number("n", number);
        hasher.finish()
    }

    #[test]
    fn an_answer_is_fresh_then_stale_then_gone() {
        let policy = AiPolicy {
            stale_while_revalidate_seconds: 60,
            stale_if_error_seconds: 120,
            ..AiPolicy::default()
        };
        let cache = AnswerCache::new(&policy);
        cache.keep(key(1), kept("x"));
        let at = |time: &str| cache.find(&key(1), time.parse().unwrap());
        assert!(matches!(at("2026-11-24T12:59:59Z"), Found::Fresh(_)));
        assert!(matches!(at("2026-11-24T13:00:00Z"), Found::Revalidate(_)));
        assert!(matches!(at("2026-11-24T13:01:00Z"), Found::IfError(_)));
        assert!(matches!(at("2026-11-24T13:02:00Z"), Found::Nothing));
        assert!(matches!(cache.find(&key(2), Timestamp::EPOCH), Found::Nothing));
    }

    #[test]
    fn answers_stay_within_the_bound_and_are_of_their_own_type() {
        let policy = AiPolicy { cache_bytes: 100_000, ..AiPolicy::default() };
        let cache = AnswerCache::new(&policy);
        for number in 0..500 {
            cache.keep(key(number), kept(&"x".repeat(1_000)));
        }
        cache.entries.run_pending_tasks();
        assert!((10_000..=100_000).contains(&cache.entries.weighted_size()));
        assert!(kept("x").answer::<u64>().is_none());
        assert_eq!(kept("x").answer::<String>().unwrap().value, "x");
    }

    #[test]
    fn what_a_shared_cache_returns_is_read_back_or_refused() {
        let bytes = to_bytes(&answer("caf\u{e9}")).unwrap();
        assert_eq!(from_bytes::<String>(&bytes).unwrap().0, answer("caf\u{e9}"));
        for index in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[index] ^= 1;
            assert!(from_bytes::<String>(&damaged).is_none(), "byte {index}");
        }
        for length in 0..bytes.len() {
            assert!(from_bytes::<String>(&bytes[..length]).is_none(), "{length} bytes");
        }
    }
}
