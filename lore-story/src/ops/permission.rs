//! Who may act for an IP account: permissions that last, permissions that hold for one transaction, and grants by
//! signature.

use std::collections::BTreeSet;

use alloy::{
    primitives::{Bytes, FixedBytes},
    sol_types::{SolCall, SolEvent as _},
};
use async_trait::async_trait;
use lore_core::{
    Address, Error, ErrorKind, IpId, Result, Violation, Violations,
    domain::asset::Mined,
    port::chain::{Permission, PermissionLevel, PermissionScope},
};

use super::account::{AccountCall, ExecuteBatch, Execution};
use crate::{
    addresses::Addresses,
    contracts::account::{self as sol, AccessController},
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    revert,
    view::View,
};

/// The contract and function under which the controller keeps a scope; zero stands for all.
fn key_of(scope: PermissionScope) -> (Address, FixedBytes<4>) {
    match scope {
        PermissionScope::Function(contract, function) => (contract, FixedBytes(function)),
        PermissionScope::Contract(contract) => (contract, FixedBytes::ZERO),
        // Everything; and what a newer core may know is never granted by guess, because `check` refuses it.
        _ => (Address::ZERO, FixedBytes::ZERO),
    }
}

fn encode(permission: &Permission) -> sol::Permission {
    let (to, func) = key_of(permission.scope);
    sol::Permission {
        ipAccount: convert::evm_ip(permission.ip),
        signer: convert::evm_address(permission.signer),
        to: convert::evm_address(to),
        func,
        permission: permission.level.as_u8(),
    }
}

fn is_everything(permission: &Permission) -> bool {
    key_of(permission.scope) == (Address::ZERO, FixedBytes::ZERO)
}

/// The rules that hold for every list of permissions.
fn check_list(violations: &mut Violations, permissions: &[Permission]) {
    violations.require(!permissions.is_empty(), "permissions", "empty", "at least one permission");
    let mut seen = BTreeSet::new();
    for (number, permission) in permissions.iter().enumerate() {
        let field = |part: &str| format!("permissions[{number}].{part}");
        let Permission { ip, signer, scope, .. } = permission;
        violations.require(!ip.address().is_zero(), field("ip"), "required", "an IP");
        violations.require(!signer.is_zero(), field("signer"), "required", "an account");
        let says_what = match scope {
            PermissionScope::Function(contract, function) => !contract.is_zero() && *function != [0; 4],
            PermissionScope::Contract(contract) => !contract.is_zero(),
            PermissionScope::Everything => true,
            _ => false,
        };
        // The controller stores a function of contract 0 without effect, and takes function 0 for all functions.
        violations.require(
            says_what,
            field("scope"),
            "malformed",
            "a contract, and a function by its selector, neither of them zero",
        );
        let is_new = seen.insert((*ip, *signer, key_of(*scope)));
        violations.require(is_new, field("scope"), "repeated", "each scope of a signer once");
    }
}

/// Sets permissions that last, all or none; `None` if all are as asked already. What is set already is left out.
///
/// They hold for the owner who gave them: when the IP's token changes hands, all of them lapse.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetPermissions {
    /// The permissions. [`PermissionScope::Everything`] beside others only for one IP.
    pub permissions: Vec<Permission>,
}

impl SetPermissions {
    /// Sets these permissions.
    #[must_use]
    pub const fn new(permissions: Vec<Permission>) -> Self {
        Self { permissions }
    }

    /// Those that are not as asked.
    async fn missing(&self, view: &View<'_>) -> Result<Vec<Permission>> {
        let levels = levels(view, &self.permissions).await?;
        let pairs = self.permissions.iter().zip(levels);
        Ok(pairs.filter(|(asked, level)| asked.level != *level).map(|(asked, _)| *asked).collect())
    }
}

/// What is stored for these signers and scopes, in order, in one request.
pub(crate) async fn levels(view: &View<'_>, permissions: &[Permission]) -> Result<Vec<PermissionLevel>> {
    let controller = view.addresses().access_controller;
    let calls: Vec<_> = permissions
        .iter()
        .map(|permission| {
            let sol::Permission { ipAccount, signer, to, func, .. } = encode(permission);
            let ask = AccessController::getPermissionCall { ipAccount, signer, to, func };
            (controller, Bytes::from(ask.abi_encode()))
        })
        .collect();
    let answers = view.rpc().multicall(&calls).await?;
    answers
        .into_iter()
        .zip(permissions)
        .map(|(answer, permission)| {
            let answer = answer.map_err(|data| not_an_account(&data, controller, permission.ip))?;
            let number = AccessController::getPermissionCall::abi_decode_returns(&answer)
                .map_err(|err| unknown_level(err.to_string()))?;
            PermissionLevel::from_u8(number).ok_or_else(|| unknown_level(number.to_string()))
        })
        .collect()
}

