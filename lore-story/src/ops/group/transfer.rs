//! What descendants owe a group, into the group's royalty vault.

use alloy::{primitives::Bytes, sol_types::SolCall};
use async_trait::async_trait;
use lore_core::{Address, IpId, Result, Violations, Wei, domain::asset::Mined};

use crate::{
    addresses::Addresses,
    contracts::{
        royalty::RoyaltyPolicyLrp,
        token::{Call3, Multicall3},
    },
    convert,
    operation::{Draft, Operation},
    ops::answers::Questions,
    receipt::Receipt,
    view::View,
};

/// Moves what descendants owe a group to its vault, all in one transaction. Anybody may.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferGroupRevenue {
    /// The group.
    pub group: IpId,
    /// The ERC-20 token.
    pub token: Address,
    /// The descendants. Those that owe nothing, perhaps because somebody else was faster, are passed over.
    pub descendants: Vec<IpId>,
}

impl TransferGroupRevenue {
    /// Moves what these descendants owe.
    #[must_use]
    pub const fn new(group: IpId, token: Address, descendants: Vec<IpId>) -> Self {
        Self { group, token, descendants }
    }

    /// The descendants that owe something now.
    async fn owing(&self, view: &View<'_>) -> Result<Vec<IpId>> {
        let asked =
            self.descendants.iter().map(|descendant| transfer_call(descendant, &self.group, &self.token));
        let policy = view.addresses().royalty_policy_lrp;
        let mut answers = Questions::default().ask_all(policy, asked).send(view).await?;
        // Refuses where nothing is due.
        let mut owes = |_: &&IpId| {
            answers.next::<RoyaltyPolicyLrp::transferToVaultCall>().is_some_and(|due| !due.is_zero())
        };
        Ok(self.descendants.iter().filter(|ip| owes(ip)).copied().collect())
    }

    fn call(&self, addresses: &Addresses, owing: &[IpId]) -> Multicall3::aggregate3Call {
        let one = |descendant: &IpId| {
            let call = transfer_call(descendant, &self.group, &self.token);
            Call3 {
                target: convert::evm_address(addresses.royalty_policy_lrp),
                // A node estimates the least gas with which the whole call succeeds. If one part could fail, that would be
                // too little for it.
                allowFailure: false,
                callData: Bytes::from(call.abi_encode()),
            }
        };
        Multicall3::aggregate3Call { calls: owing.iter().map(one).collect() }
    }
}

/// Moves what a descendant owes an ancestor under the policy LRP, the only one that groups have.
pub(crate) fn transfer_call(
    descendant: &IpId,
    ancestor: &IpId,
    token: &Address,
) -> RoyaltyPolicyLrp::transferToVaultCall {
    RoyaltyPolicyLrp::transferToVaultCall {
        ipId: convert::evm_ip(*descendant),
        ancestorIpId: convert::evm_ip(*ancestor),
        token: convert::evm_address(*token),
    }
}

/// What was moved to a group's vault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupTransfer {
    /// The transaction; `None` if nothing was owed.
    pub mined: Option<Mined>,
    /// What each descendant owed, without those that owed nothing.
    pub amounts: Vec<(IpId, Wei)>,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for TransferGroupRevenue {
    type Output = GroupTransfer;

    fn name(&self) -> &'static str {
        "transfer_group_revenue"
    }

    fn check(&self, _: &mut Violations) {}

    async fn existing(&self, view: &View<'_>) -> Result<Option<GroupTransfer>> {
        let nothing = self.owing(view).await?.is_empty();
        Ok(nothing.then(|| GroupTransfer { mined: None, amounts: Vec::new() }))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let (addresses, owing) = (view.addresses(), self.owing(view).await?);
        let summary = format!(
            "moves what {} derivatives owe group {} in token {} to its royalty vault",
            owing.len(),
            self.group,
            self.token
        );
        Ok(Draft::new(addresses.multicall3, &self.call(addresses, &owing), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<GroupTransfer> {
        let moved =
            receipt.events::<RoyaltyPolicyLrp::RevenueTransferredToVault>(addresses.royalty_policy_lrp);
        let amounts = moved
            .filter(|event| convert::from_evm_ip(event.ancestorIpId) == self.group)
            .map(|event| (convert::from_evm_ip(event.ipId), convert::wei(event.amount)))
            .collect();
        Ok(GroupTransfer { mined: Some(receipt.mined()), amounts })
    }
}

#[cfg(test)]
mod tests {
    use lore_core::protocol;

    use super::*;
    use crate::ops::recorded;

    #[test]
    fn a_recorded_transfer_is_encoded_as_it_was_and_read_as_it_happened() {
        let recorded = recorded::transaction(214);
        let descendant = IpId::new("0xF360F4a747946EE5038d06D785F11E2F6BB5B9E4".parse().unwrap());
        let group = IpId::new("0xE101aA78C66b60800d17f0e4d3227dd0409EaF41".parse().unwrap());
        let call = transfer_call(&descendant, &group, &protocol::WIP);
        assert_eq!(call.abi_encode(), recorded.input);
        let request = TransferGroupRevenue::new(group, protocol::WIP, vec![descendant]);
        let batch = request.call(&Addresses::AENEID, &[descendant]);
        assert_eq!(batch.calls[0].callData, recorded.input);
        assert!(!batch.calls[0].allowFailure, "an estimate of gas must be enough for all");
        let moved = request.output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!(moved.amounts, [(descendant, Wei::from_coins(1))]);
    }
}
