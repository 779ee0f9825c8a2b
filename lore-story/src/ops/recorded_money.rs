//! Recorded transactions that license, pay, and move money: encoded again byte for byte from typed arguments, and their
//! logs read into typed results. None of these asks the chain while it is put together.

use std::sync::Arc;

use alloy::primitives::Bytes;
use futures_util::FutureExt as _;
use lore_core::{
    Address, LicenseTermsId, SystemClock, TokenId, Wei,
    domain::{
        license::{LicensingConfig, PilTerms},
        royalty::RoyaltyPolicy,
    },
    port::{
        chain::{Cost, CostReason, PayRoyalty, RevenueSource, TransferToVault},
        transactions::OperationKey,
    },
    protocol,
};

use super::{
    AccountCall, AccountTransfer, ApproveTokens, ExecuteBatch, RegisterTerms, SetLicensingConfig,
    TransferFromAccount, Unwrap, Wrap,
    recorded::{ALICE, BOB, CHILD, PARENT, Recorded, account, ip, transaction},
};
use crate::{
    addresses::Addresses,
    network::RpcUrl,
    operation::{Draft, Operation},
    rpc::{Rpc, RpcConfig},
    view::View,
};

/// What an operation would send, without a node.
fn draft<O: Operation>(operation: &O, sender: &str) -> Draft {
    let nowhere = RpcUrl::parse("http://127.0.0.1:1").unwrap();
    let config = RpcConfig::new(lore_core::ChainId::AENEID, [nowhere]);
    let rpc = Rpc::new(config, Arc::new(SystemClock)).unwrap();
    let addresses = Addresses::AENEID;
    let view = View::new(&rpc, &addresses, lore_core::ChainId::AENEID, account(sender), None);
    operation.draft(&view).now_or_never().expect("nothing is asked").unwrap()
}

/// Asserts that the operation sends just what was recorded, breaks no rule, and reads its result from the logs.
fn replays<O: Operation>(recorded: &Recorded, operation: &O, sender: &str) -> O::Output {
    let mut violations = lore_core::Violations::new();
    operation.check(&mut violations);
    assert!(violations.is_empty(), "{violations}");
    let draft = draft(operation, sender);
    assert_eq!(Bytes::from(draft.data), recorded.input);
    assert_eq!((draft.to, draft.value), (recorded.to(), recorded.value()));
    operation.output(&recorded.receipt(), &Addresses::AENEID).unwrap()
}

#[test]
fn terms_are_registered() {
    let recorded = transaction(205);
    let terms = PilTerms {
        // The protocol's own client writes an empty checker's data as an address, which makes other terms of them.
        commercializer_checker_data: vec![0; 20],
        ..PilTerms::non_commercial_social_remixing()
    };
    let registered = replays(&recorded, &RegisterTerms::new(terms), ALICE);
    assert_eq!(registered.terms_id, LicenseTermsId::from(3_u64));
    assert_eq!(registered.mined, Some(recorded.receipt().mined()));
}

#[test]
fn a_licensing_config_is_set() {
    let recorded = transaction(230);
    let config = LicensingConfig {
        is_set: true,
        licensing_hook: Addresses::AENEID.total_license_token_limit_hook.unwrap(),
        hook_data: vec![0; 20],
        expect_group_reward_pool: protocol::EVEN_SPLIT_GROUP_POOL,
        ..LicensingConfig::default()
    };
    let ip = ip("0x7903B3891F4Ba76Ee70e22F85f9bb5E3865bafF7");
    let set = SetLicensingConfig::new(ip, LicenseTermsId::from(4_u64), config);
    assert_eq!(replays(&recorded, &set, ALICE), Some(recorded.receipt().mined()));
}

