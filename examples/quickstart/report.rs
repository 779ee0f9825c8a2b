//! What the quickstart tells while it works: lines for people, or one JSON event per line.

use std::{
    collections::BTreeMap,
    io::{IsTerminal as _, Write as _},
};

use lore::{
    Address, AssetId, AssetQuery, Caller, Error, ErrorKind, FamilyView, Lore, ProgressEvent, Result, Step,
    Wei,
};
use serde_json::{Value, json};

use crate::{args::Args, wallet::Wallet, work, work::Role};

/// The payment whose royalties are shown, in coins.
const PAYMENT_COINS: u64 = 10;

/// One line of JSON; `event` names what it is.
pub(crate) fn event(name: &str, fields: Value) {
    let mut line = json!({ "event": name });
    if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
        line.extend(fields);
    }
    println!("{line}");
}

pub(crate) fn failed(is_json: bool, error: &Error) {
    if is_json {
        event("failed", json!({ "error": error.to_record() }));
    }
    eprintln!("quickstart: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    for violation in error.violations() {
        eprintln!("  {}: expected {}", violation.field, violation.expected);
    }
}

/// Says what was opened.
pub(crate) async fn opened(args: &Args, lore: &Lore, wallet: &Wallet) -> Result<()> {
    let chain = lore.chain().info().await?;
    if args.json {
        let fields = json!({
            "data": args.data, "wallet": wallet.address(), "new_wallet": wallet.is_new(),
            "chain_id": chain.chain_id, "simulated": chain.simulated, "pin_store": lore.pins().name(),
        });
        event("opened_data", fields);
        return Ok(());
    }
    println!("Lore quickstart");
    println!("  data     {}", args.data.display());
    let how =
        if wallet.is_new() { "created, its key never leaves this directory" } else { "known from before" };
    println!("  wallet   {} ({how})", wallet.address());
    let what = if chain.simulated { "simulated: nothing leaves this machine" } else { "a real chain" };
    println!("  chain    {} ({what})", chain.chain_id);
    println!("  content  {}", lore.pins().name());
    Ok(())
}

pub(crate) fn interrupted(args: &Args, run: u32) {
    if args.json {
        event("interrupted_run", json!({ "run": run }));
    } else {
        println!("\nRun {run} was interrupted; `--resume` finishes it. This run adds new works beside it.");
    }
}

/// Shows each step as it happens.
pub(crate) fn progress(args: &Args, role: Role) -> impl Fn(&ProgressEvent) + Send + Sync + 'static {
    let is_json = args.json;
    let bar = !args.json && std::io::stdout().is_terminal();
    move |happened| {
        if is_json {
            let mut line = serde_json::to_value(happened).unwrap_or_default();
            if let Some(line) = line.as_object_mut() {
                line.insert("work".into(), role.name().into());
            }
            println!("{line}");
        } else {
            line(role, happened, bar);
        }
    }
}

fn line(role: Role, event: &ProgressEvent, bar: bool) {
    match event {
        ProgressEvent::Opened { creation, resumed, .. } => {
            let how = if *resumed { "goes on" } else { "begins" };
            println!("\n{}: {creation} {how}", role.name());
        }
        ProgressEvent::Hashing { done_bytes, total_bytes } if bar => {
            show_bar("hashing", *done_bytes, *total_bytes)
        }
        ProgressEvent::Uploading { done_bytes, total_bytes, .. } if bar => {
            show_bar("pinning", *done_bytes, *total_bytes);
        }
        ProgressEvent::Performed { step, reconciled, .. } => {
            clear(bar);
            let how = if *reconciled { " (was done before the interruption)" } else { "" };
            println!("  done  {}{how}", describe(*step));
        }
        ProgressEvent::Retrying { step, attempt, wait, why, .. } => {
            clear(bar);
            println!(
                "  wait  {}: attempt {attempt} failed, next in {wait:?}: {}",
                describe(*step),
                why.message
            );
        }
        ProgressEvent::Stuck { step, .. } => println!("  stuck {}", describe(*step)),
        ProgressEvent::Finished { asset, .. } => println!("  => {asset}"),
        _ => {}
    }
}

