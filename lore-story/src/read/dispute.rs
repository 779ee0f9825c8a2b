//! What the chain knows of disputes.

use alloy::primitives::{B256, U256};
use lore_core::{
    Address, Error, IpId, Result, Timestamp, Wei,
    port::chain::{DisputeLimits, DisputeRecord},
};

use crate::{
    client::StoryClient,
    contracts::dispute::{ArbitrationPolicyUma, DisputeModule, OptimisticOracleV3},
    convert::{self, timestamp},
    ops::{answers::Questions, dispute},
};

/// What the oracle knows of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssertionState {
    /// The oracle's id of it.
    pub assertion: [u8; 32],
    /// Who put up the bond.
    pub asserter: Address,
    /// Who answered, if somebody did.
    pub disputer: Option<Address>,
    /// The ERC-20 token of the bonds.
    pub currency: Address,
    /// The bond of either side.
    pub bond: Wei,
    /// Until when it can be answered, and after which it can be settled if nobody did.
    pub expires_at: Timestamp,
    /// The decision, once it is settled.
    pub is_upheld: Option<bool>,
}

impl StoryClient {
    /// What the chain knows of a dispute, if there is one with this number.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable). So for every read here.
    pub async fn dispute_record(&self, dispute: u64) -> Result<Option<DisputeRecord>> {
        let call = DisputeModule::disputesCall { disputeId: U256::from(dispute) };
        let found = self.view().call(self.addresses().dispute_module, &call).await?;
        dispute::record(dispute, found)
    }

    /// How many disputes there are. Their numbers begin with 1.
    ///
    /// # Errors
    /// As [`dispute_record`](Self::dispute_record).
    pub async fn dispute_count(&self) -> Result<u64> {
        let module = self.addresses().dispute_module;
        dispute::dispute_number(self.view().call(module, &DisputeModule::disputeCounterCall {}).await?)
    }

    /// The oracle's id of a dispute; `None` for an inherited tag, and for a number that is none.
    ///
    /// # Errors
    /// As [`dispute_record`](Self::dispute_record).
    pub async fn assertion_id(&self, dispute: u64) -> Result<Option<[u8; 32]>> {
        let call = ArbitrationPolicyUma::disputeIdToAssertionIdCall { disputeId: U256::from(dispute) };
        let id = self.view().call(self.addresses().arbitration_policy_uma, &call).await?;
        Ok((!id.is_zero()).then_some(id.0))
    }

    /// The dispute of an oracle's id, if there is one.
    ///
    /// # Errors
    /// As [`dispute_record`](Self::dispute_record).
    pub async fn dispute_of_assertion(&self, assertion: &[u8; 32]) -> Result<Option<u64>> {
        let call = ArbitrationPolicyUma::assertionIdToDisputeIdCall { assertionId: B256::new(*assertion) };
        let dispute = self.view().call(self.addresses().arbitration_policy_uma, &call).await?;
        dispute::dispute_number(dispute).map(|dispute| (dispute != 0).then_some(dispute))
    }

    /// Bond, deadline and decision of a dispute, as the oracle keeps them; `None` where nothing was asserted.
    ///
    /// # Errors
    /// As [`dispute_record`](Self::dispute_record).
    pub async fn assertion(&self, dispute: u64) -> Result<Option<AssertionState>> {
        let (view, policy) = (self.view(), self.addresses().arbitration_policy_uma);
        let Some(id) = self.assertion_id(dispute).await? else { return Ok(None) };
        let oracle = convert::from_evm_address(view.call(policy, &ArbitrationPolicyUma::oov3Call {}).await?);
        let call = OptimisticOracleV3::getAssertionCall { assertionId: B256::new(id) };
        let found = view.call(oracle, &call).await?;
        Ok(Some(AssertionState {
            assertion: id,
            asserter: convert::from_evm_address(found.asserter),
            disputer: Some(convert::from_evm_address(found.disputer)).filter(|disputer| !disputer.is_zero()),
            currency: convert::from_evm_address(found.currency),
            bond: convert::wei(found.bond),
            expires_at: timestamp(U256::from(found.expirationTime))?,
            is_upheld: found.settled.then_some(found.settlementResolution),
        }))
    }

    /// What an accusation with a bond in this token must keep to.
    ///
    /// # Errors
    /// As [`dispute_record`](Self::dispute_record).
    pub async fn limits_of_disputes(&self, currency: &Address) -> Result<DisputeLimits> {
        dispute::limits(&self.view(), currency).await
    }

    /// Whether a dispute against the IP was upheld, or one that it inherited, and was not taken back.
    ///
    /// # Errors
    /// As [`dispute_record`](Self::dispute_record).
    pub async fn is_tagged(&self, ip: &IpId) -> Result<bool> {
        let call = DisputeModule::isIpTaggedCall { ipId: convert::evm_ip(*ip) };
        self.view().call(self.addresses().dispute_module, &call).await
    }

    /// Which of these texts the protocol takes as tags of disputes, in their order.
    ///
    /// # Errors
    /// As [`dispute_record`](Self::dispute_record); [`InvalidInput`](lore_core::ErrorKind::InvalidInput) for a text of more than 32
    /// bytes.
    pub async fn are_tags_allowed(&self, tags: &[&str]) -> Result<Vec<bool>> {
        if tags.iter().any(|tag| tag.len() > 32) {
            return Err(Error::invalid("tags", "too_long", "texts of at most 32 bytes"));
        }
        let asked = tags
            .iter()
            .map(|tag| DisputeModule::isWhitelistedDisputeTagCall { tag: dispute::tag_bytes(tag) });
        let view = self.view();
        let mut answers =
            Questions::default().ask_all(self.addresses().dispute_module, asked).send(&view).await?;
        tags.iter().map(|_| answers.must::<DisputeModule::isWhitelistedDisputeTagCall>()).collect()
    }
}
