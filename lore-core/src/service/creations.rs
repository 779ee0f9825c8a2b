//! [`CreationService`]: makes assets, and goes on with what was interrupted.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    caller::Caller,
    content::{Cid, Content, unixfs},
    creation::{
        Creation, CreationInput, CreationPolicy, CreationRecord, CreationStatus, Event, NewCreation, Next,
        Output, ParentInput, Step,
        driver::{Driver, Ports, cancelled, load},
    },
    domain::{
        asset::{Asset, Media},
        linking::check_parent_licenses,
        metadata::canonical_json,
        page::{CreationQuery, Page},
    },
    error::{Error, ErrorKind, FailureRecord, Result, Violation, Violations},
    ids::{AssetId, CreationId},
    onchain::IpId,
    port::repository::{ChangeSet, JournalAppend, Opened},
    progress::{ObservedContent, Progress, ProgressEvent},
    service::CreateAsset,
};

/// One step of a creation's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StepView {
    /// The step.
    pub step: Step,
    /// What came out of it; `None` while it is not done.
    pub output: Option<Output>,
}

/// A creation as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreationView {
    /// The stored record.
    pub record: CreationRecord,
    /// The asset, once its record is written.
    pub asset: Option<Asset>,
    /// The steps of its plan, in order.
    pub steps: Vec<StepView>,
    /// Why it is stuck, if it is.
    pub failure: Option<FailureRecord>,
}

impl CreationView {
    /// Whether everything is done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.record.status == CreationStatus::Finished
    }
}

/// What cancelling a creation left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Abandoned {
    /// Content that nothing else needs, and that is no longer pinned.
    pub unpinned: Vec<Cid>,
    /// Content that stays because other work needs it.
    pub kept: Vec<Cid>,
}

/// Makes assets, and goes on with what was interrupted.
#[derive(Clone, Debug)]
pub struct CreationService {
    ports: Ports,
    policy: CreationPolicy,
}

impl CreationService {
    pub(crate) fn new(ports: Ports, policy: CreationPolicy) -> Self {
        Self { ports, policy }
    }

