//! License terms, what IPs have attached, how licensors change them, and license tokens.

use crate::{
    domain::{
        chain_event::{ChainEvent, HexBytes},
        license::{PilTerms, TemplateFacts, encode_terms, escape_uri, protocol_error, terms_hash},
        royalty::RoyaltyPolicy,
    },
    error::Revert,
    memory::chain::{
        call::LicensingConfig,
        functions::{
            ATTACH_DEFAULT_LICENSE_TERMS, ATTACH_LICENSE_TERMS, MINT_LICENSE_TOKENS, SET_APPROVAL,
            SET_LICENSING_CONFIG,
        },
        registry::check_token_owner,
        state::{LicenseToken, State, Step, Tx, overflow},
    },
    onchain::{Address, IpId, LicenseTermsId, TokenId, Uint256, Wei},
    protocol::{
        FULL_SHARE, LICENSE_REGISTRY, LICENSING_MODULE, MAX_ANCESTORS, PI_LICENSE_TEMPLATE,
        ROYALTY_POLICY_LAP, ROYALTY_POLICY_LRP,
    },
};

/// Most tokens of one transaction: minting more costs more gas than a block has. Not a rule of the contracts.
const MAX_MINT: u64 = 1_000;

/// What is to be minted.
#[derive(Clone, Copy)]
pub(super) struct LicenseMint {
    pub(super) licensor: IpId,
    pub(super) terms_id: LicenseTermsId,
    pub(super) amount: u64,
    pub(super) receiver: Address,
    pub(super) max_minting_fee: Wei,
    pub(super) max_revenue_share: u32,
}

/// Adds what terms a contract's error is about.
pub(super) fn about_terms(error: Revert, terms_id: LicenseTermsId) -> Revert {
    error.arg(PI_LICENSE_TEMPLATE).arg(terms_id)
}

impl State {
    /// The terms that every chain starts with. They belong to no IP until somebody attaches them.
    pub(super) fn default_terms() -> LicenseTermsId {
        LicenseTermsId::from(1_u64)
    }

    pub(super) fn register_license_terms(&mut self, terms: &PilTerms) -> Step<LicenseTermsId> {
        let mut policies = vec![ROYALTY_POLICY_LAP, ROYALTY_POLICY_LRP];
        policies.extend(&self.config.external_policies);
        let mut facts = TemplateFacts::new(&policies, &self.config.currencies);
        facts.hook_modules = &self.config.hook_modules;
        if let Some(error) = protocol_error(terms, &facts) {
            return Err(error);
        }
        let hash = terms_hash(terms);
        if let Some(id) = self.terms_ids.get(&hash) {
            return Ok(*id);
        }
        self.counters.license_terms = self.counters.license_terms.saturating_add(1);
        let id = LicenseTermsId::from(self.counters.license_terms);
        let mut stored = terms.clone();
        stored.uri = escape_uri(&terms.uri);
        let registered = ChainEvent::LicenseTermsRegistered {
            template: PI_LICENSE_TEMPLATE,
            terms_id: id,
            encoded: HexBytes::new(encode_terms(&stored)),
        };
        self.log(PI_LICENSE_TEMPLATE, registered);
        self.terms.insert(id, stored);
        self.terms_ids.insert(hash, id);
        Ok(id)
    }

    /// Whether the template takes an id for existing. It does so for 0.
    fn terms_exist(&self, id: LicenseTermsId) -> bool {
        id <= LicenseTermsId::from(self.counters.license_terms)
    }

    pub(super) fn require_not_disputed(&self, ip: &IpId) -> Step {
        if self.is_tagged(ip) { Err(Revert::new("LicensingModule__DisputedIpId")) } else { Ok(()) }
    }

    pub(super) fn has_attached(&self, ip: &IpId, id: LicenseTermsId) -> bool {
        self.ips.get(ip).is_some_and(|record| record.has_template && record.terms.contains(&id))
    }

    /// What the licensor changed, if anything counts.
    pub(super) fn licensing_config(&self, ip: IpId, id: LicenseTermsId) -> LicensingConfig {
        Some(self.configs.value(&(ip, id))).filter(|config| config.is_set).unwrap_or_default()
    }

    /// What a license of these terms takes of the revenue now: the licensor's share if there is one, or the terms'.
    pub(super) fn royalty_share(&self, ip: IpId, id: LicenseTermsId) -> u32 {
        match self.licensing_config(ip, id).commercial_rev_share {
            0 => self.terms.get(&id).map_or(0, |terms| terms.commercial_rev_share),
            share => share,
        }
    }

