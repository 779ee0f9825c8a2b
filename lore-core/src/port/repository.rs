//! [`Repository`]: Lore's records. Narrow traits for reading, one [`commit`](Repository::commit) for writing.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use serde::Serialize;

use crate::{
    content::Cid,
    creation::{CreationRecord, CreationStatus, NewCreation, RecordedEvent, Step},
    domain::{
        asset::{Asset, ParentLink},
        page::{AssetQuery, CreationQuery, Page},
    },
    error::Result,
    ids::{AssetId, CreationId, HolderId},
    maybe_send::{MaybeSend, MaybeSync},
    onchain::{Address, IpId},
    time::Timestamp,
};

/// Reads assets and their links.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait AssetRepository: Debug + MaybeSend + MaybeSync + 'static {
    /// One asset, archived or not.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable); [`Unexpected`](crate::ErrorKind::Unexpected) for a damaged row,
    /// with its id. So for every method here.
    async fn asset(&self, id: &AssetId) -> Result<Option<Asset>>;

    /// Several assets, in the order asked; unknown ids are left out.
    ///
    /// - MUST keep the order and give each asked asset once per mention (`assets_come_in_the_order_asked`).
    ///
    /// # Errors
    /// As [`asset`](Self::asset).
    async fn assets(&self, ids: &[AssetId]) -> Result<Vec<Asset>>;

    /// The asset that is registered as this IP.
    ///
    /// # Errors
    /// As [`asset`](Self::asset).
    async fn asset_by_ip(&self, ip_id: &IpId) -> Result<Option<Asset>>;

    /// A page of assets.
    ///
    /// - MUST give every matching asset exactly once over all pages, also while others are added
    ///   (`pages_give_every_asset_once`, `assets_added_while_paging_do_not_shift_pages`).
    /// - MUST find text as a substring of title, description or a tag, folded by [`search`](crate::domain::search), in any
    ///   script, from one character on (`text_is_found_in_any_script`, `upper_and_lower_case_are_equal`,
    ///   `short_words_are_found_anywhere`, `special_characters_are_plain_text`), and only what has all words of the
    ///   query (`all_words_must_be_found_in_any_field`).
    ///
    /// # Errors
    /// As [`asset`](Self::asset); [`InvalidInput`](crate::ErrorKind::InvalidInput) for a cursor of another query.
    async fn list_assets(&self, query: &AssetQuery) -> Result<Page<Asset>>;

    /// The links from these assets up to their parents, by child and position.
    ///
    /// # Errors
    /// As [`asset`](Self::asset).
    async fn parent_links(&self, children: &[AssetId]) -> Result<Vec<ParentLink>>;

    /// The links from these assets down to their children, by child's id.
    ///
    /// # Errors
    /// As [`asset`](Self::asset).
    async fn child_links(&self, parents: &[AssetId]) -> Result<Vec<ParentLink>>;

    /// Which of these CIDs an asset, or a creation that is not over, still needs, in the order asked; neither `except` nor
    /// its asset counts.
    ///
    /// - MUST count the media of a creation as needed from its first record on (`an_open_creation_needs_its_media`), and
    ///   what it pins from the intent on (`an_open_creation_needs_what_it_pins`).
    /// - MUST count media and metadata of every asset, archived or not (`an_asset_needs_its_cids`).
    ///
    /// # Errors
    /// As [`asset`](Self::asset).
    async fn needed_cids(&self, cids: &[Cid], except: &CreationId) -> Result<Vec<Cid>>;
}

/// What [`CreationJournal::open_creation`] found or made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opened {
    /// Nothing was there: the creation exists from now on.
    New(CreationRecord),
    /// The owner used this idempotency key before.
    Existing(CreationRecord),
}

/// The right to drive a creation. A writer with an older generation is refused: it was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Lease {
    /// Counts the holders of this creation, from 1.
    pub generation: u64,
    /// Who holds it.
    pub holder: HolderId,
    /// When it ends unless renewed.
    pub until: Timestamp,
}

impl Lease {
    /// Describes a lease.
    #[must_use]
    pub const fn new(generation: u64, holder: HolderId, until: Timestamp) -> Self {
        Self { generation, holder, until }
    }
}

