//! Permissions: what is stored, and what the chain makes of it.

use alloy::primitives::FixedBytes;
use lore_core::{
    Address, Error, ErrorKind, IpId, Result,
    port::chain::{Permission, PermissionLevel, PermissionScope},
};

use crate::{
    client::StoryClient,
    contracts::account::AccessController,
    convert,
    ops::{ExecuteWithSignature, levels, permission_grant},
};

/// The controller's ways to say no. Any other revert says that the question made no sense.
const REFUSALS: [&str; 2] =
    ["AccessController__PermissionDenied", "AccessController__BothCallerAndRecipientAreNotRegisteredModule"];

impl StoryClient {
    /// The level stored for exactly this scope, by the owner that the IP has now.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no IP account at this address;
    /// [`Unavailable`](ErrorKind::Unavailable).
    pub async fn permission(
        &self,
        ip: &IpId,
        signer: &Address,
        scope: &PermissionScope,
    ) -> Result<PermissionLevel> {
        let asked = [Permission::revoke(*ip, *signer, *scope)];
        let level = levels(&self.view(), &asked).await?.into_iter().next();
        level.ok_or_else(|| Error::new(ErrorKind::Unexpected, "the chain answered less than it was asked"))
    }

    /// Whether a signer may call a function of a contract for an IP account, as the chain decides: ownership, registered
    /// modules, and all scopes together.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted), `AccessController__IPAccountIsNotValid`, for what is no IP;
    /// [`Unavailable`](ErrorKind::Unavailable).
    pub async fn is_permitted(
        &self,
        ip: &IpId,
        signer: &Address,
        contract: &Address,
        function: [u8; 4],
    ) -> Result<bool> {
        let ask = AccessController::checkPermissionCall {
            ipAccount: convert::evm_ip(*ip),
            signer: convert::evm_address(*signer),
            to: convert::evm_address(*contract),
            func: FixedBytes(function),
        };
        match self.view().call(self.addresses().access_controller, &ask).await {
            Ok(_) => Ok(true),
            Err(error) if is_refusal(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Signs, as the owner of an IP, permissions that last. Anybody may send the result, once, until `deadline`, in seconds
    /// since 1970 by the chain's clock, and before the IP's account does anything else.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) as for [`permission_grant`]; as
    /// [`sign_execution`](Self::sign_execution).
    pub async fn sign_permissions(
        &self,
        ip: &IpId,
        permissions: &[Permission],
        deadline: u64,
    ) -> Result<ExecuteWithSignature> {
        let grant = permission_grant(*ip, permissions, self.addresses())?;
        self.sign_execution(ip, grant, deadline).await
    }
}

fn is_refusal(error: &Error) -> bool {
    error.kind() == ErrorKind::Reverted
        && error.revert().is_some_and(|revert| REFUSALS.contains(&revert.name.as_str()))
}
