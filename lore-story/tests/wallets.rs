//! Signatures of wallets on a real node: keys, wallet contracts (EIP-1271), and contracts that are not there yet
//! (EIP-6492).

#![cfg(test)]

use std::sync::Arc;

use alloy::{
    primitives::{Address as EvmAddress, B256, Bytes},
    signers::{SignerSync as _, local::PrivateKeySigner},
    sol_types::{SolCall as _, SolValue as _},
};
use lore_core::{
    Address, ErrorKind, Result, Retry, Secret, SystemClock,
    conformance::wallet_verifier::{Harness, SignedMessage},
    memory::transactions::MemoryTransactionStore,
    port::chain::{SignatureKind, WalletVerifier},
};
use lore_story::{LocalSigner, Network, StoryClient, StoryConfig, network::RpcUrl};
use lore_story_testbed::{
    ACCOUNTS, KEYS, Node, NodeOptions,
    contracts::{Deployed, interface::Wallet1271, interface::Wallet1271Factory},
    missing,
};
use tokio::sync::OnceCell;

const MESSAGE: &[u8] = b"example.org wants you to sign in with your Ethereum account";
/// Whose key the wallets take.
const OWNER: usize = 1;

/// A node of its own for each test.
#[derive(Debug, Default)]
struct World(OnceCell<(Node, Deployed)>);

impl World {
    async fn there(&self) -> &(Node, Deployed) {
        let start = || async {
            let node = Node::start("wallets", NodeOptions::default()).await.unwrap();
            let deployed = node.deploy_all().await;
            (node, deployed)
        };
        self.0.get_or_init(start).await
    }

    async fn client(&self) -> StoryClient {
        client(self.there().await.0.url())
    }

    async fn wallet_at(&self, salt: B256) -> EvmAddress {
        let (node, deployed) = self.there().await;
        let ask = Wallet1271Factory::walletAtCall { salt, owner: ACCOUNTS[OWNER] };
        node.read(deployed.wallets, &ask).await
    }

    async fn deploy(&self, salt: B256) {
        let (node, deployed) = self.there().await;
        let deploy = Wallet1271Factory::deployCall { salt, owner: ACCOUNTS[OWNER] };
        node.run(ACCOUNTS[0], deployed.wallets, &deploy).await;
    }

    /// A signature that says how the wallet is made (EIP-6492).
    async fn wrapped(&self, salt: B256) -> SignedMessage {
        let deploy = Wallet1271Factory::deployCall { salt, owner: ACCOUNTS[OWNER] };
        let factory = self.there().await.1.wallets;
        self.wrapped_by(salt, factory, deploy.abi_encode()).await
    }

    async fn wrapped_by(&self, salt: B256, factory: EvmAddress, deploy: Vec<u8>) -> SignedMessage {
        let inner = Bytes::from(signed(OWNER));
        let mut signature = (factory, Bytes::from(deploy), inner).abi_encode_params();
        signature.extend([0x64, 0x92].repeat(16));
        SignedMessage::new(own(self.wallet_at(salt).await), MESSAGE.to_vec(), signature)
    }
}

fn own(address: EvmAddress) -> Address {
    Address::from_bytes(address.into_array())
}

fn client(url: &str) -> StoryClient {
    let mut network = Network::aeneid();
    network.rpc_urls = vec![RpcUrl::parse(url).unwrap()];
    let signer = LocalSigner::from_key(&Secret::new(KEYS[0])).unwrap();
    let store = Arc::new(MemoryTransactionStore::new());
    StoryClient::new(StoryConfig::new(network), Arc::new(signer), store, SystemClock::shared()).unwrap()
}

/// The message, signed by the key of an account as a wallet does.
fn signed(account: usize) -> Vec<u8> {
    let key: PrivateKeySigner = KEYS[account].parse().unwrap();
    key.sign_message_sync(MESSAGE).unwrap().as_bytes().to_vec()
}

impl Harness for World {
    async fn fresh(&self) -> Result<Arc<dyn WalletVerifier>> {
        Ok(Arc::new(self.client().await))
    }

    async fn contract_wallet(&self) -> Result<Option<SignedMessage>> {
        let salt = B256::repeat_byte(1);
        self.deploy(salt).await;
        let wallet = own(self.wallet_at(salt).await);
        Ok(Some(SignedMessage::new(wallet, MESSAGE.to_vec(), signed(OWNER))))
    }

