//! [`SigningRequest`]: what is signed, and whether the account would accept a signature.

use std::borrow::Cow;

use alloy::{
    hex,
    primitives::{B256, Bytes, Signature},
    sol_types::{Eip712Domain, SolCall, SolStruct, SolValue},
};
use lore_core::{Address, ChainId, IpId, Revert, Wei, onchain::Uint256, onchain::keccak256};
use serde_json::{Value, json};

use crate::{contracts::account::IpAccount, convert};

alloy::sol! {
    /// The type of the typed data, by the names that the contract hashes.
    struct Execute {
        address to;
        uint256 value;
        bytes data;
        bytes32 nonce;
        uint256 deadline;
    }
}

/// Name of the domain in which IP accounts take signatures.
const DOMAIN_NAME: &str = "Story Protocol IP Account";
/// Version of that domain.
const DOMAIN_VERSION: &str = "1";

/// One call that an IP account is to make.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SignedCall {
    /// The IP whose account makes the call.
    pub account: IpId,
    /// Whom it calls.
    pub to: Address,
    /// Native coins that it sends along.
    pub value: Wei,
    /// The call data: nothing, or a function's selector and its arguments.
    pub data: Vec<u8>,
}

impl SignedCall {
    /// A call without value.
    pub fn new(account: IpId, to: Address, data: impl Into<Vec<u8>>) -> Self {
        Self { account, to, value: Wei::ZERO, data: data.into() }
    }

    /// Sends native coins along.
    #[must_use]
    pub const fn with_value(mut self, value: Wei) -> Self {
        self.value = value;
        self
    }

    /// The account's state once it has made this call: the nonce that the signature is over. An account that is not
    /// deployed yet has a state of zeros.
    #[must_use]
    pub fn next_state(&self, state: impl Into<[u8; 32]>) -> [u8; 32] {
        let call = IpAccount::execute_1Call {
            to: convert::evm_address(self.to),
            value: convert::u256(self.value),
            data: Bytes::copy_from_slice(&self.data),
        };
        let state = B256::new(state.into());
        keccak256(&(state, Bytes::from(call.abi_encode())).abi_encode_params())
    }
}

/// What is to be signed, so that an IP account makes one call.
///
/// The signature is good for one time, until the deadline, and only as long as the account does nothing else: every use of
/// the account changes its state, and with it the nonce.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SigningRequest {
    /// The chain.
    pub chain_id: ChainId,
    /// The call.
    pub call: SignedCall,
    /// The account's state after the call.
    pub nonce: [u8; 32],
    /// The last second at which the signature counts, by the chain's clock, since the Unix epoch.
    pub deadline: Uint256,
}

impl SigningRequest {
    /// What is to be signed while the account's state is `state`, which is zeros as long as it is not deployed.
    pub fn execute(
        chain_id: ChainId,
        call: &SignedCall,
        state: impl Into<[u8; 32]>,
        deadline: impl Into<Uint256>,
    ) -> Self {
        Self { chain_id, nonce: call.next_state(state), call: call.clone(), deadline: deadline.into() }
    }

