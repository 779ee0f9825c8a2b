//! [`PermissionClient`]: who may act for an IP account.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    domain::asset::Mined,
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
    onchain::{Address, IpId},
};

/// What a permission says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PermissionLevel {
    /// Nothing: the next wider permission decides, and at last it is denied.
    #[default]
    Abstain,
    /// The signer may.
    Allow,
    /// The signer may not, whatever a wider permission says.
    Deny,
}

impl PermissionLevel {
    /// The number on chain.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::Abstain => 0,
            Self::Allow => 1,
            Self::Deny => 2,
        }
    }

    /// The level with this number.
    #[must_use]
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Abstain),
            1 => Some(Self::Allow),
            2 => Some(Self::Deny),
            _ => None,
        }
    }
}

/// What a permission is about. The narrower decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PermissionScope {
    /// One function of one contract, by its selector.
    Function(Address, [u8; 4]),
    /// All functions of one contract.
    Contract(Address),
    /// Everything.
    Everything,
}

/// A permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Permission {
    /// The IP whose account is used.
    pub ip: IpId,
    /// Who may use it.
    pub signer: Address,
    /// For what.
    pub scope: PermissionScope,
    /// Whether.
    pub level: PermissionLevel,
}

impl Permission {
    /// Lets a signer do something.
    #[must_use]
    pub const fn allow(ip: IpId, signer: Address, scope: PermissionScope) -> Self {
        Self { ip, signer, scope, level: PermissionLevel::Allow }
    }

    /// Takes a permission back.
    #[must_use]
    pub const fn revoke(ip: IpId, signer: Address, scope: PermissionScope) -> Self {
        Self { ip, signer, scope, level: PermissionLevel::Abstain }
    }
}

/// Grants, revokes and reads permissions, as one signer.
///
/// Permissions last until they are changed, and hold for the owner who gave them: they lapse when the IP's token changes
/// hands, and are back if it returns. Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait PermissionClient: Debug + MaybeSend + MaybeSync + 'static {
    /// Sets permissions, all or none.
    ///
    /// - MUST succeed with `None` if all are as asked already (`setting_a_permission_twice_is_ok`).
    /// - MUST refuse who does not own the IP (`only_the_owner_sets_permissions`).
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an empty list or a zero signer;
    /// [`Reverted`](crate::ErrorKind::Reverted) with the chain's reason;
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn set_permissions(&self, permissions: &[Permission]) -> Result<Option<Mined>>;

    /// The level stored for exactly this scope (`a_permission_is_read_as_stored`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable). So for every read here.
    async fn permission(
        &self,
        ip: &IpId,
        signer: &Address,
        scope: &PermissionScope,
    ) -> Result<PermissionLevel>;

    /// Whether a signer may call a function of a contract for an IP account, as the chain would decide: ownership, and
    /// all scopes together (`the_narrower_permission_decides`, `the_owner_may_do_everything`).
    ///
    /// # Errors
    /// As [`permission`](Self::permission).
    async fn is_permitted(
        &self,
        ip: &IpId,
        signer: &Address,
        contract: &Address,
        function: [u8; 4],
    ) -> Result<bool>;
}
const _: Option<&dyn PermissionClient> = None;
