//! [`SqliteRepository`]: the ports over the lanes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use lore_core::{
    Address, AssetId, Cid, CreationId, Error, IpId, Result, Timestamp,
    creation::{CreationRecord, NewCreation, RecordedEvent},
    domain::{
        asset::{Asset, ParentLink},
        page::{AssetQuery, CreationQuery, Page},
    },
    ids::HolderId,
    port::{
        refusal::Refusal,
        repository::{AssetRepository, ChangeSet, CreationJournal, Lease, Opened, Repository},
    },
};
use sqlx::sqlite::SqliteRow;

use super::{
    ai_log::SqliteAiLog,
    ai_reports::SqliteAiReports,
    asset_rows::{asset, asset_columns, link},
    chain_events::SqliteChainEventStore,
    commit,
    config::SqliteConfig,
    connection::{Opener, Readers, Statement, Write, Writer},
    creation_rows::{creation, creation_columns, event, insert_creation},
    error::{During, database},
    list, migrations,
    search::{self, Plan},
    transactions::SqliteTransactionStore,
    values::{Columns, count, hex_list},
};

/// More assets than this that may match a search make its word a common one.
///
/// Reading this many costs some ten milliseconds; walking a million assets to fill a page of 20 with a word that one in
/// 250 of them has costs as much.
const MAX_CANDIDATES: usize = 4_000;

/// A [`Repository`] in one SQLite file, which several processes may have open.
///
/// A write is on disk when its call returns: after a power cut too, if the disk keeps its word. Text is stored twice, as it
/// is and as the search reads it.
///
/// # Cancellation
/// A write that is dropped has happened as a whole or not at all, and the next one works. A read that is dropped costs a
/// connection, which the next read opens again.
#[derive(Debug)]
pub struct SqliteRepository {
    pub(super) readers: Arc<Readers>,
    pub(super) writer: Arc<Writer>,
    read_connections: usize,
    pub(super) max_candidates: usize,
}

impl SqliteRepository {
    /// Opens the file, makes it if there is none, and brings it to this version's schema.
    ///
    /// # Errors
    /// [`Config`](lore_core::ErrorKind::Config) if a setting is out of range, the path cannot be used, or a newer version of Lore wrote
    /// the file, which is then left as it is; [`IntegrityMismatch`](lore_core::ErrorKind::IntegrityMismatch) if the file is damaged or
    /// no database; [`Unavailable`](lore_core::ErrorKind::Unavailable) if another process locks it or the disk is full.
    pub async fn connect(config: SqliteConfig) -> Result<Self> {
        let open = async {
            config.check()?;
            let opener = Opener::new(&config)?;
            let writer = migrations::open(&opener).await?;
            Ok(Self {
                readers: Arc::new(Readers::new(opener.clone(), config.read_connections)),
                writer: Arc::new(Writer::new(opener, writer)),
                read_connections: config.read_connections,
                max_candidates: MAX_CANDIDATES,
            })
        };
        open.await.map_err(|err: Error| err.with_op("connect"))
    }

    /// The signed transactions in the same file, over the same connections.
    #[must_use]
    pub fn transactions(&self) -> SqliteTransactionStore {
        SqliteTransactionStore::new(Arc::clone(&self.readers), Arc::clone(&self.writer))
    }

    /// The protocol's events in the same file, over the same connections.
    #[must_use]
    pub fn chain_events(&self) -> SqliteChainEventStore {
        SqliteChainEventStore::new(Arc::clone(&self.readers), Arc::clone(&self.writer))
    }

    /// The audit log of AI and the calls under way in the same file, over the same connections.
    #[must_use]
    pub fn ai_log(&self) -> SqliteAiLog {
        SqliteAiLog::new(Arc::clone(&self.readers), Arc::clone(&self.writer))
    }

    /// Usage of models and accepted outputs in the same file, over the same connections.
    #[must_use]
    pub fn ai_reports(&self) -> SqliteAiReports {
        SqliteAiReports::new(Arc::clone(&self.readers), Arc::clone(&self.writer))
    }

