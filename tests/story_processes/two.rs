//! Two processes at the same time.

use std::time::Duration;

use crate::{
    job::{Job, Way},
    process::Process,
    scene::Scene,
};

const WORKS: u32 = 24;

/// Runs the jobs side by side, from the same moment on.
async fn side_by_side(jobs: [Job; 2]) {
    let mut processes = jobs.map(|job| Process::start(&Job { waits: true, ..job }));
    processes.iter_mut().for_each(Process::ready);
    processes.iter_mut().for_each(Process::go);
    for process in &mut processes {
        assert!(process.end().await.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_with_one_key_and_one_database_do_not_collide() {
    let test = "two_engines_with_one_key_and_one_database_do_not_collide";
    let Some(scene) = Scene::new(test, Duration::from_millis(200)).await else { return };
    let before = scene.count().await;
    let both = scene.job(Way::Engine, 2 * WORKS);
    let (first, second) = both.works.split_at(WORKS as usize);
    let half = |works: &[String]| Job { works: works.to_vec(), ..both.clone() };
    side_by_side([half(first), half(second)]).await;
    let nonces = scene.judge(&both, before).await;
    let mut order: Vec<usize> = (0..nonces.len()).collect();
    order.sort_by_key(|work| nonces[*work]);
    let is_first: Vec<bool> = order.iter().map(|work| *work < first.len()).collect();
    let turns = 1 + is_first.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(turns > 2, "the one waited for the other to finish everything");
    println!(
        "two processes, one key: {} registrations in {turns} turns, {} mints, 0 nonce gaps",
        both.works.len(),
        scene.judge_all().await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_processes_both_want_happens_once() {
    let test = "what_two_processes_both_want_happens_once";
    let Some(scene) = Scene::new(test, Duration::from_millis(200)).await else { return };
    let before = scene.count().await;
    let job = scene.job(Way::Client, WORKS);
    // From both ends: in the middle they are at the same works at the same time.
    let reversed = Job { works: job.works.iter().rev().cloned().collect(), ..job.clone() };
    side_by_side([job.clone(), reversed]).await;
    scene.judge(&job, before).await;
    println!(
        "two processes, the same {} keys: {} mints, 0 nonce gaps",
        job.works.len(),
        scene.judge_all().await
    );
}
