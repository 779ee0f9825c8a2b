//! Processes that are killed at random moments.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    time::{Duration, Instant},
};

use crate::{job::Way, process::Process, scene::Scene};

/// So many are killed; one that is done before its moment does not count.
const ROUNDS: u32 = 10;
const WORKS: u32 = 8;
/// A process that was killed is killed again, at most this often.
const KILLS: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_moment_leaves_work_that_is_finished_once() {
    let test = "a_process_killed_at_any_moment_leaves_work_that_is_finished_once";
    let Some(scene) = Scene::new(test, Duration::from_millis(200)).await else { return };
    let before = scene.count().await;
    let undisturbed = scene.job(Way::Engine, WORKS);
    let start = Instant::now();
    assert!(Process::start(&undisturbed).end().await.success());
    let length = start.elapsed();
    scene.judge(&undisturbed, before).await;

    // The standard library seeds its hash maps from the system.
    let random = RandomState::new();
    let (mut rounds, mut killed, mut kills) = (0, 0, 0);
    while killed < ROUNDS {
        assert!(rounds < 5 * ROUNDS, "{killed} of {rounds} rounds were killed, the others done before");
        let before = scene.count().await;
        let job = scene.job(if rounds % 2 == 0 { Way::Engine } else { Way::Client }, WORKS);
        let mut kills_now = 0;
        for kill in 0..KILLS {
            let drawn = random.hash_one((rounds, kill));
            let moment = Duration::from_micros(drawn % u64::try_from(length.as_micros()).unwrap());
            let mut process = Process::start(&job);
            if process.end_within(moment).await.is_some() || !process.kill() {
                break;
            }
            kills_now += 1;
        }
        assert!(Process::start(&job).end().await.success());
        scene.judge(&job, before).await;
        rounds += 1;
        killed += u32::from(kills_now > 0);
        kills += kills_now;
    }
    // With those of the undisturbed process.
    let works = (rounds + 1) * WORKS;
    assert_eq!(scene.judge_all().await, u64::from(works));
    println!(
        "{killed} of {rounds} processes killed, {kills} times at random: {works} registrations, {works} mints, 0 lost, \
         0 nonce gaps"
    );
}