    /// Waits for the calls under way and closes the file, for what shares its connections too. Later calls fail with [`Unavailable`](lore_core::ErrorKind::Unavailable).
    ///
    /// A repository that is dropped instead loses nothing, but its connections close some time later.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable) if a connection broke before.
    pub async fn close(&self) -> Result<()> {
        let readers = self.readers.close(self.read_connections).await;
        let writer = self.writer.close().await;
        readers.and(writer).map_err(|err| err.with_op("close"))
    }

    /// Reads rows and makes something of each.
    async fn read<T>(
        &self,
        op: &'static str,
        statement: Statement<'_>,
        convert: impl Fn(&SqliteRow) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        let rows = self.readers.rows(statement).await;
        rows.and_then(|rows| rows.iter().map(convert).collect()).map_err(|err| err.with_op(op))
    }
}

fn blob(id: [u8; 16]) -> Vec<u8> {
    id.to_vec()
}

pub(super) const NEEDED_CIDS: &str = "SELECT cid FROM (SELECT key AS place, unhex(value) AS cid FROM json_each(?1)) AS asked WHERE \
             EXISTS (SELECT 1 FROM lore_assets WHERE media_cid = cid AND creation <> ?2) OR \
             EXISTS (SELECT 1 FROM lore_assets WHERE ipa_cid = cid AND creation <> ?2) OR \
             EXISTS (SELECT 1 FROM lore_assets WHERE nft_cid = cid AND creation <> ?2) OR \
             EXISTS (SELECT 1 FROM lore_creations \
                 WHERE media_cid = cid AND id <> ?2 AND status NOT IN ('finished', 'cancelled')) OR \
             EXISTS (SELECT 1 FROM lore_events JOIN lore_creations ON id = creation \
                 WHERE pin_cid = cid AND id <> ?2 AND status NOT IN ('finished', 'cancelled')) \
             ORDER BY place";

#[async_trait]
impl AssetRepository for SqliteRepository {
    async fn asset(&self, id: &AssetId) -> Result<Option<Asset>> {
        let sql = concat!("SELECT ", asset_columns!(), " FROM lore_assets WHERE id = ?1");
        let found = self.read("asset", sqlx::query(sql).bind(blob(id.to_bytes())), asset).await?;
        Ok(found.into_iter().next())
    }

    async fn assets(&self, ids: &[AssetId]) -> Result<Vec<Asset>> {
        let sql = concat!(
            "SELECT ",
            asset_columns!(),
            " FROM (SELECT key AS place, unhex(value) AS asked FROM json_each(?1)) CROSS JOIN lore_assets \
             ON id = asked ORDER BY place"
        );
        let ids = hex_list(ids.iter().map(|id| id.to_bytes()))?;
        self.read("assets", sqlx::query(sql).bind(ids), asset).await
    }

