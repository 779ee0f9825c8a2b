//! Disputes, their arbitration, and the oracle behind it.

alloy::sol! {
    #![sol(abi)]

    interface DisputeModule {
        function arbitrationPolicies(address ipId) external view returns (address policy);
        function arbitrationPolicyCooldown() external view returns (uint256);
        function baseArbitrationPolicy() external view returns (address);
        function cancelDispute(uint256 disputeId, bytes memory data) external;
        function disputeCounter() external view returns (uint256);
        function disputes(uint256 disputeId) external view returns (address targetIpId, address disputeInitiator, uint256 disputeTimestamp, address arbitrationPolicy, bytes32 disputeEvidenceHash, bytes32 targetTag, bytes32 currentTag, uint256 infringerDisputeId);
        function isIpTagged(address ipId) external view returns (bool);
        function isWhitelistedArbitrationPolicy(address arbitrationPolicy) external view returns (bool allowed);
        function isWhitelistedDisputeTag(bytes32 tag) external view returns (bool allowed);
        function nextArbitrationPolicies(address ipId) external view returns (address policy);
        function nextArbitrationUpdateTimestamps(address ipId) external view returns (uint256 timestamp);
        function raiseDispute(address targetIpId, bytes32 disputeEvidenceHash, bytes32 targetTag, bytes memory data) external returns (uint256);
        function resolveDispute(uint256 disputeId, bytes memory data) external;
        function setArbitrationPolicy(address ipId, address nextArbitrationPolicy) external;
        function tagIfRelatedIpInfringed(address ipIdToTag, uint256 infringerDisputeId) external;
        function updateActiveArbitrationPolicy(address ipId) external returns (address arbitrationPolicy);
        event ArbitrationPolicySet(address ipId, address arbitrationPolicy, uint256 nextArbitrationUpdateTimestamp);
        event DisputeCancelled(uint256 disputeId, bytes data);
        event DisputeJudgementSet(uint256 disputeId, bool decision, bytes data);
        event DisputeRaised(uint256 disputeId, address targetIpId, address disputeInitiator, uint256 disputeTimestamp, address arbitrationPolicy, bytes32 disputeEvidenceHash, bytes32 targetTag, bytes data);
        event DisputeResolved(uint256 disputeId, bytes data);
        event IpTaggedOnRelatedIpInfringement(uint256 disputeId, address infringingIpId, address ipIdToTag, uint256 infringerDisputeId, bytes32 tag, uint256 disputeTimestamp);
    }

    /// What the next release changes: who raised the dispute is told apart from who sent the transaction.
    interface UnreleasedDisputeModule {
        event DisputeRaised(uint256 disputeId, address targetIpId, address caller, address disputeInitiator, uint256 disputeTimestamp, address arbitrationPolicy, bytes32 disputeEvidenceHash, bytes32 targetTag, bytes data);
    }

    interface ArbitrationPolicyUma {
        function assertionIdToDisputeId(bytes32 assertionId) external view returns (uint256);
        function disputeAssertion(bytes32 assertionId, bytes32 counterEvidenceHash) external;
        function disputeIdToAssertionId(uint256 disputeId) external view returns (bytes32);
        function ipOwnerTimePercent() external view returns (uint32);
        function ipOwnerTimePercents(uint256 disputeId) external view returns (uint32);
        function maxBonds(address token) external view returns (uint256);
        function maxLiveness() external view returns (uint64);
        function minLiveness() external view returns (uint64);
        function oov3() external view returns (address);
        event AssertionDisputed(uint256 disputeId, bytes32 assertionId, bytes32 counterEvidenceHash);
        event DisputeRaisedUMA(uint256 disputeId, bytes32 assertionId, address caller, uint64 liveness, address currency, uint256 bond);
        event LivenessSet(uint64 minLiveness, uint64 maxLiveness, uint32 ipOwnerTimePercent);
    }

    #[derive(Debug)]
    struct EscalationManagerSettings {
        bool arbitrateViaEscalationManager;
        bool discardOracle;
        bool validateDisputers;
        address assertingCaller;
        address escalationManager;
    }

    #[derive(Debug)]
    struct Assertion {
        EscalationManagerSettings escalationManagerSettings;
        address asserter;
        uint64 assertionTime;
        bool settled;
        address currency;
        uint64 expirationTime;
        bool settlementResolution;
        bytes32 domainId;
        bytes32 identifier;
        uint256 bond;
        address callbackRecipient;
        address disputer;
    }

    interface OptimisticOracleV3 {
        function getAssertion(bytes32 assertionId) external view returns (Assertion memory);
        function getAssertionResult(bytes32 assertionId) external view returns (bool);
        function getMinimumBond(address currency) external view returns (uint256);
        function settleAssertion(bytes32 assertionId) external;
        event AssertionDisputed(bytes32 indexed assertionId, address indexed caller, address indexed disputer);
        event AssertionMade(bytes32 indexed assertionId, bytes32 domainId, bytes claim, address indexed asserter, address callbackRecipient, address escalationManager, address caller, uint64 expirationTime, address currency, uint256 bond, bytes32 indexed identifier);
        event AssertionSettled(bytes32 indexed assertionId, address indexed bondRecipient, bool disputed, bool settlementResolution, address settleCaller);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
    }
}
