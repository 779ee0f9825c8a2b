//! The job: two originals and a derivative of both, under idempotency keys, so that running it again after a crash goes on
//! where it stopped.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use lore::{
    Address, Asset, AssetId, AssetText, AssetType, Caller, Clock, CreateAsset, CreationQuery, CreationStatus,
    Creator, Error, ErrorKind, FileContent, Lore, ParentInput, Payment, PilTerms, Relationship, Result,
    Retry, Share, Step, SystemClock, Wei,
};

use crate::{args::Args, crash, report};

/// One of the three works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    First,
    Second,
    Derivative,
}

impl Role {
    pub(crate) const ALL: [Self; 3] = [Self::First, Self::Second, Self::Derivative];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Derivative => "derivative",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::First => "Tide",
            Self::Second => "Dunes",
            Self::Derivative => "Where the tide meets the dunes",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::First => "Seven layers of sea under a low sun.",
            Self::Second => "Sand in the last hour of light.",
            Self::Derivative => "The sea of one picture runs into the sand of another.",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::First => "tide.png",
            Self::Second => "dunes.png",
            Self::Derivative => "tide-and-dunes.png",
        }
    }

    /// The steps of its creation.
    pub(crate) fn steps(self) -> impl Iterator<Item = Step> {
        Step::ALL.into_iter().filter(move |step| match step {
            Step::TermsRegistration | Step::TermsAttachment => self != Self::Derivative,
            Step::ParentLinking => self == Self::Derivative,
            _ => true,
        })
    }
}

/// One run of the quickstart: which number it has in this directory.
#[derive(Debug)]
pub(crate) struct Job {
    number: u32,
    owner: Address,
}

impl Job {
    /// The jobs to do: the next one, or, with `--resume`, every one that was interrupted.
    pub(crate) async fn find(lore: &Lore, owner: Address, args: &Args) -> Result<Vec<Self>> {
        let known = finished_works(lore, owner).await?;
        let job = |number| Self { number, owner };
        let mut open: Vec<u32> = known
            .iter()
            .filter(|(_, finished)| **finished < Role::ALL.len())
            .map(|(number, _)| *number)
            .collect();
        if args.resume {
            if known.is_empty() {
                // It died before it recorded anything.
                open.push(1);
            }
            return Ok(open.into_iter().map(job).collect());
        }
        for number in open {
            report::interrupted(args, number);
        }
        let last = known.last_key_value().map_or(0, |(number, _)| *number);
        Ok(vec![job(last + 1)])
    }

    /// Creates what is missing of the three works.
    pub(crate) async fn finish(&self, lore: &Lore, args: &Args) -> Result<()> {
        let first = self.create(lore, args, Role::First, &[]).await?;
        let second = self.create(lore, args, Role::Second, &[]).await?;
        let parents = [
            ParentInput::new(first.id, Relationship::Remix, "62.5".parse()?),
            ParentInput::new(second.id, Relationship::Remix, "37.5".parse()?),
        ];
        self.create(lore, args, Role::Derivative, &parents).await?;
        Ok(())
    }

    async fn create(&self, lore: &Lore, args: &Args, role: Role, parents: &[ParentInput]) -> Result<Asset> {
        let caller = Caller::User(self.owner);
        let path = self.media(lore, args, role).await?;
        let media = Arc::new(FileContent::describe(&path).await?);
        let mut text = AssetText::new(role.title(), role.description());
        text.tags = vec!["landscape".into(), format!("run-{}", self.number)];
        text.creators = vec![Creator::new("The Lore contributors", self.owner, 100)];
        let mut request = CreateAsset::new(AssetType::DigitalArt, text, media.clone())
            .idempotency_key(self.key(role))
            .media_source(path.display().to_string());
        if let Some(name) = path.file_name() {
            request = request.file_name(name.display().to_string());
        }
        for parent in parents {
            request = request.parent(*parent);
        }
        if parents.is_empty() {
            request = request.license(terms(lore).await?);
        }
        let progress = crash::watch(role, args.crash_at, report::progress(args, role));
        let mut view = lore.creations().create(&caller, request, &progress).await?;
        while !view.is_finished() {
            // The process that died holds the lease for a moment longer; or another one is at work right now.
            let id = view.record.id;
            view = match lore.creations().retry_creation(&caller, &id, Some(media.clone()), &progress).await {
                Ok(view) => view,
                Err(error) => match (error.kind(), error.retry()) {
                    (ErrorKind::Conflict, Retry::After(wait)) => {
                        SystemClock.sleep(wait.unwrap_or(Duration::from_millis(200))).await;
                        lore.creations().get(&caller, &id).await?
                    }
                    _ => return Err(error),
                },
            };
        }
        view.asset.ok_or_else(|| Error::new(ErrorKind::Unexpected, "a finished creation has no asset"))
    }

