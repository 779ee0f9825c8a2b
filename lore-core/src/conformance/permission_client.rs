//! Cases of the [`PermissionClient`] port.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

use std::sync::Arc;

use crate::{
    conformance::on_chain::{refused, register},
    error::{ErrorKind, Result},
    onchain::{Address, IpId},
    port::chain::{ChainClient, Permission, PermissionClient, PermissionLevel, PermissionScope},
    protocol,
};

/// One signer's two ports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Party {
    /// Registers IPs.
    pub chain: Arc<dyn ChainClient>,
    /// The client under test.
    pub permissions: Arc<dyn PermissionClient>,
}

impl Party {
    /// The ports of one signer, who can pay for transactions.
    #[must_use]
    pub fn new(chain: Arc<dyn ChainClient>, permissions: Arc<dyn PermissionClient>) -> Self {
        Self { chain, permissions }
    }
}

/// Clients of one chain on which nothing of the suite happened yet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Clients {
    /// Who owns the IPs.
    pub owner: Party,
    /// Another signer on the same chain, if there can be one.
    pub other: Option<Party>,
}

impl Clients {
    /// One signer alone.
    #[must_use]
    pub const fn new(owner: Party) -> Self {
        Self { owner, other: None }
    }

    /// Adds another signer.
    #[must_use]
    pub fn with_other(mut self, other: Party) -> Self {
        self.other = Some(other);
        self
    }
}

/// Makes clients for the suite.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// Clients whose signers registered nothing before: a fresh chain, or fresh accounts and a fresh collection.
    async fn fresh(&self) -> Result<Clients>;
}

/// Who is given permissions; signs nothing.
const DELEGATE: Address = Address::from_bytes([0xde; 20]);
/// A registered module: the chain permits calls only to or by one.
const MODULE: Address = protocol::CORE_METADATA_MODULE;
/// `setMetadataURI(address,string,bytes32)`.
const SET_URI: [u8; 4] = [0x82, 0x25, 0xff, 0xcb];
/// `freezeMetadata(address)`.
const FREEZE: [u8; 4] = [0xa8, 0x9d, 0xb2, 0xe4];

const FUNCTION: PermissionScope = PermissionScope::Function(MODULE, SET_URI);

/// The owner's client, and an IP of the owner.
async fn owned(harness: &impl Harness, name: &str) -> Result<(Arc<dyn PermissionClient>, IpId)> {
    let owner = harness.fresh().await?.owner;
    let ip = register(&owner.chain, name).await?;
    Ok((owner.permissions, ip))
}

/// A permission of the delegate.
fn level(ip: IpId, scope: PermissionScope, level: PermissionLevel) -> Permission {
    let mut permission = Permission::allow(ip, DELEGATE, scope);
    permission.level = level;
    permission
}

pub async fn a_permission_is_read_as_stored(harness: &impl Harness) -> Result<()> {
    let (client, ip) = owned(harness, "stored").await?;
    let scopes = [FUNCTION, PermissionScope::Contract(MODULE), PermissionScope::Everything];
    for scope in scopes {
        assert_eq!(client.permission(&ip, &DELEGATE, &scope).await?, PermissionLevel::Abstain);
    }
    let levels = [PermissionLevel::Allow, PermissionLevel::Deny, PermissionLevel::Allow];
    let set: Vec<_> = scopes.iter().zip(levels).map(|(scope, to)| level(ip, *scope, to)).collect();
    assert!(client.set_permissions(&set).await?.is_some());
    for (scope, level) in scopes.iter().zip(levels) {
        assert_eq!(client.permission(&ip, &DELEGATE, scope).await?, level);
    }
    let untouched = PermissionScope::Function(MODULE, FREEZE);
    assert_eq!(client.permission(&ip, &DELEGATE, &untouched).await?, PermissionLevel::Abstain);
    Ok(())
}

pub async fn a_permission_is_taken_back(harness: &impl Harness) -> Result<()> {
    let (client, ip) = owned(harness, "taken-back").await?;
    assert!(client.set_permissions(&[Permission::allow(ip, DELEGATE, FUNCTION)]).await?.is_some());
    assert!(client.is_permitted(&ip, &DELEGATE, &MODULE, SET_URI).await?);
    assert!(client.set_permissions(&[Permission::revoke(ip, DELEGATE, FUNCTION)]).await?.is_some());
    assert_eq!(client.permission(&ip, &DELEGATE, &FUNCTION).await?, PermissionLevel::Abstain);
    assert!(!client.is_permitted(&ip, &DELEGATE, &MODULE, SET_URI).await?);
    Ok(())
}

pub async fn setting_a_permission_twice_is_ok(harness: &impl Harness) -> Result<()> {
    let (client, ip) = owned(harness, "twice").await?;
    let one = Permission::allow(ip, DELEGATE, FUNCTION);
    assert!(client.set_permissions(&[one]).await?.is_some());
    assert_eq!(client.set_permissions(&[one]).await?, None);
    let both = [one, Permission::allow(ip, DELEGATE, PermissionScope::Contract(MODULE))];
    assert!(client.set_permissions(&both).await?.is_some());
    assert_eq!(client.set_permissions(&both).await?, None);
    // Nothing was ever said about it, which is what is asked for.
    let unsaid = Permission::revoke(ip, DELEGATE, PermissionScope::Everything);
    assert_eq!(client.set_permissions(&[unsaid]).await?, None);
    Ok(())
}

