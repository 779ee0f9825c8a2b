//! Accounts that did nothing before, for the suites of the ports: each case has one of its own, paid by the tests'
//! account, with a collection of its own.

use std::{collections::hash_map::RandomState, env, hash::BuildHasher as _};

use lore_core::{Address, Result, Secret, Wei};
use lore_story::{
    StoryClient,
    ops::{CreateCollection, TransferCoins},
};

use crate::chain::{Story, runtime, story};

/// What a new account gets: a coin.
const COINS: u64 = 1;

/// Why the suites cannot run, if they cannot. A case asks within its own runtime, so it must not make one.
pub(crate) fn missing() -> Option<String> {
    let is_set = |name: &str| env::var_os(name).is_some();
    (!is_set("LORE_STORY_RPC") || !is_set("LORE_STORY_KEY"))
        .then(|| "LORE_STORY_RPC and LORE_STORY_KEY name no chain and account to run against".to_owned())
}

/// A key that nobody had before.
fn new_key() -> Secret {
    let word = || RandomState::new().hash_one(());
    Secret::new(format!("{:016x}{:016x}{:016x}{:016x}", word() >> 1, word(), word(), word()))
}

async fn chain() -> &'static Story {
    // The chain is looked for once, on the tests' own runtime, which a case of a suite is not on.
    let found = tokio::task::spawn_blocking(story).await.unwrap();
    found.expect("the suites are skipped without a chain")
}

/// A client of an account that owns nothing.
pub(crate) async fn unfunded_client() -> StoryClient {
    chain().await.account(&new_key(), Address::ZERO)
}

/// A client of a new account with a coin and a collection.
pub(crate) async fn client() -> Result<StoryClient> {
    let (story, key) = (chain().await, new_key());
    let client = story.account(&key, Address::ZERO);
    let gift = TransferCoins::new(client.signer(), Wei::from_coins(COINS));
    // The tests' account has one lane, and that lives on their runtime.
    runtime().spawn(async move { story.client.send(&gift).await }).await.unwrap()?;
    let create = CreateCollection::new("A suite's", "SUITE", client.signer());
    let collection = client.send(&create).await?.collection;
    Ok(story.account(&key, collection))
}
