//! What several operations take: tokens, documents, terms, parents, shares.

use alloy::primitives::{B256, Bytes, U256};
use lore_core::{
    Address, ContentHash, Share, TokenId, Violations, Wei,
    domain::license::{LicensingConfig, PilTerms, check_terms, terms_hash},
    port::chain::{DerivativeTerms, OnChainDocument, ParentTerms, revenue_limit},
    protocol::{FULL_SHARE, MAX_PARENTS},
};

use crate::{
    addresses::Addresses,
    contracts::licensing::{IPMetadata, LicenseTermsData, MakeDerivative, RoyaltyShare as SolRoyaltyShare},
    convert,
    ops::{authorization::Authorization, check_template},
};

/// The two documents about an IP; either may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IpMetadata {
    /// The IPA metadata: what the IP is.
    pub ipa: Option<OnChainDocument>,
    /// The NFT metadata: what the token shows.
    pub nft: Option<OnChainDocument>,
}

impl IpMetadata {
    /// Both documents.
    #[must_use]
    pub const fn new(ipa: OnChainDocument, nft: OnChainDocument) -> Self {
        Self { ipa: Some(ipa), nft: Some(nft) }
    }

    /// The hash by which a collection knows the token; a hash of zero is none.
    pub(crate) fn nft_hash(&self) -> Option<ContentHash> {
        self.nft.as_ref().map(|document| document.sha256).filter(|hash| hash.as_bytes() != &[0; 32])
    }

    pub(crate) fn to_sol(&self) -> IPMetadata {
        let uri = |document: &Option<OnChainDocument>| {
            document.as_ref().map(|document| document.uri.clone()).unwrap_or_default()
        };
        let hash = |document: &Option<OnChainDocument>| {
            document.as_ref().map_or(B256::ZERO, |document| convert::b256_of_content(document.sha256))
        };
        IPMetadata {
            ipMetadataURI: uri(&self.ipa),
            ipMetadataHash: hash(&self.ipa),
            nftMetadataURI: uri(&self.nft),
            nftMetadataHash: hash(&self.nft),
        }
    }
}

/// A token to be minted in an SPG collection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewNft {
    /// The collection.
    pub collection: Address,
    /// Who gets the token, and so the IP.
    pub recipient: Address,
    /// The documents. The hash of the NFT metadata names the token: it is minted once.
    pub metadata: IpMetadata,
    /// Mints another token although one with the same hash may be there. Such a call is made each time it is sent.
    pub allow_duplicates: bool,
}

impl NewNft {
    /// A token that is minted once.
    #[must_use]
    pub const fn new(collection: Address, recipient: Address, metadata: IpMetadata) -> Self {
        Self { collection, recipient, metadata, allow_duplicates: false }
    }

    /// The hash under which it is minted once, if it is.
    pub(crate) fn unique_hash(&self) -> Option<ContentHash> {
        self.metadata.nft_hash().filter(|_| !self.allow_duplicates)
    }

    pub(crate) fn check(&self, violations: &mut Violations) {
        require_address(violations, "nft.collection", self.collection);
        require_address(violations, "nft.recipient", self.recipient);
        violations.require(
            self.allow_duplicates || self.metadata.nft_hash().is_some(),
            "nft.metadata.nft",
            "missing",
            "NFT metadata with its hash, which keeps the token from being minted twice",
        );
    }
}

/// A token that is there, of any ERC-721 contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExistingNft {
    /// The token's contract.
    pub contract: Address,
    /// The token.
    pub token_id: TokenId,
    /// The documents of the IP.
    pub metadata: IpMetadata,
    /// What the owner's wallet signed; `None` if the client signs for the owner.
    pub authorization: Option<Authorization>,
}

impl ExistingNft {
    /// A token of the sender.
    #[must_use]
    pub const fn new(contract: Address, token_id: TokenId, metadata: IpMetadata) -> Self {
        Self { contract, token_id, metadata, authorization: None }
    }

    pub(crate) fn check(&self, violations: &mut Violations) {
        require_address(violations, "nft.contract", self.contract);
    }
}

/// License terms to be attached, with what the licensor changes about them for this IP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LicensedTerms {
    /// The terms.
    pub terms: PilTerms,
    /// The changes; none unless `is_set`.
    pub config: LicensingConfig,
}

impl LicensedTerms {
    /// Terms as they are.
    #[must_use]
    pub fn new(terms: PilTerms) -> Self {
        Self { terms, config: LicensingConfig::default() }
    }

