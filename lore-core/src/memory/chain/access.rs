//! Who may do what with an IP account: ownership, and permissions that last or that end with the transaction.

use crate::{
    domain::chain_event::{ChainEvent, Selector as EventSelector},
    error::Revert,
    memory::chain::{
        call::{Call, Outcome, Permission},
        functions::{Selector, target_of},
        state::{State, Step, Tx},
    },
    onchain::{Address, IpId},
    port::chain::PermissionLevel,
    protocol::{
        ACCESS_CONTROLLER, CORE_METADATA_MODULE, CORE_METADATA_VIEW_MODULE, DISPUTE_MODULE, GROUPING_MODULE,
        LICENSING_MODULE, ROYALTY_MODULE,
    },
};

/// Permission levels of the access controller.
const ALLOW: u8 = 1;
const DENY: u8 = 2;

/// Stands for any function.
const ANY: Selector = [0; 4];

/// Deepest nesting of batches. A deeper one costs more gas than a block has; not a rule of the contracts.
const MAX_DEPTH: u8 = 16;

/// How long a permission lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasting {
    /// Until it is changed, or somebody else owns the IP.
    Permanent,
    /// Until the transaction ends.
    Transient,
}

impl State {
    fn is_module(&self, contract: Address) -> bool {
        [
            LICENSING_MODULE,
            ROYALTY_MODULE,
            DISPUTE_MODULE,
            GROUPING_MODULE,
            CORE_METADATA_MODULE,
            CORE_METADATA_VIEW_MODULE,
        ]
        .contains(&contract)
            || self.config.lock_hooks.contains(&contract)
    }

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
        if !self.is_module(module) {
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
        if to != ACCESS_CONTROLLER && !self.is_module(to) && !self.is_module(signer) {
            return Err(Revert::new("AccessController__BothCallerAndRecipientAreNotRegisteredModule")
                .arg(signer)
                .arg(to));
        }
        let denied = || {
            let func = format!("0x{}", data_encoding::HEXLOWER.encode(&func));
            Revert::new("AccessController__PermissionDenied").arg(ip).arg(signer).arg(to).arg(func)
        };
        // One transient permission, whatever it says and whoever it is for, and the permanent ones do not count.
        let lasting = if self.transient.is_empty() { Lasting::Permanent } else { Lasting::Transient };
        let level = |to, func| self.level(owner, (ip, signer, to, func), lasting);
        for (to, func) in [(to, func), (to, ANY)] {
            match level(to, func) {
                ALLOW => return Ok(()),
                DENY => return Err(denied()),
                _ => {}
            }
        }
        if level(Address::ZERO, ANY) == ALLOW { Ok(()) } else { Err(denied()) }
    }

    fn level(
        &self,
        owner: Address,
        (ip, signer, to, func): (IpId, Address, Address, Selector),
        lasting: Lasting,
    ) -> u8 {
        let key = (owner, ip, signer, to, func);
        match lasting {
            Lasting::Permanent => self.permissions.value(&key),
            Lasting::Transient => self.transient.get(&key).copied().unwrap_or_default(),
        }
    }

    /// The level stored at exactly this key; of what counts now if not asked for one kind. `None` if the account is no
    /// IP's.
    pub(super) fn stored_permission(
        &self,
        (ip, signer, to, func): (IpId, Address, Address, Selector),
        lasting: Option<Lasting>,
    ) -> Option<u8> {
        let counts = if self.transient.is_empty() { Lasting::Permanent } else { Lasting::Transient };
        Some(self.level(self.owner(&ip)?, (ip, signer, to, func), lasting.unwrap_or(counts)))
    }

    pub(super) fn set_permissions(&mut self, tx: &Tx, entries: &[Permission], lasting: Lasting) -> Step {
        entries.iter().try_for_each(|entry| self.set_permission(tx, entry, lasting))
    }

    pub(super) fn set_permission(&mut self, tx: &Tx, entry: &Permission, lasting: Lasting) -> Step {
        if entry.to.is_zero() && entry.func == ANY {
            let name = "AccessController__ToAndFuncAreZeroAddressShouldCallSetAllPermissions";
            return Err(Revert::new(name));
        }
        self.store_permission(tx, entry, lasting)
    }

    pub(super) fn set_all_permissions(
        &mut self,
        tx: &Tx,
        (ip, signer): (IpId, Address),
        permission: u8,
        lasting: Lasting,
    ) -> Step {
        let entry = Permission { ip, signer, to: Address::ZERO, func: ANY, permission };
        self.store_permission(tx, &entry, lasting)
    }

    /// Stores a permission. Its key names the owner, so it lapses with the ownership.
    fn store_permission(&mut self, tx: &Tx, entry: &Permission, lasting: Lasting) -> Step {
        let Permission { ip, signer, to, func, permission } = *entry;
        let refused = |name: &str| Err(Revert::new(format!("AccessController__{name}")));
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
        let key = (owner, ip, signer, to, func);
        match lasting {
            Lasting::Permanent => {
                self.permissions.insert(key, permission);
                if let Some(level) = PermissionLevel::from_u8(permission) {
                    let function = EventSelector::from_bytes(func);
                    let set = ChainEvent::PermissionSet { ip, owner, signer, target: to, function, level };
                    self.log(ACCESS_CONTROLLER, set);
                }
            }
            Lasting::Transient => drop(self.transient.insert(key, permission)),
        }
        Ok(())
    }

    /// Runs calls as an IP account. The sender's permission is checked in front of each, so an earlier one may give it.
    pub(super) fn execute_batch(&mut self, tx: &Tx, ip: IpId, calls: &[Call]) -> Step<Outcome> {
        if !self.ips.contains(&ip) {
            return Err(Revert::new("AccessController__IPAccountIsNotValid").arg(ip));
        }
        if tx.depth >= MAX_DEPTH {
            return Err(Revert::new("OUT_OF_GAS"));
        }
        let inner = Tx { sender: ip.address(), depth: tx.depth.saturating_add(1), ..*tx };
        let mut outcome = Outcome::Done;
        for call in calls {
            let (to, func) = target_of(call);
            self.check_permission(ip, tx.sender, to, func)?;
            outcome = self.apply(&inner, call)?;
        }
        Ok(outcome)
    }
}