    /// What one license costs now.
    pub(super) fn minting_fee(&self, ip: IpId, id: LicenseTermsId) -> Wei {
        let config = self.licensing_config(ip, id);
        if config.is_set {
            config.minting_fee
        } else {
            self.terms.get(&id).map_or(Wei::ZERO, |terms| terms.default_minting_fee)
        }
    }

    pub(super) fn attach_license_terms(&mut self, tx: &Tx, ip: IpId, id: LicenseTermsId) -> Step {
        self.verify_permission(ip, tx.sender, LICENSING_MODULE, ATTACH_LICENSE_TERMS)?;
        self.attach(tx, ip, id)
    }

    pub(super) fn attach_default_license_terms(&mut self, tx: &Tx, ip: IpId) -> Step {
        self.verify_permission(ip, tx.sender, LICENSING_MODULE, ATTACH_DEFAULT_LICENSE_TERMS)?;
        self.attach(tx, ip, Self::default_terms())
    }

    fn attach(&mut self, tx: &Tx, ip: IpId, id: LicenseTermsId) -> Step {
        self.require_not_disputed(&ip)?;
        if !self.terms_exist(id) {
            return Err(about_terms(Revert::new("LicensingModule__LicenseTermsNotFound"), id));
        }
        if self.is_group(&ip) {
            if self.ips.get(&ip).is_some_and(|record| !record.terms.is_empty()) {
                return Err(Revert::new("LicenseRegistry__GroupIpAlreadyHasLicenseTerms").arg(ip));
            }
            if !self.can_attach_to_group(id) {
                return Err(about_terms(
                    Revert::new("LicenseRegistry__LicenseTermsCannotAttachToGroupIp"),
                    id,
                ));
            }
        }
        if self.is_expired(&ip, tx) {
            return Err(Revert::new("LicenseRegistry__IpExpired").arg(ip));
        }
        if self.has_attached(&ip, id) {
            return Err(about_terms(Revert::new("LicenseRegistry__LicenseTermsAlreadyAttached").arg(ip), id));
        }
        if self.is_derivative(&ip) {
            return Err(Revert::new("LicensingModule__DerivativesCannotAddLicenseTerms"));
        }
        self.change_ip(ip, |record| {
            record.has_template = true;
            record.terms.push(id);
        });
        self.counters.attachments = self.counters.attachments.saturating_add(1);
        let (template, caller) = (PI_LICENSE_TEMPLATE, tx.sender);
        self.log(LICENSING_MODULE, ChainEvent::LicenseTermsAttached { ip, template, terms_id: id, caller });
        Ok(())
    }

    pub(super) fn can_attach_to_group(&self, id: LicenseTermsId) -> bool {
        let Some(terms) = self.terms.get(&id) else { return true };
        let policy = terms.royalty_policy;
        !terms.derivatives_approval
            && (policy.is_zero() || RoyaltyPolicy::of(policy) == Some(RoyaltyPolicy::Lrp))
    }

    pub(super) fn set_licensing_config(
        &mut self,
        tx: &Tx,
        ip: IpId,
        id: LicenseTermsId,
        config: &LicensingConfig,
    ) -> Step {
        self.verify_permission(ip, tx.sender, LICENSING_MODULE, SET_LICENSING_CONFIG)?;
        if id.is_zero() {
            return Err(about_terms(Revert::new("LicensingModule__InvalidLicenseTermsId"), id));
        }
        if self.is_group(&ip) {
            self.check_group_config(ip, id, config)?;
        }
        let terms = self.terms.get(&id);
        let share = config.commercial_rev_share;
        let may_override =
            terms.is_some_and(|terms| terms.commercial_use && share >= terms.commercial_rev_share);
        if share != 0 && !may_override {
            let error = Revert::new("LicensingModule__CurrentLicenseNotAllowOverrideRoyaltyPercent");
            return Err(about_terms(error, id).arg(share));
        }
        let least = terms.map_or(Wei::ZERO, |terms| terms.default_minting_fee);
        if config.minting_fee < least {
            let error = Revert::new("LicensingModule__LicensingConfigMintingFeeBelowLicenseTerms");
            return Err(about_terms(error, id).arg(config.minting_fee).arg(least));
        }
        if !config.minting_fee.is_zero() && terms.is_none_or(|terms| terms.royalty_policy.is_zero()) {
            return Err(Revert::new("LicensingModule__MintingFeeRequiresRoyaltyPolicy"));
        }
        let hook = config.licensing_hook;
        if !hook.is_zero() && !self.config.lock_hooks.contains(&hook) {
            return Err(Revert::new("LicensingModule__InvalidLicensingHook").arg(hook));
        }
        self.configs.insert((ip, id), config.clone());
        let set = ChainEvent::LicensingConfigSet {
            ip,
            template: PI_LICENSE_TEMPLATE,
            terms_id: id,
            is_set: config.is_set,
            minting_fee: config.minting_fee,
            licensing_hook: config.licensing_hook,
            hook_data: HexBytes::new(config.hook_data.clone()),
            commercial_rev_share: config.commercial_rev_share,
            is_disabled: config.disabled,
            min_group_reward_share: config.expect_minimum_group_reward_share,
            group_reward_pool: config.expect_group_reward_pool,
        };
        self.log(LICENSE_REGISTRY, set);
        Ok(())
    }

