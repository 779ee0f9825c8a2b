//! Accepted outputs.

use super::{
    fixtures::{acceptance, days, hour},
    harness::{Harness, skip},
};
use crate::{
    ai::{
        OperationKind,
        stats::{Acceptance, AcceptanceRow, Days, Rating, Taken},
    },
    conformance::{
        audit_log::fixtures::request_id,
        repository::fixtures::{address, asset_id, kind},
    },
    error::{ErrorKind, Result},
    port::ai_reports::{AcceptedBy, AcceptedPosition, AcceptedQuery, ReportStore},
    time::Day,
};

async fn filled(store: &dyn ReportStore, count: u32) -> Result<Vec<Acceptance>> {
    let mut all = Vec::new();
    for number in 0..count {
        let accepted = acceptance(number)?;
        store.put_accepted(&accepted).await?;
        all.push(accepted);
    }
    Ok(all)
}

/// All pages of a query.
async fn listed(store: &dyn ReportStore, by: AcceptedBy, limit: u32) -> Result<Vec<Acceptance>> {
    let mut query = AcceptedQuery { limit, ..AcceptedQuery::new(by) };
    let mut all = Vec::new();
    loop {
        let page = store.list_accepted(&query).await?;
        assert!(page.items.len() <= limit as usize);
        all.extend(page.items);
        query.cursor = page.next;
        if query.cursor.is_none() {
            return Ok(all);
        }
    }
}

pub async fn every_output_comes_back_field_by_field(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    for accepted in filled(&*store, 60).await? {
        assert_eq!(store.accepted(&accepted.key()).await?, Some(accepted));
    }
    let mut absent = acceptance(1)?.key();
    absent.asset = asset_id(77);
    assert_eq!(store.accepted(&absent).await?, None);
    Ok(())
}

pub async fn an_output_is_accepted_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let first = acceptance(4)?;
    store.put_accepted(&first).await?;
    let other = Acceptance { taken: Taken::Title("Another".to_owned()), ..first.clone() };
    for again in [&first, &other] {
        assert_eq!(kind(&store.put_accepted(again).await), Some(ErrorKind::AlreadyExists));
        assert_eq!(store.accepted(&first.key()).await?.as_ref(), Some(&first));
    }
    // Another asset, another part of it, another request.
    for accepted in [
        Acceptance { asset: asset_id(9), ..first.clone() },
        Acceptance { taken: Taken::Category("a".to_owned()), ..first.clone() },
        Acceptance { request: request_id(9), ..first.clone() },
    ] {
        store.put_accepted(&accepted).await?;
    }
    Ok(())
}

pub async fn a_rating_can_be_changed(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let mut accepted = filled(&*store, 3).await?.remove(1);
    for rating in [Some(Rating::new(5)?), Some(Rating::new(1)?), None] {
        store.rate_accepted(&accepted.key(), rating).await?;
        accepted.rating = rating;
        assert_eq!(store.accepted(&accepted.key()).await?.as_ref(), Some(&accepted));
    }
    let mut absent = accepted.key();
    absent.request = request_id(99);
    assert_eq!(kind(&store.rate_accepted(&absent, None).await), Some(ErrorKind::NotFound));
    assert_eq!(store.accepted(&acceptance(2)?.key()).await?, Some(acceptance(2)?));
    Ok(())
}

pub async fn outputs_are_listed_by_asset_request_and_user(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let all = filled(&*store, 60).await?;
    for by in [
        AcceptedBy::Asset(asset_id(2)),
        AcceptedBy::Request(request_id(7)),
        AcceptedBy::User(address(1)),
        AcceptedBy::User(address(50)),
    ] {
        let is_asked_for = |accepted: &&Acceptance| match by {
            AcceptedBy::Asset(asset) => accepted.asset == asset,
            AcceptedBy::Request(request) => accepted.request == request,
            AcceptedBy::User(user) => accepted.user == user,
        };
        let mut expected: Vec<_> = all.iter().filter(is_asked_for).cloned().collect();
        expected.sort_by_key(|accepted| std::cmp::Reverse(AcceptedPosition::from(accepted)));
        assert_eq!(listed(&*store, by, 100).await?, expected, "{by:?}");
    }
    Ok(())
}

