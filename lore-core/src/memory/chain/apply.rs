//! From a [`Call`] to the rule that it stands for.

use crate::{
    error::Revert,
    memory::chain::{
        access::Lasting,
        call::{Call, Outcome, Permission},
        dispute::Claim,
        licensing::LicenseMint,
        state::{State, Step, Tx},
    },
    port::transactions::OperationKey,
};

impl State {
    /// Does what a call says, as its sender. What it did before it failed is for the transaction to take back.
    pub(super) fn apply(&mut self, tx: &Tx, call: &Call) -> Step<Outcome> {
        match call {
            Call::Fund { token, to, amount } => self.fund(*token, *to, *amount)?,
            Call::Approve { token, spender, amount } => {
                self.allowances.insert((*token, tx.sender, *spender), *amount);
            }
            Call::Transfer { token, to, amount } => self.transfer(*token, tx.sender, *to, *amount)?,
            Call::Mint { collection, to } => return self.mint(*collection, *to).map(Outcome::Token),
            Call::TransferNft { collection, token_id, to } => {
                self.transfer_nft(tx, *collection, *token_id, *to)?
            }
            Call::RegisterIp { collection, token_id } => {
                return self.register_ip(tx, *collection, *token_id).map(Outcome::Ip);
            }
            Call::MintAndRegisterIp { collection, request } => {
                return self.mint_and_register_ip(tx, *collection, request).map(Outcome::Ip);
            }
            Call::SetMetadata { ip, ipa_metadata, nft_metadata_hash } => {
                self.set_metadata(tx, *ip, ipa_metadata, *nft_metadata_hash)?;
            }
            Call::ExecuteBatch { ip, calls } => return self.execute_batch(tx, *ip, calls),
            Call::Once { key, call } => return self.apply_once(tx, key, call),
            Call::SetPermission { .. }
            | Call::SetBatchPermissions { .. }
            | Call::SetAllPermissions { .. }
            | Call::SetTransientPermission { .. }
            | Call::SetBatchTransientPermissions { .. }
            | Call::SetAllTransientPermissions { .. } => self.apply_permission(tx, call)?,
            Call::RaiseDispute { .. }
            | Call::DisputeAssertion { .. }
            | Call::AnswerAsOracle { .. }
            | Call::SettleDispute { .. }
            | Call::CancelDispute { .. }
            | Call::ResolveDispute { .. }
            | Call::TagIfRelatedIpInfringed { .. }
            | Call::SetArbitrationPolicy { .. } => return self.apply_dispute(tx, call),
            Call::RegisterGroup { .. }
            | Call::AddToGroup { .. }
            | Call::RemoveFromGroup { .. }
            | Call::CollectRoyalties { .. }
            | Call::ClaimReward { .. }
            | Call::RegisterGroupAndAttachLicense { .. }
            | Call::CollectRoyaltiesAndClaimReward { .. } => return self.apply_group(tx, call),
            licensing_or_royalty => return self.apply_licensing(tx, licensing_or_royalty),
        }
        Ok(Outcome::Done)
    }

    /// Keeps the outcome under the key, so that whoever asks for the same again gets it instead.
    fn apply_once(&mut self, tx: &Tx, key: &OperationKey, call: &Call) -> Step<Outcome> {
        let place = (tx.sender, key.clone());
        if self.once.contains(&place) {
            return Err(Revert::new("AlreadyDone").arg(key));
        }
        let outcome = self.apply(tx, call)?;
        self.once.insert(place, (tx.mined_at(), outcome));
        Ok(outcome)
    }

    fn apply_permission(&mut self, tx: &Tx, call: &Call) -> Step {
        let (permanent, transient) = (Lasting::Permanent, Lasting::Transient);
        match call {
            Call::SetPermission { ip, signer, to, func, permission } => {
                let entry =
                    Permission { ip: *ip, signer: *signer, to: *to, func: *func, permission: *permission };
                self.set_permission(tx, &entry, permanent)
            }
            Call::SetTransientPermission { ip, signer, to, func, permission } => {
                let entry =
                    Permission { ip: *ip, signer: *signer, to: *to, func: *func, permission: *permission };
                self.set_permission(tx, &entry, transient)
            }
            Call::SetBatchPermissions { permissions } => self.set_permissions(tx, permissions, permanent),
            Call::SetBatchTransientPermissions { permissions } => {
                self.set_permissions(tx, permissions, transient)
            }
            Call::SetAllPermissions { ip, signer, permission } => {
                self.set_all_permissions(tx, (*ip, *signer), *permission, permanent)
            }
            Call::SetAllTransientPermissions { ip, signer, permission } => {
                self.set_all_permissions(tx, (*ip, *signer), *permission, transient)
            }
            _ => Err(no_such_function()),
        }
    }

