//! Writing a change set, in the order of its fields.

use lore_core::{
    AssetId, Error, Result,
    domain::asset::{Asset, ParentLink},
    port::{
        refusal::Refusal,
        repository::{ChangeSet, JournalAppend},
    },
};

use super::{
    asset_rows::{INSERT, UPDATE, bind_asset, bind_link},
    connection::Write,
    creation_rows::insert_event,
    error::{During, database, is_dangling, is_taken},
    values::{Columns, count},
};

fn failed(err: sqlx::Error) -> Error {
    database(err, During::Statement)
}

/// Writes everything, or fails half way: the caller rolls back.
pub(super) async fn apply(write: &mut Write<'_>, changes: &ChangeSet) -> Result<()> {
    for asset in &changes.insert_assets {
        insert(write, asset).await?;
    }
    for asset in &changes.update_assets {
        update(write, asset).await?;
    }
    delete(write, &changes.delete_assets).await?;
    for link in &changes.put_links {
        put_link(write, link).await?;
    }
    if let Some(append) = &changes.journal {
        append_events(write, append).await?;
    }
    Ok(())
}

async fn insert(write: &mut Write<'_>, asset: &Asset) -> Result<()> {
    if asset.version != 1 {
        return Err(Refusal::NotAFirstVersion(asset.id).into());
    }
    match write.execute(bind_asset(INSERT, asset)?).await {
        Ok(_) => Ok(()),
        Err(err) if is_taken(&err) => match (stored_version(write, &asset.id).await?, asset.ip_id()) {
            (None, Some(ip_id)) => Err(Refusal::IpTaken(ip_id).into()),
            _ => Err(Refusal::AssetTaken(asset.id).into()),
        },
        Err(err) => Err(failed(err)),
    }
}

async fn update(write: &mut Write<'_>, asset: &Asset) -> Result<()> {
    match (write.execute(bind_asset(UPDATE, asset)?).await, asset.ip_id()) {
        (Ok(0), _) => Err(not_that_version(write, &asset.id, asset.version.saturating_sub(1)).await?),
        (Ok(_), _) => Ok(()),
        (Err(err), Some(ip_id)) if is_taken(&err) => Err(Refusal::IpTaken(ip_id).into()),
        (Err(err), _) => Err(failed(err)),
    }
}

async fn stored_version(write: &mut Write<'_>, id: &AssetId) -> Result<Option<u64>> {
    let statement = sqlx::query("SELECT version FROM lore_assets WHERE id = ?1").bind(id.to_bytes().to_vec());
    let rows = write.rows(statement).await?;
    rows.first().map(|row| Columns(row).count("version")).transpose()
}

/// Why no asset had this id and version.
async fn not_that_version(write: &mut Write<'_>, id: &AssetId, expected: u64) -> Result<Error> {
    Ok(match stored_version(write, id).await? {
        Some(stored) => Refusal::StaleAsset { asset: *id, expected, stored },
        None => Refusal::AssetMissing(*id),
    }
    .into())
}

async fn delete(write: &mut Write<'_>, removed: &[(AssetId, u64)]) -> Result<()> {
    for (id, _) in removed {
        let links = sqlx::query("DELETE FROM lore_links WHERE child = ?1").bind(id.to_bytes().to_vec());
        write.execute(links).await.map_err(failed)?;
    }
    // With all their own links gone, only children that stay can hold one of them.
    for (id, version) in removed {
        let asset = sqlx::query("DELETE FROM lore_assets WHERE id = ?1 AND version = ?2")
            .bind(id.to_bytes().to_vec())
            .bind(count(*version)?);
        match write.execute(asset).await {
            Ok(0) => return Err(not_that_version(write, id, *version).await?),
            Ok(_) => {}
            Err(err) if is_dangling(&err) => return Err(Refusal::IsParent(*id).into()),
            Err(err) => return Err(failed(err)),
        }
    }
    Ok(())
}

async fn put_link(write: &mut Write<'_>, link: &ParentLink) -> Result<()> {
    match write.execute(bind_link(link)).await {
        Ok(_) => Ok(()),
        Err(err) if is_dangling(&err) => {
            let child_is_there = stored_version(write, &link.child).await?.is_some();
            let missing = if child_is_there { link.parent } else { link.child };
            Err(Refusal::AssetMissing(missing).into())
        }
        Err(err) => Err(failed(err)),
    }
}

async fn append_events(write: &mut Write<'_>, append: &JournalAppend) -> Result<()> {
    let creation = append.creation;
    let id = creation.to_bytes().to_vec();
    let state = sqlx::query(
        "SELECT lease_generation, (SELECT coalesce(max(seq), 0) FROM lore_events WHERE creation = id) AS seq \
         FROM lore_creations WHERE id = ?1",
    );
    let rows = write.rows(state.bind(id.clone())).await?;
    let columns = rows.first().map(Columns).ok_or(Refusal::CreationMissing(creation))?;
    let newest = columns.count("lease_generation")?;
    if newest == 0 || append.generation != newest {
        return Err(Refusal::StaleLease { creation, generation: append.generation, newest }.into());
    }
    let stored = columns.count("seq")?;
    for (expected, event) in (stored.saturating_add(1)..).zip(&append.events) {
        if event.seq != expected {
            return Err(Refusal::EventGap { creation, expected, found: event.seq }.into());
        }
        write.execute(insert_event(&creation, event)?).await.map_err(failed)?;
    }
    let state =
        sqlx::query("UPDATE lore_creations SET status = ?2, step = ?3, updated_at = ?4 WHERE id = ?1")
            .bind(id)
            .bind(append.status.as_str())
            .bind(append.step.map(|step| step.as_str()))
            .bind(append.at.unix_micros());
    write.execute(state).await.map_err(failed)?;
    Ok(())
}
