//! Who may do what with an IP account: ownership and stored permissions.

use crate::{
    error::Revert,
    memory::chain::state::{State, Step, Tx},
    onchain::{Address, IpId},
    protocol::{
        ACCESS_CONTROLLER, CORE_METADATA_MODULE, CORE_METADATA_VIEW_MODULE, DISPUTE_MODULE, GROUPING_MODULE,
        LICENSING_MODULE, ROYALTY_MODULE,
    },
};

/// Permission levels of the access controller.
const ALLOW: u8 = 1;
const DENY: u8 = 2;

/// First four bytes of the hash of a function's signature: what permissions name a function by.
pub(super) type Selector = [u8; 4];

pub(super) const ATTACH_LICENSE_TERMS: Selector = [0x2a, 0x41, 0x30, 0xc0];
pub(super) const ATTACH_DEFAULT_LICENSE_TERMS: Selector = [0x2a, 0xf7, 0x01, 0xb0];
pub(super) const MINT_LICENSE_TOKENS: Selector = [0x02, 0xbf, 0x96, 0xa5];
pub(super) const REGISTER_DERIVATIVE: Selector = [0x4a, 0x4d, 0x56, 0xc5];
pub(super) const REGISTER_DERIVATIVE_WITH_TOKENS: Selector = [0x93, 0x8b, 0x7b, 0x7a];
pub(super) const SET_LICENSING_CONFIG: Selector = [0xb3, 0x3f, 0x67, 0x3e];
pub(super) const SET_ALL_METADATA: Selector = [0xb7, 0x65, 0x20, 0xc6];
pub(super) const ADD_IP: Selector = [0x0e, 0xc2, 0x87, 0x99];
pub(super) const SET_APPROVAL: Selector = [0xb6, 0xe7, 0x0d, 0xc6];

fn is_module(contract: Address) -> bool {
    [
        LICENSING_MODULE,
        ROYALTY_MODULE,
        DISPUTE_MODULE,
        GROUPING_MODULE,
        CORE_METADATA_MODULE,
        CORE_METADATA_VIEW_MODULE,
    ]
    .contains(&contract)
}

impl State {
    /// The check in front of every module function that acts on an IP account.
    pub(super) fn verify_permission(
        &self,
        ip: IpId,
        caller: Address,
        module: Address,
        func: Selector,
    ) -> Step {
        if !self.ips.contains(&ip) {
            return Err(Revert::new("AccessControlled__NotIpAccount").arg(ip));
        }
        if caller == ip.address() {
            return Ok(());
        }
        if !is_module(module) {
            return Err(Revert::new("IPAccountStorage__NotRegisteredModule").arg(module));
        }
        self.check_permission(ip, caller, module, func)
    }

    /// Whether `signer` may call `func` of `to` for an IP account: the owner always, others by permission; the more
    /// specific permission decides.
    pub(super) fn check_permission(&self, ip: IpId, signer: Address, to: Address, func: Selector) -> Step {
        let Some(owner) = self.owner(&ip) else {
            return Err(Revert::new("AccessController__IPAccountIsNotValid").arg(ip));
        };
        if owner == signer {
            return Ok(());
        }
        if to != ACCESS_CONTROLLER && !is_module(to) && !is_module(signer) {
            return Err(Revert::new("AccessController__BothCallerAndRecipientAreNotRegisteredModule")
                .arg(signer)
                .arg(to));
        }
        let denied = || {
            let func = format!("0x{}", data_encoding::HEXLOWER.encode(&func));
            Revert::new("AccessController__PermissionDenied").arg(ip).arg(signer).arg(to).arg(func)
        };
        let level = |to, func| self.permissions.value(&(owner, ip, signer, to, func));
        for (to, func) in [(to, func), (to, [0; 4])] {
            match level(to, func) {
                ALLOW => return Ok(()),
                DENY => return Err(denied()),
                _ => {}
            }
        }
        if level(Address::ZERO, [0; 4]) == ALLOW { Ok(()) } else { Err(denied()) }
    }

    /// Stores a permission. Its key names the owner, so it lapses with the ownership.
    pub(super) fn set_permission(
        &mut self,
        tx: &Tx,
        (ip, signer, to, func): (IpId, Address, Address, Selector),
        permission: u8,
    ) -> Step {
        let refused = |name: &str| Err(Revert::new(format!("AccessController__{name}")));
        if to.is_zero() && func == [0; 4] {
            return refused("ToAndFuncAreZeroAddressShouldCallSetAllPermissions");
        }
        if ip.address().is_zero() {
            return refused("IPAccountIsZeroAddress");
        }
        if signer.is_zero() {
            return refused("SignerIsZeroAddress");
        }
        let Some(owner) = self.owner(&ip) else {
            return Err(Revert::new("AccessController__IPAccountIsNotValid").arg(ip));
        };
        if permission > DENY {
            return refused("PermissionIsNotValid");
        }
        if tx.sender != ip.address() && tx.sender != owner {
            return refused("CallerIsNotIPAccountOrOwner");
        }
        if self.ips.contains(&IpId::new(owner)) {
            return Err(Revert::new("AccessController__OwnerIsIPAccount").arg(ip).arg(owner));
        }
        self.permissions.insert((owner, ip, signer, to, func), permission);
        Ok(())
    }
}
