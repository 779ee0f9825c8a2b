//! Claims: what descendants owe is collected first, then the vault pays.

use std::collections::BTreeMap;

use alloy::{primitives::Bytes, sol_types::SolCall};
use async_trait::async_trait;
use lore_core::{
    Address, Error, ErrorKind, Result, Violations, Wei,
    port::chain::{ClaimRevenue, ClaimedRevenue, RevenueClaim, RevenueSource, TransferToVault},
};

use super::{is_nothing_due, policy_contract, transfer};
use crate::{
    addresses::Addresses,
    contracts::royalty::{IpRoyaltyVault, RoyaltyModule, RoyaltyPolicyLap, RoyaltyWorkflows},
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    revert,
    view::View,
};

/// What a claim would bring now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Due {
    vault: Option<Address>,
    /// The sources that owe something, in the order asked for.
    sources: Vec<RevenueSource>,
    /// The tokens of which the vault pays something after that, in the order asked for.
    tokens: Vec<Address>,
}

/// The vault of an IP, if it has one.
pub(crate) async fn vault(view: &View<'_>, ip: lore_core::IpId) -> Result<Option<Address>> {
    let ask = RoyaltyModule::ipRoyaltyVaultsCall { ipId: convert::evm_ip(ip) };
    let vault = convert::from_evm_address(view.call(view.addresses().royalty_module, &ask).await?);
    Ok((!vault.is_zero()).then_some(vault))
}

/// Tries all of it in one question: the transfers leave their money in the vault for the amounts asked after them.
async fn due(view: &View<'_>, request: &ClaimRevenue) -> Result<Due> {
    let Some(vault) = vault(view, request.ip).await? else {
        return Ok(Due::default());
    };
    let mut calls = Vec::new();
    for source in &request.sources {
        let policy = policy_contract(source.policy, view.addresses());
        let call = transfer::call(&TransferToVault::new(*source, request.ip));
        calls.push((policy, Bytes::from(call.abi_encode())));
    }
    for token in &request.tokens {
        let ask = IpRoyaltyVault::claimableRevenueCall {
            claimer: convert::evm_address(request.claimer),
            token: convert::evm_address(*token),
        };
        calls.push((vault, Bytes::from(ask.abi_encode())));
    }
    let mut answers = view.rpc().multicall(&calls).await?.into_iter();
    let mut sources = Vec::new();
    for (source, answer) in request.sources.iter().zip(answers.by_ref()) {
        let policy = policy_contract(source.policy, view.addresses());
        if !moved(answer, policy)?.is_zero() {
            sources.push(*source);
        }
    }
    let mut tokens = Vec::new();
    for (token, answer) in request.tokens.iter().zip(answers) {
        let answer = answer.map_err(|data| revert::to_error(&data, Some(vault), ""))?;
        if !amount(&answer)?.is_zero() {
            tokens.push(*token);
        }
    }
    // What is collected of a token that pays this claimer nothing would make the whole claim fail.
    sources.retain(|source| tokens.contains(&source.token));
    Ok(Due { vault: Some(vault), sources, tokens })
}

/// What a transfer would move; nothing if the policy says that nothing is due.
fn moved(answer: Result<Bytes, Bytes>, policy: Address) -> Result<Wei> {
    match answer {
        Ok(bytes) => {
            let moved = RoyaltyPolicyLap::transferToVaultCall::abi_decode_returns(&bytes);
            moved.map(convert::wei).map_err(|err| no_amount().with_source(err))
        }
        Err(data) if is_nothing_due(&revert::decode(&data).name) => Ok(Wei::ZERO),
        Err(data) => Err(revert::to_error(&data, Some(policy), "")),
    }
}

fn amount(bytes: &Bytes) -> Result<Wei> {
    let amount = IpRoyaltyVault::claimableRevenueCall::abi_decode_returns(bytes);
    amount.map(convert::wei).map_err(|err| no_amount().with_source(err))
}

fn no_amount() -> Error {
    Error::new(ErrorKind::Unexpected, "the contract's answer is no amount")
}