pub async fn everything_can_be_permitted(harness: &impl Harness) -> Result<()> {
    let (client, ip) = owned(harness, "everything").await?;
    let everything = [Permission::allow(ip, DELEGATE, PermissionScope::Everything)];
    assert!(client.set_permissions(&everything).await?.is_some());
    assert_eq!(client.set_permissions(&everything).await?, None);
    for function in [SET_URI, FREEZE] {
        assert!(client.is_permitted(&ip, &DELEGATE, &MODULE, function).await?);
    }
    // Neither the contract nor the delegate is a module, so the chain permits nothing.
    assert!(!client.is_permitted(&ip, &DELEGATE, &DELEGATE, SET_URI).await?);
    Ok(())
}

pub async fn the_narrower_permission_decides(harness: &impl Harness) -> Result<()> {
    let (client, ip) = owned(harness, "narrower").await?;
    let permitted = |function| client.is_permitted(&ip, &DELEGATE, &MODULE, function);
    let set = [
        level(ip, PermissionScope::Everything, PermissionLevel::Allow),
        level(ip, PermissionScope::Contract(MODULE), PermissionLevel::Deny),
        level(ip, FUNCTION, PermissionLevel::Allow),
    ];
    assert!(client.set_permissions(&set).await?.is_some());
    assert!(permitted(SET_URI).await?);
    assert!(!permitted(FREEZE).await?);
    let turned = [
        level(ip, PermissionScope::Contract(MODULE), PermissionLevel::Abstain),
        level(ip, FUNCTION, PermissionLevel::Deny),
    ];
    assert!(client.set_permissions(&turned).await?.is_some());
    assert!(!permitted(SET_URI).await?);
    assert!(permitted(FREEZE).await?);
    Ok(())
}

pub async fn the_owner_may_do_everything(harness: &impl Harness) -> Result<()> {
    let owner = harness.fresh().await?.owner;
    let ip = register(&owner.chain, "owner").await?;
    let account = owner.chain.info().await?.signer;
    assert!(owner.permissions.is_permitted(&ip, &account, &MODULE, SET_URI).await?);
    assert!(!owner.permissions.is_permitted(&ip, &DELEGATE, &MODULE, SET_URI).await?);
    let mut denied = Permission::allow(ip, account, FUNCTION);
    denied.level = PermissionLevel::Deny;
    assert!(owner.permissions.set_permissions(&[denied]).await?.is_some());
    assert!(owner.permissions.is_permitted(&ip, &account, &MODULE, SET_URI).await?);
    Ok(())
}

pub async fn only_the_owner_sets_permissions(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let Some(other) = clients.other else {
        println!("skipped only_the_owner_sets_permissions: the harness has no second signer");
        return Ok(());
    };
    let ip = register(&clients.owner.chain, "only-the-owner").await?;
    let answer = other.permissions.set_permissions(&[Permission::allow(ip, DELEGATE, FUNCTION)]).await;
    let error = refused(answer, ErrorKind::Reverted)?;
    let name = error.revert().map(|revert| revert.name.as_str());
    assert_eq!(name, Some("AccessController__CallerIsNotIPAccountOrOwner"), "{error:?}");
    let stored = clients.owner.permissions.permission(&ip, &DELEGATE, &FUNCTION).await?;
    assert_eq!(stored, PermissionLevel::Abstain);
    Ok(())
}

pub async fn permissions_are_set_all_or_none(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let Some(other) = clients.other else {
        println!("skipped permissions_are_set_all_or_none: the harness has no second signer");
        return Ok(());
    };
    let mine = register(&clients.owner.chain, "mine").await?;
    let theirs = register(&other.chain, "theirs").await?;
    let both = [mine, theirs].map(|ip| Permission::allow(ip, DELEGATE, FUNCTION));
    refused(clients.owner.permissions.set_permissions(&both).await, ErrorKind::Reverted)?;
    let stored = clients.owner.permissions.permission(&mine, &DELEGATE, &FUNCTION).await?;
    assert_eq!(stored, PermissionLevel::Abstain);
    Ok(())
}

pub async fn a_senseless_permission_is_refused(harness: &impl Harness) -> Result<()> {
    let (client, ip) = owned(harness, "senseless").await?;
    refused(client.set_permissions(&[]).await, ErrorKind::InvalidInput)?;
    let nobody = Permission::allow(ip, Address::ZERO, FUNCTION);
    refused(client.set_permissions(&[nobody]).await, ErrorKind::InvalidInput)?;
    Ok(())
}

/// Emits one test per case of the permission suite for the harness that the expression makes.
#[macro_export]
macro_rules! permission_client_conformance {
    ($harness:expr) => {
        $crate::permission_client_conformance! { $harness, skip_if: ::core::option::Option::None::<String> }
    };
    ($harness:expr, skip_if: $why:expr) => {
        $crate::__cases! { $harness, skip_if: $why, $crate::conformance::permission_client,
            a_permission_is_read_as_stored,
            a_permission_is_taken_back,
            setting_a_permission_twice_is_ok,
            everything_can_be_permitted,
            the_narrower_permission_decides,
            the_owner_may_do_everything,
            only_the_owner_sets_permissions,
            permissions_are_set_all_or_none,
            a_senseless_permission_is_refused,
        }
    };
}
