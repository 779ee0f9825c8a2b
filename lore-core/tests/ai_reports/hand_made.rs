//! Thirty lines written by hand, and every figure of them.

use lore_core::{
    Caller, Timestamp, Usd,
    ai::{
        Accept, OperationKind, Tier,
        audit::{AuditEntry, CacheOutcome, CallOutcome, RequestOutcome, Rung, Source},
        stats::{Figures, Rate, Rating, Taken},
    },
    conformance::{
        audit_log::fixtures::{call_entry, request_entry, request_id},
        report_store::fixtures::{days, first_day, hour},
        repository::fixtures::address,
    },
    error::{CompletionFailure, Error, ErrorKind, FailureReason},
    port::llm::{Price, Usage},
};

use crate::World;

const CHEAP: (Usage, u64) = (Usage::new(100, 20), 1_000);
const DEAR: (Usage, u64) = (Usage::new(200, 40), 4_000);

/// A request that was answered. What its own calls cost is in their lines too, and must not be counted twice.
fn answered(
    (number, at, user): (u64, Timestamp, u32),
    operation: OperationKind,
    (model, cache): (Option<&str>, CacheOutcome),
    response_micros: u64,
) -> AuditEntry {
    let mut entry = request_entry(number);
    (entry.at, entry.operation, entry.response_micros) = (at, operation, response_micros);
    entry.user = (user > 0).then(|| address(user));
    let saved = match (cache, model) {
        (CacheOutcome::Miss, _) => (Usage::default(), 0),
        (_, Some("b")) => DEAR,
        _ => CHEAP,
    };
    entry.outcome = RequestOutcome::Answered {
        source: if model.is_some() { Source::Model } else { Source::Rules },
        model: model.map(str::to_owned),
        cache,
        answer: entry.request,
        output: None,
        rung: model.map(|_| Rung::Strict),
        usage: Usage::new(77, 77),
        cost: Usd::from_picos(77),
        saved_usage: saved.0,
        saved_cost: Usd::from_picos(saved.1),
    };
    AuditEntry::Request(Box::new(entry))
}

fn failed((number, at, user): (u64, Timestamp, u32), operation: OperationKind, micros: u64) -> AuditEntry {
    let AuditEntry::Request(mut entry) =
        answered((number, at, user), operation, (None, CacheOutcome::Miss), micros)
    else {
        unreachable!("a request was made")
    };
    let failure = Error::new(ErrorKind::Unavailable, "no model answered").to_record();
    entry.outcome = RequestOutcome::Failed { failure, usage: Usage::new(77, 77), cost: Usd::from_picos(77) };
    AuditEntry::Request(entry)
}

fn called(
    (request, at, user): (u64, Timestamp, u32),
    (number, choice, model): (u32, u16, &str),
    outcome: CallOutcome,
    (usage, picos): (Usage, u64),
    response_micros: u64,
) -> AuditEntry {
    let mut entry = call_entry(request, Default::default());
    (entry.at, entry.user) = (at, Some(address(user)));
    (entry.choice, entry.number) = (choice, number);
    (entry.model, entry.outcome) = (model.to_owned(), outcome);
    (entry.usage, entry.cost, entry.response_micros) = (usage, Usd::from_picos(picos), response_micros);
    entry.tier = Tier::Fast;
    AuditEntry::Call(Box::new(entry))
}

fn good(model: &str) -> CallOutcome {
    CallOutcome::Answered { model: format!("{model}-001"), rung: Rung::Strict, output: None }
}

fn bad(reason: FailureReason) -> CallOutcome {
    let failure = Error::new(ErrorKind::Unavailable, "no answer")
        .with_completion_failure(CompletionFailure::new(reason))
        .to_record();
    CallOutcome::Failed { failure }
}

