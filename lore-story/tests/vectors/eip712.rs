//! `IPAccount.executeWithSig` and the workflows that use it: nonce, digest, signature, accepted or refused.

use alloy::{
    hex,
    primitives::B256,
    signers::{SignerSync, local::PrivateKeySigner},
};
use lore_core::{Address, ChainId, IpId, Wei, onchain::Uint256};
use lore_story::{
    addresses::Addresses,
    eip712::{SignedCall, SigningRequest, Workflow},
    revert,
};
use serde_json::Value;

use crate::report::{Suite, Verdict, check, vectors};

/// The chain's time at the recording: after the deadlines in the past, before the others.
const NOW: u64 = 1_790_000_000;

/// Signed by a key, then changed: only the digest can come out again.
const CHANGED: [&str; 4] = [
    "high-s-signature-rejected",
    "eip2098-compact-64-byte-signature-rejected",
    "v-0-or-1-instead-of-27-28",
    "empty-signature",
];

/// Refused for what only the chain knows, after the signature was accepted.
const REFUSED_LATER: [&str; 5] = [
    "AccessController__BothCallerAndRecipientAreNotRegisteredModule",
    "AccessController__PermissionDenied",
    "AccessController__PermissionIsNotValid",
    "EMPTY_REVERT",
    "RegistrationWorkflows__CallerNotSigner",
];

/// Signed over the present state instead of the next one.
const WRONG_NONCE: &str = "wrong-nonce-current-state-instead-of-next";
/// A workflow's case whose account has a state that the other one, which was signed for another, does not tell.
const ZERO_STATE: &str = "workflow-registerIp-ip-already-registered-zero-state-signed";
const LIVE_STATE: &str = "workflow-registerIp-ip-already-registered-live-state";

pub(crate) fn suite(suite: &mut Suite<'_>) {
    let cases = vectors("eip712");
    let cases = cases.as_array().unwrap();
    let live_state =
        cases.iter().find(|case| case["name"] == LIVE_STATE).map(|case| case["state_before"].clone());
    for case in cases {
        let name = text(case, "name");
        suite.case(name, || {
            if let Some(data) = case["revert_data"].as_str() {
                let revert = revert::decode(&hex::decode(data).unwrap()).to_string();
                check("error", revert.as_str(), text(case, "error"))?;
            }
            let signed = signed(case);
            reproduces(case, &signed)?;
            let state = match name {
                ZERO_STATE => live_state.as_ref().and_then(Value::as_str).unwrap(),
                _ => text(case, "state_before"),
            };
            accepts(case, &expected(case, word(state))?)
        });
    }
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("{field} is missing"))
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn word(text: &str) -> [u8; 32] {
    bytes(text).try_into().unwrap()
}

fn address(case: &Value, field: &str) -> Address {
    text(case, field).parse().unwrap()
}

/// What was signed, from the recorded fields.
fn signed(case: &Value) -> SigningRequest {
    let account = IpId::new(address(case, "signed_verifying_contract"));
    let call = SignedCall::new(account, address(case, "to"), bytes(text(case, "data")))
        .with_value(text(case, "value").parse().unwrap());
    let chain = ChainId::new(case["signed_chain_id"].as_u64().unwrap());
    let deadline: Uint256 = text(case, "deadline").parse().unwrap();
    let mut request = SigningRequest::execute(chain, &call, word(text(case, "state_before")), deadline);
    if text(case, "name") == WRONG_NONCE {
        request.nonce = word(text(case, "state_before"));
    }
    request
}

/// Nonce, hashes and signature come out as they were recorded.
fn reproduces(case: &Value, signed: &SigningRequest) -> Verdict {
    let hash =
        |what: &str, found: [u8; 32]| check(what, hex::encode_prefixed(found).as_str(), text(case, what));
    hash("nonce", signed.nonce)?;
    hash("domain_separator", signed.domain_separator())?;
    hash("struct_hash", signed.struct_hash())?;
    hash("digest", signed.digest())?;
    if let Some(key) = case["signer_private_key"].as_str()
        && !CHANGED.contains(&text(case, "name"))
    {
        let key: PrivateKeySigner = key.parse().unwrap();
        let signature = key.sign_hash_sync(&B256::new(signed.digest())).unwrap();
        check("signature", hex::encode_prefixed(signature.as_bytes()).as_str(), text(case, "signature"))?;
    }
    Ok(())
}

/// What the account computes from what was submitted: this is what must have been signed.
fn expected(case: &Value, state: [u8; 32]) -> Result<SigningRequest, String> {
    let chain = ChainId::new(case["chain_id"].as_u64().unwrap());
    let account = IpId::new(address(case, "ip_id"));
    let submitted = |field: &str| case["submitted_with"][field].as_str().unwrap_or_else(|| text(case, field));
    let call = if case["kind"] == "workflow-signature" {
        let workflow = workflow(text(case, "function"));
        check("workflow", workflow.contract(&Addresses::AENEID), address(case, "workflow_address"))?;
        workflow.permit(account, &Addresses::AENEID)
    } else {
        let value: Wei = text(case, "value").parse().unwrap();
        SignedCall::new(account, address(case, "to"), bytes(submitted("data"))).with_value(value)
    };
    let deadline: Uint256 = submitted("deadline").parse().unwrap();
    Ok(SigningRequest::execute(chain, &call, state, deadline))
}

fn workflow(function: &str) -> Workflow {
    match function {
        "registerIp" => Workflow::RegisterIp,
        "registerIpAndAttachPILTerms" => Workflow::RegisterIpAndAttachTerms,
        "registerPILTermsAndAttach" => Workflow::AttachTerms,
        "registerIpAndMakeDerivative" => Workflow::RegisterDerivative,
        other => panic!("no case of {other} was recorded"),
    }
}

/// The check gives the account's own answer.
fn accepts(case: &Value, request: &SigningRequest) -> Verdict {
    let name = text(case, "name");
    let (signer, signature) = (address(case, "signer"), bytes(text(case, "signature")));
    if name.starts_with("erc1271-") {
        // Only the contract at the signer's address knows; both of its answers were recorded for one signature.
        return Ok(());
    }
    let found = match name {
        // The second time the state has moved on to what was signed.
        "replay-same-signature" => {
            request.check(signer, &signature, NOW).map_err(|error| format!("first time: {error}"))?;
            let again =
                SigningRequest::execute(request.chain_id, &request.call, request.nonce, request.deadline);
            again.check(signer, &signature, NOW)
        }
        _ => request.check(signer, &signature, NOW),
    };
    let recorded = case["error"].as_str();
    let later = recorded.is_some_and(|error| REFUSED_LATER.iter().any(|name| error.starts_with(name)));
    let recorded = recorded.filter(|_| !later);
    check("answer", found.err().map(|error| error.to_string()).as_deref(), recorded)?;
    if case["accepted"] == true && case["kind"] == "executeWithSig" {
        check("state_after", hex::encode_prefixed(request.nonce).as_str(), text(case, "state_after"))?;
    }
    Ok(())
}
