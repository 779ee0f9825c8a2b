//! What helps against the errors that people meet most.

use lore_core::Revert;

/// Name of an error, and what helps; sorted by name.
#[rustfmt::skip]
static ADVICE: [(&str, &str); 138] = [
    ("AccessController__BothCallerAndRecipientAreNotRegisteredModule", "a permission only works towards a registered module: grant it for a module of the protocol"),
    ("AccessController__CallerIsNotIPAccountOrOwner", "only the owner of the IP can set its permissions: sign as the owner"),
    ("AccessController__IPAccountIsNotValid", "this address is no IP account: register the IP first"),
    ("AccessController__OwnerIsIPAccount", "an IP owned by another IP account cannot give permissions: move its token to a wallet first"),
    ("AccessController__PermissionDenied", "the signer is not the owner and has no permission for this function: sign as the owner, or let the owner grant it; grants lapse when the token changes hands"),
    ("AccessController__PermissionIsNotValid", "a permission is 0 (abstain), 1 (allow) or 2 (deny)"),
    ("AccessController__ToAndFuncAreZeroAddressShouldCallSetAllPermissions", "name a contract or a function, or set all permissions at once"),
    ("ArbitrationPolicyUMA__BondAboveMax", "the bond is above the limit for this currency, which is 0 for currencies not taken: read the limit first"),
    ("ArbitrationPolicyUMA__CannotCancel", "a dispute cannot be cancelled under this arbitration policy: let it be judged"),
    ("ArbitrationPolicyUMA__CannotDisputeAssertionIfTagIsInherited", "a tag that came from a related IP is countered there"),
    ("ArbitrationPolicyUMA__CurrencyNotWhitelisted", "the bond must be in a currency that the protocol takes: use WIP"),
    ("ArbitrationPolicyUMA__DisputeNotFound", "there is no dispute behind this assertion"),
    ("ArbitrationPolicyUMA__LivenessAboveMax", "the time to answer is too long: at most 365 days"),
    ("ArbitrationPolicyUMA__LivenessBelowMin", "the time to answer is too short: at least 30 days"),
    ("ArbitrationPolicyUMA__NoCounterEvidence", "name the hash of the counter evidence"),
    ("ArbitrationPolicyUMA__OnlyTargetIpIdCanDisputeWithinTimeWindow", "in the first two thirds of the time only the accused IP's own account may answer: call through the IP account, or wait"),
    ("CoreMetadataModule__MetadataAlreadyFrozen", "this IP's metadata was frozen for good"),
    ("DerivativeWorkflows__CallerNotSigner", "the workflow takes a signature only from its signer: send the transaction from the account that signed"),
    ("DisputeModule__DisputeAlreadyPropagated", "nothing to do: this IP was tagged for this dispute already"),
    ("DisputeModule__DisputeWithoutInfringementTag", "only an upheld dispute can be passed on"),
    ("DisputeModule__EvidenceHashAlreadyUsed", "evidence can be used in one dispute only: add to the document, so that its hash differs"),
    ("DisputeModule__NotAbleToResolve", "only an upheld dispute can be resolved, once"),
    ("DisputeModule__NotDerivativeOrGroupIp", "a tag is passed only to a derivative of the IP, or to a group that it is a member of"),
    ("DisputeModule__NotDisputeInitiator", "only who raised the dispute can resolve it"),
    ("DisputeModule__NotInDisputeState", "this dispute is decided already"),
    ("DisputeModule__NotRegisteredIpId", "only a registered IP can be disputed"),
    ("DisputeModule__NotWhitelistedDisputeTag", "use IMPROPER_REGISTRATION, IMPROPER_USAGE, IMPROPER_PAYMENT or CONTENT_STANDARDS_VIOLATION"),
    ("DisputeModule__RelatedDisputeNotResolved", "the dispute that this tag came from must be resolved first"),
    ("DisputeModule__ZeroDisputeEvidenceHash", "name the hash of the evidence"),
    ("EMPTY_REVERT", "the contract gave no reason: often there is no contract at this address, no such function, or too little balance"),
    ("ERC20InsufficientAllowance", "the spender has no allowance for this amount: approve it first"),
    ("ERC20InsufficientBalance", "the account has too little of the token: transfer some to it first"),
    ("ERC721IncorrectOwner", "the token belongs to somebody else"),
    ("ERC721InsufficientApproval", "approve the token for the contract that moves it first"),
    ("ERC721NonexistentToken", "there is no such token: check the collection and the token id"),
    ("EnforcedPause", "the protocol is paused by its administrators: try again later"),
    ("GroupIPAssetRegistry__GroupRewardPoolNotRegistered", "use a reward pool that the protocol knows, such as the even split pool"),
    ("GroupIPAssetRegistry__GroupSizeExceedsLimit", "a group has at most 1000 members"),
    ("GroupIPAssetRegistry__NotRegisteredGroupIP", "this IP is no group"),
    ("GroupIPAssetRegistry__NotRegisteredIP", "register the IP before it joins a group"),
    ("GroupIPAssetRegistry__PageSizeExceedsLimit", "read at most 100 members at a time"),
    ("GroupingModule__CannotAddDisputedIpToGroup", "a dispute against this IP was upheld: it cannot join until that is resolved"),
    ("GroupingModule__CannotAddGroupToGroup", "a group cannot be a member of a group"),
    ("GroupingModule__GroupFrozenDueToAlreadyMintLicenseTokens", "no member can be removed once a license token of the group was minted"),
    ("GroupingModule__GroupFrozenDueToHasDerivativeIps", "no member can be removed once the group has a derivative"),
    ("GroupingModule__GroupIPHasNoLicenseTerms", "attach terms to the group first"),
    ("GroupingModule__IpExpectedShareExceedsMaxAllowedShare", "the member asks for a larger share than the limit: raise the limit"),
    ("GroupingModule__MaxAllowedRewardShareExceeds100Percent", "the limit on reward shares is at most 100 %"),
    ("GroupingModule__TokenNotMatchGroupRevenueToken", "the group's rewards are in the currency of its terms: name that one"),
    ("GroupingModule__TotalGroupRewardShareExceeds100Percent", "the members' least shares together exceed 100 %: lower them, or take fewer members"),
    ("GroupingWorkflows__CallerNotSigner", "the workflow takes a signature only from its signer: send the transaction from the account that signed"),
    ("IPAccountStorage__NotRegisteredModule", "call it through the IP account: only a registered module, or the account itself, may write there"),
    ("IPAccount__ExpiredSignature", "the signature's deadline has passed by the chain's clock: sign again with a later one"),
    ("IPAccount__InvalidCalldata", "data must be empty or start with a function's selector of four bytes"),
    ("IPAccount__InvalidSignature", "the account's state moved on since this was signed, or another key, chain or content was signed: read the state and sign again"),
    ("IPAccount__InvalidSigner", "the signer must not be the zero address"),
    ("IPAssetRegistry__InvalidToken", "there is no such token: check the collection and the token id"),
    ("IPAssetRegistry__UnsupportedIERC721", "this address is no NFT collection (ERC-721)"),
    ("IPAssetRegistry__UnsupportedIERC721Metadata", "this collection has no token names and addresses (ERC-721 Metadata), which the registry needs"),
    ("InsufficientAllowance", "the spender has no allowance for this amount: approve it first"),
    ("InsufficientBalance", "the account has too little of the token: wrap or transfer some to it first"),
    ("IpRoyaltyVault__NoClaimableTokens", "nothing to claim: no revenue has reached the vault since the last claim, or the IP is tagged"),
    ("IpRoyaltyVault__ZeroAmount", "nothing to do: no revenue is due since the last transfer"),
    ("LicenseAttachmentWorkflows__CallerNotSigner", "the workflow takes a signature only from its signer: send the transaction from the account that signed"),
    ("LicenseRegistry__DerivativeAlreadyRegistered", "this IP has its parents already, and an IP is linked once: register a new IP"),
    ("LicenseRegistry__DerivativeIpAlreadyHasChild", "this IP has derivatives of its own, so it can no longer become one"),
    ("LicenseRegistry__DerivativeIpAlreadyHasLicense", "this IP has license terms of its own, so it can no longer become a derivative: register without terms, then link"),
    ("LicenseRegistry__DerivativeIsParent", "an IP cannot be its own parent"),
    ("LicenseRegistry__DuplicateParentIp", "each parent can be named once, and only one license token of it used"),
    ("LicenseRegistry__EmptyGroupCannotMintLicenseToken", "the group has no members yet: add some first"),
    ("LicenseRegistry__GroupIpAlreadyHasLicenseTerms", "a group has exactly one set of terms, and this one has it already"),
    ("LicenseRegistry__GroupMustBeSoleParent", "a group can only be the only parent"),
    ("LicenseRegistry__IpExpectGroupRewardPoolNotMatch", "the member's owner chose another reward pool: set the group's pool in the member's licensing config"),
    ("LicenseRegistry__IpExpectGroupRewardPoolNotSet", "the member's owner must opt in first: set the group's pool in the member's licensing config"),
    ("LicenseRegistry__IpHasNoGroupLicenseTerms", "attach the group's terms to the member first"),
    ("LicenseRegistry__IpMintingFeeNotMatchWithGroup", "the member's minting fee must be the group's: set it in the member's licensing config"),
    ("LicenseRegistry__LicenseTermsAlreadyAttached", "nothing to do: these terms are attached already"),
    ("LicenseRegistry__LicenseTermsCannotAttachToGroupIp", "a group needs terms with the royalty policy LRP, without expiration"),
    ("LicenseRegistry__LicenseTermsNotExists", "register the terms first, and use the id that comes back"),
    ("LicenseRegistry__LicensorIpHasNoLicenseTerms", "these terms are not attached to the licensor: attach them first, or let the owner mint"),
    ("LicenseRegistry__ParentIpExpired", "the parent's own license has expired"),
    ("LicenseRegistry__ParentIpHasNoLicenseTerms", "the parent's terms are not attached: attach them first"),
    ("LicenseRegistry__ParentIpIsEmptyGroup", "the group has no members yet: add some first"),
    ("LicenseRegistry__ParentIpNotRegistered", "the parent is no registered IP: register it first"),
    ("LicenseRegistry__ParentIpTagged", "a dispute against the parent was upheld: it cannot be linked to until that is resolved"),
    ("LicenseRegistry__ParentIpUnmatchedLicenseTemplate", "the parent's terms are not attached: attach them first; default terms too count only once the parent's owner attached them"),
    ("LicenseRegistry__TooManyAncestors", "the child would have more than 1024 ancestors: link to fewer or older parents"),
    ("LicenseRegistry__TooManyParents", "link to at most 16 parents"),
    ("LicenseToken__CallerAndChildIPNotTokenOwner", "the license token must belong to the signer or to the child IP"),
    ("LicenseToken__ChildIPAlreadyHasBeenMintedLicenseTokens", "license tokens of the child were minted, so it can no longer become a derivative"),
    ("LicenseToken__CommercialRevenueShareExceedMaxRevenueShare", "the license takes a larger share than the limit: raise the limit"),
    ("LicenseToken__NotTransferable", "the terms do not let license tokens change hands"),
    ("LicenseToken__RevokedLicense", "a dispute against the licensor was upheld, and its license tokens are revoked"),
    ("LicensingModule__CurrentLicenseNotAllowOverrideRoyaltyPercent", "the owner's share must not be below the share in the terms"),
    ("LicensingModule__DerivativeAlreadyHasBeenMintedLicenseTokens", "license tokens of the child were minted, so it can no longer become a derivative"),
    ("LicensingModule__DerivativesCannotAddLicenseTerms", "a derivative has its parents' terms and cannot attach others"),
    ("LicensingModule__DisputedIpId", "a dispute against this IP was upheld: nothing can be licensed or linked until it is resolved"),
    ("LicensingModule__ExceedMaxRevenueShare", "the parents take a larger share than the limit: raise the limit"),
    ("LicensingModule__InvalidLicenseTermsId", "terms id 0 is none: name registered terms"),
    ("LicensingModule__LicenseDisabled", "the licensor closed these terms for new licenses"),
    ("LicensingModule__LicenseNotCompatibleForDerivative", "the parents' terms forbid this link: the id must exist and allow derivatives, reciprocal terms must be the same for all parents, and approval must be given where the terms ask for it"),
    ("LicensingModule__LicenseTermsLengthMismatch", "name one terms id for each parent"),
    ("LicensingModule__LicenseTermsNotFound", "register the terms first, and use the id that comes back"),
    ("LicensingModule__LicenseTokenNotCompatibleForDerivative", "the terms of these license tokens forbid this link: they must allow derivatives, and reciprocal ones must all be the same"),
    ("LicensingModule__LicensingConfigMintingFeeBelowLicenseTerms", "the owner's fee must not be below the fee in the terms"),
    ("LicensingModule__MintAmountZero", "mint at least one license token"),
    ("LicensingModule__MintingFeeExceedMaxMintingFee", "the license costs more than the limit: raise the limit, or leave it at 0 for none"),
    ("LicensingModule__NoLicenseToken", "name at least one license token"),
    ("LicensingModule__NoParentIp", "name at least one parent"),
    ("LicensingModule__ReceiverZeroAddress", "name a receiver for the license tokens"),
    ("LicensingModule__RoyaltyPolicyMismatch", "all parents must use the same royalty policy"),
    ("LockLicenseHook_LicenseLocked", "the licensor locked these terms: no license is given"),
    ("PILicenseTemplate__CommercialEnabled_RoyaltyPolicyRequired", "commercial terms need a royalty policy: LAP or LRP"),
    ("PILicenseTemplate__CurrencyTokenNotWhitelisted", "the protocol does not take this currency: use WIP"),
    ("PILicenseTemplate__MintingFeeRequiresRoyaltyPolicy", "a minting fee needs a royalty policy: LAP or LRP"),
    ("PILicenseTemplate__RoyaltyPolicyNotWhitelisted", "the protocol does not know this royalty policy: use LAP or LRP"),
    ("PILicenseTemplate__RoyaltyPolicyRequiresCurrencyToken", "a royalty policy needs a currency: use WIP"),
    ("RegistrationWorkflows__CallerNotSigner", "the workflow takes a signature only from its signer: send the transaction from the account that signed"),
    ("RoyaltyModule__AboveMaxPercent", "the parents' shares together exceed 100 %: link to fewer parents, or to terms with smaller shares"),
    ("RoyaltyModule__IpExpired", "the license of this IP has expired: it can no longer be paid"),
    ("RoyaltyModule__IpIsTagged", "a dispute against this IP was upheld: it can neither be paid nor pay until that is resolved"),
    ("RoyaltyModule__NotWhitelistedRoyaltyToken", "the protocol does not take this token: use WIP"),
    ("RoyaltyModule__PaymentAmountIsTooLow", "the amount is so small that the protocol's fee rounds to nothing: pay more"),
    ("RoyaltyModule__UnlinkableToParents", "this IP has a royalty vault already, so it can no longer become a derivative"),
    ("RoyaltyModule__ZeroAmount", "pay more than nothing"),
    ("RoyaltyModule__ZeroReceiverVault", "this IP has no royalty vault yet: it comes with the first license token or derivative"),
    ("RoyaltyPolicyLAP__AboveMaxPercent", "the shares of all ancestors together exceed 100 %: link to parents with smaller shares"),
    ("RoyaltyPolicyLAP__ZeroClaimableRoyalty", "nothing to do: this IP owes that ancestor no share"),
    ("RoyaltyPolicyLRP__AboveMaxPercent", "the parent's share exceeds 100 %: link to terms with a smaller share"),
    ("RoyaltyPolicyLRP__ZeroClaimableRoyalty", "nothing to do: this IP owes that ancestor no share"),
    ("RoyaltyTokenDistributionWorkflows__CallerNotSigner", "the workflow takes a signature only from its signer: send the transaction from the account that signed"),
    ("RoyaltyTokenDistributionWorkflows__TotalSharesExceedsIPAccountBalance", "the shares exceed the royalty tokens that the IP still holds"),
    ("SPGNFT__DuplicatedNFTMetadataHash", "this NFT metadata was minted before: find the earlier token, or allow duplicates"),
    ("SPGNFT__MaxSupplyReached", "the collection is full: use another one"),
    ("SPGNFT__MintingClosed", "the collection is closed for minting: its owner can open it"),
    ("SPGNFT__MintingDenied", "the signer may not mint here: ask the owner for the minter role, or use a collection with public minting"),
    ("TotalLicenseTokenLimitHook_TotalLicenseTokenLimitExceeded", "the licensor limited the number of license tokens, and it is used up"),
    ("Workflow__CallerNotAuthorizedToMint", "the signer may not mint here: ask the owner for the minter role, or use a collection with public minting"),
];