/// Collects from these sources and claims their tokens and the other ones.
fn collecting_call(
    request: &ClaimRevenue,
    due: &Due,
    addresses: &Addresses,
) -> RoyaltyWorkflows::claimAllRevenueCall {
    // The workflow takes the token of each source at its place, and claims every token in the list once.
    let of_sources = due.sources.iter().map(|source| source.token);
    let others = due.tokens.iter().copied();
    let others = others.filter(|token| !due.sources.iter().any(|source| source.token == *token));
    RoyaltyWorkflows::claimAllRevenueCall {
        ancestorIpId: convert::evm_ip(request.ip),
        claimer: convert::evm_address(request.claimer),
        childIpIds: due.sources.iter().map(|source| convert::evm_ip(source.descendant)).collect(),
        royaltyPolicies: due
            .sources
            .iter()
            .map(|source| convert::evm_address(policy_contract(source.policy, addresses)))
            .collect(),
        currencyTokens: of_sources.chain(others).map(convert::evm_address).collect(),
    }
}

fn drafted(request: &ClaimRevenue, due: &Due, addresses: &Addresses) -> Result<Draft> {
    let vault = due.vault.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "the IP has no royalty vault yet").with_context("ip", request.ip)
    })?;
    let summary = format!("claims what IP {} earned, for {}", request.ip, request.claimer);
    let claimer = convert::evm_address(request.claimer);
    if !due.sources.is_empty() {
        let call = collecting_call(request, due, addresses);
        return Ok(Draft::new(addresses.royalty_workflows, &call, summary));
    }
    // If it was claimed by somebody else meanwhile, the contract says so.
    let tokens = if due.tokens.is_empty() { &request.tokens } else { &due.tokens };
    if let [token] = tokens.as_slice() {
        let token = convert::evm_address(*token);
        let call = IpRoyaltyVault::claimRevenueOnBehalfCall { claimer, token };
        return Ok(Draft::new(vault, &call, summary));
    }
    let token_list = tokens.iter().copied().map(convert::evm_address).collect();
    let call = IpRoyaltyVault::claimRevenueOnBehalfByTokenBatchCall { claimer, tokenList: token_list };
    Ok(Draft::new(vault, &call, summary))
}

/// Sources that owe nothing and tokens that pay nothing are left out; if nothing is left, nothing is sent.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for ClaimRevenue {
    type Output = ClaimedRevenue;

    fn name(&self) -> &'static str {
        "claim_revenue"
    }

    fn check(&self, violations: &mut Violations) {
        violations.require(!self.ip.address().is_zero(), "ip", "required", "an IP");
        violations.require(!self.claimer.is_zero(), "claimer", "required", "an account");
        violations.require(!self.tokens.is_empty(), "tokens", "empty", "at least one ERC-20 token");
        for (number, token) in self.tokens.iter().enumerate() {
            let field = format!("tokens[{number}]");
            violations.require(!token.is_zero(), &field, "required", "an ERC-20 token");
            let first = self.tokens.iter().position(|other| other == token);
            violations.require(first == Some(number), &field, "repeated", "each token once");
        }
        for (number, source) in self.sources.iter().enumerate() {
            let field = |part: &str| format!("sources[{number}].{part}");
            violations.require(
                source.descendant != self.ip && !source.descendant.address().is_zero(),
                field("descendant"),
                "same_ip",
                "an IP below the one that claims",
            );
            violations.require(
                self.tokens.contains(&source.token),
                field("token"),
                "not_claimed",
                "one of the tokens to be claimed",
            );
        }
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<ClaimedRevenue>> {
        let nothing = || self.tokens.iter().map(|token| RevenueClaim::new(*token, Wei::ZERO)).collect();
        let due = due(view, self).await?;
        Ok(due.tokens.is_empty().then(|| ClaimedRevenue::new(None, nothing())))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        drafted(self, &due(view, self).await?, view.addresses())
    }

    fn output(&self, receipt: &Receipt, _: &Addresses) -> Result<ClaimedRevenue> {
        let claimer = convert::evm_address(self.claimer);
        let mut amounts: BTreeMap<Address, Wei> = BTreeMap::new();
        // Only the IP's own vault pays in this transaction; its address is not known here.
        for (_, event) in receipt.events_of_any::<IpRoyaltyVault::RevenueTokenClaimed>() {
            if event.claimer == claimer {
                let claimed = amounts.entry(convert::from_evm_address(event.token)).or_default();
                let sum = claimed.checked_add(convert::wei(event.amount));
                *claimed = sum.ok_or_else(|| {
                    Error::new(ErrorKind::Unexpected, "the vault paid more than 256 bits can say")
                })?;
            }
        }
        let claims = self
            .tokens
            .iter()
            .map(|token| RevenueClaim::new(*token, amounts.get(token).copied().unwrap_or_default()));
        Ok(ClaimedRevenue::new(Some(receipt.mined()), claims.collect()))
    }
}

