//! Who may see and record what.

use lore_core::{
    Caller, Error, ErrorKind,
    ai::{
        Accept,
        stats::{AcceptanceKey, Rating, Taken, TakenKind},
    },
    conformance::{
        audit_log::fixtures::request_id,
        report_store::fixtures::{days, first_day},
        repository::fixtures::{address, asset_id},
    },
    port::{
        ai_log::AuditLog,
        ai_reports::{AcceptedBy, AcceptedQuery, UsageReports},
        llm::Usage,
    },
};

use crate::{World, hand_made::log};

const ONE: fn() -> Caller = || Caller::User(address(1));
const TWO: fn() -> Caller = || Caller::User(address(2));

fn kind<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

fn title(request: u64, text: &str) -> Accept {
    Accept::new(asset_id(1), request_id(request), Taken::Title(text.to_owned()))
}

#[tokio::test]
async fn figures_of_the_platform_are_not_for_users_but_their_own_are() {
    let world = World::new(&log()).await;
    let (user, days) = (TWO(), days(2).unwrap());
    let denied = Some(ErrorKind::PermissionDenied);
    assert_eq!(kind(world.reports.roll_up(&user).await), denied);
    assert_eq!(world.store.counted_through().await.unwrap(), 0);
    assert_eq!(kind(world.reports.analytics(&user, days, None).await), denied);
    assert_eq!(kind(world.reports.daily(&user, first_day()).await), denied);
    assert_eq!(kind(world.reports.usage_of(&user, &address(1), days).await), denied);
    world.reports.roll_up(&Caller::Moderator(address(9))).await.unwrap();
    let own = world.reports.usage_of(&user, &address(2), days).await.unwrap();
    assert_eq!((own.requests, own.answered, own.hits.fresh, own.hits.stale), (4, 4, 2, 1));
    assert_eq!((own.usage, own.cost.picos()), (Usage::new(200, 40), 4_000));
    assert_eq!((own.saved_usage, own.saved_cost.picos()), (Usage::new(400, 80), 6_000));
    assert_eq!(world.reports.usage_of(&Caller::System, &address(2), days).await.unwrap(), own);
}

#[tokio::test]
async fn an_output_is_taken_once_by_the_one_who_asked_for_the_own_asset() {
    let world = World::new(&log()).await;
    let reports = &world.reports;
    let accepted = reports.accept(&ONE(), title(1, "Starry Night")).await.unwrap();
    assert_eq!((accepted.user, accepted.model.as_deref()), (address(1), Some("a")));
    assert_eq!(accepted.answered_at, lore_core::conformance::report_store::fixtures::hour(9));
    // Again is the same; another text of the same answer is not.
    assert_eq!(reports.accept(&ONE(), title(1, "Starry Night")).await.unwrap(), accepted);
    let other = reports.accept(&ONE(), title(1, "Another Night")).await;
    assert_eq!(kind(other), Some(ErrorKind::AlreadyExists));
    // Somebody else's asset, somebody else's answer, no answer, no line, no asset.
    let cases = [
        (TWO(), title(12, "Night"), ErrorKind::PermissionDenied),
        (ONE(), title(12, "Night"), ErrorKind::NotFound),
        (ONE(), title(4, "Night"), ErrorKind::NotFound),
        (ONE(), title(99, "Night"), ErrorKind::NotFound),
        (ONE(), Accept::new(asset_id(7), request_id(1), Taken::Tags(Vec::new())), ErrorKind::NotFound),
        // Not what it was asked for, and no title.
        (ONE(), Accept::new(asset_id(1), request_id(1), Taken::Tags(Vec::new())), ErrorKind::InvalidInput),
        (ONE(), title(1, " "), ErrorKind::InvalidInput),
    ];
    for (caller, accept, expected) in cases {
        assert_eq!(kind(reports.accept(&caller, accept.clone()).await), Some(expected), "{accept:?}");
    }
    // What the application asked belongs to the asset's owner, and the application records for users.
    assert_eq!(reports.accept(&ONE(), title(15, "Night")).await.unwrap().user, address(1));
    let night = Accept::new(asset_id(2), request_id(13), Taken::Title("Night".to_owned()));
    assert_eq!(reports.accept(&Caller::System, night).await.unwrap().user, address(2));
}

#[tokio::test]
async fn accepted_outputs_are_listed_and_rated_by_whose_they_are() {
    let world = World::new(&log()).await;
    let reports = &world.reports;
    let accepted = reports.accept(&ONE(), title(1, "Starry Night")).await.unwrap();
    let denied = Some(ErrorKind::PermissionDenied);
    let queries =
        [AcceptedBy::Asset(asset_id(1)), AcceptedBy::Request(request_id(1)), AcceptedBy::User(address(1))];
    for by in queries {
        let query = AcceptedQuery::new(by);
        for caller in [ONE(), Caller::Moderator(address(9)), Caller::System] {
            let page = reports.accepted_for(&caller, &query).await.unwrap();
            assert_eq!((page.items, page.next), (vec![accepted.clone()], None));
        }
        assert_eq!(kind(reports.accepted_for(&TWO(), &query).await), denied, "{by:?}");
    }
    let nothing = AcceptedQuery::new(AcceptedBy::Request(request_id(2)));
    assert_eq!(reports.accepted_for(&TWO(), &nothing).await.unwrap().items, []);
    let (key, five) = (accepted.key(), Some(Rating::new(5).unwrap()));
    assert_eq!(kind(reports.rate(&TWO(), &key, five).await), denied);
    reports.rate(&ONE(), &key, five).await.unwrap();
    let page = reports.accepted_for(&ONE(), &AcceptedQuery::new(queries[0])).await.unwrap();
    assert_eq!(page.items[0].rating, five);
    let absent = AcceptanceKey::new(asset_id(1), TakenKind::Tags, request_id(1));
    assert_eq!(kind(reports.rate(&ONE(), &absent, five).await), Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn an_answer_whose_line_was_archived_cannot_be_taken_any_more() {
    let world = World::new(&log()).await;
    let last = world.log.head().await.unwrap();
    world.log.drop_through(&last).await.unwrap();
    let late = world.reports.accept(&ONE(), title(1, "Starry Night")).await;
    assert_eq!(kind(late), Some(ErrorKind::NotFound));
}
