//! Cases of the [`WalletVerifier`] port.
//!
//! The suite has keys of its own, so a harness needs no account; wallets that are contracts come from the harness.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

use std::sync::Arc;

use crate::{
    domain::signature::key::TestKey,
    error::{Error, ErrorKind, Result},
    onchain::Address,
    port::chain::{SignatureKind, WalletVerifier},
};

/// A message, and a signature that a wallet made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedMessage {
    /// The wallet.
    pub account: Address,
    /// The message.
    pub message: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

impl SignedMessage {
    /// Describes a signed message.
    #[must_use]
    pub const fn new(account: Address, message: Vec<u8>, signature: Vec<u8>) -> Self {
        Self { account, message, signature }
    }
}

/// Makes a verifier for the suite.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// A verifier.
    async fn fresh(&self) -> Result<Arc<dyn WalletVerifier>>;

    /// What a deployed wallet contract signed (EIP-1271), if there can be one.
    async fn contract_wallet(&self) -> Result<Option<SignedMessage>> {
        Ok(None)
    }

    /// What a wallet contract that is not deployed yet signed (EIP-6492), if there can be one.
    async fn undeployed_wallet(&self) -> Result<Option<SignedMessage>> {
        Ok(None)
    }
}

const MESSAGE: &[u8] = b"example.org wants you to sign in";

fn broken(what: &'static str) -> Error {
    Error::new(ErrorKind::Unexpected, "the suite's own key does not work").with_context("what", what)
}

/// An account and its signature of [`MESSAGE`].
fn signed(key: u8) -> Result<(Address, [u8; 65])> {
    let key = TestKey::new(key).ok_or_else(|| broken("key"))?;
    let account = key.account().ok_or_else(|| broken("account"))?;
    Ok((account, key.sign_personal(MESSAGE).ok_or_else(|| broken("signature"))?))
}

/// With `v` and `s` as given.
fn changed(signature: &[u8; 65], change: impl FnOnce(&mut [u8; 65])) -> [u8; 65] {
    let mut other = *signature;
    change(&mut other);
    other
}

pub async fn a_signature_of_the_key_is_accepted(harness: &impl Harness) -> Result<()> {
    let verifier = harness.fresh().await?;
    for key in [1, 0x42, 0xfe] {
        let (account, signature) = signed(key)?;
        for less in [0, 27] {
            let signature = changed(&signature, |bytes| {
                if let Some(v) = bytes.last_mut() {
                    *v -= less;
                }
            });
            let found = verifier.verify_signature(&account, MESSAGE, &signature).await?;
            assert_eq!(found, Some(SignatureKind::Key));
        }
    }
    Ok(())
}

pub async fn a_signature_that_does_not_fit_is_refused(harness: &impl Harness) -> Result<()> {
    let verifier = harness.fresh().await?;
    let (account, signature) = signed(0x11)?;
    let (other_account, other_signature) = signed(0x22)?;
    let of_another_message = TestKey::new(0x11)
        .and_then(|key| key.sign_personal(b"example.com wants you to sign in"))
        .ok_or_else(|| broken("signature"))?;
    let with_v =
        |v: u8| changed(&signature, |bytes| bytes.iter_mut().rev().take(1).for_each(|last| *last = v));
    let mut long = signature.to_vec();
    long.push(0);
    let refused: [(&str, Address, Vec<u8>); 11] = [
        ("another account", other_account, signature.to_vec()),
        ("another account's signature", account, other_signature.to_vec()),
        ("another message", account, of_another_message.to_vec()),
        ("the zero address", Address::ZERO, signature.to_vec()),
        ("high s", account, high_s(&signature).to_vec()),
        ("v of another chain", account, with_v(35).to_vec()),
        ("v of 2", account, with_v(2).to_vec()),
        ("v of 29", account, with_v(29).to_vec()),
        ("64 bytes", account, signature.iter().copied().take(64).collect()),
        ("66 bytes", account, long),
        ("nothing", account, Vec::new()),
    ];
    for (what, account, signature) in refused {
        let found = verifier.verify_signature(&account, MESSAGE, &signature).await?;
        assert_eq!(found, None, "{what}");
    }
    Ok(())
}

/// The other solution of the curve's equation: `s` taken from the order, `v` turned round.
fn high_s(signature: &[u8; 65]) -> [u8; 65] {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba,
        0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
    ];
    changed(signature, |bytes| {
        let mut borrow = false;
        let [scalars @ .., v] = bytes;
        for (digit, order) in scalars.iter_mut().rev().zip(ORDER.iter().rev()) {
            let (difference, first) = order.overflowing_sub(*digit);
            let (difference, second) = difference.overflowing_sub(u8::from(borrow));
            borrow = first || second;
            *digit = difference;
        }
        *v = 55 - *v;
    })
}

pub async fn a_wallet_contract_is_asked(harness: &impl Harness) -> Result<()> {
    let Some(signed) = harness.contract_wallet().await? else {
        println!("skipped a_wallet_contract_is_asked: the harness has no wallet contract");
        return Ok(());
    };
    contract_signs(harness, &signed, SignatureKind::Contract).await
}

pub async fn a_wallet_that_is_not_deployed_is_asked(harness: &impl Harness) -> Result<()> {
    let Some(signed) = harness.undeployed_wallet().await? else {
        println!("skipped a_wallet_that_is_not_deployed_is_asked: the harness has none");
        return Ok(());
    };
    contract_signs(harness, &signed, SignatureKind::UndeployedContract).await
}

/// Accepted as it is; refused for another message, and for another account.
async fn contract_signs(harness: &impl Harness, signed: &SignedMessage, kind: SignatureKind) -> Result<()> {
    let verifier = harness.fresh().await?;
    let SignedMessage { account, message, signature } = signed;
    assert_eq!(verifier.verify_signature(account, message, signature).await?, Some(kind));
    let mut other = message.clone();
    other.push(b'!');
    assert_eq!(verifier.verify_signature(account, &other, signature).await?, None);
    let stranger = Address::from_bytes([0x57; 20]);
    assert_eq!(verifier.verify_signature(&stranger, message, signature).await?, None);
    Ok(())
}

/// Emits one test per case of the wallet suite for the harness that the expression makes.
#[macro_export]
macro_rules! wallet_verifier_conformance {
    ($harness:expr) => {
        $crate::wallet_verifier_conformance! { $harness, skip_if: ::core::option::Option::None::<String> }
    };
    ($harness:expr, skip_if: $why:expr) => {
        $crate::__cases! { $harness, skip_if: $why, $crate::conformance::wallet_verifier,
            a_signature_of_the_key_is_accepted,
            a_signature_that_does_not_fit_is_refused,
            a_wallet_contract_is_asked,
            a_wallet_that_is_not_deployed_is_asked,
        }
    };
}