    pub(super) fn mint_license_tokens(&mut self, tx: &Tx, mint: &LicenseMint) -> Step<TokenId> {
        let LicenseMint { licensor, terms_id, amount, .. } = *mint;
        if amount == 0 {
            return Err(Revert::new("LicensingModule__MintAmountZero"));
        }
        if mint.receiver.is_zero() {
            return Err(Revert::new("LicensingModule__ReceiverZeroAddress"));
        }
        if !self.ips.contains(&licensor) {
            return Err(Revert::new("LicensingModule__LicensorIpNotRegistered"));
        }
        self.require_not_disputed(&licensor)?;
        let paid = self.license_and_pay(tx, mint)?;
        if !mint.max_minting_fee.is_zero() && paid > mint.max_minting_fee {
            let error = Revert::new("LicensingModule__MintingFeeExceedMaxMintingFee");
            return Err(error.arg(paid).arg(mint.max_minting_fee));
        }
        let share = self.royalty_share(licensor, terms_id);
        if mint.max_revenue_share != 0 && share > mint.max_revenue_share {
            let error = Revert::new("LicenseToken__CommercialRevenueShareExceedMaxRevenueShare");
            return Err(about_terms(error.arg(share).arg(mint.max_revenue_share).arg(licensor), terms_id));
        }
        if share > FULL_SHARE {
            let error = Revert::new("LicenseToken__InvalidRoyaltyPercent");
            return Err(about_terms(error.arg(share).arg(licensor), terms_id));
        }
        if amount > MAX_MINT {
            return Err(Revert::new("OUT_OF_GAS"));
        }
        let token = LicenseToken {
            licensor,
            terms_id,
            transferable: self.terms.get(&terms_id).is_some_and(|terms| terms.transferable),
            share,
            owner: Some(mint.receiver),
        };
        let first = self.counters.license_tokens;
        self.counters.license_tokens = first.saturating_add(amount);
        for number in first..self.counters.license_tokens {
            self.licenses.insert(TokenId::from(number), token);
        }
        self.change_ip(licensor, |record| {
            record.license_tokens = record.license_tokens.saturating_add(amount)
        });
        let minted = ChainEvent::LicenseTokensMinted {
            licensor,
            template: PI_LICENSE_TEMPLATE,
            terms_id,
            amount: Uint256::from(amount),
            receiver: mint.receiver,
            first_token: TokenId::from(first),
            caller: tx.sender,
        };
        self.log(LICENSING_MODULE, minted);
        Ok(TokenId::from(first))
    }

    /// Checks that the sender may mint these licenses, and pays for them.
    fn license_and_pay(&mut self, tx: &Tx, mint: &LicenseMint) -> Step<Wei> {
        let LicenseMint { licensor, terms_id, amount, .. } = *mint;
        let by_owner =
            self.verify_permission(licensor, tx.sender, LICENSING_MODULE, MINT_LICENSE_TOKENS).is_ok();
        self.check_license_mint(tx, licensor, terms_id, by_owner)?;
        if by_owner {
            self.change_ip(licensor, |record| record.has_template = true);
        }
        let terms = self.terms.get(&terms_id);
        let (derivatives, reciprocal) =
            terms.map_or((false, false), |terms| (terms.derivatives_allowed, terms.derivatives_reciprocal));
        if derivatives {
            let ancestors = self.ips.get(&licensor).map_or(0, |record| record.ancestor_count);
            if usize::try_from(ancestors).is_ok_and(|ancestors| ancestors >= MAX_ANCESTORS) {
                let name = "LicensingModule__TooManyAncestorsForMintingLicenseTokenAllowRegisterDerivative";
                return Err(Revert::new(name).arg(licensor).arg(ancestors).arg(MAX_ANCESTORS));
            }
        }
        self.require_enabled(licensor, terms_id)?;
        let (_, paid) = self.pay_minting_fee(tx, licensor, terms_id, amount)?;
        let may_license =
            !self.is_derivative(&licensor) || (self.has_attached(&licensor, terms_id) && reciprocal);
        if !may_license {
            let error = about_terms(Revert::new("LicensingModule__LicenseDenyMintLicenseToken"), terms_id);
            return Err(error.arg(licensor));
        }
        Ok(paid)
    }

