//! What an owner sees of a creation: progress, idempotency, retry, cancellation.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    task::{Poll, Waker},
};

use async_trait::async_trait;
use lore_core::{
    Address, Caller, Content, ErrorKind, Result, Wei,
    content::ContentReader,
    creation::{CreationStatus, Step},
    layer::{Fault, FaultLayer, FaultPlan},
    progress::{Progress, ProgressEvent},
    service::AssetEdit,
};

use crate::world::{World, alice, caller, media, original, remix_of, request};

/// Media whose bytes stop coming when told, and go on when told.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    inner: Arc<dyn Content>,
    state: Arc<GateState>,
}

#[derive(Debug, Default)]
struct GateState {
    closed: AtomicBool,
    opens_left: AtomicI64,
    waiting: Mutex<Vec<Waker>>,
}

impl Gate {
    pub(crate) fn new(text: &str) -> Self {
        Self { inner: media(text), state: Arc::default() }
    }

    /// Closes behind the next `opens` times that somebody opens the media.
    pub(crate) fn close_after(&self, opens: i64) {
        self.state.opens_left.store(opens, Ordering::SeqCst);
        self.state.closed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) {
        self.state.closed.store(false, Ordering::SeqCst);
        self.state.waiting.lock().unwrap().drain(..).for_each(Waker::wake);
    }
}

#[async_trait]
impl Content for Gate {
    fn size_bytes(&self) -> u64 {
        self.inner.size_bytes()
    }

    async fn open(&self, offset: u64) -> Result<Box<dyn ContentReader>> {
        let left = self.state.opens_left.fetch_sub(1, Ordering::SeqCst);
        std::future::poll_fn(|context| {
            if left > 0 || !self.state.closed.load(Ordering::SeqCst) {
                return Poll::Ready(());
            }
            self.state.waiting.lock().unwrap().push(context.waker().clone());
            Poll::Pending
        })
        .await;
        self.inner.open(offset).await
    }
}

#[tokio::test]
async fn progress_tells_both_sides_of_every_effect_in_order() {
    let world = World::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    let progress = Progress::to_fn(move |event| {
        let line = match event {
            ProgressEvent::Hashing { .. } | ProgressEvent::Uploading { .. } => return,
            ProgressEvent::Opened { resumed, .. } => format!("opened, resumed {resumed}"),
            ProgressEvent::Intending { step, .. } => format!("{step} intending"),
            ProgressEvent::Intended { step, .. } => format!("{step} intended"),
            ProgressEvent::Performing { step, .. } => format!("{step} performing"),
            ProgressEvent::Performed { step, .. } => format!("{step} performed"),
            ProgressEvent::Recorded { step, .. } => format!("{step} recorded"),
            other => format!("{other:?}").split(' ').next().unwrap_or_default().to_lowercase(),
        };
        sink.lock().unwrap().push(line);
    });
    world.lore().creations().create(&caller(), original("it"), &progress).await.unwrap();
    insta::assert_snapshot!(told.lock().unwrap().join("\n"));
}

#[tokio::test]
async fn the_same_key_and_request_give_the_finished_creation_without_new_effects() {
    let world = World::new();
    let first = world.create(original("it")).await.unwrap();
    let before = world.counts();
    let again = world.create(original("it")).await.unwrap();
    assert_eq!(again.record.id, first.record.id);
    assert_eq!(again.asset, first.asset);
    assert_eq!(world.counts(), before);
}

#[tokio::test]
async fn the_same_key_and_another_request_are_a_conflict_that_names_the_difference() {
    let world = World::new();
    world.create(original("it")).await.unwrap();
    let error = world.create(request("it")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.context().contains(&("differs_in", "license".to_owned())), "{error}");
    // Another owner's keys are their own.
    let bob = Caller::User(Address::from_bytes([0xb0; 20]));
    let created = world.lore().creations().create(&bob, request("it"), &Progress::none()).await.unwrap();
    assert!(created.is_finished());
}

