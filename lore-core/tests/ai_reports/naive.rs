//! Figures against a computation that only filters and adds.

use std::collections::BTreeSet;

use lore_core::{
    Caller, Usd,
    ai::{
        audit::{AuditEntry, CacheOutcome, CallEntry, CallOutcome, RequestEntry, RequestOutcome},
        stats::{UsageDelta, fold},
    },
    conformance::report_store::fixtures::{asked, call, days, hour},
    port::{ai_log::AuditLog, llm::Price},
};
use proptest::{collection::vec, prelude::any, proptest, sample::Index};

use crate::World;

fn lines(seeds: &[(u64, bool, u64)]) -> Vec<AuditEntry> {
    let line = |(number, is_call, at): &(u64, bool, u64)| {
        if *is_call { call(*number, hour(*at)) } else { asked(*number, hour(*at)) }
    };
    seeds.iter().map(line).collect()
}

fn requests(lines: &[AuditEntry]) -> impl Iterator<Item = &RequestEntry> {
    lines.iter().filter_map(|line| match line {
        AuditEntry::Request(entry) => Some(&**entry),
        _ => None,
    })
}

fn calls(lines: &[AuditEntry]) -> impl Iterator<Item = &CallEntry> {
    lines.iter().filter_map(|line| match line {
        AuditEntry::Call(entry) => Some(&**entry),
        _ => None,
    })
}

fn hits(lines: &[AuditEntry], kind: CacheOutcome) -> u64 {
    let is_hit = |entry: &&RequestEntry| matches!(&entry.outcome, RequestOutcome::Answered { cache, .. } if *cache == kind);
    requests(lines).filter(is_hit).count() as u64
}

fn nearest(mut times: Vec<u64>, percent: usize) -> u64 {
    times.sort_unstable();
    times[(times.len() * percent).div_ceil(100) - 1]
}

async fn compare(lines: &[AuditEntry], first_part: usize) {
    let world = World::new(&lines[..first_part]).await;
    let system = Caller::System;
    world.reports.roll_up(&system).await.unwrap();
    world.log.append(&lines[first_part..]).await.unwrap();
    world.reports.roll_up(&system).await.unwrap();
    let price = Price::new(Usd::from_picos(3), Usd::from_picos(5));
    let reference = Some(("reference".to_owned(), price));
    let report = world.reports.analytics(&system, days(3).unwrap(), reference).await.unwrap();
    let (all, made) = (&report.all, &report.all.calls);
    assert_eq!(all.totals.requests, requests(lines).count() as u64);
    let answered: Vec<_> = requests(lines)
        .filter_map(|entry| match &entry.outcome {
            RequestOutcome::Answered { saved_usage, saved_cost, .. } => Some((*saved_usage, *saved_cost)),
            _ => None,
        })
        .collect();
    assert_eq!(all.totals.answered, answered.len() as u64);
    assert_eq!(all.totals.hits.fresh, hits(lines, CacheOutcome::Fresh));
    assert_eq!(all.totals.hits.stale, hits(lines, CacheOutcome::Stale));
    assert_eq!(all.totals.hits.coalesced, hits(lines, CacheOutcome::Coalesced));
    let saved: u64 = answered.iter().map(|(_, cost)| cost.picos()).sum();
    assert_eq!(all.totals.saved_cost.picos(), saved);
    let cost: u64 = calls(lines).map(|entry| entry.cost.picos()).sum();
    assert_eq!(all.totals.cost.picos(), cost);
    let tokens = calls(lines).map(|entry| entry.usage).chain(answered.iter().map(|(usage, _)| *usage));
    let would_cost: u64 = tokens.map(|usage| 3 * usage.prompt_tokens + 5 * usage.completion_tokens).sum();
    assert_eq!(report.reference.unwrap().would_cost.picos(), would_cost);
    assert_eq!(made.calls, calls(lines).count() as u64);
    let good = calls(lines).filter(|entry| matches!(entry.outcome, CallOutcome::Answered { .. })).count();
    assert_eq!(made.success_rate.part, good as u64);
    assert_eq!(made.failures.values().sum::<u64>(), made.calls - good as u64);
    assert_eq!(made.fallback_share.part, calls(lines).filter(|entry| entry.choice != 0).count() as u64);
    let users: BTreeSet<_> = requests(lines).filter_map(|entry| entry.user).collect();
    assert_eq!(report.unique_users, users.len() as u64);
    let times: Vec<_> = requests(lines).map(|entry| entry.response_micros).collect();
    if let Some(latency) = all.latency {
        assert_eq!(all.mean_micros, Some(times.iter().sum::<u64>() / times.len() as u64));
        for (found, percent) in [(latency.p50_micros, 50), (latency.p95_micros, 95), (latency.p99_micros, 99)]
        {
            let exact = nearest(times.clone(), percent);
            assert!(found.abs_diff(exact) <= exact / 128, "{found} for {exact}");
        }
    }
    let by_model: u64 = report.models.iter().map(|model| model.figures.calls.calls).sum();
    let by_operation: u64 = report.operations.iter().map(|of| of.figures.totals.requests).sum();
    let by_hour: u64 = report.by_hour.iter().map(|of| of.figures.totals.requests).sum();
    let by_day: u64 = report.by_day.iter().map(|of| of.figures.totals.requests).sum();
    assert_eq!(by_model, made.calls);
    assert_eq!([by_operation, by_hour, by_day], [all.totals.requests; 3]);
    assert_eq!(all.latency.is_some(), !times.is_empty());
}

fn merged(parts: &[&UsageDelta]) -> UsageDelta {
    let mut sum = UsageDelta::default();
    parts.iter().for_each(|part| sum.merge(part));
    sum
}

proptest! {
    #[test]
    fn figures_are_those_of_a_naive_computation(
        seeds in vec((0_u64..200, any::<bool>(), 0_u64..72), 0..120),
        part in any::<Index>(),
    ) {
        let lines = lines(&seeds);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(compare(&lines, part.index(lines.len() + 1)));
    }

    #[test]
    fn merging_is_associative_and_commutative(
        one in vec((0_u64..200, any::<bool>(), 0_u64..5), 0..30),
        two in vec((0_u64..200, any::<bool>(), 0_u64..5), 0..30),
        three in vec((0_u64..200, any::<bool>(), 0_u64..5), 0..30),
    ) {
        let [one, two, three] = [one, two, three].map(|seeds| fold(&lines(&seeds)));
        let all = merged(&[&one, &two, &three]);
        assert_eq!(merged(&[&merged(&[&one, &two]), &three]), all);
        assert_eq!(merged(&[&one, &merged(&[&two, &three])]), all);
        assert_eq!(merged(&[&three, &one, &two]), all);
        assert_eq!(merged(&[&two, &one, &three]), all);
    }
}
