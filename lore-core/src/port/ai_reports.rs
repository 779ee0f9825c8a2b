//! [`UsageReports`] and [`AcceptedContent`]: what the log's lines add up to, and which outputs were taken.
//!
//! The one idea: a batch of counted lines says through which line it counted, and the store adds it and moves the cursor in
//! one commit, provided that nobody moved the cursor since. So a crash, a second process and a day that is counted again end
//! alike: every line is counted once.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    ai::stats::{
        Acceptance, AcceptanceKey, AcceptanceRow, Days, Rating, TakenKind, UsageDelta, UsageRow, UsageTotals,
    },
    domain::page::{Cursor, DEFAULT_PAGE, Page, check_limit, fingerprint},
    error::{Error, ErrorKind, Result},
    ids::{AssetId, RequestId},
    maybe_send::{MaybeSend, MaybeSync},
    onchain::Address,
    time::{Day, Timestamp},
};

/// Counted lines of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageBatch {
    /// The last line that is counted: all lines after the cursor and up to it are.
    pub through: u64,
    /// What they add up to.
    pub delta: UsageDelta,
}

impl UsageBatch {
    /// The lines through `through`.
    #[must_use]
    pub const fn new(through: u64, delta: UsageDelta) -> Self {
        Self { through, delta }
    }

    /// Whether it may be added where everything through `stored` is counted, having been made for `expected`. For adapters.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub const fn check(&self, expected: u64, stored: u64) -> Result<(), ReportRefusal> {
        if expected != stored {
            return Err(ReportRefusal::StaleCursor { expected, stored });
        }
        if self.through <= expected {
            return Err(ReportRefusal::NothingNew { expected, through: self.through });
        }
        Ok(())
    }
}

/// Keeps what the log's lines add up to.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait UsageReports: Debug + MaybeSend + MaybeSync + 'static {
    /// Short, stable label for metrics and errors, for example `sqlite`.
    fn name(&self) -> &str;

    /// Through which line of the log everything is counted; 0 at first.
    ///
    /// - MUST be what the last batch counted through, also after reopening (`the_cursor_and_the_rows_survive_reopening`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable); [`Unexpected`](crate::ErrorKind::Unexpected) for a damaged row. So for
    /// every method here.
    async fn counted_through(&self) -> Result<u64>;

    /// Adds a batch that was made for the lines after `expected`, and moves the cursor.
    ///
    /// - MUST refuse it with [`Conflict`](crate::ErrorKind::Conflict), changing nothing, if the cursor is not at `expected`
    ///   (`a_batch_is_added_once`), for all but one of several at the same time (`one_of_many_adds_a_batch`).
    /// - MUST refuse it with [`InvalidInput`](crate::ErrorKind::InvalidInput) if it ends at or before `expected`
    ///   (`a_batch_goes_forward`).
    /// - MUST add each counter to what is there (`batches_add_up`).
    ///
    /// # Errors
    /// As above.
    ///
    /// # Cancellation
    /// A call that is dropped has added all or nothing.
    async fn add_usage(&self, expected: u64, batch: &UsageBatch) -> Result<()>;

    /// The rows of a day, in the order of their keys.
    ///
    /// - MUST give every row of the day's 24 hours as it was added, and no other (`a_day_has_the_rows_of_its_hours`).
    async fn usage_of_day(&self, day: Day) -> Result<Vec<UsageRow>>;

    /// How many users asked something on any of these days.
    ///
    /// - MUST count each user once, and none who only has calls there (`users_are_counted_once`).
    async fn unique_users(&self, days: Days) -> Result<u64>;

    /// What a user did on these days.
    ///
    /// - MUST be the sum of that user's days, zero for a user without any (`a_users_days_add_up`).
    async fn usage_of_user(&self, user: &Address, days: Days) -> Result<UsageTotals>;
}
const _: Option<&dyn UsageReports> = None;

/// Whose outputs to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AcceptedBy {
    /// Those taken for an asset.
    Asset(AssetId),
    /// Those taken of the answer to a request.
    Request(RequestId),
    /// Those a user took.
    User(Address),
}

/// Which accepted outputs: the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AcceptedQuery {
    /// Which.
    pub by: AcceptedBy,
    /// Items on the page, 1 to 100; 20 unless said otherwise.
    pub limit: u32,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// Where a page of accepted outputs goes on: below this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AcceptedPosition {
    /// When it was taken.
    pub accepted_at: Timestamp,
    /// For which asset.
    pub asset: AssetId,
    /// For which part of it.
    pub kind: TakenKind,
    /// The request that it answered.
    pub request: RequestId,
}

impl From<&Acceptance> for AcceptedPosition {
    fn from(accepted: &Acceptance) -> Self {
        let AcceptanceKey { asset, kind, request } = accepted.key();
        Self { accepted_at: accepted.accepted_at, asset, kind, request }
    }
}

impl AcceptedQuery {
    /// The first page.
    #[must_use]
    pub const fn new(by: AcceptedBy) -> Self {
        Self { by, limit: DEFAULT_PAGE, cursor: None }
    }

