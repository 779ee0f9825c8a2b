//! The last word: what is there now, counted by the records, the block store and the chain themselves.

use std::collections::BTreeSet;

use lore::{
    Address, Asset, BlockStore, BlockStoreConfig, Caller, ChainConfig, Config, CreationQuery, Error,
    ErrorKind, Lore, Output, PinsConfig, Result, SimulatedChain, SimulatedConfig, SystemClock,
};
use serde_json::json;

use crate::{args::Args, report, work};

#[derive(Default)]
struct Counts {
    uploads: u64,
    unfinished: u64,
    cids: BTreeSet<String>,
}

pub(crate) async fn print(args: &Args, config: &Config, lore: &Lore, owner: Address) -> Result<()> {
    let assets = work::assets(lore, owner).await?;
    let counts = creations(lore, owner).await?;
    let ip_ids: Vec<_> = assets.iter().filter_map(lore::Asset::ip_id).collect();
    let (mut linked_parents, mut linked_children) = (0, 0);
    for asset in &assets {
        let parents = lore.derivatives().parents(&Caller::User(owner), &asset.id).await?;
        let linked = parents.iter().filter(|link| link.on_chain.is_some()).count();
        linked_parents += linked;
        linked_children += u64::from(linked > 0);
    }
    let chain = chain_stats(config, &assets, linked_children)?;
    let PinsConfig::Blocks { path } = &config.pins else { return Err(not_embedded()) };
    let blocks = BlockStore::open(BlockStoreConfig::new(path)).await?.stats().await?;
    if args.json {
        let fields = json!({
            "simulated": chain.simulated,
            "assets": assets.len(),
            "registrations": chain.registrations,
            "license_attachments": chain.license_attachments,
            "links": chain.links,
            "linked_parents": linked_parents,
            "pins": blocks.pins,
            "blocks": blocks.blocks,
            "uploads": counts.uploads,
            "creations_unfinished": counts.unfinished,
            "cids": counts.cids,
            "ip_ids": ip_ids,
        });
        report::event("summary", fields);
        return Ok(());
    }
    println!("\nIn this directory now:");
    println!("  {:>4} assets", assets.len());
    let which = if chain.simulated { "the simulated chain" } else { "the chain" };
    println!("  {:>4} registrations on {which}", chain.registrations);
    println!("  {:>4} license attachments", chain.license_attachments);
    println!("  {:>4} links of a derivative, to {linked_parents} parents in all", chain.links);
    println!("  {:>4} pins in {} blocks, {} uploads performed", blocks.pins, blocks.blocks, counts.uploads);
    if counts.unfinished > 0 {
        println!("  {:>4} unfinished: `--resume` goes on with them", counts.unfinished);
    }
    Ok(())
}

/// Registrations, attachments and links.
struct ChainStats {
    simulated: bool,
    registrations: u64,
    license_attachments: u64,
    links: u64,
}

/// What a simulated chain itself counts, read through a client of its own; of a real one, what the records say.
fn chain_stats(config: &Config, assets: &[Asset], links: u64) -> Result<ChainStats> {
    let ChainConfig::Simulated { path, chain_id, signer } = &config.chain else {
        let count = |has: fn(&&Asset) -> bool| assets.iter().filter(has).count() as u64;
        return Ok(ChainStats {
            simulated: false,
            registrations: count(|asset| asset.registration.is_some()),
            license_attachments: count(|asset| asset.license.is_some()),
            links,
        });
    };
    let path = path.as_ref().ok_or_else(not_embedded)?;
    let mut constants = SimulatedConfig::default();
    constants.chain_id = *chain_id;
    let stats = SimulatedChain::open(path, constants, *signer, SystemClock::shared())?.stats()?;
    Ok(ChainStats {
        simulated: true,
        registrations: stats.registrations,
        license_attachments: stats.license_attachments,
        links: stats.links,
    })
}

fn not_embedded() -> Error {
    Error::new(ErrorKind::Unsupported, "only the embedded adapters can be counted")
}

/// What the creations themselves journalled.
async fn creations(lore: &Lore, owner: Address) -> Result<Counts> {
    let caller = Caller::User(owner);
    let mut counts = Counts::default();
    let mut query = CreationQuery::default();
    query.owner = Some(owner);
    loop {
        let page = lore.creations().list(&caller, query.clone()).await?;
        for record in page.items {
            let view = lore.creations().get(&caller, &record.id).await?;
            counts.unfinished += u64::from(!view.is_finished());
            for output in view.steps.into_iter().filter_map(|view| view.output) {
                if let Output::Media { pinned } | Output::Metadata { pinned, .. } = output {
                    counts.uploads += u64::from(pinned.uploaded);
                    counts.cids.insert(pinned.cid.to_string());
                }
            }
        }
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return Ok(counts),
        }
    }
}