const fn describe(step: Step) -> &'static str {
    match step {
        Step::MediaUpload => "media pinned",
        Step::DatabaseSave => "record saved",
        Step::IpaMetadataUpload => "IP metadata pinned",
        Step::NftMetadataUpload => "NFT metadata pinned",
        Step::Registration => "registered on chain",
        Step::TermsRegistration => "license terms registered",
        Step::TermsAttachment => "license terms attached",
        Step::ParentLinking => "linked to its parents",
        _ => "a step",
    }
}

fn show_bar(what: &str, done: u64, total: u64) {
    const WIDTH: u64 = 30;
    let filled = (done.min(total) * WIDTH).checked_div(total).unwrap_or(WIDTH);
    let bar: String = (0..WIDTH).map(|at| if at < filled { '#' } else { '.' }).collect();
    print!("\r  {what} [{bar}] {done} / {total} bytes");
    flush();
}

fn clear(bar: bool) {
    if bar {
        print!("\r\x1b[2K");
        flush();
    }
}

fn flush() {
    // A closed pipe shows at the next line that matters.
    drop(std::io::stdout().flush());
}

/// Finds everything again: list, search, family tree, royalties.
pub(crate) async fn tour(args: &Args, lore: &Lore, owner: Address) -> Result<()> {
    let assets = work::assets(lore, owner).await?;
    let mut query = AssetQuery::default();
    query.text = Some("dunes".to_owned());
    let found = lore.assets().list(&Caller::User(owner), &query).await?.items;
    if args.json {
        event("listed", json!({ "assets": assets.iter().map(|asset| asset.id).collect::<Vec<_>>() }));
        event(
            "found",
            json!({ "text": "dunes", "assets": found.iter().map(|asset| asset.id).collect::<Vec<_>>() }),
        );
    } else {
        println!("\nAll works of this wallet:");
        for asset in &assets {
            let ip = asset.ip_id().map_or_else(|| "not registered yet".to_owned(), |ip| format!("IP {ip}"));
            println!("  {:<32} {ip}", asset.text.title);
        }
        println!("\nSearch for \"dunes\" finds {} of them.", found.len());
    }
    if let Some(derivative) = work::newest_derivative(lore, owner).await? {
        family(args, lore, owner, derivative).await?;
    }
    Ok(())
}

async fn family(args: &Args, lore: &Lore, owner: Address, asset: AssetId) -> Result<()> {
    let caller = Caller::User(owner);
    let family: FamilyView = lore.derivatives().family(&caller, &asset).await?;
    let amount = Wei::from_coins(PAYMENT_COINS);
    let royalties = match lore.derivatives().royalty_preview(&caller, &asset, amount).await {
        Ok(royalties) => royalties,
        // An interrupted derivative is in the family before it is linked on chain.
        Err(error) if error.kind() == ErrorKind::Conflict => return Ok(()),
        Err(error) => return Err(error),
    };
    let titles: BTreeMap<_, _> =
        family.members.iter().map(|asset| (asset.id, asset.text.title.clone())).collect();
    let title = |id: &AssetId| titles.get(id).cloned().unwrap_or_else(|| id.to_string());
    if args.json {
        event("family", json!({ "asset": asset, "tree": family.tree, "ancestors": family.ancestors }));
        event("royalties", json!({ "asset": asset, "amount": amount, "preview": royalties }));
        return Ok(());
    }
    println!("\nFamily of the newest derivative:");
    print!("{}", family.tree.display(|id| title(&id)));
    println!("\n\nOf a payment of {PAYMENT_COINS} coins to it go, in coins, to");
    println!("  {:<32} {:>6}", title(&asset), royalties.kept.to_coins());
    for earning in &royalties.ancestors {
        println!("  {:<32} {:>6}", title(&earning.ip), earning.amount.to_coins());
    }
    Ok(())
}
