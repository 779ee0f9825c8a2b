//! Answering a dispute with counter-evidence.

use alloy::{
    primitives::{B256, Bytes, U256},
    sol_types::SolCall,
};
use async_trait::async_trait;
use lore_core::{
    Address, IpId, Result, Violations,
    domain::asset::Mined,
    port::{
        chain::{Cost, CostReason, CounterDispute},
        transactions::OperationKey,
    },
    protocol::FULL_SHARE,
};

use super::{dispute_number, facts::no_dispute};
use crate::{
    addresses::Addresses,
    contracts::{
        account::{Call, IpAccount},
        dispute::{ArbitrationPolicyUma, Assertion, DisputeModule, OptimisticOracleV3},
        token::{Erc20, Multicall3},
    },
    convert,
    operation::{Draft, Operation},
    ops::answers::Questions,
    receipt::Receipt,
    view::View,
};

/// A dispute that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CounteredDispute {
    /// The dispute.
    pub dispute: u64,
    /// The oracle's id of it.
    pub assertion: [u8; 32],
    /// The transaction.
    pub mined: Mined,
}

/// A dispute that can be answered.
#[derive(Debug)]
struct Open {
    assertion_id: B256,
    assertion: Assertion,
    target: IpId,
    target_owner: Option<Address>,
    /// Whether only the accused IP may answer yet.
    is_in_owners_time: bool,
}

/// While only the accused IP may answer, its owner does so through the IP's account, which passes the bond on and keeps no
/// allowance; afterwards everybody does so for themselves. The bond comes back to whoever answered, so an owner gets it on
/// the IP's account in the first case.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for CounterDispute {
    type Output = CounteredDispute;

    fn name(&self) -> &'static str {
        "counter_dispute"
    }

    fn key(&self) -> Option<OperationKey> {
        OperationKey::new(format!("counter_dispute/{}/{}", self.dispute, self.evidence)).ok()
    }

    fn check(&self, violations: &mut Violations) {
        let evidence = self.evidence.as_bytes() != &[0; 32];
        violations.require(evidence, "evidence", "zero", "the SHA-256 of a document");
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let open = read(view, self.dispute).await?;
        let policy = view.addresses().arbitration_policy_uma;
        let (bond, currency) =
            (convert::wei(open.assertion.bond), convert::from_evm_address(open.assertion.currency));
        let what =
            format!("answers dispute {} with a bond of {bond} units of token {currency}", self.dispute);
        let answer = ArbitrationPolicyUma::disputeAssertionCall {
            assertionId: open.assertion_id,
            counterEvidenceHash: convert::b256_of_content(self.evidence),
        };
        if open.is_in_owners_time && open.target_owner == Some(view.sender()) {
            let account = open.target.address();
            let call = through_account(view.sender(), &open, policy, &answer);
            let summary = format!("{what}, as IP {account}");
            let cost = Cost::new(CostReason::Bond, currency, bond, account);
            return Ok(Draft::new(account, &call, summary).with_cost(cost));
        }
        let cost = Cost::new(CostReason::Bond, currency, bond, policy);
        Ok(Draft::new(policy, &answer, what).with_cost(cost))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<CounteredDispute> {
        let event: ArbitrationPolicyUma::AssertionDisputed =
            receipt.event(addresses.arbitration_policy_uma)?;
        Ok(CounteredDispute {
            dispute: dispute_number(event.disputeId)?,
            assertion: event.assertionId.0,
            mined: receipt.mined(),
        })
    }
}

/// Moves the bond to the IP's account, allows exactly that, and answers.
fn through_account(
    payer: Address,
    open: &Open,
    policy: Address,
    answer: &ArbitrationPolicyUma::disputeAssertionCall,
) -> IpAccount::executeBatchCall {
    let (token, value) = (open.assertion.currency, open.assertion.bond);
    let call = |target, data: Vec<u8>| Call { target, value: U256::ZERO, data: Bytes::from(data) };
    let take = Erc20::transferFromCall {
        from: convert::evm_address(payer),
        to: convert::evm_ip(open.target),
        value,
    };
    let allow = Erc20::approveCall { spender: convert::evm_address(policy), value };
    let calls = vec![
        call(token, take.abi_encode()),
        call(token, allow.abi_encode()),
        call(convert::evm_address(policy), answer.abi_encode()),
    ];
    IpAccount::executeBatchCall { calls, operation: 0 }
}

