//! A real chain: the node, the key, and a collection of one's own, made once.

use std::{env, sync::Arc};

use lore::{
    ChainConfig, ChainId, Config, Error, ErrorKind, OperationKey, Result, Secret, SqliteConfig,
    SqliteRepository, StoryChainConfig, SystemClock,
    story::{
        LocalSigner, Network, StoryClient, StoryConfig, TransactionSigner as _, network::RpcUrl,
        ops::CreateCollection,
    },
};

use crate::{args::Args, wallet::Wallet};

/// Reads a variable that must be set.
fn variable(name: &'static str) -> Result<String> {
    env::var(name).map_err(|_| {
        Error::new(ErrorKind::Config, "a variable of the environment is not set")
            .with_context("variable", name)
    })
}

/// The network of `LORE_STORY_RPC`: the chain `LORE_STORY_CHAIN_ID`, or the test network Aeneid.
fn network() -> Result<Network> {
    let url = RpcUrl::parse(&variable("LORE_STORY_RPC")?)?;
    let id = match env::var("LORE_STORY_CHAIN_ID") {
        Ok(id) => ChainId::new(id.parse().map_err(|_| {
            Error::invalid("LORE_STORY_CHAIN_ID", "malformed", "the id of a chain in decimal digits")
        })?),
        Err(_) => ChainId::AENEID,
    };
    Ok(match Network::known(id) {
        Some(mut network) => {
            network.rpc_urls = vec![url];
            network
        }
        None => Network::custom(id, url),
    })
}

/// The signer of `LORE_STORY_KEY`, and a configuration with its collection.
pub(crate) async fn prepare(args: &Args) -> Result<(Wallet, Config)> {
    let key = Secret::new(variable("LORE_STORY_KEY")?);
    let signer = LocalSigner::from_key(&key)?;
    let wallet = Wallet::known(signer.address());
    std::fs::create_dir_all(&args.data)
        .map_err(|err| Error::new(ErrorKind::Unavailable, "the directory cannot be made").with_source(err))?;
    let mut config = Config::embedded(&args.data, wallet.address());
    let mut story = StoryConfig::new(network()?);

    // The key of the operation makes it the same collection in every run on this directory.
    let records = SqliteRepository::connect(SqliteConfig::new(args.data.join("lore.sqlite"))).await?;
    let transactions = Arc::new(records.transactions());
    let client = StoryClient::new(story.clone(), Arc::new(signer), transactions, SystemClock::shared())?;
    let collection = CreateCollection::new("Lore quickstart", "LORE", wallet.address());
    let once = OperationKey::new("quickstart/collection")?;
    story.collection = client.send_once(&once, &collection).await?.collection;

    config.chain = ChainConfig::Story(Box::new(StoryChainConfig::new(story, key)));
    Ok((wallet, config))
}