pub(crate) fn log() -> Vec<AuditEntry> {
    use CacheOutcome::{Coalesced, Fresh, Miss, Stale};
    use OperationKind::{Analysis, Description, LicenseAdvice, Titles};

    let (nine, ten, next) = (hour(9), hour(10), hour(33));
    let (a, b) = (Some("a"), Some("b"));
    let nothing = (Usage::default(), 0);
    let unusable = CallOutcome::Unusable { finding: "five titles".to_owned() };
    let mut log = vec![
        called((1, nine, 1), (1, 0, "a"), good("a"), CHEAP, 900_000),
        answered((1, nine, 1), Titles, (a, Miss), 1_000_000),
    ];
    for (number, user) in [(11, 1), (12, 2), (13, 2), (14, 3), (15, 0)] {
        log.push(answered((number, nine, user), Titles, (a, Fresh), 2));
    }
    log.extend([
        answered((16, nine, 3), Titles, (a, Coalesced), 900_000),
        called((2, nine, 2), (1, 0, "a"), bad(FailureReason::RateLimited), nothing, 50_000),
        called((2, nine, 2), (2, 1, "b"), good("b"), DEAR, 1_500_000),
        answered((2, nine, 2), Description, (b, Miss), 1_600_000),
        called((3, ten, 1), (1, 0, "a"), unusable, (Usage::new(100, 50), 1_500), 700_000),
        // Asked again: no fallback.
        called((3, ten, 1), (2, 0, "a"), good("a"), (Usage::new(150, 50), 2_000), 800_000),
        answered((3, ten, 1), Titles, (a, Miss), 1_520_000),
        called((4, ten, 3), (1, 0, "a"), bad(FailureReason::Timeout), nothing, 60_000_000),
        called((4, ten, 3), (2, 1, "b"), bad(FailureReason::Outage), nothing, 10_000),
        called((4, ten, 3), (3, 2, "c"), CallOutcome::Unknown, (Usage::new(300, 100), 9_000), 0),
        failed((4, ten, 3), Analysis, 62_000_000),
        answered((5, ten, 3), Analysis, (None, Miss), 62_000_100),
        answered((17, ten, 2), Description, (b, Stale), 30),
        called((6, next, 4), (1, 0, "a"), good("a"), CHEAP, 400_000),
        answered((6, next, 4), Titles, (a, Miss), 500_000),
    ]);
    log.extend((21..27).map(|number| answered((number, next, 4), Titles, (a, Fresh), 3)));
    // Its caller left: the call is paid all the same. The first choice was left alone, so another provider was asked.
    log.push(called((7, next, 5), (1, 1, "a"), good("a"), CHEAP, 400_000));
    log.push(failed((8, next, 0), LicenseAdvice, 10));
    assert_eq!(log.len(), 30);
    log
}

fn requests(figures: &Figures) -> (u64, u64, u64) {
    (figures.totals.requests, figures.totals.answered, figures.totals.hits.total())
}

#[tokio::test]
async fn every_figure_of_a_log_written_by_hand_is_exact() {
    let world = World::new(&log()).await;
    let system = Caller::System;
    let done = world.reports.roll_up(&system).await.unwrap();
    assert_eq!((done.lines, done.through, done.is_caught_up), (30, 30, true));
    let mut price = Price::new(Usd::from_picos(10), Usd::from_picos(100));
    price.request = Usd::from_picos(7);
    let reference = Some(("reference/model".to_owned(), price));
    let report = world.reports.analytics(&system, days(3).unwrap(), reference).await.unwrap();

    let all = &report.all;
    assert_eq!(requests(all), (20, 18, 13));
    let hits = all.totals.hits;
    assert_eq!((hits.fresh, hits.stale, hits.coalesced), (11, 1, 1));
    assert_eq!((all.failed, all.by_rules), (2, 1));
    assert_eq!(all.hit_rate, Rate::new(13, 20));
    assert_eq!(all.hit_rate.to_string(), "65.00 %");
    assert_eq!(all.success_rate, Rate::new(18, 20));
    assert_eq!(all.totals.usage, Usage::new(1_050, 300));
    assert_eq!(all.totals.cost, Usd::from_picos(19_500));
    assert_eq!(all.totals.saved_usage, Usage::new(1_400, 280));
    assert_eq!(all.totals.saved_cost, Usd::from_picos(16_000));
    assert_eq!(all.mean_micros, Some((129_020_140 + 500_028) / 20));
    let calls = &all.calls;
    assert_eq!((calls.calls, calls.success_rate), (10, Rate::new(5, 10)));
    assert_eq!(calls.fallback_share, Rate::new(4, 10));
    let failures: Vec<_> = calls.failures.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    let expected = [("outage", 1), ("rate_limited", 1), ("timeout", 1), ("unknown", 1), ("unusable", 1)];
    assert_eq!(failures, expected);
    assert_eq!(report.unique_users, 4);

    let reference = report.reference.as_ref().unwrap();
    assert_eq!(reference.would_cost, Usd::from_picos(2_450 * 10 + 580 * 100 + 20 * 7));
    assert_eq!(reference.saved, Usd::from_picos(63_140));
    assert_eq!((reference.cost, reference.overspent), (Usd::from_picos(19_500), Usd::ZERO));

    let models: Vec<_> = report
        .models
        .iter()
        .map(|model| {
            let calls = &model.figures.calls;
            let (requests, ..) = requests(&model.figures);
            let cost = model.figures.totals.cost.picos();
            (model.model.as_str(), requests, calls.success_rate, calls.fallback_share.part, cost)
        })
        .collect();
    let expected = [
        ("a", 15, Rate::new(4, 7), 1, 6_500),
        ("b", 2, Rate::new(1, 2), 2, 4_000),
        ("c", 0, Rate::new(0, 1), 1, 9_000),
    ];
    assert_eq!(models, expected);
    let operations: Vec<_> =
        report.operations.iter().map(|of| (of.operation.as_str(), requests(&of.figures))).collect();
    let expected = [
        ("titles", (15, 15, 12)),
        ("description", (2, 2, 1)),
        ("analysis", (2, 1, 0)),
        ("license_advice", (1, 0, 0)),
    ];
    assert_eq!(operations, expected);
    let hours: Vec<_> = report.by_hour.iter().map(|of| (of.hour.start(), requests(&of.figures))).collect();
    assert_eq!(hours, [(hour(9), (8, 8, 6)), (hour(10), (4, 3, 1)), (hour(33), (8, 7, 6))]);
    let of_days: Vec<_> = report.by_day.iter().map(|of| (requests(&of.figures), of.unique_users)).collect();
    assert_eq!(of_days, [((12, 11, 7), 3), ((8, 7, 6), 1), ((0, 0, 0), 0)]);
    assert_eq!(report.by_day[2].figures.latency, None);
    let latency = report.by_day[1].figures.latency.unwrap();
    assert_eq!(latency.p50_micros, 3);
    assert!(latency.p95_micros.abs_diff(500_000) <= 500_000 / 128);
    assert_eq!(report.by_day[1].figures.mean_micros, Some(62_503));
}