async fn read(view: &View<'_>, dispute: u64) -> Result<Open> {
    let (addresses, number) = (view.addresses(), U256::from(dispute));
    let policy = addresses.arbitration_policy_uma;
    let mut answers = Questions::default()
        .ask(policy, &ArbitrationPolicyUma::disputeIdToAssertionIdCall { disputeId: number })
        .ask(policy, &ArbitrationPolicyUma::ipOwnerTimePercentsCall { disputeId: number })
        .ask(policy, &ArbitrationPolicyUma::oov3Call {})
        .ask(addresses.dispute_module, &DisputeModule::disputesCall { disputeId: number })
        .ask(addresses.multicall3, &Multicall3::getCurrentBlockTimestampCall {})
        .send(view)
        .await?;
    let assertion_id = answers.must::<ArbitrationPolicyUma::disputeIdToAssertionIdCall>()?;
    let owners_share = answers.must::<ArbitrationPolicyUma::ipOwnerTimePercentsCall>()?;
    let oracle = convert::from_evm_address(answers.must::<ArbitrationPolicyUma::oov3Call>()?);
    let target = answers.must::<DisputeModule::disputesCall>()?.targetIpId;
    let now: u64 = answers.must::<Multicall3::getCurrentBlockTimestampCall>()?.saturating_to();
    if assertion_id.is_zero() {
        // There is none, or it is an inherited tag, which nobody has to prove.
        return Err(no_dispute(dispute).with_context("under", "ArbitrationPolicyUMA"));
    }
    let target = convert::from_evm_ip(target);
    let mut answers = Questions::default()
        .ask(oracle, &OptimisticOracleV3::getAssertionCall { assertionId: assertion_id })
        .ask(target.address(), &IpAccount::ownerCall {})
        .send(view)
        .await?;
    let assertion = answers.must::<OptimisticOracleV3::getAssertionCall>()?;
    let target_owner = answers.next::<IpAccount::ownerCall>().map(convert::from_evm_address);
    let is_in_owners_time =
        is_in_owners_time((assertion.assertionTime, assertion.expirationTime), owners_share, now);
    Ok(Open { assertion_id, assertion, target, target_owner, is_in_owners_time })
}

/// As the policy decides it.
fn is_in_owners_time((from, until): (u64, u64), share: u32, now: u64) -> bool {
    let liveness = u128::from(until.saturating_sub(from));
    let elapsed = u128::from(now.saturating_sub(from));
    elapsed <= liveness.saturating_mul(u128::from(share)) / u128::from(FULL_SHARE)
}

#[cfg(test)]
mod tests {
    use lore_core::{ContentHash, protocol};

    use super::*;
    use crate::{contracts::dispute::EscalationManagerSettings, ops::recorded};

    const OWNER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    const TARGET: &str = "0x62c495Dc729D357d34C9B5FBad81E5C9d744f450";

    fn request() -> CounterDispute {
        let evidence = "0x81b66b75e40c3f48de314c17f1ee6b967daff6d611c051005032a20e2171a9f3";
        CounterDispute::new(1, evidence.parse().unwrap())
    }

    fn assertion(id: B256) -> Open {
        let nobody = alloy::primitives::Address::ZERO;
        let settings = EscalationManagerSettings {
            arbitrateViaEscalationManager: false,
            discardOracle: false,
            validateDisputers: false,
            assertingCaller: nobody,
            escalationManager: nobody,
        };
        let assertion = Assertion {
            escalationManagerSettings: settings,
            asserter: nobody,
            assertionTime: 0,
            settled: false,
            currency: convert::evm_address(protocol::WIP),
            expirationTime: 2_592_000,
            settlementResolution: false,
            domainId: B256::ZERO,
            identifier: B256::ZERO,
            bond: U256::from(100_000_000_000_000_000_u64),
            callbackRecipient: nobody,
            disputer: nobody,
        };
        Open {
            assertion_id: id,
            assertion,
            target: IpId::new(TARGET.parse().unwrap()),
            target_owner: OWNER.parse().ok(),
            is_in_owners_time: true,
        }
    }

    #[test]
    fn a_recorded_answer_is_encoded_as_it_was_but_for_the_endless_allowance() {
        let recorded = recorded::transaction(221);
        let answered = request().output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!((answered.dispute, answered.mined.block_number), (1, 221));

        let open = assertion(B256::new(answered.assertion));
        let answer = ArbitrationPolicyUma::disputeAssertionCall {
            assertionId: open.assertion_id,
            counterEvidenceHash: convert::b256_of_content(request().evidence),
        };
        let policy = protocol::ARBITRATION_POLICY_UMA;
        let mut call = through_account(OWNER.parse().unwrap(), &open, policy, &answer);
        let exact = Erc20::approveCall { spender: convert::evm_address(policy), value: open.assertion.bond };
        assert_eq!(call.calls[1].data, exact.abi_encode());
        // The protocol's own client allows 2^256 - 1 here and leaves it standing.
        let endless = Erc20::approveCall { spender: convert::evm_address(policy), value: U256::MAX };
        call.calls[1].data = endless.abi_encode().into();
        assert_eq!(call.abi_encode(), recorded.input);
    }

    #[test]
    fn the_owners_time_ends_as_the_contract_counts_it() {
        // 66.666666 % of 30 days are 1,727,999.98 seconds, of which the contract keeps the whole ones.
        let times = (1_000, 1_000 + 2_592_000);
        assert!(is_in_owners_time(times, 66_666_666, 1_000));
        assert!(is_in_owners_time(times, 66_666_666, 1_000 + 1_727_999));
        assert!(!is_in_owners_time(times, 66_666_666, 1_000 + 1_728_000));
        assert!(is_in_owners_time(times, 66_666_666, 0), "a node that lags");
    }

    #[test]
    fn evidence_of_zeros_is_refused_without_a_chain() {
        let mut violations = Violations::new();
        CounterDispute::new(1, ContentHash::from_bytes([0; 32])).check(&mut violations);
        assert_eq!(violations.as_slice()[0].field, "evidence");
    }
}