#[tokio::test]
async fn a_derivative_is_created_and_linked_as_one_piece_of_work() {
    let world = World::new();
    let (first, second) = (world.parent("first").await, world.parent("second").await);
    let work = request("it").parent(remix_of(&first, "62.5")).parent(remix_of(&second, "37.5"));
    let view = world.create(work).await.unwrap();
    let asset = view.asset.unwrap();
    let lore = world.lore();
    let links = lore.derivatives().parents(&caller(), &asset.id).await.unwrap();
    assert_eq!(links.iter().map(|link| link.parent).collect::<Vec<_>>(), [first.id, second.id]);
    assert!(links.iter().all(|link| link.on_chain.is_some()));
    assert_eq!(lore.derivatives().children(&caller(), &first.id).await.unwrap().len(), 1);

    let family = lore.derivatives().family(&caller(), &asset.id).await.unwrap();
    assert_eq!(family.ancestors.len(), 2);
    assert_eq!(family.members.len(), 3);
    let preview =
        lore.derivatives().royalty_preview(&caller(), &asset.id, Wei::from_coins(10)).await.unwrap();
    assert_eq!(preview.kept, Wei::from_coins(8));
    assert!(preview.ancestors.iter().all(|earning| earning.amount == Wei::from_coins(1)));
}

#[tokio::test]
async fn the_same_media_is_uploaded_once_for_any_number_of_assets() {
    let world = World::new();
    let one = world.create(request("a")).await.unwrap().asset.unwrap();
    let text = lore_core::domain::asset::AssetText::new("Another", "");
    let same = lore_core::service::CreateAsset::new(one.asset_type, text, media("a"));
    let other = world.create(same).await.unwrap().asset.unwrap();
    assert_eq!(one.media.fingerprint.cid, other.media.fingerprint.cid);
    assert_ne!(one.id, other.id);
    // One media file and two times two documents.
    assert_eq!(world.pins.uploads(), 5);
}

#[tokio::test]
async fn a_creation_that_needs_its_media_again_says_so_and_where_it_was() {
    let world = World::new();
    let faults = FaultLayer::new(FaultPlan::nth_of("pin", 1, Fault::CrashBefore));
    let lore = world.lore_with(faults.clone());
    let work = original("it").media_source("/photos/it.png");
    assert!(faults.until_crash(lore.creations().create(&caller(), work, &Progress::none())).await.is_none());
    world.let_the_lease_end();
    let lore = world.lore();
    let open = lore.creations().list(&caller(), Default::default()).await.unwrap().items.remove(0);
    assert_eq!(open.media_source.as_deref(), Some("/photos/it.png"));
    let retry = |media| {
        let lore = lore.clone();
        let id = open.id;
        async move { lore.creations().retry_creation(&caller(), &id, media, &Progress::none()).await }
    };
    let error = retry(None).await.unwrap_err();
    assert_eq!(error.violations()[0].field, "media");

    let changed = retry(Some(media("changed"))).await.unwrap_err();
    assert_eq!(changed.kind(), ErrorKind::IntegrityMismatch);
    assert_eq!(world.counts().0, 0);

    assert!(retry(Some(media("it"))).await.unwrap().is_finished());
}