#[tokio::test]
async fn a_day_is_reported_by_itself_and_counting_it_again_changes_nothing() {
    let world = World::new(&log()).await;
    let moderator = Caller::Moderator(address(9));
    world.reports.roll_up(&moderator).await.unwrap();
    let day = world.reports.daily(&moderator, first_day()).await.unwrap();
    assert_eq!(requests(&day.all), (12, 11, 7));
    assert_eq!((day.unique_users, day.operations.len()), (3, 3));
    assert_eq!(day.all.mean_micros, Some(129_020_140 / 12));
    assert_eq!(day.all.totals.usage.total(), 850 + 260);
    let again = world.reports.roll_up(&moderator).await.unwrap();
    assert_eq!((again.lines, again.is_caught_up), (0, true));
    assert_eq!(world.reports.daily(&moderator, first_day()).await.unwrap(), day);
}

#[tokio::test]
async fn analytics_say_how_much_of_the_answers_was_taken() {
    let world = World::new(&log()).await;
    world.reports.roll_up(&Caller::System).await.unwrap();
    let id = lore_core::conformance::repository::fixtures::asset_id;
    let title = Accept::new(id(1), request_id(1), Taken::Title("Starry Night".to_owned()));
    let title = title.edited().rating(Rating::new(5).unwrap());
    world.reports.accept(&Caller::User(address(1)), title).await.unwrap();
    for (request, stars) in [(2, 4), (17, 3)] {
        let text = Accept::new(id(2), request_id(request), Taken::Description("A night.".to_owned()));
        let text = text.rating(Rating::new(stars).unwrap());
        world.reports.accept(&Caller::User(address(2)), text).await.unwrap();
    }
    let report = world.reports.analytics(&Caller::System, days(2).unwrap(), None).await.unwrap();
    let taken: Vec<_> = report
        .acceptance
        .iter()
        .map(|of| {
            let rates = (of.acceptance_rate, of.edited_rate);
            (of.operation.as_str(), of.model.as_deref(), rates, of.mean_rating_hundredths)
        })
        .collect();
    let expected = [
        ("titles", Some("a"), (Rate::new(1, 15), Rate::new(1, 1)), Some(500)),
        ("description", Some("b"), (Rate::new(2, 2), Rate::new(0, 2)), Some(350)),
        ("analysis", None, (Rate::new(0, 1), Rate::new(0, 0)), None),
    ];
    assert_eq!(taken, expected);
}