    /// Creates an asset: pins its media and metadata, records it, registers it on chain, attaches its license terms or
    /// links it to its parents.
    ///
    /// Returns when all is done; or, if the same request is being worked on elsewhere, at once with a status of
    /// [`Running`](CreationStatus::Running).
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) naming the fields, before anything is sent or stored;
    /// [`NotFound`](ErrorKind::NotFound) for an unknown parent; [`Conflict`](ErrorKind::Conflict) for an idempotency key
    /// that was used for another request, or whose creation was cancelled. Whatever a step fails with: the creation is
    /// then stuck, named in the error's context as `creation`, and [`retry_creation`](Self::retry_creation) goes on.
    ///
    /// # Cancellation
    /// Dropping the future is like a crash: nothing is lost, and the same call or `retry_creation` goes on.
    pub async fn create(
        &self,
        caller: &Caller,
        request: CreateAsset,
        progress: &Progress,
    ) -> Result<CreationView> {
        const OP: &str = "create_asset";
        let owner = caller.require_wallet(OP)?;
        request.check(self.ports.pins.max_bytes()).map_err(|found| Error::from(found).with_op(OP))?;
        let media_type = request.detect_media_type().await?;
        let fingerprint = self.fingerprint(&request, progress).await?;
        let input = CreationInput {
            asset_type: request.asset_type,
            text: request.text,
            media: Media::new(fingerprint, media_type, request.file_name),
            license: request.license,
            parents: request.parents,
        };
        let clock = &*self.ports.clock;
        let id = CreationId::generate(clock)?;
        let new = NewCreation {
            id,
            asset: AssetId::generate(clock)?,
            owner,
            idempotency_key: request.idempotency_key.unwrap_or_else(|| id.to_string()),
            input_hash: canonical_json(&input)?.reference.sha256,
            input,
            media_source: request.media_source,
            at: clock.now(),
        };
        let known = self.ports.repository.creation_by_key(&owner, &new.idempotency_key).await?;
        let record = match known {
            Some(record) => same_request(record, &new)?,
            None => {
                self.check_on_chain(&new.input).await?;
                match self.ports.repository.open_creation(&new).await? {
                    Opened::New(record) => record,
                    Opened::Existing(record) => same_request(record, &new)?,
                }
            }
        };
        progress.emit(ProgressEvent::Opened {
            creation: record.id,
            asset: record.asset,
            resumed: record.id != id,
        });
        match record.status {
            CreationStatus::Finished => return self.view(record).await,
            CreationStatus::Cancelled => return Err(cancelled(&record).with_op(OP)),
            CreationStatus::Running | CreationStatus::Stuck => {}
        }
        let (creation, was_stuck) = (record.id, record.status == CreationStatus::Stuck);
        match self.take_over(record, Some(request.media), progress).await {
            Ok(driver) => Box::pin(driver.run(was_stuck)).await.map_err(|error| error.with_op(OP))?,
            // Somebody else is at it: that is no failure of this request.
            Err(error) if is_driven_elsewhere(&error) => {}
            Err(error) => return Err(error.with_op(OP)),
        }
        self.load(&creation).await
    }

    /// Goes on with a creation that was interrupted or is stuck. A finished one is returned as it is.
    ///
    /// `media` is needed only while the media is not uploaded; [`CreationRecord::media_source`] says where it was.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound); [`PermissionDenied`](ErrorKind::PermissionDenied);
    /// [`Conflict`](ErrorKind::Conflict) if it was cancelled, or, with a pause, while somebody else drives it;
    /// [`InvalidInput`](ErrorKind::InvalidInput) naming `media` if it is needed again;
    /// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) if the media is not the same; what the step fails with.
    ///
    /// # Cancellation
    /// As [`create`](Self::create).
    pub async fn retry_creation(
        &self,
        caller: &Caller,
        id: &CreationId,
        media: Option<Arc<dyn Content>>,
        progress: &Progress,
    ) -> Result<CreationView> {
        const OP: &str = "retry_creation";
        let record = self.owned(caller, id, OP).await?;
        progress.emit(ProgressEvent::Opened { creation: record.id, asset: record.asset, resumed: true });
        match record.status {
            CreationStatus::Finished => return self.view(record).await,
            CreationStatus::Cancelled => return Err(cancelled(&record).with_op(OP)),
            CreationStatus::Running | CreationStatus::Stuck => {}
        }
        let driver = self.take_over(record, media, progress).await.map_err(|error| error.with_op(OP))?;
        Box::pin(driver.run(true)).await.map_err(|error| error.with_op(OP))?;
        self.load(id).await
    }

    /// Goes on with the on-chain part of an asset whose registration failed or was interrupted.
    ///
    /// # Errors
    /// As [`retry_creation`](Self::retry_creation); [`Conflict`](ErrorKind::Conflict) if the creation is not that far.
    pub async fn retry_registration(
        &self,
        caller: &Caller,
        asset: &AssetId,
        progress: &Progress,
    ) -> Result<CreationView> {
        const OP: &str = "retry_registration";
        let record = self.ports.repository.creation_of_asset(asset).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "no such asset").with_op(OP).with_context("asset", asset)
        })?;
        caller.require_owner(record.owner, OP)?;
        let at_chain = record.status.is_over() || record.step.is_some_and(Step::is_on_chain);
        if !at_chain {
            return Err(Error::new(
                ErrorKind::Conflict,
                "the asset is not ready to be registered; retry its creation",
            )
            .with_op(OP)
            .with_context("creation", record.id)
            .with_context("step", record.step.map_or("none", Step::as_str)));
        }
        self.retry_creation(caller, &record.id, None, progress).await.map_err(|error| error.with_op(OP))
    }

    /// Gives up a creation that has not touched the chain: its record is removed, and what it pinned is unpinned unless
    /// other work needs it. Calling it again finishes what an interrupted call left.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) once the chain is involved or the creation is finished, or while somebody else
    /// drives it.
    pub async fn cancel(&self, caller: &Caller, id: &CreationId, progress: &Progress) -> Result<Abandoned> {
        const OP: &str = "cancel_creation";
        let record = self.owned(caller, id, OP).await?;
        if record.status != CreationStatus::Cancelled {
            let driver =
                self.take_over(record.clone(), None, progress).await.map_err(|error| error.with_op(OP))?;
            let result = self.abandon(&record, driver.machine(), driver.generation()).await;
            driver.release().await;
            result.map_err(|error| error.with_op(OP))?;
            progress.emit(ProgressEvent::Cancelled { creation: *id });
        }
        let machine = load(&self.ports, &record).await?;
        self.unpin(&record, &machine).await.map_err(|error| error.with_op(OP))
    }

    /// One creation.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound); [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub async fn get(&self, caller: &Caller, id: &CreationId) -> Result<CreationView> {
        let record = self.owned(caller, id, "get_creation").await?;
        self.view(record).await
    }

    /// A page of creations, newest first. A user sees only their own.
    ///
    /// # Errors
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) for somebody else's; [`InvalidInput`](ErrorKind::InvalidInput).
    pub async fn list(&self, caller: &Caller, mut query: CreationQuery) -> Result<Page<CreationRecord>> {
        if let Caller::User(address) = caller {
            let owner = *query.owner.get_or_insert(*address);
            caller.require_owner(owner, "list_creations")?;
        }
        self.ports.repository.list_creations(&query).await
    }

    async fn take_over<'a>(
        &'a self,
        record: CreationRecord,
        media: Option<Arc<dyn Content>>,
        progress: &'a Progress,
    ) -> Result<Driver<'a>> {
        Driver::take_over(&self.ports, &self.policy, progress, record, media).await
    }

    /// Journals the cancellation and removes the asset's record, in one commit.
    async fn abandon(&self, record: &CreationRecord, machine: &Creation, generation: u64) -> Result<()> {
        if !machine.can_cancel() {
            return Err(Error::new(ErrorKind::Conflict, "what was sent to the chain cannot be taken back")
                .with_context("creation", record.id)
                .with_context("status", record.status));
        }
        let mut after = machine.clone();
        after.apply(&Event::Cancelled)?;
        let at = self.ports.clock.now();
        let mut changes = ChangeSet::default();
        if let Some(asset) = self.ports.repository.asset(&record.asset).await? {
            changes.delete_assets.push((asset.id, asset.version));
        }
        changes.journal = Some(JournalAppend {
            creation: record.id,
            generation,
            events: vec![crate::creation::RecordedEvent::new(after.seq(), at, Event::Cancelled)],
            status: after.status(),
            step: None,
            at,
        });
        self.ports.repository.commit(changes).await
    }

    async fn unpin(&self, record: &CreationRecord, machine: &Creation) -> Result<Abandoned> {
        // Also what was intended and never recorded: the upload may have happened.
        let mut cids = vec![record.input.media.fingerprint.cid];
        for step in [Step::IpaMetadataUpload, Step::NftMetadataUpload] {
            if let Some(Output::Metadata { document, .. }) = machine.output(step) {
                cids.push(document.cid);
            }
        }
        for event in self.ports.repository.events(&record.id).await? {
            if let Event::Intended { token: crate::creation::Token::Pin { cid }, .. } = event.event {
                cids.push(cid);
            }
        }
        cids.sort_unstable();
        cids.dedup();
        let kept = self.ports.repository.needed_cids(&cids, &record.id).await?;
        let unpinned: Vec<_> = cids.into_iter().filter(|cid| !kept.contains(cid)).collect();
        for cid in &unpinned {
            self.ports.pins.unpin(cid).await?;
        }
        Ok(Abandoned { unpinned, kept })
    }

    async fn fingerprint(&self, request: &CreateAsset, progress: &Progress) -> Result<unixfs::Fingerprint> {
        let observed = ObservedContent::hashing(request.media.clone(), progress.clone());
        unixfs::fingerprint(self.ports.pins.profile(), &observed).await
    }

    /// The rules that need the parents: they exist, are registered, and their licenses allow the child.
    async fn check_on_chain(&self, input: &CreationInput) -> Result<()> {
        if input.parents.is_empty() {
            return Ok(());
        }
        let ip_ids = self.parent_ips(&input.parents).await?;
        let mut states = Vec::with_capacity(ip_ids.len());
        for ip_id in ip_ids {
            let state = self.ports.chain.ip(&ip_id).await?.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "the chain does not know a parent")
                    .with_context("ip_id", ip_id)
            })?;
            states.push(state);
        }
        check_parent_licenses(&states, self.ports.clock.now())
            .map_err(|found| Error::from(found).with_op("create_asset"))
    }

    async fn parent_ips(&self, parents: &[ParentInput]) -> Result<Vec<IpId>> {
        let ids: Vec<_> = parents.iter().map(|parent| parent.asset).collect();
        let assets = self.ports.repository.assets(&ids).await?;
        let mut found = Violations::new();
        let mut ip_ids = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            let field = format!("parents[{index}].asset");
            let Some(asset) = assets.iter().find(|asset| asset.id == *id) else {
                return Err(Error::new(ErrorKind::NotFound, "no such parent asset")
                    .with_op("create_asset")
                    .with_context("field", field)
                    .with_context("asset", id));
            };
            match asset.ip_id() {
                Some(ip_id) => ip_ids.push(ip_id),
                None => found.push(Violation::new(
                    field,
                    "not_registered",
                    "a parent that is registered on chain",
                )),
            }
        }
        Ok(found.into_result(ip_ids)?)
    }

    async fn owned(&self, caller: &Caller, id: &CreationId, op: &'static str) -> Result<CreationRecord> {
        let record = self.ports.repository.creation(id).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "no such creation").with_op(op).with_context("creation", id)
        })?;
        caller.require_owner(record.owner, op)?;
        Ok(record)
    }

    async fn load(&self, id: &CreationId) -> Result<CreationView> {
        let record = self.ports.repository.creation(id).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "no such creation").with_context("creation", id)
        })?;
        self.view(record).await
    }

    async fn view(&self, mut record: CreationRecord) -> Result<CreationView> {
        let machine = load(&self.ports, &record).await?;
        // The journal was read after the record: somebody may have gone on in between.
        (record.status, record.step) = (machine.status(), machine.step());
        let asset = self.ports.repository.asset(&record.asset).await?;
        let steps = machine
            .plan()
            .iter()
            .map(|step| StepView { step: *step, output: machine.output(*step).cloned() })
            .collect();
        let failure = match machine.next() {
            Next::Stuck { why, .. } => Some(why.clone()),
            _ => None,
        };
        Ok(CreationView { record, asset, steps, failure })
    }
}

fn is_driven_elsewhere(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && matches!(error.retry(), crate::error::Retry::After(_))
}

/// An existing creation under the same key, if the request is the same.
fn same_request(record: CreationRecord, new: &NewCreation) -> Result<CreationRecord> {
    if record.input_hash == new.input_hash {
        return Ok(record);
    }
    let (old, new) = (&record.input, &new.input);
    let differs = [
        ("asset_type", old.asset_type != new.asset_type),
        ("text", old.text != new.text),
        ("media", old.media != new.media),
        ("license", old.license != new.license),
        ("parents", old.parents != new.parents),
    ];
    let fields: Vec<_> = differs.iter().filter(|(_, differs)| *differs).map(|(field, _)| *field).collect();
    Err(Error::new(ErrorKind::Conflict, "this idempotency key was used for another request")
        .with_op("create_asset")
        .with_context("creation", record.id)
        .with_context("differs_in", fields.join(", ")))
}