fn not_an_account(data: &[u8], controller: Address, ip: IpId) -> Error {
    if data.is_empty() {
        return Error::new(ErrorKind::NotFound, "there is no IP account at this address")
            .with_context("ip", ip);
    }
    revert::to_error(data, Some(controller), "").with_context("ip", ip)
}

fn unknown_level(found: String) -> Error {
    Error::new(ErrorKind::Unexpected, "the chain keeps a permission level that is not known")
        .with_context("found", found)
}

/// The one call of the controller that sets these; `None` if it takes several.
fn lasting_call(permissions: &[Permission]) -> Option<Vec<u8>> {
    if let [one] = permissions {
        let sol::Permission { ipAccount, signer, to, func, permission } = encode(one);
        return Some(if is_everything(one) {
            AccessController::setAllPermissionsCall { ipAccount, signer, permission }.abi_encode()
        } else {
            AccessController::setPermissionCall { ipAccount, signer, to, func, permission }.abi_encode()
        });
    }
    let permissions: Option<Vec<_>> =
        permissions.iter().map(|each| (!is_everything(each)).then(|| encode(each))).collect();
    Some(AccessController::setBatchPermissionsCall { permissions: permissions? }.abi_encode())
}

/// The calls of the controller that set these, for the IP's own account.
fn calls(
    permissions: &[Permission],
    controller: Address,
    one: impl Fn(&[Permission]) -> Option<Vec<u8>>,
) -> Vec<AccountCall> {
    let (everything, narrower): (Vec<Permission>, Vec<Permission>) =
        permissions.iter().copied().partition(is_everything);
    let lists = everything.chunks(1).chain((!narrower.is_empty()).then_some(narrower.as_slice()));
    lists.filter_map(one).map(|data| AccountCall::new(controller, data)).collect()
}

fn drafted(permissions: &[Permission], addresses: &Addresses) -> Result<Draft> {
    let controller = addresses.access_controller;
    let summary = summary(permissions);
    if let Some(data) = lasting_call(permissions) {
        return Ok(Draft {
            to: controller,
            value: lore_core::Wei::ZERO,
            data,
            summary,
            costs: Vec::new(),
            license_tokens: Vec::new(),
        });
    }
    let ip = permissions.first().map(|permission| permission.ip);
    let ip = ip.ok_or_else(|| Error::new(ErrorKind::Unexpected, "no permission is left to be set"))?;
    let mut draft = ExecuteBatch::new(ip, calls(permissions, controller, lasting_call)).drafted();
    draft.summary = summary;
    Ok(draft)
}

