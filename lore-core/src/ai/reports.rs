//! [`AiReports`]: statistics, analytics, and what users took.

use std::sync::Arc;

use super::{
    audit::{AuditEntry, RequestEntry, RequestOutcome, Source},
    stats::{
        Acceptance, AcceptanceKey, Analytics, AnalyticsBuilder, DailyReport, Days, Rating, RollUp, Taken,
        UsageTotals, roll_up,
    },
};
use crate::{
    caller::Caller,
    domain::page::Page,
    error::{Error, ErrorKind, Result},
    ids::{AssetId, RequestId},
    onchain::Address,
    port::{
        ai_log::AuditLog,
        ai_reports::{AcceptedBy, AcceptedQuery, ReportStore},
        llm::Price,
        repository::AssetRepository,
    },
    time::{Clock, Day},
};

/// Batches of one [`AiReports::roll_up`].
const MAX_BATCHES: u32 = 10_000;

/// An output that a user takes for an asset.
#[derive(Clone, Debug)]
#[must_use]
pub struct Accept {
    asset: AssetId,
    request: RequestId,
    taken: Taken,
    is_edited: bool,
    rating: Option<Rating>,
}

impl Accept {
    /// Takes part of the answer to `request`, as it is.
    pub const fn new(asset: AssetId, request: RequestId, taken: Taken) -> Self {
        Self { asset, request, taken, is_edited: false, rating: None }
    }

    /// The user changed it before.
    pub const fn edited(mut self) -> Self {
        self.is_edited = true;
        self
    }

    /// How good the user found it.
    pub const fn rating(mut self, rating: Rating) -> Self {
        self.rating = Some(rating);
        self
    }
}

/// Statistics over the log, and what users took of the answers in it.
///
/// Figures are of lines that were counted by [`roll_up`](Self::roll_up): a job calls it, for example every hour.
#[derive(Clone, Debug)]
pub struct AiReports {
    log: Arc<dyn AuditLog>,
    store: Arc<dyn ReportStore>,
    assets: Arc<dyn AssetRepository>,
    clock: Arc<dyn Clock>,
}

impl AiReports {
    /// Reports about this log, kept in this store.
    #[must_use]
    pub fn new(
        log: Arc<dyn AuditLog>,
        store: Arc<dyn ReportStore>,
        assets: Arc<dyn AssetRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { log, store, assets, clock }
    }