pub async fn pages_give_every_output_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    filled(&*store, 60).await?;
    for by in
        [AcceptedBy::Asset(asset_id(1)), AcceptedBy::User(address(0)), AcceptedBy::Request(request_id(4))]
    {
        let whole = listed(&*store, by, 100).await?;
        for limit in [1, 2, 7] {
            assert_eq!(listed(&*store, by, limit).await?, whole, "{by:?}");
        }
    }
    let mut query = AcceptedQuery { limit: 1, ..AcceptedQuery::new(AcceptedBy::Asset(asset_id(1))) };
    query.cursor = store.list_accepted(&query).await?.next;
    assert!(query.cursor.is_some());
    for bad in [
        AcceptedQuery { limit: 0, ..query.clone() },
        AcceptedQuery { limit: 101, ..query.clone() },
        AcceptedQuery { by: AcceptedBy::Asset(asset_id(2)), ..query },
    ] {
        assert_eq!(kind(&store.list_accepted(&bad).await), Some(ErrorKind::InvalidInput), "{bad:?}");
    }
    Ok(())
}

pub async fn what_was_taken_is_counted_by_operation_and_model(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let rating = |stars| Rating::new(stars).map(Some);
    let template = Acceptance {
        operation: OperationKind::Analysis,
        model: Some("a/model".to_owned()),
        rating: None,
        is_edited: false,
        ..acceptance(0)?
    };
    let of = |request, taken: Taken| Acceptance { request: request_id(request), taken, ..template.clone() };
    let tags = || Taken::Tags(Vec::new());
    let category = || Taken::Category("oil".to_owned());
    for accepted in [
        // Two parts of one answer, one of them for two assets.
        Acceptance { rating: rating(4)?, ..of(1, tags()) },
        Acceptance { is_edited: true, ..of(1, category()) },
        Acceptance { asset: asset_id(9), rating: rating(5)?, ..of(1, tags()) },
        of(2, tags()),
        Acceptance { model: None, ..of(3, tags()) },
        Acceptance { operation: OperationKind::Titles, is_edited: true, ..of(4, tags()) },
        // Answered a day later, whenever it was taken.
        Acceptance { answered_at: hour(24), ..of(5, tags()) },
        Acceptance { answered_at: hour(23), accepted_at: hour(99), ..of(6, tags()) },
    ] {
        store.put_accepted(&accepted).await?;
    }
    let row = |operation, model: Option<&str>| AcceptanceRow::new(operation, model.map(str::to_owned));
    let titles =
        AcceptanceRow { requests: 1, taken: 1, edited: 1, ..row(OperationKind::Titles, Some("a/model")) };
    let rules = AcceptanceRow { requests: 1, taken: 1, ..row(OperationKind::Analysis, None) };
    let analysis = AcceptanceRow {
        requests: 3,
        taken: 5,
        edited: 1,
        rated: 2,
        stars: 9,
        ..row(OperationKind::Analysis, Some("a/model"))
    };
    assert_eq!(store.count_accepted(days(1)?).await?, [titles, rules, analysis]);
    let next = AcceptanceRow { requests: 1, taken: 1, ..row(OperationKind::Analysis, Some("a/model")) };
    assert_eq!(store.count_accepted(Days::one(Day::of(hour(24)))).await?, [next]);
    assert_eq!(store.count_accepted(Days::one(Day::of(hour(99)))).await?, []);
    Ok(())
}

pub async fn accepted_outputs_survive_reopening(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let all = filled(&*store, 9).await?;
    drop(store);
    let Some(store) = harness.again().await? else {
        skip("accepted_outputs_survive_reopening");
        return Ok(());
    };
    for accepted in all {
        assert_eq!(store.accepted(&accepted.key()).await?, Some(accepted));
    }
    Ok(())
}