/// Reads creations and decides who drives them. Events are appended by [`Repository::commit`].
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait CreationJournal: Debug + MaybeSend + MaybeSync + 'static {
    /// Records a creation, or finds the one that this owner recorded under the same idempotency key.
    ///
    /// - MUST make exactly one record for concurrent callers with one key (`one_of_many_opens_a_creation`).
    /// - MUST refuse with [`AlreadyExists`](crate::ErrorKind::AlreadyExists) an id or an asset that another creation has
    ///   (`a_creation_id_and_asset_are_taken_once`).
    ///
    /// # Errors
    /// As above; [`Unavailable`](crate::ErrorKind::Unavailable). So for every method here.
    async fn open_creation(&self, new: &NewCreation) -> Result<Opened>;

    /// One creation.
    ///
    /// # Errors
    /// As [`open_creation`](Self::open_creation).
    async fn creation(&self, id: &CreationId) -> Result<Option<CreationRecord>>;

    /// The creation that this owner recorded under this idempotency key.
    ///
    /// # Errors
    /// As [`open_creation`](Self::open_creation).
    async fn creation_by_key(&self, owner: &Address, idempotency_key: &str)
    -> Result<Option<CreationRecord>>;

    /// The creation that makes, or made, this asset.
    ///
    /// # Errors
    /// As [`open_creation`](Self::open_creation).
    async fn creation_of_asset(&self, asset: &AssetId) -> Result<Option<CreationRecord>>;

    /// A page of creations, newest first, which is by falling id.
    ///
    /// # Errors
    /// As [`open_creation`](Self::open_creation).
    async fn list_creations(&self, query: &CreationQuery) -> Result<Page<CreationRecord>>;

    /// All events of a creation, in order.
    ///
    /// # Errors
    /// As [`open_creation`](Self::open_creation); [`Unexpected`](crate::ErrorKind::Unexpected) for an event this
    /// version of Lore does not know.
    async fn events(&self, id: &CreationId) -> Result<Vec<RecordedEvent>>;

    /// Takes the lease of a creation if nobody holds it at `now`, with the next generation.
    ///
    /// - MUST let exactly one of several concurrent callers win (`one_of_many_acquires_the_lease`); the others, the
    ///   holder too, fail with [`Conflict`](crate::ErrorKind::Conflict), to be retried after the lease ends
    ///   (`a_held_lease_says_when_to_come_back`).
    /// - MUST hand over a lease that has ended, which it has at `until` itself (`an_ended_lease_is_handed_over`).
    ///
    /// # Errors
    /// As above; [`NotFound`](crate::ErrorKind::NotFound).
    async fn acquire_lease(
        &self,
        id: &CreationId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease>;

    /// Extends a lease that is still the newest, also if it has ended meanwhile (`an_ended_lease_can_be_renewed`).
    ///
    /// - MUST fail with [`Conflict`](crate::ErrorKind::Conflict) if somebody else acquired it (`a_replaced_lease_cannot_be_renewed`).
    ///
    /// # Errors
    /// As above; [`NotFound`](crate::ErrorKind::NotFound).
    async fn renew_lease(
        &self,
        id: &CreationId,
        lease: &Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease>;

    /// Gives a lease back: anybody may acquire it (`a_released_lease_is_free`). Fine if it was replaced
    /// (`releasing_a_replaced_lease_is_ok`). The record keeps the generation and holder, with `until` at the epoch.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn release_lease(&self, id: &CreationId, lease: &Lease) -> Result<()>;
}

/// Events to be appended to a creation's journal.
#[derive(Clone, Debug)]
pub struct JournalAppend {
    /// The creation.
    pub creation: CreationId,
    /// Generation of the writer's lease; must be the newest, though its time may be over.
    pub generation: u64,
    /// The events; their numbers follow the last stored one without a gap.
    pub events: Vec<RecordedEvent>,
    /// State of the creation after them.
    pub status: CreationStatus,
    /// The step it is at after them; `None` once it is over.
    pub step: Option<Step>,
    /// When they happened.
    pub at: Timestamp,
}

/// Everything that one moment changes. All of it is written, or nothing; checked and written in the order of the fields.
#[derive(Clone, Debug, Default)]
pub struct ChangeSet {
    /// New assets; their version is 1.
    pub insert_assets: Vec<Asset>,
    /// Changed assets; their version is one above the stored one.
    pub update_assets: Vec<Asset>,
    /// Assets to remove for good, with their stored version; the links to their parents go with them.
    pub delete_assets: Vec<(AssetId, u64)>,
    /// Links to be written over what is stored for the same child and parent.
    pub put_links: Vec<ParentLink>,
    /// Journal entries.
    pub journal: Option<JournalAppend>,
}

/// Everything Lore records.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Repository: AssetRepository + CreationJournal {
    /// Short, stable label for metrics and errors, for example `sqlite`.
    fn name(&self) -> &str;

    /// Writes a change set.
    ///
    /// - MUST write all or nothing (`a_refused_commit_changes_nothing`).
    /// - MUST refuse with [`Conflict`](crate::ErrorKind::Conflict) an asset of another version than expected
    ///   (`a_stale_asset_is_refused`), a journal append with an older lease generation
    ///   (`a_replaced_lease_cannot_append`), event numbers that do not follow (`events_follow_without_a_gap`), and the
    ///   removal of an asset that is a parent of one that stays (`a_parent_cannot_be_deleted`,
    ///   `a_parent_goes_with_all_its_children`).
    /// - MUST refuse with [`AlreadyExists`](crate::ErrorKind::AlreadyExists) an asset whose id or IP is taken
    ///   (`an_asset_id_is_taken_once`, `an_ip_belongs_to_one_asset`).
    /// - MUST refuse with [`NotFound`](crate::ErrorKind::NotFound) a change of what is not there: an asset
    ///   (`a_missing_asset_cannot_be_changed`), an end of a link (`a_link_needs_both_assets`), a creation
    ///   (`an_append_needs_a_creation_and_a_lease`).
    ///
    /// The reasons are [`Refusal`](crate::port::refusal::Refusal)s.
    ///
    /// # Errors
    /// As above; [`Unavailable`](crate::ErrorKind::Unavailable) with
    /// [`Retry::Reconcile`](crate::Retry::Reconcile) if it may have been written.
    async fn commit(&self, changes: ChangeSet) -> Result<()>;
}
const _: Option<&dyn Repository> = None;
