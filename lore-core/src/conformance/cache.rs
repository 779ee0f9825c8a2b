//! Cases of the [`Cache`] port.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;

use crate::{
    error::{ErrorKind, Result},
    port::cache::Cache,
};

/// Makes caches for the suite.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// An empty cache that holds at least a megabyte.
    async fn fresh(&self) -> Result<Arc<dyn Cache>>;

    /// The shortest time to live that the cache can tell apart from none.
    fn tick(&self) -> Duration {
        Duration::from_millis(1)
    }

    /// Lets time pass for the cache: moves a clock, or waits if the cache reads the machine's.
    async fn advance(&self, by: Duration);
}

const HOUR: Duration = Duration::from_secs(3600);

fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

pub async fn get_returns_what_was_put(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    assert!(!cache.name().is_empty());
    assert_eq!(cache.get("a").await?, None);
    cache.put("a", bytes("one"), HOUR).await?;
    cache.put("b", bytes(""), HOUR).await?;
    assert_eq!(cache.get("a").await?.as_deref(), Some(b"one".as_slice()));
    assert_eq!(cache.get("b").await?.as_deref(), Some(b"".as_slice()));
    cache.put("a", bytes("two"), HOUR).await?;
    assert_eq!(cache.get("a").await?.as_deref(), Some(b"two".as_slice()));
    Ok(())
}

pub async fn keys_and_values_may_be_any_bytes(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    let long = "k".repeat(1_000);
    let keys = ["", " ", "a:b/c", "星空", "a\0b", "a*", "A", long.as_str()];
    for (number, key) in (0_u8..).zip(keys) {
        cache.put(key, [0, 255, number].into(), HOUR).await?;
    }
    for (number, key) in (0_u8..).zip(keys) {
        assert_eq!(cache.get(key).await?.as_deref(), Some([0, 255, number].as_slice()), "{key:?}");
    }
    let large: Arc<[u8]> = vec![9; 100_000].into();
    cache.put("large", Arc::clone(&large), HOUR).await?;
    assert_eq!(cache.get("large").await?, Some(large));
    Ok(())
}

pub async fn an_entry_ends_with_its_time(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    cache.put("short", bytes("x"), harness.tick()).await?;
    cache.put("long", bytes("x"), HOUR).await?;
    harness.advance(harness.tick() * 2).await;
    assert_eq!(cache.get("short").await?, None);
    assert!(cache.get("long").await?.is_some());
    Ok(())
}

pub async fn putting_again_sets_the_time_anew(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    cache.put("longer", bytes("x"), harness.tick()).await?;
    cache.put("longer", bytes("y"), HOUR).await?;
    cache.put("shorter", bytes("x"), HOUR).await?;
    cache.put("shorter", bytes("y"), harness.tick()).await?;
    harness.advance(harness.tick() * 2).await;
    assert_eq!(cache.get("longer").await?.as_deref(), Some(b"y".as_slice()));
    assert_eq!(cache.get("shorter").await?, None);
    Ok(())
}

pub async fn reading_does_not_extend_the_time(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    cache.put("a", bytes("x"), harness.tick() * 3).await?;
    for _ in 0..4 {
        cache.get("a").await?;
        harness.advance(harness.tick()).await;
    }
    assert_eq!(cache.get("a").await?, None);
    Ok(())
}

pub async fn a_ttl_of_zero_is_refused(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    let put = cache.put("a", bytes("x"), Duration::ZERO).await;
    assert_eq!(put.map_err(|err| err.kind()), Err(ErrorKind::InvalidInput));
    let put = cache.put_if_absent("a", bytes("x"), Duration::ZERO).await;
    assert_eq!(put.map_err(|err| err.kind()), Err(ErrorKind::InvalidInput));
    assert_eq!(cache.get("a").await?, None);
    Ok(())
}

pub async fn a_very_long_time_is_fine(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    cache.put("a", bytes("x"), Duration::MAX).await?;
    assert!(cache.put_if_absent("b", bytes("x"), Duration::MAX).await?);
    assert!(cache.get("a").await?.is_some());
    assert!(cache.get("b").await?.is_some());
    Ok(())
}

pub async fn one_of_many_puts_if_absent(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    for round in 0..8 {
        let key = format!("round {round}");
        let puts = (0_u8..16).map(|number| cache.put_if_absent(&key, [number].into(), HOUR));
        let won: Vec<bool> = join_all(puts).await.into_iter().collect::<Result<_>>()?;
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
        let winner = (0_u8..).zip(&won).find(|(_, won)| **won).map(|(number, _)| vec![number]);
        assert_eq!(cache.get(&key).await?.map(|value| value.to_vec()), winner);
    }
    Ok(())
}

pub async fn an_ended_entry_counts_as_absent(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    assert!(cache.put_if_absent("a", bytes("x"), harness.tick()).await?);
    harness.advance(harness.tick() * 2).await;
    assert!(cache.put_if_absent("a", bytes("y"), HOUR).await?);
    assert_eq!(cache.get("a").await?.as_deref(), Some(b"y".as_slice()));
    Ok(())
}

pub async fn remove_twice_is_ok(harness: &impl Harness) -> Result<()> {
    let cache = harness.fresh().await?;
    cache.put("a", bytes("x"), HOUR).await?;
    cache.put("b", bytes("x"), HOUR).await?;
    cache.remove("a").await?;
    cache.remove("a").await?;
    assert_eq!(cache.get("a").await?, None);
    assert!(cache.get("b").await?.is_some());
    assert!(cache.put_if_absent("a", bytes("y"), HOUR).await?);
    Ok(())
}

pub async fn a_fresh_cache_knows_nothing_of_others(harness: &impl Harness) -> Result<()> {
    let first = harness.fresh().await?;
    first.put("a", bytes("x"), HOUR).await?;
    let second = harness.fresh().await?;
    assert_eq!(second.get("a").await?, None);
    Ok(())
}

/// Emits one test per case of the cache suite for the harness that the expression makes.
///
/// `skip_if` is an `Option<String>`: why the adapter cannot be tested on this machine, if it cannot.
#[macro_export]
macro_rules! cache_conformance {
    ($harness:expr) => {
        $crate::cache_conformance! { $harness, skip_if: ::core::option::Option::None::<String> }
    };
    ($harness:expr, skip_if: $why:expr) => {
        $crate::__cases! { $harness, skip_if: $why, $crate::conformance::cache,
            get_returns_what_was_put,
            keys_and_values_may_be_any_bytes,
            an_entry_ends_with_its_time,
            putting_again_sets_the_time_anew,
            reading_does_not_extend_the_time,
            a_ttl_of_zero_is_refused,
            a_very_long_time_is_fine,
            one_of_many_puts_if_absent,
            an_ended_entry_counts_as_absent,
            remove_twice_is_ok,
            a_fresh_cache_knows_nothing_of_others,
        }
    };
}