    async fn asset_by_ip(&self, ip_id: &IpId) -> Result<Option<Asset>> {
        let sql = concat!("SELECT ", asset_columns!(), " FROM lore_assets WHERE ip_id = ?1");
        let statement = sqlx::query(sql).bind(ip_id.address().as_bytes().to_vec());
        Ok(self.read("asset_by_ip", statement, asset).await?.into_iter().next())
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Page<Asset>> {
        let op = |err: Error| err.with_op("list_assets");
        let after = query.position().map_err(op)?;
        let plan = search::plan(&self.readers, query.words(), self.max_candidates).await.map_err(op)?;
        let rows = match &plan {
            Plan::Nothing => Vec::new(),
            plan => self.read("list_assets", list::assets(query, after, plan), asset).await?,
        };
        Page::from_rows(rows, query.limit, |asset| query.cursor_after(asset)).map_err(op)
    }

    async fn parent_links(&self, children: &[AssetId]) -> Result<Vec<ParentLink>> {
        let sql = "SELECT child, parent, position, relationship, attribution, terms_id, policy, royalty \
             FROM lore_links WHERE child IN (SELECT unhex(value) FROM json_each(?1)) \
             ORDER BY child, position, parent";
        let children = hex_list(children.iter().map(|id| id.to_bytes()))?;
        self.read("parent_links", sqlx::query(sql).bind(children), link).await
    }

    async fn child_links(&self, parents: &[AssetId]) -> Result<Vec<ParentLink>> {
        let sql = "SELECT child, parent, position, relationship, attribution, terms_id, policy, royalty \
             FROM lore_links WHERE parent IN (SELECT unhex(value) FROM json_each(?1)) \
             ORDER BY child, position, parent";
        let parents = hex_list(parents.iter().map(|id| id.to_bytes()))?;
        self.read("child_links", sqlx::query(sql).bind(parents), link).await
    }

    async fn needed_cids(&self, cids: &[Cid], except: &CreationId) -> Result<Vec<Cid>> {
        let cids = hex_list(cids.iter().map(Cid::to_bytes))?;
        let statement = sqlx::query(NEEDED_CIDS).bind(cids).bind(blob(except.to_bytes()));
        self.read("needed_cids", statement, |row| Columns(row).cid("cid")).await
    }
}

const CREATION: &str = concat!("SELECT ", creation_columns!(), " FROM lore_creations WHERE id = ?1");
const CREATION_OF_ASSET: &str =
    concat!("SELECT ", creation_columns!(), " FROM lore_creations WHERE asset = ?1");
const CREATION_OF_KEY: &str =
    concat!("SELECT ", creation_columns!(), " FROM lore_creations WHERE owner = ?1 AND idempotency_key = ?2");

async fn open_creation(write: &mut Write<'_>, new: &NewCreation) -> Result<Opened> {
    let record = CreationRecord::new(new.clone());
    let inserted = write.execute(insert_creation(&record)?).await;
    if inserted.map_err(|err| database(err, During::Statement))? > 0 {
        return Ok(Opened::New(record));
    }
    let by_key = sqlx::query(CREATION_OF_KEY).bind(new.owner.as_bytes().to_vec());
    let found = write.rows(by_key.bind(new.idempotency_key.clone())).await?;
    if let Some(row) = found.first() {
        return Ok(Opened::Existing(creation(row)?));
    }
    let by_id = write.rows(sqlx::query(CREATION).bind(blob(new.id.to_bytes()))).await?;
    Err(if by_id.is_empty() { Refusal::AssetHasCreation(new.asset) } else { Refusal::CreationTaken(new.id) }
        .into())
}

/// The newest generation and the end of its time.
async fn newest_lease(write: &mut Write<'_>, id: &CreationId) -> Result<(u64, Timestamp)> {
    let sql =
        "SELECT lease_generation, coalesce(lease_until, 0) AS lease_until FROM lore_creations WHERE id = ?1";
    let rows = write.rows(sqlx::query(sql).bind(blob(id.to_bytes()))).await?;
    let columns = rows.first().map(Columns).ok_or(Refusal::CreationMissing(*id))?;
    Ok((columns.count("lease_generation")?, columns.time("lease_until")?))
}

async fn acquire_lease(
    write: &mut Write<'_>,
    id: &CreationId,
    holder: HolderId,
    now: Timestamp,
    ttl: Duration,
) -> Result<Lease> {
    let (generation, until) = newest_lease(write, id).await?;
    if generation > 0 && until > now {
        return Err(Refusal::LeaseHeld { creation: *id, now, until }.into());
    }
    let lease = Lease::new(generation.saturating_add(1), holder, now.saturating_add(ttl));
    let sql =
        "UPDATE lore_creations SET lease_generation = ?2, lease_holder = ?3, lease_until = ?4 WHERE id = ?1";
    let statement = sqlx::query(sql)
        .bind(blob(id.to_bytes()))
        .bind(count(lease.generation)?)
        .bind(blob(holder.to_bytes()))
        .bind(lease.until.unix_micros());
    write.execute(statement).await.map_err(|err| database(err, During::Statement))?;
    Ok(lease)
}

/// Moves the end of a lease if it is still the newest, and says whether it is.
async fn move_end(write: &mut Write<'_>, id: &CreationId, lease: &Lease, until: Timestamp) -> Result<bool> {
    let sql = "UPDATE lore_creations SET lease_until = ?4 \
         WHERE id = ?1 AND lease_generation = ?2 AND lease_holder = ?3";
    let statement = sqlx::query(sql)
        .bind(blob(id.to_bytes()))
        .bind(count(lease.generation)?)
        .bind(blob(lease.holder.to_bytes()))
        .bind(until.unix_micros());
    let moved = write.execute(statement).await.map_err(|err| database(err, During::Statement))?;
    Ok(moved > 0)
}

async fn renew_lease(
    write: &mut Write<'_>,
    id: &CreationId,
    lease: &Lease,
    until: Timestamp,
) -> Result<Lease> {
    if move_end(write, id, lease, until).await? {
        return Ok(Lease::new(lease.generation, lease.holder, until));
    }
    let (newest, _) = newest_lease(write, id).await?;
    Err(Refusal::StaleLease { creation: *id, generation: lease.generation, newest }.into())
}

#[async_trait]
impl CreationJournal for SqliteRepository {
    async fn open_creation(&self, new: &NewCreation) -> Result<Opened> {
        let op = |err: Error| err.with_op("open_creation");
        let mut write = self.writer.begin().await.map_err(op)?;
        let opened = open_creation(&mut write, new).await;
        write.finish(opened).await.map_err(op)
    }

