//! [`PermissionClient`] on the simulated chain.

use async_trait::async_trait;

use crate::{
    domain::asset::Mined,
    error::{Error, Result},
    memory::chain::{
        SimulatedChain,
        call::{Call, Permission as Entry},
        ledger::SimulatedLedger,
    },
    onchain::{Address, IpId},
    port::chain::{Permission, PermissionClient, PermissionLevel, PermissionScope},
};

/// Contract and function as the chain keeps them: zeros for all.
const fn key(scope: &PermissionScope) -> (Address, [u8; 4]) {
    match scope {
        PermissionScope::Function(contract, function) => (*contract, *function),
        PermissionScope::Contract(contract) => (*contract, [0; 4]),
        PermissionScope::Everything => (Address::ZERO, [0; 4]),
    }
}

fn stored(ledger: &SimulatedLedger, ip: &IpId, signer: Address, scope: &PermissionScope) -> PermissionLevel {
    let (to, func) = key(scope);
    let level = ledger.permanent_permission(ip, signer, to, func).unwrap_or_default();
    PermissionLevel::from_u8(level).unwrap_or_default()
}

fn call(permission: &Permission) -> Call {
    let (ip, signer, permission_level) = (permission.ip, permission.signer, permission.level.as_u8());
    match key(&permission.scope) {
        (to, [0, 0, 0, 0]) if to.is_zero() => {
            Call::SetAllPermissions { ip, signer, permission: permission_level }
        }
        (to, func) => Call::SetPermission { ip, signer, to, func, permission: permission_level },
    }
}

fn entry(permission: &Permission) -> Entry {
    let (to, func) = key(&permission.scope);
    let (ip, signer) = (permission.ip, permission.signer);
    Entry { ip, signer, to, func, permission: permission.level.as_u8() }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl PermissionClient for SimulatedChain {
    async fn set_permissions(&self, permissions: &[Permission]) -> Result<Option<Mined>> {
        check(permissions)?;
        self.write("set_permissions", |chain, signer, now| {
            let is_set = |permission: &&Permission| {
                let Permission { ip, signer, scope, level } = permission;
                stored(&chain.ledger, ip, *signer, scope) == *level
            };
            let missing: Vec<_> = permissions.iter().filter(|permission| !is_set(permission)).collect();
            let call = match missing.as_slice() {
                [] => return Ok(None),
                [one] => call(one),
                // The batch knows narrower ones only; the account itself sets both kinds in one transaction.
                several if several.iter().any(|one| one.scope == PermissionScope::Everything) => {
                    let ip = several
                        .first()
                        .map(|first| first.ip)
                        .filter(|ip| several.iter().all(|one| one.ip == *ip));
                    let ip = ip.ok_or_else(|| {
                        Error::invalid(
                            "permissions",
                            "several_ips",
                            "permissions of one IP beside one for everything",
                        )
                    })?;
                    Call::ExecuteBatch { ip, calls: several.iter().map(|one| call(one)).collect() }
                }
                several => Call::SetBatchPermissions {
                    permissions: several.iter().map(|permission| entry(permission)).collect(),
                },
            };
            chain.submit(signer, now, &call).map(|receipt| Some(receipt.mined))
        })
    }

    async fn permission(
        &self,
        ip: &IpId,
        signer: &Address,
        scope: &PermissionScope,
    ) -> Result<PermissionLevel> {
        self.read("permission", |ledger| stored(ledger, ip, *signer, scope))
    }

    async fn is_permitted(
        &self,
        ip: &IpId,
        signer: &Address,
        contract: &Address,
        function: [u8; 4],
    ) -> Result<bool> {
        self.read("is_permitted", |ledger| ledger.check_permission(ip, *signer, *contract, function).is_ok())
    }
}

fn check(permissions: &[Permission]) -> Result<()> {
    let refused = |field: &str, rule, expected: &str| {
        Err(Error::invalid(field, rule, expected).with_op("set_permissions"))
    };
    if permissions.is_empty() {
        return refused("permissions", "empty", "at least one permission");
    }
    match permissions.iter().position(|permission| permission.signer.is_zero()) {
        Some(index) => refused(&format!("permissions[{index}].signer"), "zero", "an account"),
        None => Ok(()),
    }
}
