//! Bad input: a typed error that names the field, before anything is sent or stored.

use std::sync::Arc;

use lore_core::{
    AssetId, ErrorKind, Share, Wei,
    content::BytesContent,
    creation::ParentInput,
    domain::{
        asset::{AssetText, AssetType, Creator, Relationship},
        license::{Payment, PilTerms},
    },
    protocol::{ROYALTY_POLICY_LAP, ROYALTY_POLICY_LRP, WIP},
    service::CreateAsset,
};

use crate::world::{World, alice, caller, media, original, remix_of, remix_terms, request};

fn with_media(bytes: &[u8]) -> CreateAsset {
    CreateAsset::new(AssetType::Other, AssetText::new("t", ""), Arc::new(BytesContent::new(bytes)))
}

fn with_text(text: AssetText) -> CreateAsset {
    CreateAsset::new(AssetType::Other, text, media("x"))
}

/// Tries a request in a world where nothing may happen, and returns field and rule of the first finding.
async fn refused(world: &World, work: CreateAsset) -> (String, String) {
    let (before, creations) = (world.counts(), world.creation_count().await);
    let error = world.create(work).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert_eq!((world.counts(), world.creation_count().await), (before, creations), "{error}");
    let first = &error.violations()[0];
    (first.field.clone(), first.rule.to_string())
}

#[tokio::test]
async fn every_bad_field_is_named_before_anything_happens() {
    let world = World::new();
    let mut duplicate_tags = AssetText::new("t", "");
    duplicate_tags.tags = vec!["a".into(), "a".into()];
    let mut creators = AssetText::new("t", "");
    creators.creators = vec![Creator::new("A", alice(), 99)];
    let mut terms = remix_terms();
    terms.commercial_use = false;
    let mut too_much = remix_terms();
    too_much.commercial_rev_share = 100_000_001;
    let cases = [
        (with_text(AssetText::new("", "")), "title", "empty"),
        (with_text(AssetText::new("x".repeat(201), "")), "title", "too_long"),
        (with_text(AssetText::new("t", "x".repeat(10_001))), "description", "too_long"),
        (with_text(duplicate_tags), "tags[1]", "duplicate"),
        (with_text(creators), "creators", "shares_do_not_sum"),
        (with_media(b""), "media", "empty"),
        (with_media(b"no known kind of file"), "media_type", "unknown"),
        (request("x").media_type("video/mp4".parse().unwrap()), "media_type", "contradicts_content"),
        (request(""), "idempotency_key", "malformed"),
        (request("x").file_name("a\nb"), "file_name", "malformed"),
    ];
    for (work, field, rule) in cases {
        assert_eq!(refused(&world, work).await, (field.to_owned(), rule.to_owned()));
    }
    for terms in [terms, too_much] {
        let (field, _) = refused(&world, request("x").license(terms)).await;
        assert!(field.contains("commercial") || field.contains("royalty"), "{field}");
    }
}

#[tokio::test]
async fn media_over_the_stores_limit_is_refused_before_it_is_read() {
    let mut world = World::new();
    let pins = lore_core::memory::pins::MemoryPinStore::new(lore_core::content::unixfs::Profile::Pinata);
    world.pins = Arc::new(pins.with_max_bytes(10));
    assert_eq!(
        refused(&world, with_media(b"\x89PNG\r\n\x1a\nlonger")).await,
        ("media".into(), "too_large".into())
    );
}

#[tokio::test]
async fn shares_that_miss_100_percent_by_one_unit_are_refused() {
    let world = World::new();
    let (first, second) = (world.parent("first").await, world.parent("second").await);
    for (a, b) in [("62.5", "37.499999"), ("62.5", "37.500001"), ("50", "40")] {
        let work = request("x").parent(remix_of(&first, a)).parent(remix_of(&second, b));
        let (field, _) = refused(&world, work).await;
        assert!(field.starts_with("parents"), "{field}");
    }
    let zero = request("x").parent(remix_of(&first, "100")).parent(remix_of(&second, "0"));
    assert!(refused(&world, zero).await.0.starts_with("parents[1]"));
}

#[tokio::test]
async fn parents_must_be_known_registered_distinct_and_at_most_sixteen() {
    let world = World::new();
    let parent = world.parent("first").await;
    let twice = request("x").parent(remix_of(&parent, "50")).parent(remix_of(&parent, "50"));
    assert_eq!(refused(&world, twice).await.1, "duplicate");
    let many = (0..17_u8).fold(request("x"), |work, n| {
        let share = Share::from_millionths(if n == 0 { 20_000_000 } else { 5_000_000 }).unwrap();
        work.parent(ParentInput::new(AssetId::from_bytes([n; 16]), Relationship::Remix, share))
    });
    assert_eq!(refused(&world, many).await.0, "parents");
    let unknown =
        request("x").parent(ParentInput::new(AssetId::from_bytes([9; 16]), Relationship::Remix, Share::FULL));
    let error = world.create(unknown).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.context().iter().any(|(key, value)| *key == "field" && value == "parents[0].asset"));
    let both = original("x").parent(remix_of(&parent, "100"));
    assert_eq!(refused(&world, both).await, ("license".into(), "inherited".into()));
}

#[tokio::test]
async fn an_asset_is_neither_its_own_parent_nor_its_own_ancestor() {
    let world = World::new();
    let parent = world.parent("first").await;
    let child = world.create(request("child").parent(remix_of(&parent, "100"))).await.unwrap().asset.unwrap();
    let lore = world.lore();
    let check = |child, parents: Vec<ParentInput>| {
        let lore = lore.clone();
        async move { lore.derivatives().check(&caller(), child, &parents).await.unwrap_err() }
    };
    for (asset, of) in [(&parent, &parent), (&parent, &child)] {
        let error = check(Some(asset.id), vec![remix_of(of, "100")]).await;
        assert_eq!(error.violations()[0].field, "parents[0].asset", "{error}");
    }
    assert_eq!(check(None, vec![]).await.violations()[0].field, "parents");
}

#[tokio::test]
async fn licenses_that_do_not_allow_the_child_are_refused_by_parent() {
    let world = World::new();
    let unlicensed = world.create(request("unlicensed")).await.unwrap().asset.unwrap();
    let no_derivatives =
        PilTerms::commercial_use(Wei::ZERO, Payment { currency: WIP, royalty_policy: ROYALTY_POLICY_LAP });
    let closed = world.create(request("closed").license(no_derivatives)).await.unwrap().asset.unwrap();
    let lrp = PilTerms::commercial_remix(
        Wei::ZERO,
        Share::from_percent(10).unwrap(),
        Payment { currency: WIP, royalty_policy: ROYALTY_POLICY_LRP },
    );
    let other = world.create(request("other").license(lrp)).await.unwrap().asset.unwrap();
    let open = world.parent("open").await;
    let cases = [
        vec![remix_of(&unlicensed, "100")],
        vec![remix_of(&closed, "100")],
        // Different reciprocal terms cannot be mixed.
        vec![remix_of(&open, "50"), remix_of(&other, "50")],
    ];
    for parents in cases {
        let work = parents.into_iter().fold(request("x"), CreateAsset::parent);
        let (field, rule) = refused(&world, work).await;
        assert!(field.starts_with("parents"), "{field} {rule}");
    }
}
