//! What must come of a recorded write before a node is asked, and why the rest needs one.

/// Errors of the contracts, or how they begin, that the client finds by itself, with the rule by which it says so.
const FOUND: [(&str, &str); 20] = [
    ("AccessController__IPAccountIsZeroAddress", "required"),
    ("AccessController__SignerIsZeroAddress", "required"),
    ("AccessController__ToAndFuncAreZeroAddressShouldCallSetAllPermissions", "malformed"),
    ("ArbitrationPolicyUMA__NoCounterEvidence", "zero"),
    ("DisputeModule__ZeroDisputeEvidenceHash", "zero"),
    ("IPAccount__InvalidCalldata", "malformed"),
    ("IPAccount__InvalidSigner", "required"),
    ("LicenseRegistry__DerivativeIsParent", "is_child"),
    ("LicenseRegistry__TooManyParents", "too_many"),
    ("LicensingModule__InvalidLicenseTermsId", "required"),
    ("LicensingModule__NoLicenseToken", "too_few"),
    ("LicensingModule__NoParentIp", "too_few"),
    ("PILicenseTemplate__CommercialDisabled_", "needs_commercial_use"),
    ("PILicenseTemplate__CommercialEnabled_RoyaltyPolicyRequired", "required"),
    ("PILicenseTemplate__DerivativesDisabled_", "needs_derivatives"),
    ("PILicenseTemplate__MintingFeeRequiresRoyaltyPolicy", "needs_royalty_policy"),
    ("PILicenseTemplate__RoyaltyPolicyRequiresCurrencyToken", "required"),
    ("RoyaltyModule__ZeroAmount", "zero"),
    ("RoyaltyPolicyLAP__SameIpTransfer", "same_ip"),
    ("RoyaltyPolicyLRP__SameIpTransfer", "same_ip"),
];

/// Errors of the contracts, or how they begin, for which the chain must be asked, with what only the chain knows.
const CHAIN_STATE: [(&str, &str); 33] = [
    ("AccessController__", "who owns an IP, what permissions it gave, and which modules are registered"),
    ("ArbitrationPolicyUMA__BondAboveMax", "the limits of a bond, which are settings"),
    ("ArbitrationPolicyUMA__CannotCancel", "the policy of a dispute"),
    ("ArbitrationPolicyUMA__CurrencyNotWhitelisted", "which tokens are allowed"),
    ("ArbitrationPolicyUMA__Liveness", "the limits of the time for an answer, which are settings"),
    ("ArbitrationPolicyUMA__OnlyTargetIpIdCanDisputeWithinTimeWindow", "when a dispute was raised, and now"),
    ("DisputeModule__", "which disputes, evidence, tags and policies there are"),
    ("EMPTY_REVERT", "balances and other contracts"),
    ("ERC721NonexistentToken", "which license tokens there are"),
    ("Error", "the oracle's assertion"),
    ("GroupIPAssetRegistry__", "which IPs and reward pools are registered"),
    ("GroupingModule__", "members, terms, licenses and disputes of a group"),
    ("IPAccount__ExpiredSignature", "the chain's clock"),
    ("IPAccount__InvalidSignature", "the account's state, and whether its signer is a contract"),
    ("InsufficientAllowance", "allowances"),
    ("InsufficientBalance", "balances"),
    ("IpRoyaltyVault__", "what a vault holds"),
    ("LicenseRegistry__", "links, terms and licensing configurations of IPs"),
    ("LicenseToken__", "who owns a license token, and how it was minted"),
    ("LicensingModule__CurrentLicenseNotAllowOverrideRoyaltyPercent", "the terms behind an id"),
    ("LicensingModule__D", "disputes, links and license tokens of IPs"),
    ("LicensingModule__ExceedMaxRevenueShare", "what parents take"),
    ("LicensingModule__GroupIp", "which IPs are groups, and their members"),
    ("LicensingModule__License", "terms, configurations, and what terms allow"),
    ("LicensingModule__LicensingConfigMintingFeeBelowLicenseTerms", "the terms behind an id"),
    ("LicensingModule__MintingFee", "fees, and the terms behind an id"),
    ("LicensingModule__RoyaltyPolicyMismatch", "the policies of the parents' terms"),
    ("LicensingModule__TooManyAncestors", "the graph of derivatives"),
    ("PILicenseTemplate__CommercializerChecker", "which contracts are registered hooks"),
    ("PILicenseTemplate__CurrencyTokenNotWhitelisted", "which tokens are allowed"),
    ("PILicenseTemplate__RoyaltyPolicyNotWhitelisted", "which royalty policies are allowed"),
    ("RoyaltyModule__", "vaults, disputes, policies and the fee"),
    ("RoyaltyPolicy", "the graph of derivatives, and what was paid"),
];

/// What the contracts do although nothing can be meant by it, or refuse by what they look at first: operation, rule, and
/// why the client says so without asking.
const EARLIER: [(&str, &str, &str); 13] = [
    ("add_members", "duplicate", "a member is taken in once"),
    ("attach", "required", "terms have numbers from 1: with 0 nothing can be done afterwards"),
    ("link", "duplicate", "a parent counts once, whatever else is wrong"),
    ("link", "is_child", "an IP is never its own parent, whatever else is wrong"),
    ("link", "out_of_range", "there are no more royalty tokens than 100 %"),
    ("link", "zero", "there are no terms with the number 0"),
    ("link_with_tokens", "duplicate", "a license token is burned once"),
    ("set", "malformed", "a function of no contract is stored without effect"),
    ("terms", "control_character", "an address of a text has no control characters"),
    ("terms", "needs_royalty_policy", "a fee needs a royalty policy, whatever else is wrong"),
    ("terms", "too_long", "an address of a text is short"),
    ("terms", "out_of_range", "more than 100 %, or more than 1,000 years, is a mistake"),
    ("executeWithSig", "required", "no signature at all is none of a contract either"),
];

/// What is expected of the client before it asks a node.
pub(crate) enum Expected {
    /// It refuses, and names this rule.
    Refused(&'static str),
    /// It goes on to ask; where the chain refuses, this is what only the chain knows.
    Asks(Option<&'static str>),
}

/// What is expected where the contracts gave this error, or none.
pub(crate) fn expected(error: Option<&str>) -> Result<Expected, String> {
    let Some(error) = error else { return Ok(Expected::Asks(None)) };
    if let Some((_, rule)) = FOUND.iter().find(|(name, _)| error.starts_with(name)) {
        return Ok(Expected::Refused(rule));
    }
    let of_chain = CHAIN_STATE.iter().filter(|(name, _)| error.starts_with(name));
    match of_chain.max_by_key(|(name, _)| name.len()) {
        Some((_, why)) => Ok(Expected::Asks(Some(why))),
        None => Err(format!("nobody says whether `{error}` needs the chain")),
    }
}

/// Why the client refuses what it need not refuse yet.
pub(crate) fn earlier(operation: &str, rules: &[String]) -> Option<&'static str> {
    let fits =
        |(name, rule, _): &&(&str, &str, &str)| *name == operation && rules.iter().any(|found| found == rule);
    EARLIER.iter().find(fits).map(|(_, _, why)| *why)
}