    /// The media of a work: on a resumed run the same file as before.
    async fn media(&self, lore: &Lore, args: &Args, role: Role) -> Result<PathBuf> {
        let known =
            creations(lore, self.owner).await?.into_iter().find(|creation| creation.key == self.key(role));
        if let Some(source) = known.and_then(|creation| creation.media_source) {
            return Ok(source.into());
        }
        match (&args.media, role) {
            (Some(path), Role::First) => Ok(path.clone()),
            _ => Ok([env!("CARGO_MANIFEST_DIR"), "examples", "assets", role.file()].iter().collect()),
        }
    }

    fn key(&self, role: Role) -> String {
        format!("quickstart/{}/{}", self.number, role.name())
    }
}

/// Commercial remix: no fee, and 10 % of what derivatives earn.
async fn terms(lore: &Lore) -> Result<PilTerms> {
    let chain = lore.chain().info().await?;
    let payment = Payment { currency: chain.royalty_token, royalty_policy: chain.royalty_policy_lap };
    Ok(PilTerms::commercial_remix(Wei::ZERO, Share::from_percent(10)?, payment))
}

/// What the job needs to know of a creation.
struct Known {
    key: String,
    status: CreationStatus,
    media_source: Option<String>,
}

async fn creations(lore: &Lore, owner: Address) -> Result<Vec<Known>> {
    let mut all = Vec::new();
    let mut query = CreationQuery::default();
    query.owner = Some(owner);
    query.limit = 100;
    loop {
        let page = lore.creations().list(&Caller::User(owner), query.clone()).await?;
        all.extend(page.items.into_iter().map(|record| Known {
            key: record.idempotency_key,
            status: record.status,
            media_source: record.media_source,
        }));
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return Ok(all),
        }
    }
}

/// How many works of each job so far are finished, by the job's number.
async fn finished_works(lore: &Lore, owner: Address) -> Result<BTreeMap<u32, usize>> {
    let number = |key: &str| key.strip_prefix("quickstart/")?.split('/').next()?.parse::<u32>().ok();
    let mut jobs = BTreeMap::new();
    for creation in creations(lore, owner).await? {
        if let Some(number) = number(&creation.key) {
            *jobs.entry(number).or_default() += usize::from(creation.status == CreationStatus::Finished);
        }
    }
    Ok(jobs)
}

/// The assets of all runs, newest first.
pub(crate) async fn assets(lore: &Lore, owner: Address) -> Result<Vec<Asset>> {
    let caller = Caller::User(owner);
    let mut all = Vec::new();
    let mut query = lore::AssetQuery::default();
    query.owner = Some(owner);
    query.limit = 100;
    loop {
        let page = lore.assets().list(&caller, &query).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return Ok(all),
        }
    }
}

/// The newest derivative, if there is one.
pub(crate) async fn newest_derivative(lore: &Lore, owner: Address) -> Result<Option<AssetId>> {
    for asset in assets(lore, owner).await? {
        if !lore.derivatives().parents(&Caller::User(owner), &asset.id).await?.is_empty() {
            return Ok(Some(asset.id));
        }
    }
    Ok(None)
}