/// The same for errors of the oracle, which are texts; as they are written in an argument.
static ADVICE_BY_TEXT: [(&str, &str); 5] = [
    ("\"Assertion already disputed\"", "this dispute was answered already"),
    ("\"Assertion already settled\"", "this dispute is settled already"),
    ("\"Assertion is expired\"", "the time to answer this dispute is over"),
    ("\"Assertion not expired\"", "the time to answer is not over: settle later"),
    (
        "\"Bond amount too low\"",
        "the bond is below the oracle's minimum for this currency: read the minimum first",
    ),
];

/// What helps against this revert, if that is known.
pub(super) fn of(revert: &Revert) -> Option<&'static str> {
    let (table, key) = match (revert.name.as_str(), revert.args.as_slice()) {
        ("Error", [text]) => (ADVICE_BY_TEXT.as_slice(), text.as_str()),
        (name, _) => (ADVICE.as_slice(), name),
    };
    let found = table.binary_search_by_key(&key, |(name, _)| name).ok()?;
    table.get(found).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revert::table::ERRORS;

    #[test]
    fn every_advice_is_for_an_error_that_exists() {
        for (name, advice) in ADVICE {
            let exists = ERRORS.iter().any(|(_, signature)| signature.split('(').next() == Some(name));
            assert!(exists || name == "EMPTY_REVERT", "{name}");
            assert!(!advice.is_empty() && !advice.ends_with('.'), "{name}");
            assert_eq!(of(&Revert::new(name)), Some(advice));
        }
        for (text, advice) in ADVICE_BY_TEXT {
            assert_eq!(of(&Revert::new("Error").arg(text)), Some(advice));
        }
        assert!(ADVICE.is_sorted() && ADVICE_BY_TEXT.is_sorted(), "the search needs them sorted");
        assert_eq!(of(&Revert::new("LicensingModule__ZeroAccessManager")), None);
        assert_eq!(of(&Revert::new("Error").arg("\"anything\"")), None);
    }
}
