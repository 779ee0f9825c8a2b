//! Signatures of an account's key: the hash of a personal message, and whose key signed a hash.
//!
//! Contracts that verify signatures are asked by an adapter; what a key alone decides is decided here, the same for
//! every adapter.

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use crate::onchain::{Address, keccak256};

/// Bytes of a signature: `r`, `s`, and `v`.
pub const SIGNATURE_BYTES: usize = 65;

/// The hash that a wallet signs for a personal message (EIP-191, version `0x45`).
#[must_use]
pub fn personal_message_hash(message: &[u8]) -> [u8; 32] {
    let mut bytes = format!("\x19Ethereum Signed Message:\n{}", message.len()).into_bytes();
    bytes.extend_from_slice(message);
    keccak256(&bytes)
}

/// The account whose key made this signature of this hash; `None` if none did.
///
/// Only the one form that a wallet makes is taken: 65 bytes, `v` of 0, 1, 27 or 28, and an `s` in the lower half of
/// the curve's order (EIP-2), so that nobody can turn a signature into another one that also holds.
#[must_use]
pub fn recover_account(hash: &[u8; 32], signature: &[u8]) -> Option<Address> {
    let signature: &[u8; SIGNATURE_BYTES] = signature.try_into().ok()?;
    let (v, scalars) = signature.split_last()?;
    let is_y_odd = match v {
        0 | 27 => false,
        1 | 28 => true,
        _ => return None,
    };
    let scalars = Signature::from_slice(scalars).ok()?;
    if scalars.normalize_s() != scalars {
        return None;
    }
    let key = VerifyingKey::recover_from_prehash(hash, &scalars, RecoveryId::new(is_y_odd, false)).ok()?;
    account_of(&key)
}

/// The account whose key signed this personal message (EIP-191); `None` if none did.
#[must_use]
pub fn recover_personal_signer(message: &[u8], signature: &[u8]) -> Option<Address> {
    recover_account(&personal_message_hash(message), signature)
}

/// The account of a public key.
pub(crate) fn account_of(key: &VerifyingKey) -> Option<Address> {
    let point = key.to_sec1_point(false);
    let (_, coordinates) = point.as_bytes().split_first()?;
    Some(Address::from_public_key(coordinates.try_into().ok()?))
}

/// An account with a key, for suites and tests: it signs as a wallet does.
#[cfg(any(test, feature = "conformance"))]
pub(crate) mod key {
    use k256::ecdsa::SigningKey;

    use super::{SIGNATURE_BYTES, account_of, personal_message_hash};
    use crate::onchain::Address;

    /// A key of 32 equal bytes other than 0 and 255: nobody's own.
    pub(crate) struct TestKey(SigningKey);

    impl TestKey {
        pub(crate) fn new(byte: u8) -> Option<Self> {
            SigningKey::from_slice(&[byte; 32]).ok().map(Self)
        }

        pub(crate) fn account(&self) -> Option<Address> {
            account_of(self.0.verifying_key())
        }

        /// A signature with `v` of 27 or 28.
        pub(crate) fn sign_personal(&self, message: &[u8]) -> Option<[u8; SIGNATURE_BYTES]> {
            let (scalars, id) = self.0.sign_prehash_recoverable(&personal_message_hash(message));
            let mut signature = [27 + u8::from(id.is_y_odd()); SIGNATURE_BYTES];
            for (to, from) in signature.iter_mut().zip(scalars.to_bytes()) {
                *to = from;
            }
            Some(signature)
        }
    }
}

#[cfg(test)]
mod tests {
    use k256::{
        elliptic_curve::ops::Neg,
        {Scalar, elliptic_curve::PrimeField},
    };
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{key::TestKey, *};

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
    }

    /// The other signature with the same `r` that the curve's equation accepts: `s` negated, `v` turned round.
    fn malleated(signature: &[u8; 65]) -> [u8; 65] {
        let mut other = *signature;
        let s: [u8; 32] = signature[32..64].try_into().unwrap();
        let negated = Scalar::from_repr(s.into()).unwrap().neg().to_repr();
        other[32..64].copy_from_slice(&negated);
        other[64] = 27 + (28 - signature[64]);
        other
    }

    #[test]
    fn a_digest_signed_for_the_real_contracts_names_its_signer() {
        // Recorded: an IP account accepted this signature of an EIP-712 digest as the owner's.
        let digest = hex::<32>("68900f1e72b6a5cd0977c6d845e099b5ccaf322efdd34f04ae11ef50ca015a13");
        let signature = hex::<65>(
            "3665ee158c9f6a4d9d063fdf1b3f52aed133a05a5dd64fa20e1bfc3250daf7cb77895f4c800815676257cc165fbf472520300ec27c6ca4c1c0a22cf8532c01021c",
        );
        let owner: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap();
        assert_eq!(recover_account(&digest, &signature), Some(owner));
    }

    #[test]
    fn the_hash_of_a_personal_message_is_the_published_one() {
        // EIP-191 over "hello", as every wallet library documents it.
        assert_eq!(
            data_encoding::HEXLOWER.encode(&personal_message_hash(b"hello")),
            "50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750"
        );
    }

    #[test]
    fn a_signature_without_a_valid_scalar_is_refused() {
        let hash = [7; 32];
        for bytes in [[0; 65], [0xff; 65]] {
            assert_eq!(recover_account(&hash, &bytes), None);
        }
    }

    proptest! {
        #[test]
        fn what_a_key_signed_names_its_account(byte in 1_u8..=254, message: Vec<u8>) {
            let key = TestKey::new(byte).unwrap();
            let mut signature = key.sign_personal(&message).unwrap();
            prop_assert_eq!(recover_personal_signer(&message, &signature), key.account());
            signature[64] -= 27;
            prop_assert_eq!(recover_personal_signer(&message, &signature), key.account());
        }

        #[test]
        fn the_other_solution_of_the_curve_is_refused(byte in 1_u8..=254, message: Vec<u8>) {
            let signature = TestKey::new(byte).unwrap().sign_personal(&message).unwrap();
            prop_assert_eq!(recover_personal_signer(&message, &malleated(&signature)), None);
        }

        #[test]
        fn a_wrong_length_or_v_is_refused(byte in 1_u8..=254, length in 0_usize..200, v: u8) {
            let signature = TestKey::new(byte).unwrap().sign_personal(b"x").unwrap();
            if length != 65 {
                let mut bytes = signature.to_vec();
                bytes.resize(length, 27);
                prop_assert_eq!(recover_personal_signer(b"x", &bytes), None);
            }
            if ![0, 1, 27, 28].contains(&v) {
                let mut bytes = signature;
                bytes[64] = v;
                prop_assert_eq!(recover_personal_signer(b"x", &bytes), None);
            }
        }

        /// Whatever comes from outside is judged, and two forms that differ in `v` never name one account.
        #[test]
        fn any_bytes_are_judged(hash: [u8; 32], r: [u8; 32], s: [u8; 32], bytes: Vec<u8>) {
            let signature = |v: u8| [&r[..], &s[..], &[v]].concat();
            let (even, odd) = (recover_account(&hash, &signature(27)), recover_account(&hash, &signature(28)));
            prop_assert!(even.is_none() || even != odd);
            prop_assert!(bytes.len() == 65 || recover_account(&hash, &bytes).is_none());
        }
    }
}