    async fn creation(&self, id: &CreationId) -> Result<Option<CreationRecord>> {
        let statement = sqlx::query(CREATION).bind(blob(id.to_bytes()));
        Ok(self.read("creation", statement, creation).await?.into_iter().next())
    }

    async fn creation_by_key(
        &self,
        owner: &Address,
        idempotency_key: &str,
    ) -> Result<Option<CreationRecord>> {
        let statement =
            sqlx::query(CREATION_OF_KEY).bind(owner.as_bytes().to_vec()).bind(idempotency_key.to_owned());
        Ok(self.read("creation_by_key", statement, creation).await?.into_iter().next())
    }

    async fn creation_of_asset(&self, asset: &AssetId) -> Result<Option<CreationRecord>> {
        let statement = sqlx::query(CREATION_OF_ASSET).bind(blob(asset.to_bytes()));
        Ok(self.read("creation_of_asset", statement, creation).await?.into_iter().next())
    }

    async fn list_creations(&self, query: &CreationQuery) -> Result<Page<CreationRecord>> {
        let op = |err: Error| err.with_op("list_creations");
        let below = query.position().map_err(op)?;
        let rows = self.read("list_creations", list::creations(query, below), creation).await?;
        Page::from_rows(rows, query.limit, |record| query.cursor_after(&record.id)).map_err(op)
    }

    async fn events(&self, id: &CreationId) -> Result<Vec<RecordedEvent>> {
        let sql = "SELECT seq, at, event FROM lore_events WHERE creation = ?1 ORDER BY seq";
        self.read("events", sqlx::query(sql).bind(blob(id.to_bytes())), |row| event(id, row)).await
    }

    async fn acquire_lease(
        &self,
        id: &CreationId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease> {
        let op = |err: Error| err.with_op("acquire_lease");
        let mut write = self.writer.begin().await.map_err(op)?;
        let acquired = acquire_lease(&mut write, id, holder, now, ttl).await;
        write.finish(acquired).await.map_err(op)
    }

    async fn renew_lease(
        &self,
        id: &CreationId,
        lease: &Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease> {
        let op = |err: Error| err.with_op("renew_lease");
        let mut write = self.writer.begin().await.map_err(op)?;
        let renewed = renew_lease(&mut write, id, lease, now.saturating_add(ttl)).await;
        write.finish(renewed).await.map_err(op)
    }

    async fn release_lease(&self, id: &CreationId, lease: &Lease) -> Result<()> {
        let op = |err: Error| err.with_op("release_lease");
        let mut write = self.writer.begin().await.map_err(op)?;
        // The generation stays: the next holder's must be above it.
        let released = move_end(&mut write, id, lease, Timestamp::EPOCH).await.map(|_| ());
        write.finish(released).await.map_err(op)
    }
}

#[async_trait]
impl Repository for SqliteRepository {
    fn name(&self) -> &str {
        "sqlite"
    }

    async fn commit(&self, changes: ChangeSet) -> Result<()> {
        let op = |err: Error| err.with_op("commit");
        let mut write = self.writer.begin().await.map_err(op)?;
        let applied = commit::apply(&mut write, &changes).await;
        write.finish(applied).await.map_err(op)
    }
}