#[cfg(test)]
mod tests {
    use lore_core::domain::royalty::RoyaltyPolicy;

    use super::*;
    use crate::ops::recorded::{CHILD, PARENT, ip, transaction};

    const OTHER: Address = Address::from_bytes([7; 20]);
    const VAULT: Address = Address::from_bytes([8; 20]);

    fn request(addresses: &Addresses) -> ClaimRevenue {
        let mut request = ClaimRevenue::new(ip(PARENT), addresses.wip);
        request.sources.push(RevenueSource::new(ip(CHILD), RoyaltyPolicy::Lap, addresses.wip));
        request
    }

    fn due(sources: Vec<RevenueSource>, tokens: Vec<Address>) -> Due {
        Due { vault: Some(VAULT), sources, tokens }
    }

    #[test]
    fn the_recorded_claim_is_made() {
        let (recorded, addresses) = (transaction(200), Addresses::AENEID);
        let request = request(&addresses);
        let all = due(request.sources.clone(), request.tokens.clone());
        let draft = drafted(&request, &all, &addresses).unwrap();
        assert_eq!((draft.to, Bytes::from(draft.data)), (recorded.to(), recorded.input.clone()));
        let claimed = request.output(&recorded.receipt(), &addresses).unwrap();
        let amount: Wei = "3200000000000000000".parse().unwrap();
        assert_eq!(claimed.claims, [RevenueClaim::new(addresses.wip, amount)]);
    }

    #[test]
    fn a_claim_of_another_holder_in_the_same_transaction_is_not_counted() {
        let addresses = Addresses::AENEID;
        let mut request = request(&addresses);
        request.claimer = OTHER;
        request.tokens.push(OTHER);
        let claimed = request.output(&transaction(200).receipt(), &addresses).unwrap();
        let amounts: Vec<_> = claimed.claims.iter().map(|claim| claim.amount).collect();
        assert_eq!(amounts, [Wei::ZERO, Wei::ZERO]);
    }

    #[test]
    fn without_sources_the_vault_is_asked_itself() {
        let addresses = Addresses::AENEID;
        let mut request = request(&addresses);
        let one = drafted(&request, &due(Vec::new(), request.tokens.clone()), &addresses).unwrap();
        assert_eq!(one.to, VAULT);
        assert!(IpRoyaltyVault::claimRevenueOnBehalfCall::abi_decode(&one.data).is_ok());
        request.tokens.push(OTHER);
        let two = drafted(&request, &due(Vec::new(), request.tokens.clone()), &addresses).unwrap();
        let call = IpRoyaltyVault::claimRevenueOnBehalfByTokenBatchCall::abi_decode(&two.data).unwrap();
        assert_eq!(call.tokenList.len(), 2);
    }

    #[test]
    fn tokens_of_sources_come_first_in_the_order_of_the_sources() {
        let addresses = Addresses::AENEID;
        let mut request = request(&addresses);
        request.tokens = vec![OTHER, addresses.wip];
        let call =
            collecting_call(&request, &due(request.sources.clone(), request.tokens.clone()), &addresses);
        let tokens: Vec<_> = call.currencyTokens.into_iter().map(convert::from_evm_address).collect();
        assert_eq!(tokens, [addresses.wip, OTHER]);
        assert_eq!(call.childIpIds.len(), 1);
    }

    #[test]
    fn senseless_claims_are_refused_by_field() {
        let addresses = Addresses::AENEID;
        let mut request = request(&addresses);
        request.tokens = vec![OTHER, OTHER];
        request.sources.push(RevenueSource::new(request.ip, RoyaltyPolicy::Lap, OTHER));
        let mut found = Violations::new();
        request.check(&mut found);
        let fields: Vec<_> = found.as_slice().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["tokens[1]", "sources[0].token", "sources[1].descendant"]);
    }
}