    /// Checks the bounds and reads the cursor.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the field.
    pub fn position(&self) -> Result<Option<AcceptedPosition>> {
        check_limit(self.limit)?;
        self.cursor.as_ref().map(|cursor| cursor.decode(&fingerprint(&self.by)?)).transpose()
    }

    /// The cursor after this one.
    ///
    /// # Errors
    /// None in practice.
    pub fn cursor_after(&self, accepted: &Acceptance) -> Result<Cursor> {
        Cursor::encode(&fingerprint(&self.by)?, &AcceptedPosition::from(accepted))
    }
}

/// Keeps which outputs were taken.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait AcceptedContent: Debug + MaybeSend + MaybeSync + 'static {
    /// Records an output that was taken.
    ///
    /// - MUST refuse a second one with the same key with [`AlreadyExists`](crate::ErrorKind::AlreadyExists), and keep the
    ///   first (`an_output_is_accepted_once`).
    ///
    /// # Errors
    /// As above; [`Unavailable`](crate::ErrorKind::Unavailable); [`Unexpected`](crate::ErrorKind::Unexpected) for a damaged
    /// row. So for every method here.
    async fn put_accepted(&self, accepted: &Acceptance) -> Result<()>;

    /// Sets or takes back its rating, and changes nothing else (`a_rating_can_be_changed`).
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if nothing has this key.
    async fn rate_accepted(&self, key: &AcceptanceKey, rating: Option<Rating>) -> Result<()>;

    /// One of them.
    ///
    /// - MUST give it field by field as it was put (`every_output_comes_back_field_by_field`).
    async fn accepted(&self, key: &AcceptanceKey) -> Result<Option<Acceptance>>;

    /// A page of them, the newest first; equal times by asset, kind and request.
    ///
    /// - MUST give each once over all pages (`pages_give_every_output_once`), and only those asked for
    ///   (`outputs_are_listed_by_asset_request_and_user`).
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for bounds, and a cursor of another query.
    async fn list_accepted(&self, query: &AcceptedQuery) -> Result<Page<Acceptance>>;

    /// What was taken of the answers that were given on these days, whenever it was taken, by operation and model in their
    /// order, models without a name first.
    ///
    /// - MUST count a request once, whatever was taken of its answer (`what_was_taken_is_counted_by_operation_and_model`).
    async fn count_accepted(&self, days: Days) -> Result<Vec<AcceptanceRow>>;
}
const _: Option<&dyn AcceptedContent> = None;

/// Both, in one store.
pub trait ReportStore: UsageReports + AcceptedContent {}
impl<T: UsageReports + AcceptedContent + ?Sized> ReportStore for T {}
const _: Option<&dyn ReportStore> = None;

/// A rule about reports that a write to the [`UsageReports`] and [`AcceptedContent`] ports, or to an archive, would break. Every adapter refuses with these,
/// so that all say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportRefusal {
    /// Somebody else counted lines meanwhile.
    StaleCursor {
        /// Through which line the batch takes everything to be counted.
        expected: u64,
        /// Through which line everything is counted.
        stored: u64,
    },
    /// The batch has no line after those that are counted.
    NothingNew {
        /// Through which line everything is counted.
        expected: u64,
        /// The last line of the batch.
        through: u64,
    },
    /// Lines are to leave the log that are not counted.
    NotCounted {
        /// The last line that is to leave.
        through: u64,
        /// Through which line everything is counted.
        counted_through: u64,
    },
    /// This was recorded before.
    Accepted(AcceptanceKey),
    /// This was never recorded.
    NotAccepted(AcceptanceKey),
}

impl From<ReportRefusal> for Error {
    fn from(refusal: ReportRefusal) -> Self {
        let of = |kind, message: &'static str, key: AcceptanceKey| {
            Self::new(kind, message)
                .with_context("asset", key.asset)
                .with_context("kind", key.kind)
                .with_context("request", key.request)
        };
        match refusal {
            ReportRefusal::StaleCursor { expected, stored } => {
                Self::new(ErrorKind::Conflict, "somebody else counted lines of the log")
                    .with_context("expected", expected)
                    .with_context("stored", stored)
            }
            ReportRefusal::NothingNew { expected, through } => {
                Self::invalid("through", "not_after", "a line after those that are counted")
                    .with_context("expected", expected)
                    .with_context("through", through)
            }
            ReportRefusal::NotCounted { through, counted_through } => Self::new(
                ErrorKind::Conflict,
                "the statistics lack lines that are to be archived: roll up first",
            )
            .with_context("through", through)
            .with_context("counted_through", counted_through),
            ReportRefusal::Accepted(key) => {
                of(ErrorKind::AlreadyExists, "the output was taken for the asset already", key)
            }
            ReportRefusal::NotAccepted(key) => {
                of(ErrorKind::NotFound, "the output was not taken for the asset", key)
            }
        }
    }
}