#[tokio::test]
async fn a_cancelled_creation_leaves_nothing_that_others_do_not_need() {
    let world = World::that_does_not_wait();
    let shared = world.create(request("it")).await.unwrap().asset.unwrap();
    let faults = FaultLayer::new(
        FaultPlan::every("find_registration", Fault::FailBefore)
            .and(FaultPlan::every("register", Fault::FailBefore)),
    );
    // Stops at the NFT metadata: nothing was sent to the chain yet.
    let stop = FaultLayer::new(FaultPlan::nth_of(
        "pin",
        3,
        Fault::Refuse(ErrorKind::Unauthenticated, lore_core::Retry::Never),
    ));
    let text = lore_core::domain::asset::AssetText::new("Second thoughts", "");
    let work =
        lore_core::service::CreateAsset::new(shared.asset_type, text, media("it")).idempotency_key("second");
    let lore = world.lore_with(stop);
    lore.creations().create(&caller(), work.clone(), &Progress::none()).await.unwrap_err();
    let open = world.creation("second").await;
    assert_eq!((open.status, open.step), (CreationStatus::Stuck, Some(Step::NftMetadataUpload)));

    let left = world.lore().creations().cancel(&caller(), &open.id, &Progress::none()).await.unwrap();
    assert_eq!(left.kept, [shared.media.fingerprint.cid]);
    assert_eq!(world.assets().await, [shared]);
    assert_eq!(world.pins.pin_count(), 3);
    // Again is fine; going on is not.
    world.lore().creations().cancel(&caller(), &open.id, &Progress::none()).await.unwrap();
    let error = world.create(work).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);

    // Once a transaction may be out, there is no way back.
    let lore = world.lore_with(faults);
    lore.creations().create(&caller(), request("third"), &Progress::none()).await.unwrap_err();
    let open = world.creation("third").await;
    assert_eq!(open.step, Some(Step::Registration));
    let error = world.lore().creations().cancel(&caller(), &open.id, &Progress::none()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn media_that_another_owner_gave_up_meanwhile_is_uploaded_again_before_the_chain_points_to_it() {
    let world = World::new();
    let first = world.create(request("it")).await.unwrap().asset.unwrap();
    let faults = FaultLayer::new(FaultPlan::nth_of("pin", 2, Fault::CrashAfter));
    let text = lore_core::domain::asset::AssetText::new("Another", "");
    let work =
        lore_core::service::CreateAsset::new(first.asset_type, text, media("it")).idempotency_key("second");
    let lore = world.lore_with(faults.clone());
    assert!(
        faults
            .until_crash(lore.creations().create(&caller(), work.clone(), &Progress::none()))
            .await
            .is_none()
    );
    // Somebody unpins behind Lore's back.
    lore_core::port::pins::PinStore::unpin(&*world.pins, &first.media.fingerprint.cid).await.unwrap();
    world.let_the_lease_end();
    assert!(world.create(work).await.unwrap().is_finished());
    let found =
        lore_core::port::pins::PinStore::find(&*world.pins, &first.media.fingerprint.cid).await.unwrap();
    assert!(found.is_some());
}

#[tokio::test]
async fn only_the_owner_sees_and_changes_a_creation() {
    let world = World::new();
    let view = world.create(original("it")).await.unwrap();
    let asset = view.asset.unwrap();
    let bob = Caller::User(Address::from_bytes([0xb0; 20]));
    let lore = world.lore();
    let progress = Progress::none();
    let refused = [
        lore.creations().get(&bob, &view.record.id).await.err(),
        lore.creations().retry_creation(&bob, &view.record.id, None, &progress).await.err(),
        lore.creations().retry_registration(&bob, &asset.id, &progress).await.err(),
        lore.creations().cancel(&bob, &view.record.id, &progress).await.err(),
        lore.assets().edit(&bob, &asset.id, asset.version, AssetEdit::default().title("Mine")).await.err(),
        lore.assets().archive(&bob, &asset.id).await.err(),
        lore.assets().restore(&bob, &asset.id).await.err(),
        lore.assets().delete(&bob, &asset.id).await.err(),
    ];
    for error in refused {
        assert_eq!(error.unwrap().kind(), ErrorKind::PermissionDenied);
    }
    assert_eq!(
        lore.creations().create(&Caller::System, request("x"), &progress).await.unwrap_err().kind(),
        ErrorKind::Unauthenticated
    );
    assert_eq!(world.assets().await[0].owner, alice());
}

#[tokio::test]
async fn an_asset_is_edited_archived_restored_and_deleted() {
    let world = World::new();
    let asset = world.parent("it").await;
    let lore = world.lore();
    let edited = lore
        .assets()
        .edit(&caller(), &asset.id, asset.version, AssetEdit::default().title("New"))
        .await
        .unwrap();
    assert_eq!((edited.text.title.as_str(), edited.version), ("New", asset.version + 1));
    let stale =
        lore.assets().edit(&caller(), &asset.id, asset.version, AssetEdit::default().title("Old")).await;
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Conflict);
    let bad = lore.assets().edit(&caller(), &asset.id, edited.version, AssetEdit::default().title("")).await;
    assert_eq!(bad.unwrap_err().violations()[0].field, "title");

    lore.assets().archive(&caller(), &asset.id).await.unwrap();
    lore.assets().archive(&caller(), &asset.id).await.unwrap();
    assert_eq!(world.assets().await, []);
    lore.assets().restore(&caller(), &asset.id).await.unwrap();
    assert_eq!(world.assets().await.len(), 1);

    // A registered asset leaves its content, because the chain points to it.
    let pins = world.pins.pin_count();
    let deleted = lore.assets().delete(&caller(), &asset.id).await.unwrap();
    assert_eq!(deleted.on_chain, asset.ip_id());
    assert_eq!(world.pins.pin_count(), pins);
    assert_eq!(lore.assets().get(&caller(), &asset.id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_others_archived_is_seen_nowhere_but_its_place_in_the_tree() {
    let world = World::new();
    let parent = world.parent("first").await;
    let child = world.create(request("child").parent(remix_of(&parent, "100"))).await.unwrap().asset.unwrap();
    let lore = world.lore();
    lore.assets().archive(&caller(), &parent.id).await.unwrap();
    let bob = Caller::User(Address::from_bytes([0xb0; 20]));
    let derivatives = lore.derivatives();
    let hidden = [
        lore.assets().get(&bob, &parent.id).await.err(),
        derivatives.parents(&bob, &parent.id).await.err(),
        derivatives.children(&bob, &parent.id).await.err(),
        derivatives.family(&bob, &parent.id).await.err(),
        derivatives.royalty_preview(&bob, &parent.id, Wei::from_coins(1)).await.err(),
    ];
    for error in hidden {
        assert_eq!(error.unwrap().kind(), ErrorKind::NotFound);
    }
    let seen = derivatives.family(&bob, &child.id).await.unwrap();
    assert_eq!(seen.ancestors.len(), 1);
    assert_eq!(seen.members.iter().map(|member| member.id).collect::<Vec<_>>(), [child.id]);
    assert_eq!(derivatives.family(&caller(), &child.id).await.unwrap().members.len(), 2);
}

#[tokio::test]
async fn what_crosses_the_facade_has_a_stable_json_form() {
    let world = World::new();
    let parent = world.parent("first").await;
    let view = world.create(request("child").parent(remix_of(&parent, "100"))).await.unwrap();
    let names = |value: serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(names(json.clone()), ["asset", "failure", "record", "steps"]);
    assert_eq!(json["record"]["status"], "finished");
    assert_eq!(json["steps"][4]["step"], "registration");
    assert_eq!(json["steps"][4]["output"]["kind"], "registered");
    insta::assert_snapshot!(names(json["record"].clone()).join("\n"));
    let family = world.lore().derivatives().family(&caller(), &parent.id).await.unwrap();
    let family = names(serde_json::to_value(&family).unwrap());
    assert_eq!(family, ["ancestors", "asset", "descendants", "is_cut", "members", "tree"]);
    let deleted = world.lore().assets().delete(&caller(), &view.record.asset).await.unwrap();
    assert_eq!(names(serde_json::to_value(&deleted).unwrap()), ["kept", "on_chain", "unpinned"]);
}

#[tokio::test]
async fn a_parent_cannot_be_deleted() {
    let world = World::new();
    let parent = world.parent("first").await;
    world.create(request("child").parent(remix_of(&parent, "100"))).await.unwrap();
    let error = world.lore().assets().delete(&caller(), &parent.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}
