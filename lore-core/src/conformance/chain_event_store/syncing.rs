//! Whole runs over a chain that is reorganised.

use std::sync::Arc;

use futures_util::future::join;

use super::{
    fixtures::{CHAIN, all, oldest_first},
    harness::Harness,
    scripted::{Dice, ScriptedChain},
};
use crate::{domain::chain_event::ChainEventQuery, error::Result, sync::EventSync};

/// Two processes read a chain that grows and is reorganised between their runs.
pub async fn what_two_processes_sync_are_the_canonical_events(harness: &impl Harness) -> Result<()> {
    for seed in 0..4 {
        let store = harness.fresh().await?;
        let other = harness.again().await?.unwrap_or_else(|| Arc::clone(&store));
        let chain = ScriptedChain::new(seed, 7);
        let mut dice = Dice::new(1_000 + seed);
        let sync = |store: &Arc<_>| {
            let source = Arc::new(chain.clone());
            EventSync::new(source, Arc::clone(store), CHAIN, 3).with_max_batches(40)
        };
        let (first, second) = (sync(&store), sync(&other));
        for _ in 0..12 {
            chain.extend(dice.below(30));
            if dice.below(2) == 0 {
                chain.reorganise(1 + dice.below(40), dice.below(20));
            }
            let (one, two) = join(first.run_once(), second.run_once()).await;
            one?;
            two?;
        }
        let last = first.run_once().await?;
        assert!(last.is_caught_up, "{last:?}");
        let query = ChainEventQuery { limit: 100, ..oldest_first() };
        assert_eq!(all(&*other, &query).await?, chain.canonical(3), "seed {seed}");
    }
    Ok(())
}