    fn check_license_mint(&self, tx: &Tx, licensor: IpId, id: LicenseTermsId, by_owner: bool) -> Step {
        let is_group = self.is_group(&licensor);
        if is_group && self.groups.value(&licensor).members == 0 {
            return Err(Revert::new("LicenseRegistry__EmptyGroupCannotMintLicenseToken").arg(licensor));
        }
        if self.is_expired(&licensor, tx) {
            return Err(Revert::new("LicenseRegistry__ParentIpExpired").arg(licensor));
        }
        if by_owner && !is_group {
            if !self.terms_exist(id) {
                return Err(about_terms(Revert::new("LicenseRegistry__LicenseTermsNotExists"), id));
            }
        } else if !self.has_attached(&licensor, id) {
            return Err(about_terms(
                Revert::new("LicenseRegistry__LicensorIpHasNoLicenseTerms").arg(licensor),
                id,
            ));
        }
        Ok(())
    }

    /// Whether the licensor still gives licenses: by the config, then by the hook.
    pub(super) fn require_enabled(&self, ip: IpId, id: LicenseTermsId) -> Step {
        let config = self.licensing_config(ip, id);
        if config.disabled {
            return Err(about_terms(Revert::new("LicensingModule__LicenseDisabled").arg(ip), id));
        }
        // Every hook that a config can name locks.
        if !config.licensing_hook.is_zero() {
            return Err(about_terms(Revert::new("LockLicenseHook_LicenseLocked").arg(ip), id));
        }
        Ok(())
    }

    /// Announces licenses to the royalty module and pays for them. Returns the policy and what was paid.
    pub(super) fn pay_minting_fee(
        &mut self,
        tx: &Tx,
        licensor: IpId,
        id: LicenseTermsId,
        amount: u64,
    ) -> Step<(Address, Wei)> {
        let (policy, currency) = self
            .terms
            .get(&id)
            .map_or((Address::ZERO, Address::ZERO), |terms| (terms.royalty_policy, terms.currency));
        if policy.is_zero() {
            return Ok((policy, Wei::ZERO));
        }
        self.on_license_minting(licensor, policy, self.royalty_share(licensor, id))?;
        let fee = self.minting_fee(licensor, id).checked_mul(amount).ok_or_else(overflow)?;
        if !fee.is_zero() {
            self.pay_fee_of_license(tx, licensor, currency, fee)?;
        }
        Ok((policy, fee))
    }

    pub(super) fn transfer_license_token(&mut self, tx: &Tx, token_id: TokenId, to: Address) -> Step {
        if to.is_zero() {
            return Err(Revert::new("ERC721InvalidReceiver").arg(to));
        }
        let token = self.licenses.get(&token_id).copied();
        let owner = token.and_then(|token| token.owner);
        if let (Some(token), Some(owner)) = (token, owner) {
            if self.is_tagged(&token.licensor) {
                return Err(Revert::new("LicenseToken__RevokedLicense").arg(token_id));
            }
            if !token.transferable && owner != token.licensor.address() {
                return Err(Revert::new("LicenseToken__NotTransferable"));
            }
        }
        check_token_owner(tx.sender, token_id, owner)?;
        if let Some(token) = token {
            self.licenses.insert(token_id, LicenseToken { owner: Some(to), ..token });
        }
        Ok(())
    }

    /// Approves a derivative. Only the parent's IP account may call the template; the owner's own call is refused by
    /// the account, which takes the template for no module.
    pub(super) fn approve_derivative(
        &mut self,
        tx: &Tx,
        (id, parent, child): (LicenseTermsId, IpId, IpId),
        approved: bool,
        through_account: bool,
    ) -> Step {
        let caller = if through_account {
            self.check_permission(parent, tx.sender, PI_LICENSE_TEMPLATE, SET_APPROVAL)?;
            parent.address()
        } else {
            tx.sender
        };
        self.verify_permission(parent, caller, PI_LICENSE_TEMPLATE, SET_APPROVAL)?;
        if approved {
            self.approvals.insert((id, parent, child), ());
        } else {
            self.approvals.remove(&(id, parent, child));
        }
        Ok(())
    }
}