fn summary(permissions: &[Permission]) -> String {
    match permissions {
        [one] => {
            let what = match one.level {
                PermissionLevel::Allow => "lets",
                PermissionLevel::Deny => "forbids",
                _ => "takes back what was said about",
            };
            let scope = match one.scope {
                PermissionScope::Function(contract, function) => {
                    format!("function 0x{} of {contract}", data_encoding::HEXLOWER.encode(&function))
                }
                PermissionScope::Contract(contract) => format!("everything of {contract}"),
                _ => "everything".to_owned(),
            };
            format!("{what} {} calling {scope} for IP {}", one.signer, one.ip)
        }
        several => format!("sets {} permissions", several.len()),
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for SetPermissions {
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "set_permissions"
    }

    fn check(&self, violations: &mut Violations) {
        check_list(violations, &self.permissions);
        let ips: BTreeSet<IpId> = self.permissions.iter().map(|permission| permission.ip).collect();
        // The controller sets everything in a call of its own, and only the IP's account can make several at once.
        violations.require(
            ips.len() < 2 || !self.permissions.iter().any(is_everything),
            "permissions",
            "everything_of_several",
            "permissions of one IP, since one of them is for everything",
        );
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        Ok(self.missing(view).await?.is_empty().then_some(None))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let missing = self.missing(view).await?;
        // Somebody else may have set the rest meanwhile.
        let asked = if missing.is_empty() { &self.permissions } else { &missing };
        drafted(asked, view.addresses())
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Option<Mined>> {
        let controller = addresses.access_controller;
        let asked: Vec<sol::Permission> = self.permissions.iter().map(encode).collect();
        receipt
            .events(controller)
            .any(|event: AccessController::PermissionSet| {
                asked.iter().any(|asked| {
                    (asked.ipAccount, asked.signer, asked.to, asked.func, asked.permission)
                        == (event.ipAccount, event.signer, event.to, event.func, event.permission)
                })
            })
            .then(|| Some(receipt.mined()))
            .ok_or_else(|| receipt.missing(AccessController::PermissionSet::SIGNATURE, controller))
    }
}

/// The call with which an IP account gives permissions that last, for its owner to sign: anybody may relay it.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) unless the permissions are of this one IP, and either one permission or several
/// without [`PermissionScope::Everything`].
pub fn permission_grant(ip: IpId, permissions: &[Permission], addresses: &Addresses) -> Result<AccountCall> {
    let mut violations = Violations::new();
    check_list(&mut violations, permissions);
    check_one_ip(&mut violations, ip, permissions);
    match lasting_call(permissions) {
        Some(data) if violations.is_empty() => Ok(AccountCall::new(addresses.access_controller, data)),
        Some(_) => Err(violations.into()),
        None => {
            violations.push(Violation::new(
                "permissions",
                "everything_beside_others",
                "one permission for everything, or several narrower ones",
            ));
            Err(violations.into())
        }
    }
}

fn check_one_ip(violations: &mut Violations, ip: IpId, permissions: &[Permission]) {
    for (number, permission) in permissions.iter().enumerate() {
        let field = format!("permissions[{number}].ip");
        violations.require(permission.ip == ip, &field, "another_ip", "the IP whose account acts");
    }
}

/// Lets an IP account make calls with permissions that last for this one transaction only (EIP-1153).
///
/// As soon as one is set, whatever it says, the chain takes no notice of permissions that last until the transaction ends:
/// the calls have exactly the permissions given here, and the owner's own rights.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecuteWithTransientPermissions {
    /// The IP whose account it is.
    pub ip: IpId,
    /// The permissions of the transaction, all of this IP.
    pub permissions: Vec<Permission>,
    /// The calls, in order.
    pub calls: Vec<AccountCall>,
}

impl ExecuteWithTransientPermissions {
    /// Makes calls with these permissions.
    #[must_use]
    pub const fn new(ip: IpId, permissions: Vec<Permission>, calls: Vec<AccountCall>) -> Self {
        Self { ip, permissions, calls }
    }

    fn batch(&self, controller: Address) -> ExecuteBatch {
        let mut all = calls(&self.permissions, controller, transient_call);
        all.extend(self.calls.iter().cloned());
        ExecuteBatch::new(self.ip, all)
    }
}

fn transient_call(permissions: &[Permission]) -> Option<Vec<u8>> {
    if let [one] = permissions {
        let sol::Permission { ipAccount, signer, to, func, permission } = encode(one);
        return Some(if is_everything(one) {
            AccessController::setAllTransientPermissionsCall { ipAccount, signer, permission }.abi_encode()
        } else {
            AccessController::setTransientPermissionCall { ipAccount, signer, to, func, permission }
                .abi_encode()
        });
    }
    let permissions = permissions.iter().map(encode).collect();
    Some(AccessController::setBatchTransientPermissionsCall { permissions }.abi_encode())
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for ExecuteWithTransientPermissions {
    type Output = Execution;

    fn name(&self) -> &'static str {
        "execute_with_transient_permissions"
    }

    fn check(&self, violations: &mut Violations) {
        check_list(violations, &self.permissions);
        check_one_ip(violations, self.ip, &self.permissions);
        violations.require(
            !self.calls.is_empty(),
            "calls",
            "empty",
            "at least one call, since the permissions end with the transaction",
        );
        for (number, call) in self.calls.iter().enumerate() {
            call.check(violations, &format!("calls[{number}]"));
        }
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let mut draft = self.batch(view.addresses().access_controller).drafted();
        draft.summary = format!(
            "has the account of IP {} make {} calls, with permissions for this transaction only",
            self.ip,
            self.calls.len()
        );
        Ok(draft)
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Execution> {
        self.batch(addresses.access_controller).output(receipt, addresses)
    }
}

#[cfg(test)]
mod tests {
    use lore_core::protocol;

    use super::*;
    use crate::{
        contracts::account::IpAccount,
        ops::recorded::{BOB, CHILD, PARENT, account, ip, transaction},
    };

    const SET_URI: [u8; 4] = [0x82, 0x25, 0xff, 0xcb];
    const MODULE: Address = protocol::CORE_METADATA_MODULE;

    fn allow(scope: PermissionScope) -> Permission {
        Permission::allow(ip(PARENT), account(BOB), scope)
    }

    fn function() -> Permission {
        allow(PermissionScope::Function(MODULE, SET_URI))
    }

    fn rules(permissions: Vec<Permission>) -> Vec<String> {
        let mut found = Violations::new();
        SetPermissions::new(permissions).check(&mut found);
        found.as_slice().iter().map(|violation| violation.rule.to_string()).collect()
    }

    #[test]
    fn the_recorded_permission_is_set() {
        let recorded = transaction(203);
        let draft = drafted(&[function()], &Addresses::AENEID).unwrap();
        assert_eq!((draft.to, Bytes::from(draft.data)), (recorded.to(), recorded.input.clone()));
        let set = SetPermissions::new(vec![function()]);
        let output = set.output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!(output, Some(recorded.receipt().mined()));
        let other = SetPermissions::new(vec![allow(PermissionScope::Contract(MODULE))]);
        assert!(other.output(&recorded.receipt(), &Addresses::AENEID).is_err());
    }

    #[test]
    fn everything_has_a_call_of_its_own_and_several_go_together() {
        let everything = allow(PermissionScope::Everything);
        let data = lasting_call(&[everything]).unwrap();
        assert!(AccessController::setAllPermissionsCall::abi_decode(&data).is_ok());
        let data = lasting_call(&[function(), allow(PermissionScope::Contract(MODULE))]).unwrap();
        let batch = AccessController::setBatchPermissionsCall::abi_decode(&data).unwrap();
        assert_eq!(batch.permissions.len(), 2);
        assert_eq!(lasting_call(&[function(), everything]), None);
    }

    #[test]
    fn everything_beside_others_is_one_transaction_of_the_account() {
        let draft = drafted(&[function(), allow(PermissionScope::Everything)], &Addresses::AENEID).unwrap();
        assert_eq!(draft.to, ip(PARENT).address());
        let calls = IpAccount::executeBatchCall::abi_decode(&draft.data).unwrap().calls;
        let selectors: Vec<_> = calls.iter().map(|call| call.data.get(..4).map(<[u8]>::to_vec)).collect();
        assert_eq!(
            selectors,
            [
                Some(AccessController::setAllPermissionsCall::SELECTOR.to_vec()),
                Some(AccessController::setPermissionCall::SELECTOR.to_vec()),
            ]
        );
    }

    #[test]
    fn senseless_permissions_are_refused() {
        let mut of_another = allow(PermissionScope::Everything);
        of_another.ip = ip(CHILD);
        assert_eq!(rules(Vec::new()), ["empty"]);
        assert_eq!(rules(vec![function(), function()]), ["repeated"]);
        assert_eq!(rules(vec![allow(PermissionScope::Contract(Address::ZERO))]), ["malformed"]);
        assert_eq!(rules(vec![allow(PermissionScope::Function(MODULE, [0; 4]))]), ["malformed"]);
        assert_eq!(rules(vec![function(), of_another]), ["everything_of_several"]);
        assert!(rules(vec![function(), allow(PermissionScope::Everything)]).is_empty());
    }

    #[test]
    fn a_grant_by_signature_is_one_call_for_one_ip() {
        let addresses = Addresses::AENEID;
        let grant = permission_grant(ip(PARENT), &[function()], &addresses).unwrap();
        assert_eq!(
            (grant.to, Bytes::from(grant.data)),
            (addresses.access_controller, transaction(203).input)
        );
        let refused = |ip: IpId, permissions: &[Permission]| {
            let error = permission_grant(ip, permissions, &addresses).unwrap_err();
            error.violations().first().map(|violation| violation.rule.to_string())
        };
        assert_eq!(refused(ip(CHILD), &[function()]).as_deref(), Some("another_ip"));
        let mixed = [function(), allow(PermissionScope::Everything)];
        assert_eq!(refused(ip(PARENT), &mixed).as_deref(), Some("everything_beside_others"));
    }

    #[test]
    fn transient_permissions_come_before_the_calls() {
        let call = AccountCall::new(MODULE, vec![1, 2, 3, 4]);
        let operation =
            ExecuteWithTransientPermissions::new(ip(PARENT), vec![function()], vec![call.clone()]);
        let batch = operation.batch(Addresses::AENEID.access_controller);
        let [permit, made] = batch.calls.as_slice() else { panic!("two calls") };
        assert!(AccessController::setTransientPermissionCall::abi_decode(&permit.data).is_ok());
        assert_eq!(*made, call);
    }
}