    async fn undeployed_wallet(&self) -> Result<Option<SignedMessage>> {
        Ok(Some(self.wrapped(B256::repeat_byte(2)).await))
    }
}

mod suite {
    lore_core::wallet_verifier_conformance!(super::World::default(), skip_if: lore_story_testbed::missing());
}

async fn verified(world: &World, signed: &SignedMessage) -> Option<SignatureKind> {
    let client = world.client().await;
    client.verify_signature(&signed.account, &signed.message, &signed.signature).await.unwrap()
}

fn skipped(test: &str) -> bool {
    missing().inspect(|why| println!("skipped: {test}: {why}")).is_some()
}

#[tokio::test]
async fn a_wallet_that_was_deployed_meanwhile_is_asked_as_it_is() {
    if skipped("a_wallet_that_was_deployed_meanwhile_is_asked_as_it_is") {
        return;
    }
    let (world, salt) = (World::default(), B256::repeat_byte(3));
    let signed = world.wrapped(salt).await;
    assert_eq!(verified(&world, &signed).await, Some(SignatureKind::UndeployedContract));
    world.deploy(salt).await;
    assert_eq!(verified(&world, &signed).await, Some(SignatureKind::Contract));
    // With another owner the same signature is worth nothing, whatever it says about how the wallet was made.
    let handed_over = Wallet1271::setOwnerCall { owner: ACCOUNTS[2] };
    world.there().await.0.run(ACCOUNTS[OWNER], world.wallet_at(salt).await, &handed_over).await;
    assert_eq!(verified(&world, &signed).await, None);
}

#[tokio::test]
async fn a_factory_that_makes_no_wallet_proves_nothing() {
    if skipped("a_factory_that_makes_no_wallet_proves_nothing") {
        return;
    }
    let (world, salt) = (World::default(), B256::repeat_byte(4));
    let wallets = world.there().await.1.wallets;
    let for_another = Wallet1271Factory::deployCall { salt, owner: ACCOUNTS[2] }.abi_encode();
    for (factory, data) in [(wallets, vec![1, 2, 3, 4]), (ACCOUNTS[3], vec![]), (wallets, for_another)] {
        let signed = world.wrapped_by(salt, factory, data).await;
        assert_eq!(verified(&world, &signed).await, None);
    }
    let mut of_the_wallet = world.wrapped(salt).await;
    of_the_wallet.account = own(ACCOUNTS[OWNER]);
    assert_eq!(verified(&world, &of_the_wallet).await, None, "the owner's account is no wallet");
}

#[tokio::test]
async fn a_precompile_that_echoes_the_question_signed_nothing() {
    if skipped("a_precompile_that_echoes_the_question_signed_nothing") {
        return;
    }
    let world = World::default();
    let mut echoed = world.wrapped(B256::repeat_byte(5)).await;
    echoed.account = own(EvmAddress::with_last_byte(4));
    assert_eq!(verified(&world, &echoed).await, None);
}

#[tokio::test]
async fn a_contract_that_is_no_wallet_signed_nothing() {
    if skipped("a_contract_that_is_no_wallet_signed_nothing") {
        return;
    }
    let world = World::default();
    let deployed = world.there().await.1;
    for contract in [deployed.coin, deployed.troublemaker, deployed.registrar] {
        let claimed = SignedMessage::new(own(contract), MESSAGE.to_vec(), signed(OWNER));
        assert_eq!(verified(&world, &claimed).await, None);
    }
    let endless = SignedMessage::new(own(deployed.coin), MESSAGE.to_vec(), vec![0; 1 << 20]);
    assert_eq!(verified(&world, &endless).await, None);
}

#[tokio::test]
async fn a_key_needs_no_node_and_a_contract_does() {
    let client = client("http://127.0.0.1:1");
    let account = own(ACCOUNTS[OWNER]);
    let found = client.verify_signature(&account, MESSAGE, &signed(OWNER)).await.unwrap();
    assert_eq!(found, Some(SignatureKind::Key));
    let error = client.verify_signature(&account, MESSAGE, &signed(2)).await.unwrap_err();
    assert_eq!((error.kind(), error.op()), (ErrorKind::Unavailable, "verify_signature"));
    assert_eq!(error.retry(), Retry::After(None));
}
