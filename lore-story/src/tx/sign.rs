//! Signs: a call, something that pays more for it, or something that takes its nonce and does nothing.

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::eip2718::Encodable2718,
    primitives::{Bytes, TxKind},
};
use lore_core::{
    Error, ErrorKind, Result, TxHash, Wei,
    port::transactions::{AttemptKind, SignedAttempt, StoredCall},
};

use super::lane::Shared;
use crate::{convert, rpc::Fees};

/// Gas of a transfer.
pub(super) const TRANSFER_GAS: u64 = 21_000;

impl Shared {
    /// The call of a transaction that does nothing.
    pub(super) fn nothing(&self) -> StoredCall {
        StoredCall::new(self.id.signer, Wei::ZERO, Vec::new(), TRANSFER_GAS, "takes a nonce without effect")
    }

    /// Signs a form of a transaction.
    ///
    /// # Errors
    /// What the signer says; [`ErrorKind::IntegrityMismatch`] if it signs as another account.
    pub(super) async fn sign(
        &self,
        nonce: u64,
        kind: AttemptKind,
        call: &StoredCall,
        fees: Fees,
    ) -> Result<SignedAttempt> {
        let nothing;
        let call = match kind {
            AttemptKind::Cancel => {
                nothing = self.nothing();
                &nothing
            }
            _ => call,
        };
        let mut transaction = TxEip1559 {
            chain_id: self.id.chain_id.get(),
            nonce,
            gas_limit: call.gas_limit,
            max_fee_per_gas: fees.max_fee,
            max_priority_fee_per_gas: fees.priority.min(fees.max_fee),
            to: TxKind::Call(convert::evm_address(call.to)),
            value: convert::u256(call.value),
            access_list: alloy::eips::eip2930::AccessList::default(),
            input: Bytes::from(call.data.clone()),
        };
        let signature = self.signer.sign_transaction(&mut transaction).await?;
        let paid = (transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas);
        let signed = transaction.into_signed(signature);
        let who = signed.recover_signer().ok().map(convert::from_evm_address);
        if who != Some(self.id.signer) || signed.tx().nonce != nonce {
            return Err(Error::new(ErrorKind::IntegrityMismatch, "the signer signed as another account")
                .with_context("expected", self.id.signer));
        }
        let hash = TxHash::from_bytes(signed.hash().0);
        Ok(SignedAttempt::new(hash, kind, signed.encoded_2718(), paid, self.clock.now()))
    }
}

/// What must be paid to take the place of something that pays `old`: some percent more of both, at least what is usual now,
/// within the limit. `None` if the limit leaves no room.
pub(super) fn bumped(old: Fees, usual: Fees, bump_percent: u64, limit: Option<u128>) -> Option<Fees> {
    let more = |fee: u128, percent: u64| {
        fee.saturating_add(fee.saturating_mul(u128::from(percent)).div_ceil(100)).max(fee.saturating_add(1))
    };
    let limit = limit.unwrap_or(u128::MAX);
    // What geth (10 %) and others (12.5 %) ask for at least.
    let least = Fees { max_fee: more(old.max_fee, 13), priority: more(old.priority, 13) };
    if least.max_fee > limit {
        return None;
    }
    let max_fee = more(old.max_fee, bump_percent).max(usual.max_fee).min(limit);
    let priority = more(old.priority, bump_percent).max(usual.priority).min(max_fee);
    (priority >= least.priority).then_some(Fees { max_fee, priority })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn fees(max_fee: u128, priority: u128) -> Fees {
        Fees { max_fee, priority }
    }

    #[test]
    fn a_replacement_pays_more_of_both_within_the_limit() {
        assert_eq!(bumped(fees(100, 10), fees(50, 5), 20, None), Some(fees(120, 12)));
        assert_eq!(bumped(fees(100, 10), fees(300, 50), 20, None), Some(fees(300, 50)));
        assert_eq!(bumped(fees(100, 10), fees(300, 50), 20, Some(115)), Some(fees(115, 50)));
        assert_eq!(bumped(fees(100, 10), fees(300, 50), 20, Some(112)), None);
        assert_eq!(bumped(fees(100, 0), fees(100, 0), 20, None), Some(fees(120, 1)));
        assert_eq!(bumped(fees(100, 100), fees(100, 100), 20, None), Some(fees(120, 120)));
    }
}
