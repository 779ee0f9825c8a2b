//! Groups and their reward pool.

alloy::sol! {
    #![sol(abi)]

    interface GroupingModule {
        function addIp(address groupIpId, address[] memory ipIds, uint256 maxAllowedRewardShare) external;
        function claimReward(address groupId, address token, address[] memory ipIds) external;
        function collectRoyalties(address groupId, address token) external returns (uint256 royalties);
        function getClaimableReward(address groupId, address token, address[] memory ipIds) external view returns (uint256[] memory);
        function registerGroup(address groupPool) external returns (address groupId);
        function removeIp(address groupIpId, address[] memory ipIds) external;
        event AddedIpToGroup(address indexed groupId, address[] ipIds);
        event ClaimedReward(address indexed groupId, address indexed token, address[] ipId, uint256[] amount);
        event CollectedRoyaltiesToGroupPool(address indexed groupId, address indexed token, address indexed pool, uint256 amount);
        event IPGroupRegistered(address indexed groupId, address indexed groupPool);
        event RemovedIpFromGroup(address indexed groupId, address[] ipIds);
    }

    interface EvenSplitGroupPool {
        function getAvailableReward(address groupId, address token, address[] memory ipIds) external view returns (uint256[] memory);
        function getIpRewardDebt(address groupId, address token, address ipId) external view returns (uint256);
        function getMinimumRewardShare(address groupId, address ipId) external view returns (uint256);
        function getTotalAllocatedRewardShare(address groupId) external view returns (uint256);
        function getTotalIps(address groupId) external view returns (uint256);
    }
}