    /// Terms with changes.
    #[must_use]
    pub const fn with_config(terms: PilTerms, config: LicensingConfig) -> Self {
        Self { terms, config }
    }
}

pub(crate) fn terms_data(terms: &[LicensedTerms]) -> Vec<LicenseTermsData> {
    terms.iter().map(|licensed| convert::license_terms_data(&licensed.terms, &licensed.config)).collect()
}

pub(crate) fn check_licensed_terms(violations: &mut Violations, all: &[LicensedTerms]) {
    violations.require(!all.is_empty(), "terms", "too_few", "at least one set of license terms");
    let mut seen = Vec::with_capacity(all.len());
    for (index, licensed) in all.iter().enumerate() {
        if let Err(found) = check_terms(&licensed.terms) {
            for violation in found.as_slice() {
                let mut violation = violation.clone();
                violation.field = format!("terms[{index}].{}", violation.field);
                violations.push(violation);
            }
        }
        check_config(violations, &format!("terms[{index}].config"), licensed);
        let hash = terms_hash(&licensed.terms);
        violations.require(
            !seen.contains(&hash),
            format_args!("terms[{index}]"),
            "duplicate",
            "terms not named before",
        );
        seen.push(hash);
    }
}

fn check_config(violations: &mut Violations, field: &str, licensed: &LicensedTerms) {
    let LicensedTerms { terms, config } = licensed;
    if !config.is_set {
        return;
    }
    violations.require(
        config.minting_fee >= terms.default_minting_fee,
        format_args!("{field}.minting_fee"),
        "below_terms",
        format!("at least {}, the terms' own fee", terms.default_minting_fee),
    );
    violations.require(
        config.minting_fee.is_zero() || !terms.royalty_policy.is_zero(),
        format_args!("{field}.minting_fee"),
        "no_royalty_policy",
        "no fee for terms without a royalty policy",
    );
    let share = config.commercial_rev_share;
    violations.require(
        share == 0 || (share >= terms.commercial_rev_share && share <= FULL_SHARE),
        format_args!("{field}.commercial_rev_share"),
        "out_of_range",
        format!("0, or {} to {FULL_SHARE} millionths of a percent", terms.commercial_rev_share),
    );
    violations.require(
        config.expect_minimum_group_reward_share <= FULL_SHARE,
        format_args!("{field}.expect_minimum_group_reward_share"),
        "out_of_range",
        format!("at most {FULL_SHARE} millionths of a percent"),
    );
}

/// How a child is linked to its parents by the terms attached to them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DerivativeLink {
    /// 1 to 16 parents, each once.
    pub parents: Vec<ParentTerms>,
    /// Most to pay for all licenses together; zero for no limit.
    pub max_minting_fee: Wei,
    /// Most that all parents together may take of the child's revenue; `None` for no limit. See [`revenue_limit`].
    pub max_revenue_share: Option<Share>,
    /// Most royalty tokens, of 100,000,000, that external royalty policies may take. The protocol's own take none.
    pub max_royalty_tokens: u32,
    /// Data for an external royalty policy; the protocol's own want none.
    pub royalty_context: Vec<u8>,
    /// The template of the terms; `None` for PIL.
    pub license_template: Option<Address>,
}

impl DerivativeLink {
    /// Links to these parents without limits.
    #[must_use]
    pub const fn new(parents: Vec<ParentTerms>) -> Self {
        Self {
            parents,
            max_minting_fee: Wei::ZERO,
            max_revenue_share: None,
            max_royalty_tokens: FULL_SHARE,
            royalty_context: Vec::new(),
            license_template: None,
        }
    }

    pub(crate) fn check(&self, violations: &mut Violations) {
        check_count(violations, "link.parents", self.parents.len());
        for (index, parent) in self.parents.iter().enumerate() {
            let field = format!("link.parents[{index}]");
            let earlier = self.parents.iter().take(index).any(|earlier| earlier.parent == parent.parent);
            violations.require(!earlier, &field, "duplicate", "a parent not named before");
            violations.require(
                !parent.terms_id.is_zero(),
                format_args!("{field}.terms_id"),
                "zero",
                "the id of terms that are attached to the parent",
            );
        }
        check_royalty_tokens(violations, "link.max_royalty_tokens", self.max_royalty_tokens);
        check_template(violations, "link.license_template", self.license_template);
    }