#[test]
fn an_ip_is_paid() {
    let recorded = transaction(199).aggregated(1);
    let key = OperationKey::new("recorded").unwrap();
    let amount = Wei::from_coins(2);
    let pay = PayRoyalty::new(key.clone(), ip(CHILD), protocol::WIP, amount);
    let paid = replays(&recorded, &pay, BOB);
    assert_eq!((paid.receiver, paid.token), (ip(CHILD), protocol::WIP));
    assert_eq!((paid.amount, paid.amount_after_fee), (amount, amount));
    assert_eq!(pay.key(), Some(key));
    let cost = Cost::new(CostReason::Royalty, protocol::WIP, amount, protocol::ROYALTY_MODULE);
    assert_eq!(draft(&pay, BOB).costs, [cost]);
}

#[test]
fn revenue_is_moved_to_a_vault() {
    let descendant = ip("0xF360F4a747946EE5038d06D785F11E2F6BB5B9E4");
    let group = ip("0xE101aA78C66b60800d17f0e4d3227dd0409EaF41");
    let source = RevenueSource::new(descendant, RoyaltyPolicy::Lrp, protocol::WIP);
    let moved = replays(&transaction(214), &TransferToVault::new(source, group), ALICE);
    assert_eq!(moved.map(|moved| moved.amount), Some(Wei::from_coins(1)));
    let of_another = TransferToVault::new(source, ip(CHILD));
    let error = of_another.output(&transaction(214).receipt(), &Addresses::AENEID).unwrap_err();
    assert_eq!(error.kind(), lore_core::ErrorKind::Unexpected);
}

#[test]
fn tokens_leave_an_ip_account() {
    let recorded = transaction(201);
    let amount: Wei = "3200000000000000000".parse().unwrap();
    let transfer = AccountTransfer::new(protocol::WIP, account(ALICE), amount);
    let moved = replays(&recorded, &TransferFromAccount::new(ip(PARENT), vec![transfer]), ALICE);
    assert_eq!(moved.mined, recorded.receipt().mined());
    let state = data_encoding::HEXLOWER.encode(&moved.state);
    assert_eq!(state, "3acb8b837ece2fc07ac3b750c8c59331ac9c9434aea994583be2dc15872b9fd4");
}

#[test]
fn an_ip_account_makes_several_calls_with_coins() {
    let recorded = transaction(195);
    let mut calls: Vec<AccountCall> = recorded
        .account_calls()
        .into_iter()
        .map(|call| {
            let to = Address::from_bytes(call.target.into_array());
            AccountCall::new(to, call.data.to_vec())
        })
        .collect();
    assert_eq!(calls.len(), 3);
    calls[0].value = Wei::from_coins(1);
    let batch = ExecuteBatch::new(ip(CHILD), calls);
    assert_eq!(batch.sent, Wei::from_coins(1));
    let last = replays(&recorded, &batch, BOB);
    assert_ne!(last.state, [0; 32]);
}

#[test]
fn coins_are_wrapped_and_unwrapped() {
    let tenth: Wei = "100000000000000000".parse().unwrap();
    for block in [216, 220, 222] {
        let recorded = transaction(block);
        assert_eq!(replays(&recorded, &Wrap::new(tenth), BOB), recorded.receipt().mined());
    }
    let recorded = transaction(202);
    let amount: Wei = "3200000000000000000".parse().unwrap();
    assert_eq!(replays(&recorded, &Unwrap::new(amount), ALICE), recorded.receipt().mined());
    assert!(Unwrap::new(tenth).output(&recorded.receipt(), &Addresses::AENEID).is_err());
}

#[test]
fn an_allowance_is_given() {
    for (block, spender) in [(217, protocol::ARBITRATION_POLICY_UMA), (219, account(PARENT))] {
        let recorded = transaction(block);
        let approve = ApproveTokens::new(protocol::WIP, spender, Wei::MAX);
        assert_eq!(replays(&recorded, &approve, BOB), Some(recorded.receipt().mined()));
    }
}

#[test]
fn numbers_of_minted_tokens_follow_one_another() {
    let mined = transaction(196).receipt().mined();
    let first = TokenId::MAX.checked_sub(TokenId::from(1_u64)).unwrap();
    let minted = super::MintedLicenseTokens { mined, first, amount: 2 };
    assert_eq!(minted.token_ids().collect::<Vec<_>>(), [first, TokenId::MAX]);
}