    /// Counts what is new in the log. Again, or at the same time elsewhere, it changes nothing.
    ///
    /// # Errors
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) for users; as [`roll_up`](fn@roll_up).
    ///
    /// # Cancellation
    /// What was counted stays counted; the next call goes on from there.
    pub async fn roll_up(&self, caller: &Caller) -> Result<RollUp> {
        require_platform(caller, "roll_up")?;
        roll_up(&*self.log, &*self.store, MAX_BATCHES).await
    }

    /// What happened on some days on the whole platform, beside what it would have cost on one model, given its name and
    /// price. Each day is read for itself: what is counted meanwhile may show in the later ones only.
    ///
    /// # Errors
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) for users; those of the store.
    pub async fn analytics(
        &self,
        caller: &Caller,
        days: Days,
        reference: Option<(String, Price)>,
    ) -> Result<Analytics> {
        const OP: &str = "ai_analytics";
        require_platform(caller, OP)?;
        let report = async {
            let mut builder = AnalyticsBuilder::new(days);
            for day in days.iter() {
                self.add_day(&mut builder, day).await?;
            }
            let unique_users = self.store.unique_users(days).await?;
            let accepted = self.store.count_accepted(days).await?;
            Ok(builder.finish(unique_users, accepted, reference))
        };
        report.await.map_err(|err: Error| err.with_op(OP))
    }

    async fn add_day(&self, builder: &mut AnalyticsBuilder, day: Day) -> Result<u64> {
        let rows = self.store.usage_of_day(day).await?;
        // Without a row nobody asked anything.
        let unique_users = if rows.is_empty() { 0 } else { self.store.unique_users(Days::one(day)).await? };
        builder.add_day(day, unique_users, &rows);
        Ok(unique_users)
    }

    /// What happened on a day on the whole platform.
    ///
    /// # Errors
    /// As [`analytics`](Self::analytics).
    pub async fn daily(&self, caller: &Caller, day: Day) -> Result<DailyReport> {
        const OP: &str = "ai_daily";
        require_platform(caller, OP)?;
        let mut builder = AnalyticsBuilder::new(Days::one(day));
        let unique_users = self.add_day(&mut builder, day).await.map_err(|err| err.with_op(OP))?;
        Ok(builder.daily(day, unique_users))
    }

    /// What a user asked, used and saved on some days.
    ///
    /// # Errors
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) for other users; those of the store.
    pub async fn usage_of(&self, caller: &Caller, user: &Address, days: Days) -> Result<UsageTotals> {
        const OP: &str = "ai_usage";
        caller.require_owner(*user, OP)?;
        self.store.usage_of_user(user, days).await.map_err(|err| err.with_op(OP))
    }

    /// Records that an output was taken for an asset. Again with the same text it gives what is recorded already.
    ///
    /// The request must still be in the log, and be the caller's own; moderators and the application record for the one who
    /// asked.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for text that breaks the rules for an asset's words, or that such a request
    /// does not give; [`NotFound`](ErrorKind::NotFound) for the asset, and for a request of which the log has no answer: that
    /// of a cached answer is there a moment after it was given; [`PermissionDenied`](ErrorKind::PermissionDenied) for
    /// somebody else's asset; [`AlreadyExists`](ErrorKind::AlreadyExists) if another text of the same answer was taken.
    pub async fn accept(&self, caller: &Caller, accept: Accept) -> Result<Acceptance> {
        self.take(caller, accept).await.map_err(|err| err.with_op("accept_ai_content"))
    }

    async fn take(&self, caller: &Caller, accept: Accept) -> Result<Acceptance> {
        let Accept { asset, request, taken, is_edited, rating } = accept;
        let owner = self.owner(caller, &asset).await?;
        taken.check()?;
        let entry = self.answered(&request).await?.ok_or_else(|| no_such_answer(&request))?;
        let user = entry.user.unwrap_or(owner);
        // Whether somebody else asked is nobody's business.
        caller.require_owner(user, "see_answer").map_err(|_| no_such_answer(&request))?;
        if !taken.is_of(entry.operation) {
            return Err(Error::invalid("taken", "other_operation", "what the request was asked for"));
        }
        let model = match entry.outcome {
            RequestOutcome::Answered { source: Source::Model, model, .. } => model,
            _ => None,
        };
        let accepted = Acceptance {
            is_edited,
            rating,
            ..Acceptance::new(
                (asset, request),
                taken,
                user,
                (entry.operation, model),
                (entry.at, self.clock.now()),
            )
        };
        match self.store.put_accepted(&accepted).await {
            Ok(()) => Ok(accepted),
            Err(err) if err.kind() == ErrorKind::AlreadyExists => {
                let stored = self.store.accepted(&accepted.key()).await?;
                stored
                    .filter(|stored| (&stored.taken, stored.is_edited) == (&accepted.taken, is_edited))
                    .ok_or(err)
            }
            Err(err) => Err(err),
        }
    }

    /// Sets or takes back the rating of an output that was taken.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for the asset, and if nothing has this key;
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) for somebody else's asset.
    pub async fn rate(&self, caller: &Caller, key: &AcceptanceKey, rating: Option<Rating>) -> Result<()> {
        const OP: &str = "rate_ai_content";
        self.owner(caller, &key.asset).await.map_err(|err| err.with_op(OP))?;
        self.store.rate_accepted(key, rating).await.map_err(|err| err.with_op(OP))
    }

    /// A page of the outputs that were taken for an asset, of the answer to a request, or by a user. Of others than the
    /// caller's own only moderators and the application get any.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for bounds and cursors; [`NotFound`](ErrorKind::NotFound) for the asset;
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub async fn accepted_for(&self, caller: &Caller, query: &AcceptedQuery) -> Result<Page<Acceptance>> {
        const OP: &str = "accepted_ai_content";
        let page = async {
            match query.by {
                AcceptedBy::Asset(asset) => {
                    self.owner(caller, &asset).await?;
                }
                AcceptedBy::User(user) => caller.require_owner(user, OP)?,
                AcceptedBy::Request(_) => {}
            }
            let page = self.store.list_accepted(query).await?;
            if let AcceptedBy::Request(_) = query.by {
                for accepted in &page.items {
                    caller.require_owner(accepted.user, OP)?;
                }
            }
            Ok(page)
        };
        page.await.map_err(|err: Error| err.with_op(OP))
    }

    /// The owner of an asset, whom the caller must be, or act for.
    async fn owner(&self, caller: &Caller, asset: &AssetId) -> Result<Address> {
        let found = self.assets.asset(asset).await?;
        let owner = found
            .map(|asset| asset.owner)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "no such asset").with_context("asset", asset))?;
        caller.require_owner(owner, "see_asset")?;
        Ok(owner)
    }

    /// The line of a request that was answered.
    async fn answered(&self, request: &RequestId) -> Result<Option<RequestEntry>> {
        for line in self.log.lines_of(request).await? {
            if let AuditEntry::Request(entry) = line.entry()?
                && let RequestOutcome::Answered { .. } = entry.outcome
            {
                return Ok(Some(*entry));
            }
        }
        Ok(None)
    }
}

fn no_such_answer(request: &RequestId) -> Error {
    Error::new(ErrorKind::NotFound, "the log has no answer to this request").with_context("request", request)
}

fn require_platform(caller: &Caller, op: &'static str) -> Result<()> {
    match caller {
        Caller::System | Caller::Moderator(_) => Ok(()),
        Caller::User(address) => {
            Err(Error::new(ErrorKind::PermissionDenied, "only moderators see figures of the whole platform")
                .with_op(op)
                .with_context("caller", address))
        }
    }
}