    fn apply_dispute(&mut self, tx: &Tx, call: &Call) -> Step<Outcome> {
        match call {
            Call::RaiseDispute { target, evidence_hash, tag, liveness_seconds, currency, bond } => {
                let claim = Claim {
                    target: *target,
                    evidence_hash: *evidence_hash,
                    tag,
                    liveness_seconds: *liveness_seconds,
                    currency: *currency,
                    bond: *bond,
                };
                return self.raise_dispute(tx, &claim).map(Outcome::Dispute);
            }
            Call::DisputeAssertion { assertion_id, counter_evidence_hash } => {
                self.dispute_assertion(tx, *assertion_id, *counter_evidence_hash)?;
            }
            Call::AnswerAsOracle { dispute, upheld } => self.answer_as_oracle(*dispute, *upheld)?,
            Call::SettleDispute { dispute } => self.settle_dispute(tx, *dispute)?,
            Call::CancelDispute { dispute } => self.cancel_dispute(tx, *dispute)?,
            Call::ResolveDispute { dispute } => self.resolve_dispute(tx, *dispute)?,
            Call::TagIfRelatedIpInfringed { ip_to_tag, infringer_dispute } => {
                let tagged = self.tag_if_related_ip_infringed(tx, *ip_to_tag, *infringer_dispute);
                return tagged.map(Outcome::Dispute);
            }
            Call::SetArbitrationPolicy { ip, next_arbitration_policy } => {
                self.set_arbitration_policy(tx, *ip, *next_arbitration_policy)?;
            }
            _ => return Err(no_such_function()),
        }
        Ok(Outcome::Done)
    }

    fn apply_group(&mut self, tx: &Tx, call: &Call) -> Step<Outcome> {
        match call {
            Call::RegisterGroup { pool } => return self.register_group(tx, *pool).map(Outcome::Ip),
            Call::AddToGroup { group, members, max_reward_share } => {
                self.add_to_group(tx, *group, members, *max_reward_share)?;
            }
            Call::RemoveFromGroup { group, members } => self.remove_from_group(tx, *group, members)?,
            Call::CollectRoyalties { group, token } => {
                return self.collect_royalties(*group, *token).map(Outcome::Amount);
            }
            Call::ClaimReward { group, token, members } => self.claim_reward(tx, *group, *token, members)?,
            Call::RegisterGroupAndAttachLicense { pool, terms_id, config } => {
                let group = self.register_group(tx, *pool)?;
                self.attach_license_terms(tx, group, *terms_id)?;
                if config.is_set {
                    self.set_licensing_config(tx, group, *terms_id, config)?;
                }
                return Ok(Outcome::Ip(group));
            }
            Call::CollectRoyaltiesAndClaimReward { group, token, members } => {
                return self.collect_and_claim(tx, *group, *token, members).map(Outcome::Amount);
            }
            _ => return Err(no_such_function()),
        }
        Ok(Outcome::Done)
    }

    fn apply_licensing(&mut self, tx: &Tx, call: &Call) -> Step<Outcome> {
        match call {
            Call::RegisterLicenseTerms { terms } => {
                return self.register_license_terms(terms).map(Outcome::Terms);
            }
            Call::AttachLicenseTerms { ip, terms_id } => self.attach_license_terms(tx, *ip, *terms_id)?,
            Call::AttachDefaultLicenseTerms { ip } => self.attach_default_license_terms(tx, *ip)?,
            Call::SetLicensingConfig { ip, terms_id, config } => {
                self.set_licensing_config(tx, *ip, *terms_id, config)?;
            }
            Call::MintLicenseTokens {
                licensor,
                terms_id,
                amount,
                receiver,
                max_minting_fee,
                max_revenue_share,
            } => {
                let mint = LicenseMint {
                    licensor: *licensor,
                    terms_id: *terms_id,
                    amount: *amount,
                    receiver: *receiver,
                    max_minting_fee: *max_minting_fee,
                    max_revenue_share: *max_revenue_share,
                };
                return self.mint_license_tokens(tx, &mint).map(Outcome::LicenseTokens);
            }
            Call::TransferLicenseToken { token_id, to } => self.transfer_license_token(tx, *token_id, *to)?,
            Call::RegisterDerivative { child, parents, terms_ids, max_minting_fee, max_revenue_share } => {
                let parents = (parents.as_slice(), terms_ids.as_slice());
                self.register_derivative(tx, *child, parents, *max_minting_fee, *max_revenue_share)?;
            }
            Call::RegisterDerivativeWithLicenseTokens { child, token_ids } => {
                self.register_derivative_with_license_tokens(tx, *child, token_ids)?;
            }
            Call::ApproveDerivative { parent, terms_id, child, approved, through_account } => {
                self.approve_derivative(tx, (*terms_id, *parent, *child), *approved, *through_account)?;
            }
            Call::PayRoyalty { receiver, token, amount } => {
                self.pay_royalty(tx, (None, *receiver), *token, *amount)?
            }
            Call::TransferToVault { policy, ip, ancestor, token } => {
                return self.transfer_to_vault(*policy, (*ip, *ancestor), *token).map(Outcome::Amount);
            }
            Call::ClaimRevenue { ip, claimer, token } => {
                return self.claim_revenue(*ip, *claimer, *token).map(Outcome::Amount);
            }
            Call::TransferRoyaltyTokens { ip, from, to, amount } => {
                self.transfer_royalty_tokens(tx, *ip, (*from, *to), *amount)?;
            }
            _ => return Err(no_such_function()),
        }
        Ok(Outcome::Done)
    }
}

/// Every call is given to the function that knows it, so this is never seen.
fn no_such_function() -> Revert {
    Revert::new("EMPTY_REVERT").arg("no such function")
}
