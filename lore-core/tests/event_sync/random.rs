//! Random chains with random accidents.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

use futures_util::future::{Either, join, select};
use lore_core::sync::EventSync;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use crate::world::{World, run_for};

#[derive(Clone, Debug)]
enum Step {
    Extend(u64),
    Reorganise {
        depth: u64,
        blocks: u64,
    },
    /// One process runs and is killed after so many polls.
    Killed(u32),
    /// Two processes run at the same time, and the chain is reorganised while they do.
    Rivals {
        polls: u32,
        depth: u64,
        blocks: u64,
    },
    /// The next answers of the store are lost.
    Lost(u32),
    Run,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_u64..40).prop_map(Step::Extend),
        (1_u64..60, 0_u64..40).prop_map(|(depth, blocks)| Step::Reorganise { depth, blocks }),
        (1_u32..60).prop_map(Step::Killed),
        (1_u32..60, 1_u64..30, 0_u64..40).prop_map(|(polls, depth, blocks)| Step::Rivals {
            polls,
            depth,
            blocks
        }),
        (1_u32..3).prop_map(Step::Lost),
        Just(Step::Run),
    ]
}

/// A run whose failure is a lost answer, which the next run makes good.
async fn run(sync: &EventSync) {
    let _lost: Result<_, _> = sync.run_once().await;
}

async fn take(world: &World, step: &Step) {
    let (first, second) = (world.sync(), world.sync());
    match *step {
        Step::Extend(blocks) => world.chain.extend(blocks),
        Step::Reorganise { depth, blocks } => world.chain.reorganise(depth, blocks),
        Step::Killed(polls) => {
            run_for(polls, run(&first)).await;
        }
        Step::Rivals { polls, depth, blocks } => {
            let both = pin!(join(run(&first), run(&second)));
            let upheaval = pin!(async {
                wait_for(polls).await;
                world.chain.reorganise(depth, blocks);
            });
            match select(upheaval, both).await {
                Either::Left(((), both)) => drop(both.await),
                Either::Right((_, upheaval)) => upheaval.await,
            }
        }
        Step::Lost(answers) => world.lose_answers(answers),
        Step::Run => run(&first).await,
    }
}

/// Is polled so often, with everything else in between.
async fn wait_for(polls: u32) {
    let forever = poll_fn(|context: &mut Context<'_>| -> Poll<()> {
        context.waker().wake_by_ref();
        Poll::Pending
    });
    run_for(polls, forever).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn random_chains_end_in_exactly_their_canonical_events(
        seed in any::<u64>(),
        max_range in 1_u64..25,
        steps in proptest::collection::vec(step(), 1..14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new(seed, max_range);
            for step in &steps {
                take(&world, step).await;
                prop_assert!(world.is_whole().await);
            }
            world.lose_answers(0);
            let report = world.sync().run_once().await.unwrap();
            prop_assert!(report.is_caught_up);
            prop_assert_eq!(world.stored().await, world.canonical());
            Ok(())
        })?;
    }
}