    pub(crate) fn to_sol(&self, addresses: &Addresses) -> MakeDerivative {
        MakeDerivative {
            parentIpIds: self.parents.iter().map(|parent| convert::evm_ip(parent.parent)).collect(),
            licenseTemplate: convert::evm_address(addresses.license_template(self.license_template)),
            licenseTermsIds: self
                .parents
                .iter()
                .map(|parent| convert::u256_of_terms(parent.terms_id))
                .collect(),
            royaltyContext: Bytes::copy_from_slice(&self.royalty_context),
            maxMintingFee: convert::u256(self.max_minting_fee),
            maxRts: self.max_royalty_tokens,
            maxRevenueShare: revenue_limit(self.max_revenue_share),
        }
    }
}

impl From<DerivativeTerms> for DerivativeLink {
    fn from(terms: DerivativeTerms) -> Self {
        Self {
            max_minting_fee: terms.max_minting_fee,
            max_revenue_share: terms.max_revenue_share,
            ..Self::new(terms.parents)
        }
    }
}

/// How a child is linked to its parents by license tokens, which are burned: one token for each parent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LicenseTokenLink {
    /// 1 to 16 license tokens of the sender, each of another parent.
    pub token_ids: Vec<TokenId>,
    /// Most royalty tokens, of 100,000,000, that external royalty policies may take. The protocol's own take none.
    pub max_royalty_tokens: u32,
    /// Data for an external royalty policy; the protocol's own want none.
    pub royalty_context: Vec<u8>,
}

impl LicenseTokenLink {
    /// Burns these tokens.
    #[must_use]
    pub const fn new(token_ids: Vec<TokenId>) -> Self {
        Self { token_ids, max_royalty_tokens: FULL_SHARE, royalty_context: Vec::new() }
    }

    pub(crate) fn check(&self, violations: &mut Violations) {
        check_count(violations, "link.token_ids", self.token_ids.len());
        for (index, token_id) in self.token_ids.iter().enumerate() {
            let earlier = self.token_ids.iter().take(index).any(|earlier| earlier == token_id);
            let field = format!("link.token_ids[{index}]");
            violations.require(!earlier, &field, "duplicate", "a token not named before");
        }
        check_royalty_tokens(violations, "link.max_royalty_tokens", self.max_royalty_tokens);
    }

    pub(crate) fn ids(&self) -> Vec<U256> {
        self.token_ids.iter().copied().map(convert::u256_of_token).collect()
    }

    pub(crate) fn royalty_context(&self) -> Bytes {
        Bytes::copy_from_slice(&self.royalty_context)
    }
}

fn check_count(violations: &mut Violations, field: &str, count: usize) {
    violations.require(count > 0, field, "too_few", "at least one");
    violations.require(
        count <= MAX_PARENTS,
        field,
        "too_many",
        format!("at most {MAX_PARENTS}, not {count}"),
    );
}

fn check_royalty_tokens(violations: &mut Violations, field: &str, tokens: u32) {
    violations.require(
        tokens <= FULL_SHARE,
        field,
        "out_of_range",
        format!("at most {FULL_SHARE}, which are all"),
    );
}

/// A part of an IP's royalty tokens, and who gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoyaltyShare {
    /// Who gets it.
    pub recipient: Address,
    /// The part; the IP itself keeps what nobody gets.
    pub share: Share,
}

impl RoyaltyShare {
    /// Names a part.
    #[must_use]
    pub const fn new(recipient: Address, share: Share) -> Self {
        Self { recipient, share }
    }
}

pub(crate) fn royalty_shares(shares: &[RoyaltyShare]) -> Vec<SolRoyaltyShare> {
    shares
        .iter()
        .map(|share| SolRoyaltyShare {
            recipient: convert::evm_address(share.recipient),
            percentage: share.share.millionths(),
        })
        .collect()
}

pub(crate) fn check_shares(violations: &mut Violations, shares: &[RoyaltyShare]) {
    violations.require(!shares.is_empty(), "shares", "too_few", "at least one share");
    for (index, share) in shares.iter().enumerate() {
        require_address(violations, &format!("shares[{index}].recipient"), share.recipient);
        let positive = share.share > Share::ZERO;
        violations.require(positive, format_args!("shares[{index}].share"), "zero", "more than 0 %");
    }
    let sum = shares.iter().try_fold(Share::ZERO, |sum, share| sum.checked_add(share.share));
    violations.require(sum.is_some(), "shares", "above_full", "shares of at most 100 % together");
}

