//! IP accounts: calls, several at once, with coins, by signature; money of accounts and of the sender; wallet signatures.

use std::sync::Arc;

use lore_core::{
    Address, ErrorKind, Result, Wei, conformance::wallet_verifier::Harness, port::chain::WalletVerifier,
};
use lore_story::ops::{
    AccountCall, AccountTransfer, ApproveTokens, Execute, ExecuteBatch, TransferCoins, TransferFromAccount,
    TransferTokens, Unwrap, Wrap,
};

use crate::{chain::live, fresh};

struct Fresh;

impl Harness for Fresh {
    async fn fresh(&self) -> Result<Arc<dyn WalletVerifier>> {
        Ok(Arc::new(fresh::unfunded_client().await))
    }
}

mod suite {
    lore_core::wallet_verifier_conformance!(super::Fresh, skip_if: crate::fresh::missing());
}

#[test]
fn an_account_sends_coins_that_came_along_and_coins_of_its_own() {
    live(|story| async move {
        let client = &story.client;
        let ip = story.ip("account").await;
        let to = Address::from_bytes([0x7e; 20]);
        let before = client.balance(&to).await.unwrap();
        let mut call = AccountCall::new(to, Vec::new());
        call.value = Wei::from(5_u64);
        client.send(&Execute::new(ip, call.clone())).await.unwrap();
        client.send(&TransferCoins::new(ip.address(), Wei::from(7_u64))).await.unwrap();
        call.value = Wei::from(7_u64);
        let mut own = Execute::new(ip, call);
        own.sent = Wei::ZERO;
        let done = client.send(&own).await.unwrap();
        assert_eq!(client.account_state(&ip).await.unwrap(), done.state);
        let got = client.balance(&to).await.unwrap().checked_sub(before).unwrap();
        assert_eq!(got, Wei::from(12_u64));
        assert_eq!(client.balance(&ip.address()).await.unwrap(), Wei::ZERO);
    });
}

#[test]
fn an_account_knows_its_owner_and_its_token() {
    live(|story| async move {
        let ip = story.ip("owned").await;
        assert_eq!(story.client.account_owner(&ip).await.unwrap(), story.me());
        let token = story.client.account_token(&ip).await.unwrap();
        assert_eq!(token.chain_id, story.client.chain_id());
        assert_eq!(token.contract, story.collection().await);
        assert_eq!(lore_core::domain::ip_account::ip_id(token.chain_id, token.contract, token.token_id), ip);
        // The workflow that registered it used it already, which its state tells.
        let state = story.client.account_state(&ip).await.unwrap();
        assert_ne!(state, [0; 32]);
        assert_eq!(story.client.account_state(&ip).await.unwrap(), state);
    });
}

#[test]
fn several_calls_happen_all_or_none() {
    live(|story| async move {
        let client = &story.client;
        let (ip, wip) = (story.ip("batch").await, client.addresses().wip);
        let mut wrap = AccountCall::new(wip, vec![0xd0, 0xe3, 0x0d, 0xb0]);
        wrap.value = Wei::from(9_u64);
        let batch = ExecuteBatch::new(ip, vec![wrap.clone(), wrap.clone()]);
        client.send(&batch).await.unwrap();
        assert_eq!(client.token_balance(&wip, &ip.address()).await.unwrap(), Wei::from(18_u64));
        let broken = AccountCall::new(wip, vec![0x2e, 0x1a, 0x7d, 0x4d]);
        let error = client.send(&ExecuteBatch::new(ip, vec![wrap, broken])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Reverted);
        assert_eq!(client.token_balance(&wip, &ip.address()).await.unwrap(), Wei::from(18_u64));

        let transfers = vec![
            AccountTransfer::new(wip, story.me(), Wei::from(10_u64)),
            AccountTransfer::new(wip, Address::from_bytes([0x7e; 20]), Wei::from(8_u64)),
        ];
        client.send(&TransferFromAccount::new(ip, transfers)).await.unwrap();
        assert_eq!(client.token_balance(&wip, &ip.address()).await.unwrap(), Wei::ZERO);
    });
}

#[test]
fn a_signed_call_is_sent_by_anybody_with_coins() {
    live(|story| async move {
        let Some(other) = story.other() else { return };
        let client = &story.client;
        let (ip, wip) = (story.ip("relayed").await, client.addresses().wip);
        let mut call = AccountCall::new(wip, vec![0xd0, 0xe3, 0x0d, 0xb0]);
        call.value = Wei::from(4_u64);
        let deadline = client.chain_time().await.unwrap() + 1_000;
        let signed = client.sign_execution(&ip, call, deadline).await.unwrap();
        other.send(&signed).await.unwrap();
        assert_eq!(client.token_balance(&wip, &ip.address()).await.unwrap(), Wei::from(4_u64));
        let denied = other.send(&Execute::new(ip, AccountCall::new(wip, signed.call.data.clone()))).await;
        assert_eq!(denied.unwrap_err().kind(), ErrorKind::Reverted);
    });
}

#[test]
fn coins_are_wrapped_allowed_sent_and_unwrapped() {
    live(|story| async move {
        let client = &story.client;
        let wip = client.addresses().wip;
        let stranger = Address::from_bytes([0x7d; 20]);
        let before = client.token_balance(&wip, &stranger).await.unwrap();
        client.send(&Wrap::new(Wei::from(100_u64))).await.unwrap();
        client.send(&TransferTokens::new(wip, stranger, Wei::from(1_u64))).await.unwrap();
        let sent = client.token_balance(&wip, &stranger).await.unwrap().checked_sub(before);
        assert_eq!(sent, Some(Wei::from(1_u64)));
        client.send(&Unwrap::new(Wei::from(1_u64))).await.unwrap();
        let none = TransferTokens::new(wip, stranger, Wei::MAX);
        assert_eq!(client.send(&none).await.unwrap_err().kind(), ErrorKind::InsufficientFunds);

        let Some(other) = story.other() else { return };
        let allow = ApproveTokens::new(wip, other.signer(), Wei::from(2_u64));
        assert!(client.send(&allow).await.unwrap().is_some());
        assert_eq!(client.send(&allow).await.unwrap(), None);
        let take = TransferTokens::from(wip, story.me(), stranger, Wei::from(2_u64));
        other.send(&take).await.unwrap();
        let left = client.token_allowance(&wip, &story.me(), &other.signer()).await.unwrap();
        assert_eq!(left, Wei::ZERO);
        let error = other.send(&take).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "InsufficientAllowance");
    });
}
