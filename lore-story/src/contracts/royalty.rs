//! Payments, royalty policies, vaults.

alloy::sol! {
    #![sol(abi)]

    interface RoyaltyModule {
        function accumulatedRoyaltyPolicies(address ipId) external view returns (address[] memory);
        function globalRoyaltyStack(address ipId) external view returns (uint32);
        function hasAncestorIp(address ipId, address ancestorIpId) external returns (bool);
        function ipRoyaltyVaults(address ipId) external view returns (address);
        function isIpRoyaltyVault(address ipRoyaltyVault) external view returns (bool);
        function isRegisteredExternalRoyaltyPolicy(address externalRoyaltyPolicy) external view returns (bool);
        function isWhitelistedRoyaltyPolicy(address royaltyPolicy) external view returns (bool);
        function isWhitelistedRoyaltyToken(address token) external view returns (bool);
        function maxPercent() external pure returns (uint32);
        function payRoyaltyOnBehalf(address receiverIpId, address payerIpId, address token, uint256 amount) external;
        function royaltyFeePercent() external view returns (uint32);
        function totalRevenueTokensReceived(address ipId, address token) external view returns (uint256);
        function treasury() external view returns (address);
        event ExternalRoyaltyPolicyRegistered(address externalRoyaltyPolicy);
        event IpRoyaltyVaultDeployed(address ipId, address ipRoyaltyVault);
        event LicenseMintingFeePaid(address receiverIpId, address payerAddress, address token, uint256 amount, uint256 amountAfterFee);
        event LicensedWithRoyalty(address ipId, address royaltyPolicy, uint32 licensePercent, bytes externalData);
        event LinkedToParents(address ipId, address[] parentIpIds, address[] licenseRoyaltyPolicies, uint32[] licensesPercent, bytes externalData);
        event RoyaltyPaid(address receiverIpId, address payerIpId, address sender, address token, uint256 amount, uint256 amountAfterFee);
    }

    interface RoyaltyPolicyLap {
        function getPolicyRoyalty(address ipId, address ancestorIpId) external returns (uint32);
        function getPolicyRoyaltyStack(address ipId) external view returns (uint32);
        function getPolicyRtsRequiredToLink(address ipId, uint32 licensePercent) external view returns (uint32);
        function getTransferredTokens(address ipId, address ancestorIpId, address token) external view returns (uint256);
        function transferToVault(address ipId, address ancestorIpId, address token) external returns (uint256);
        event RevenueTransferredToVault(address ipId, address ancestorIpId, address token, uint256 amount);
    }

    interface RoyaltyPolicyLrp {
        function getPolicyRoyalty(address ipId, address ancestorIpId) external returns (uint32);
        function getPolicyRoyaltyStack(address ipId) external view returns (uint32);
        function getTransferredTokens(address ipId, address ancestorIpId, address token) external view returns (uint256);
        function transferToVault(address ipId, address ancestorIpId, address token) external returns (uint256);
        event RevenueTransferredToVault(address ipId, address ancestorIpId, address token, uint256 amount);
    }

    interface IpRoyaltyVault {
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function claimByTokenBatchAsSelf(address[] memory tokenList, address targetIpId) external;
        function claimRevenueOnBehalf(address claimer, address token) external returns (uint256);
        function claimRevenueOnBehalfByTokenBatch(address claimer, address[] memory tokenList) external returns (uint256[] memory);
        function claimableRevenue(address claimer, address token) external view returns (uint256);
        function decimals() external pure returns (uint8);
        function ipId() external view returns (address);
        function tokens() external view returns (address[] memory);
        function totalSupply() external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
        event Approval(address indexed owner, address indexed spender, uint256 value);
        event RevenueDebtUpdated(address claimer, address token, int256 revenueDebt);
        event RevenueTokenAddedToVault(address token, uint256 amount);
        event RevenueTokenClaimed(address claimer, address token, uint256 amount);
        event Transfer(address indexed from, address indexed to, uint256 value);
    }

    interface RoyaltyWorkflows {
        function claimAllRevenue(address ancestorIpId, address claimer, address[] memory childIpIds, address[] memory royaltyPolicies, address[] memory currencyTokens) external returns (uint256[] memory amountsClaimed);
        function multicall(bytes[] memory data) external returns (bytes[] memory results);
    }
}
