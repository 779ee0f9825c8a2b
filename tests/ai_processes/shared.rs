//! Several processes that share answers, and which models are left alone, through a real Redis server.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use lore::{
    CallLedger as _, Clock as _, SystemClock,
    ai::audit::{CacheOutcome, CallOutcome, close_overdue_calls},
};
use lore_ai_testbed::{Reply, Server};
use lore_store_testbed::RedisServer;
use tempfile::TempDir;

use crate::{
    asker::{Answered, Asker, FIRST, SECOND},
    log::{Log, ledger, much_later},
};

const TITLES: [&str; 4] =
    ["Harbour at Dusk", "Letters from the Tide", "Copper and Salt", "A Quiet Winter Engine"];

fn titles() -> Reply {
    Reply::text(serde_json::json!({ "titles": TITLES }).to_string())
}

struct Scene {
    data: TempDir,
    redis: RedisServer,
    models: Server,
}

impl Scene {
    /// `None`, and says why, if this machine has no Redis server.
    async fn new() -> Option<Self> {
        let redis = RedisServer::start().await?;
        Some(Self { data: TempDir::new().unwrap(), redis, models: Server::start().await })
    }

    fn asker(&self, title: &str, name: &str) -> Asker {
        Asker {
            data: self.data.path().to_owned(),
            base_url: self.models.base_url(),
            redis_url: self.redis.url(),
            title: title.to_owned(),
            name: name.to_owned(),
            deadline_seconds: 30,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_requests_of_several_processes_at_once_make_one_call() {
    let Some(scene) = Scene::new().await else { return };
    // Longer than it takes to start the others, so that those who do not wait for the answer ask as well.
    scene.models.model(FIRST, [titles().after(Duration::from_secs(2))]);
    let askers = ["one", "two", "three", "four"].map(|name| scene.asker("Sea", name));
    let answers = join_all(askers.iter().map(Asker::ask)).await;
    assert_eq!(scene.models.calls(), 1);
    let mut ways = BTreeMap::<_, usize>::new();
    for answered in answers {
        assert_eq!(answered.titles, TITLES);
        *ways.entry(format!("{:?}", answered.cache)).or_default() += 1;
    }
    assert_eq!(ways, [("Fresh".to_owned(), 3), ("Miss".to_owned(), 1)].into());
    let log = Log::read(&ledger(scene.data.path()).await).await;
    assert_eq!((log.calls.len(), log.requests.len()), (1, 4));

    let later = scene.asker("Sea", "later").ask().await;
    assert_eq!((later.cache, scene.models.calls()), (CacheOutcome::Fresh, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_while_it_asks_keeps_nobody_from_an_answer() {
    let Some(scene) = Scene::new().await else { return };
    scene.models.model(FIRST, [Reply::silent(), titles()]);
    let dying = scene.asker("Sea", "dying").start();
    scene.models.until_calls(1).await;
    drop(dying);
    // Half of the time is for the dead one's answer.
    let next = Asker { deadline_seconds: 8, ..scene.asker("Sea", "next") }.ask().await;
    assert_eq!(
        next,
        Answered {
            cache: CacheOutcome::Miss,
            model: Some(FIRST.to_owned()),
            titles: TITLES.map(str::to_owned).to_vec()
        }
    );
    let log = ledger(scene.data.path()).await;
    let later = much_later(SystemClock.now());
    assert_eq!(log.overdue_calls(later, 10).await.unwrap().len(), 1, "the dead one's call is still open");
    close_overdue_calls(&log, later).await.unwrap();
    let mut outcomes = Log::read(&log).await.calls.into_iter().map(|call| call.outcome);
    assert!(matches!(outcomes.next(), Some(CallOutcome::Answered { .. })));
    assert_eq!((outcomes.next(), outcomes.next()), (Some(CallOutcome::Unknown), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_one_process_leaves_alone_is_left_alone_by_all() {
    let Some(scene) = Scene::new().await else { return };
    scene.models.model(FIRST, [Reply::error(429, "slow down")]).model(SECOND, [titles()]);
    for title in ["Sea", "Sand", "Salt"] {
        let answered = scene.asker(title, title).ask().await;
        assert_eq!((answered.cache, answered.model.as_deref()), (CacheOutcome::Miss, Some(SECOND)));
    }
    assert_eq!((scene.models.calls_of(FIRST), scene.models.calls_of(SECOND)), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_costs_no_answer() {
    let Some(scene) = Scene::new().await else { return };
    scene.models.model(FIRST, [titles()]);
    scene.redis.freeze();
    for name in ["one", "two"] {
        let answered = scene.asker("Sea", name).ask().await;
        assert_eq!((answered.cache, answered.model.as_deref()), (CacheOutcome::Miss, Some(FIRST)));
    }
    scene.redis.thaw();
    assert_eq!(scene.models.calls(), 2, "nothing could be shared");
}
