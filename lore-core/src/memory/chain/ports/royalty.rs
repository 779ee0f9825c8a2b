//! [`RoyaltyClient`] on the simulated chain.

use async_trait::async_trait;

use crate::{
    error::{Error, ErrorKind, Result},
    memory::chain::{
        SimulatedChain,
        call::{Call, Outcome, Receipt},
        client::{Chain, unexpected},
        royalty::vault_account,
    },
    onchain::{Address, IpId, Wei},
    port::chain::{
        ClaimRevenue, ClaimedRevenue, PayRoyalty, RevenueClaim, RoyaltyClient, RoyaltyPayment,
        TransferToVault, VaultTransfer,
    },
    time::Timestamp,
};

/// What the contracts say where there is nothing to move.
const NOTHING_DUE: [&str; 3] = [
    "IpRoyaltyVault__ZeroAmount",
    "RoyaltyPolicyLAP__ZeroClaimableRoyalty",
    "RoyaltyPolicyLRP__ZeroClaimableRoyalty",
];

/// The receipt, or nothing if nothing was due.
pub(super) fn if_due(answer: Result<Receipt>) -> Result<Option<Receipt>> {
    match answer {
        Ok(receipt) => Ok(Some(receipt)),
        Err(error) => match error.revert() {
            Some(revert) if NOTHING_DUE.contains(&revert.name.as_str()) => Ok(None),
            _ => Err(error),
        },
    }
}

fn amount(receipt: &Receipt) -> Result<Wei> {
    match receipt.outcome {
        Outcome::Amount(amount) => Ok(amount),
        other => Err(unexpected(other)),
    }
}

pub(super) fn transfer(request: &TransferToVault) -> Call {
    let TransferToVault { source, ancestor } = *request;
    Call::TransferToVault { policy: source.policy, ip: source.descendant, ancestor, token: source.token }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl RoyaltyClient for SimulatedChain {
    async fn pay_royalty(&self, request: &PayRoyalty) -> Result<RoyaltyPayment> {
        let PayRoyalty { key, receiver, token, amount, .. } = request;
        self.write("pay_royalty", |chain, signer, now| {
            let call = Call::PayRoyalty { receiver: *receiver, token: *token, amount: *amount };
            let receipt = chain.submit_once(signer, now, key, call)?;
            let fee = amount.checked_share(chain.ledger.config().royalty_fee).unwrap_or_default();
            let after_fee = amount.checked_sub(fee).unwrap_or_default();
            Ok(RoyaltyPayment::new(receipt.mined, (*receiver, *token), *amount, after_fee))
        })
    }

    async fn claimable_revenue(&self, ip: &IpId, claimer: &Address, token: &Address) -> Result<Wei> {
        self.read("claimable_revenue", |ledger| ledger.claimable(ip, *token, *claimer))
    }

    async fn claim_revenue(&self, request: &ClaimRevenue) -> Result<ClaimedRevenue> {
        check(request)?;
        self.write("claim_revenue", |chain, signer, now| claim(chain, signer, now, request))
    }

    async fn transfer_to_vault(&self, request: &TransferToVault) -> Result<Option<VaultTransfer>> {
        self.write("transfer_to_vault", |chain, signer, now| {
            let moved = if_due(chain.submit(signer, now, &transfer(request)))?;
            moved.map(|receipt| Ok(VaultTransfer::new(receipt.mined, amount(&receipt)?))).transpose()
        })
    }

    async fn royalty_vault(&self, ip: &IpId) -> Result<Option<Address>> {
        self.read("royalty_vault", |ledger| ledger.has_vault(ip).then(|| vault_account(*ip)))
    }
}

fn check(request: &ClaimRevenue) -> Result<()> {
    let refused = |rule, expected| Err(Error::invalid("tokens", rule, expected).with_op("claim_revenue"));
    if request.tokens.is_empty() {
        return refused("empty", "at least one token");
    }
    let twice = request
        .tokens
        .iter()
        .enumerate()
        .any(|(at, token)| request.tokens.iter().skip(at + 1).any(|other| other == token));
    if twice { refused("twice", "each token once") } else { Ok(()) }
}

fn claim(
    chain: &mut Chain,
    signer: Address,
    now: Timestamp,
    request: &ClaimRevenue,
) -> Result<ClaimedRevenue> {
    let ClaimRevenue { ip, claimer, tokens, sources } = request;
    for source in sources {
        if_due(chain.submit(signer, now, &transfer(&TransferToVault::new(*source, *ip))))?;
    }
    let mut mined = None;
    let mut claims = Vec::with_capacity(tokens.len());
    for token in tokens {
        let mut claimed = Wei::ZERO;
        if !chain.ledger.claimable(ip, *token, *claimer).is_zero() {
            let call = Call::ClaimRevenue { ip: *ip, claimer: *claimer, token: *token };
            let receipt = chain.submit(signer, now, &call)?;
            claimed = amount(&receipt)?;
            mined = Some(receipt.mined);
        } else if chain.ledger.is_tagged(ip) {
            return Err(
                Error::new(ErrorKind::Reverted, "a tagged IP claims nothing").with_context("ip_id", ip)
            );
        }
        claims.push(RevenueClaim::new(*token, claimed));
    }
    Ok(ClaimedRevenue::new(mined, claims))
}