    /// The hash that is signed.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.message().eip712_signing_hash(&self.domain()).0
    }

    /// The hash of chain and account: one half of the digest.
    #[must_use]
    pub fn domain_separator(&self) -> [u8; 32] {
        self.domain().separator().0
    }

    /// The hash of the call: the other half.
    #[must_use]
    pub fn struct_hash(&self) -> [u8; 32] {
        self.message().eip712_hash_struct().0
    }

    /// The typed data as wallets take it (`eth_signTypedData_v4`).
    #[must_use]
    pub fn typed_data(&self) -> Value {
        let field = |name: &str, of: &str| json!({ "name": name, "type": of });
        json!({
            "types": {
                "EIP712Domain": [
                    field("name", "string"),
                    field("version", "string"),
                    field("chainId", "uint256"),
                    field("verifyingContract", "address"),
                ],
                "Execute": [
                    field("to", "address"),
                    field("value", "uint256"),
                    field("data", "bytes"),
                    field("nonce", "bytes32"),
                    field("deadline", "uint256"),
                ],
            },
            "primaryType": "Execute",
            "domain": {
                "name": DOMAIN_NAME,
                "version": DOMAIN_VERSION,
                "chainId": self.chain_id,
                "verifyingContract": self.call.account,
            },
            "message": {
                "to": self.call.to,
                "value": self.call.value,
                "data": hex::encode_prefixed(&self.call.data),
                "nonce": hex::encode_prefixed(self.nonce),
                "deadline": self.deadline,
            },
        })
    }

    /// What a signature allows, in one sentence, read from the very bytes that are signed.
    #[must_use]
    pub fn allows(&self) -> String {
        super::summary::of(&self.call)
    }

    /// Whether the account would accept `signature` of `signer` at `now`, in seconds since the Unix epoch; not whether
    /// the signer may make the call, which only the chain knows.
    ///
    /// Only for a signer with a key: what a contract accepts as its signature (EIP-1271), only that contract knows.
    ///
    /// # Errors
    /// What the account would revert with.
    pub fn check(&self, signer: Address, signature: &[u8], now: u64) -> Result<(), Revert> {
        let refused = |name: &str| Err(Revert::new(name));
        if signer.is_zero() {
            return refused("IPAccount__InvalidSigner");
        }
        if self.deadline < Uint256::from(now) {
            return refused("IPAccount__ExpiredSignature");
        }
        if self.recover(signature) != Some(signer) {
            return refused("IPAccount__InvalidSignature");
        }
        if matches!(self.call.data.len(), 1..=3) {
            return refused("IPAccount__InvalidCalldata");
        }
        Ok(())
    }

    /// Whose signature this is, if it has the one form that the account takes: 65 bytes, a low `s`, and a `v` of 27 or 28.
    fn recover(&self, signature: &[u8]) -> Option<Address> {
        let bytes: &[u8; 65] = signature.try_into().ok()?;
        let [.., v] = bytes;
        if !matches!(v, 27 | 28) {
            return None;
        }
        let signature = Signature::from_raw_array(bytes).ok()?;
        if signature.normalize_s().is_some() {
            return None;
        }
        let signer = signature.recover_address_from_prehash(&B256::new(self.digest())).ok()?;
        Some(convert::from_evm_address(signer))
    }

    fn domain(&self) -> Eip712Domain {
        Eip712Domain::new(
            Some(Cow::Borrowed(DOMAIN_NAME)),
            Some(Cow::Borrowed(DOMAIN_VERSION)),
            Some(convert::u256_of_number(self.chain_id.into())),
            Some(convert::evm_ip(self.call.account)),
            None,
        )
    }

    fn message(&self) -> Execute {
        Execute {
            to: convert::evm_address(self.call.to),
            value: convert::u256(self.call.value),
            data: Bytes::copy_from_slice(&self.call.data),
            nonce: B256::new(self.nonce),
            deadline: convert::u256_of_number(self.deadline),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy::{
        dyn_abi::TypedData,
        primitives::keccak256 as hash,
        signers::{SignerSync, local::PrivateKeySigner},
    };

    use super::*;

    fn request() -> SigningRequest {
        let account = IpId::new(Address::from_bytes([0x11; 20]));
        let call = SignedCall::new(account, Address::from_bytes([0x22; 20]), vec![1, 2, 3, 4, 5])
            .with_value(Wei::from_coins(3));
        SigningRequest::execute(ChainId::AENEID, &call, [7; 32], Uint256::MAX)
    }

    #[test]
    fn a_wallet_signs_the_same_digest() {
        // Another implementation reads the types from the JSON, as wallets do.
        let typed: TypedData = serde_json::from_value(request().typed_data()).unwrap();
        assert_eq!(typed.eip712_signing_hash().unwrap().0, request().digest());
        let whole =
            [&[0x19, 0x01], request().domain_separator().as_slice(), &request().struct_hash()].concat();
        assert_eq!(hash(whole).0, request().digest());
        assert_eq!(
            Execute::eip712_encode_type(),
            "Execute(address to,uint256 value,bytes data,bytes32 nonce,uint256 deadline)"
        );
    }

    #[test]
    fn every_field_is_signed() {
        let digest = request().digest();
        let change = |change: fn(&mut SigningRequest)| {
            let mut other = request();
            change(&mut other);
            assert_ne!(other.digest(), digest);
        };
        change(|request| request.chain_id = ChainId::STORY);
        change(|request| request.call.account = IpId::new(Address::from_bytes([0x33; 20])));
        change(|request| request.call.to = Address::ZERO);
        change(|request| request.call.value = Wei::ZERO);
        change(|request| request.call.data.push(0));
        change(|request| request.nonce = [0; 32]);
        change(|request| request.deadline = Uint256::ZERO);
    }

    #[test]
    fn only_the_form_that_the_account_takes_is_accepted() {
        let key = PrivateKeySigner::from_slice(&[9; 32]).unwrap();
        let signer = convert::from_evm_address(key.address());
        let good = key.sign_hash_sync(&B256::new(request().digest())).unwrap().as_bytes();
        assert_eq!(request().check(signer, &good, u64::MAX), Ok(()));
        for position in 0..good.len() {
            let mut bad = good;
            bad[position] ^= 1;
            assert_eq!(
                request().check(signer, &bad, 0).unwrap_err().name,
                "IPAccount__InvalidSignature",
                "byte {position}"
            );
        }
        for bad in [good.get(..64).unwrap(), &[good.as_slice(), &[0]].concat(), &[]] {
            assert!(request().check(signer, bad, 0).is_err());
        }
        assert_eq!(request().check(Address::ZERO, &good, 0).unwrap_err().name, "IPAccount__InvalidSigner");
    }

    #[test]
    fn the_last_second_still_counts() {
        let key = PrivateKeySigner::from_slice(&[9; 32]).unwrap();
        let mut request = request();
        request.deadline = Uint256::from(1_000_u64);
        let good = key.sign_hash_sync(&B256::new(request.digest())).unwrap().as_bytes();
        let signer = convert::from_evm_address(key.address());
        assert_eq!(request.check(signer, &good, 1_000), Ok(()));
        assert_eq!(request.check(signer, &good, 1_001).unwrap_err().name, "IPAccount__ExpiredSignature");
    }
}