/// The sum of shares that were checked.
pub(crate) fn sum_of_shares(shares: &[RoyaltyShare]) -> Share {
    shares.iter().try_fold(Share::ZERO, |sum, share| sum.checked_add(share.share)).unwrap_or(Share::FULL)
}

pub(crate) fn require_address(violations: &mut Violations, field: &str, address: Address) {
    violations.require(!address.is_zero(), field, "zero", "an address other than zero");
}

#[cfg(test)]
mod tests {
    use lore_core::{IpId, LicenseTermsId};

    use super::*;

    fn rules(check: impl FnOnce(&mut Violations)) -> Vec<(String, String)> {
        let mut violations = Violations::new();
        check(&mut violations);
        violations.as_slice().iter().map(|found| (found.field.clone(), found.rule.to_string())).collect()
    }

    fn rule(field: &str, rule: &str) -> (String, String) {
        (field.to_owned(), rule.to_owned())
    }

    fn address(byte: u8) -> Address {
        Address::from_bytes([byte; 20])
    }

    #[test]
    fn a_token_without_a_hash_may_be_minted_only_as_a_duplicate() {
        let mut nft = NewNft::new(address(1), address(2), IpMetadata::default());
        assert_eq!(rules(|found| nft.check(found)), [rule("nft.metadata.nft", "missing")]);
        let zero = OnChainDocument::new("ipfs://x", ContentHash::from_bytes([0; 32]));
        nft.metadata.nft = Some(zero);
        assert_eq!(rules(|found| nft.check(found)), [rule("nft.metadata.nft", "missing")]);
        nft.allow_duplicates = true;
        assert_eq!(rules(|found| nft.check(found)), []);
        assert_eq!(nft.unique_hash(), None);
    }

    #[test]
    fn parents_are_counted_and_named_once() {
        let parent = |byte| ParentTerms::new(IpId::new(address(byte)), LicenseTermsId::from(1_u64));
        let none = DerivativeLink::new(Vec::new());
        assert_eq!(rules(|found| none.check(found)), [rule("link.parents", "too_few")]);
        let many = DerivativeLink::new((1..=17).map(parent).collect());
        assert_eq!(rules(|found| many.check(found)), [rule("link.parents", "too_many")]);
        let twice = DerivativeLink::new(vec![parent(1), parent(1)]);
        assert_eq!(rules(|found| twice.check(found)), [rule("link.parents[1]", "duplicate")]);
        let mut tokens = DerivativeLink::new(vec![parent(1)]);
        tokens.max_royalty_tokens = FULL_SHARE + 1;
        assert_eq!(rules(|found| tokens.check(found)), [rule("link.max_royalty_tokens", "out_of_range")]);
    }

    #[test]
    fn shares_are_exact_to_a_millionth_of_a_percent() {
        let share = |millionths| RoyaltyShare::new(address(1), Share::from_millionths(millionths).unwrap());
        assert_eq!(rules(|found| check_shares(found, &[share(99_999_999), share(1)])), []);
        let above = [share(99_999_999), share(2)];
        assert_eq!(rules(|found| check_shares(found, &above)), [rule("shares", "above_full")]);
        assert_eq!(rules(|found| check_shares(found, &[share(0)])), [rule("shares[0].share", "zero")]);
        assert_eq!(sum_of_shares(&[share(1), share(2)]).millionths(), 3);
    }

    #[test]
    fn changes_to_terms_may_only_raise_them() {
        let terms = PilTerms::commercial_remix(
            Wei::from(10_u64),
            Share::from_percent(10).unwrap(),
            lore_core::domain::license::Payment::default(),
        );
        let mut licensed = LicensedTerms::new(terms);
        assert_eq!(rules(|found| check_licensed_terms(found, std::slice::from_ref(&licensed))), []);
        licensed.config.is_set = true;
        licensed.config.commercial_rev_share = 9_999_999;
        assert_eq!(
            rules(|found| check_licensed_terms(found, &[licensed.clone(), licensed.clone()])),
            [
                rule("terms[0].config.minting_fee", "below_terms"),
                rule("terms[0].config.commercial_rev_share", "out_of_range"),
                rule("terms[1].config.minting_fee", "below_terms"),
                rule("terms[1].config.commercial_rev_share", "out_of_range"),
                rule("terms[1]", "duplicate"),
            ]
        );
    }
}
