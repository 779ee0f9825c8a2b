//! [`MemoryLore`]: the whole engine on in-memory adapters and a simulated chain, for trying Lore without an account.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::join;
use js_sys::{Function, JSON};
use lore::{
    Address, Asset, AssetId, AssetQuery, AssetText, AssetType, BytesContent, Caller, CreateAsset,
    CreationQuery, CreationView, Creator, Error, ErrorKind, Lore, MediaType, MemoryPinStore,
    MemoryRepository, Output, ParentInput, Payment, PilTerms, Profile, Progress, ProgressStream, Result,
    Share, SimulatedChain, SystemClock, Wei,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{error::or_throw, value::to_js};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type AssetType = "digital_art" | "music" | "writing" | "photography" | "game_asset" | "video" | "other";
export type Relationship = "remix" | "adaptation" | "translation" | "continuation";
export interface Creator { name: string; address: string; contribution_percent: number; }
/** A parent, and its part of the attribution in millionths of a percent. */
export interface ParentInput { asset: string; relationship: Relationship; share: number; }
/** License terms, field by field as on chain; `commercialRemix` makes the common ones. */
export interface PilTerms { [field: string]: unknown; }

/** A new asset. Parents and a license exclude each other: a derivative inherits its parents' terms. */
export interface CreateRequest {
    asset_type: AssetType;
    title: string;
    description: string;
    tags?: string[];
    creators?: Creator[];
    media_type?: string;
    file_name?: string;
    /** The same key with the same request gives the same asset. */
    idempotency_key?: string;
    license?: PilTerms;
    parents?: ParentInput[];
}

/** What long work tells while it goes on; `event` says which. */
export interface ProgressEvent { event: string; [field: string]: unknown; }

export interface Asset {
    id: string;
    owner: string;
    asset_type: AssetType;
    text: { title: string; description: string; tags: string[]; creators: Creator[] };
    registration: { ip_id: string; [field: string]: unknown } | null;
    [field: string]: unknown;
}

/** What a payment brings to whom, in wei as decimal text. */
export interface RoyaltyPreview {
    receiver: string;
    amount: string;
    kept: string;
    ancestors: { ip: string; amount: string; [field: string]: unknown }[];
    [field: string]: unknown;
}

/** What is there, counted by the chain, the pin store and the journal themselves. */
export interface Summary {
    simulated: true;
    assets: number;
    registrations: number;
    license_attachments: number;
    links: number;
    linked_parents: number;
    pins: number;
    uploads: number;
    creations_unfinished: number;
    cids: string[];
    ip_ids: string[];
}
"#;

/// Commercial remix: everybody may use and remix the work for a fee in wei, and owes this share (in millionths of a
/// percent) of what comes of it.
///
/// # Errors
/// `invalid_input` if the fee is no amount, or the share is above 100 %.
#[wasm_bindgen(js_name = commercialRemix, unchecked_return_type = "PilTerms")]
pub fn commercial_remix(minting_fee: &str, share: u32) -> Result<JsValue, JsValue> {
    let terms = || -> Result<JsValue> {
        let fee = minting_fee.parse::<Wei>()?;
        to_js(&PilTerms::commercial_remix(fee, Share::from_millionths(share)?, Payment::default()))
    };
    or_throw(terms())
}

/// The whole engine in memory. The chain is simulated: nothing that it registers exists anywhere else, and all is gone
/// with this object.
#[wasm_bindgen]
#[derive(Debug)]
pub struct MemoryLore {
    lore: Lore,
    pins: Arc<MemoryPinStore>,
    chain: SimulatedChain,
    owner: Address,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateRequest {
    asset_type: AssetType,
    title: String,
    description: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    creators: Vec<Creator>,
    media_type: Option<MediaType>,
    file_name: Option<String>,
    idempotency_key: Option<String>,
    license: Option<PilTerms>,
    #[serde(default)]
    parents: Vec<ParentInput>,
}

#[derive(Default, Serialize)]
struct Summary {
    simulated: bool,
    assets: usize,
    registrations: u64,
    license_attachments: u64,
    links: u64,
    linked_parents: usize,
    pins: usize,
    uploads: u64,
    creations_unfinished: usize,
    cids: BTreeSet<String>,
    ip_ids: Vec<String>,
}

#[wasm_bindgen]
impl MemoryLore {
    /// An empty engine, used by the wallet with this address.
    ///
    /// # Errors
    /// `invalid_input` if it is no address.
    #[wasm_bindgen(constructor)]
    pub fn new(owner: &str) -> Result<Self, JsValue> {
        or_throw(Self::build(owner))
    }

    fn build(owner: &str) -> Result<Self> {
        let owner: Address = owner.parse()?;
        let pins = Arc::new(MemoryPinStore::new(Profile::UnixFsV1_2025));
        let chain = SimulatedChain::new(owner, SystemClock::shared());
        let lore = Lore::builder()
            .repository(Arc::new(MemoryRepository::new()))
            .pin_store(pins.clone())
            .chain_client(Arc::new(chain.clone()))
            .build()?;
        Ok(Self { lore, pins, chain, owner })
    }

    /// Creates an asset: pins media and metadata, registers it, and attaches its license or links it to its parents.
    /// `on_progress` is called at each turn; what it throws stops nothing.
    ///
    /// # Errors
    /// `invalid_input` naming the field; whatever a step fails with.
    #[wasm_bindgen(unchecked_return_type = "Asset")]
    pub async fn create(
        &self,
        #[wasm_bindgen(unchecked_param_type = "CreateRequest")] request: JsValue,
        media: Vec<u8>,
        #[wasm_bindgen(unchecked_optional_param_type = "(event: ProgressEvent) => void")] on_progress: Option<
            Function,
        >,
    ) -> Result<JsValue, JsValue> {
        or_throw(self.create_asset(&request, media, on_progress).await.and_then(|asset| to_js(&asset)))
    }

    async fn create_asset(
        &self,
        request: &JsValue,
        media: Vec<u8>,
        on_progress: Option<Function>,
    ) -> Result<Asset> {
        let request = from_js::<CreateRequest>(request)?.with_media(media);
        let (progress, events) = Progress::channel();
        let work = async move {
            let view = self.lore.creations().create(&self.caller(), request, &progress).await;
            // The stream of events ends with its sender.
            drop(progress);
            view
        };
        let (view, ()) = join(work, tell(events, on_progress)).await;
        finished(view?)
    }

    /// The assets, newest first; with `text`, those in which all its words appear.
    ///
    /// # Errors
    /// `invalid_input` for a text that cannot be searched for.
    #[wasm_bindgen(unchecked_return_type = "Asset[]")]
    pub async fn assets(&self, text: Option<String>) -> Result<JsValue, JsValue> {
        or_throw(self.find(text).await.and_then(|assets| to_js(&assets)))
    }

    /// The family of an asset as text, one line each.
    ///
    /// # Errors
    /// `not_found`; `invalid_input` if it is no id.
    #[wasm_bindgen(js_name = familyTree)]
    pub async fn family_tree(&self, asset: &str) -> Result<String, JsValue> {
        or_throw(self.tree(asset).await)
    }

    /// What the next payment of so many wei to an asset brings to it and to each of its ancestors.
    ///
    /// # Errors
    /// `not_found`; `invalid_input` if the id or the amount cannot be read.
    #[wasm_bindgen(js_name = royaltyPreview, unchecked_return_type = "RoyaltyPreview")]
    pub async fn royalty_preview(&self, asset: &str, wei: &str) -> Result<JsValue, JsValue> {
        or_throw(self.preview(asset, wei).await)
    }

    /// What is there now.
    ///
    /// # Errors
    /// None that a caller can cause.
    #[wasm_bindgen(unchecked_return_type = "Summary")]
    pub async fn summary(&self) -> Result<JsValue, JsValue> {
        or_throw(self.count().await.and_then(|summary| to_js(&summary)))
    }

    const fn caller(&self) -> Caller {
        Caller::User(self.owner)
    }

    async fn find(&self, text: Option<String>) -> Result<Vec<Asset>> {
        let mut all = Vec::new();
        let mut query = AssetQuery::default();
        query.text = text;
        loop {
            let page = self.lore.assets().list(&self.caller(), &query).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn tree(&self, asset: &str) -> Result<String> {
        let family = self.lore.derivatives().family(&self.caller(), &asset.parse()?).await?;
        let title = |id: AssetId| {
            let member = family.members.iter().find(|member| member.id == id);
            member.map_or_else(|| id.to_string(), |member| member.text.title.clone())
        };
        Ok(family.tree.display(title).to_string())
    }

    async fn preview(&self, asset: &str, wei: &str) -> Result<JsValue> {
        let (asset, amount) = (asset.parse()?, wei.parse()?);
        to_js(&self.lore.derivatives().royalty_preview(&self.caller(), &asset, amount).await?)
    }

    async fn count(&self) -> Result<Summary> {
        let assets = self.find(None).await?;
        let chain = self.chain.stats()?;
        let mut summary = Summary {
            simulated: true,
            assets: assets.len(),
            registrations: chain.registrations,
            license_attachments: chain.license_attachments,
            links: chain.links,
            pins: self.pins.pin_count(),
            ip_ids: assets.iter().filter_map(Asset::ip_id).map(|ip_id| ip_id.to_string()).collect(),
            ..Summary::default()
        };
        for asset in &assets {
            let parents = self.lore.derivatives().parents(&self.caller(), &asset.id).await?;
            summary.linked_parents += parents.iter().filter(|link| link.on_chain.is_some()).count();
        }
        let mut query = CreationQuery::default();
        loop {
            let page = self.lore.creations().list(&self.caller(), query.clone()).await?;
            for record in page.items {
                summary.add(&self.lore.creations().get(&self.caller(), &record.id).await?);
            }
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => return Ok(summary),
            }
        }
    }
}

impl CreateRequest {
    fn with_media(self, media: Vec<u8>) -> CreateAsset {
        let mut text = AssetText::new(self.title, self.description);
        text.tags = self.tags;
        text.creators = self.creators;
        let mut request = CreateAsset::new(self.asset_type, text, Arc::new(BytesContent::new(media)));
        if let Some(media_type) = self.media_type {
            request = request.media_type(media_type);
        }
        if let Some(name) = self.file_name {
            request = request.file_name(name);
        }
        if let Some(key) = self.idempotency_key {
            request = request.idempotency_key(key);
        }
        if let Some(terms) = self.license {
            request = request.license(terms);
        }
        self.parents.into_iter().fold(request, CreateAsset::parent)
    }
}

impl Summary {
    /// Adds what a creation journalled.
    fn add(&mut self, creation: &CreationView) {
        self.creations_unfinished += usize::from(!creation.is_finished());
        for output in creation.steps.iter().map(|view| &view.output) {
            if let Some(Output::Media { pinned } | Output::Metadata { pinned, .. }) = output {
                self.uploads += u64::from(pinned.uploaded);
                self.cids.insert(pinned.cid.to_string());
            }
        }
    }
}

fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T> {
    let wrong = |why: &str| {
        Error::invalid("request", "malformed", "an object as its type says").with_context("cause", why)
    };
    let text = JSON::stringify(value).map_err(|_| wrong("it cannot be written as JSON"))?;
    let text = text.as_string().ok_or_else(|| wrong("it is nothing"))?;
    serde_json::from_str(&text).map_err(|err| wrong(&err.to_string()))
}

/// Hands every event to the listener, until the work is over.
async fn tell(mut events: ProgressStream, listener: Option<Function>) {
    while let Some(event) = events.next().await {
        if let (Some(listener), Ok(event)) = (&listener, to_js(&event)) {
            // A listener that throws has a fault of its own; the work it listens to must not be lost for it.
            drop(listener.call1(&JsValue::NULL, &event));
        }
    }
}

fn finished(view: CreationView) -> Result<Asset> {
    let unfinished = || Error::new(ErrorKind::Unavailable, "the creation stopped before its end");
    let unfinished = || match &view.failure {
        Some(why) => unfinished().with_context("kind", why.kind).with_context("message", &why.message),
        None => unfinished(),
    };
    if view.is_finished() { view.asset.clone().ok_or_else(unfinished) } else { Err(unfinished()) }
}
