//! The registry of IP assets, their metadata, and the registered modules.

alloy::sol! {
    #![sol(abi)]

    interface IpAssetRegistry {
        function containsIp(address groupId, address ipId) external view returns (bool);
        function getFeeAmount() external view returns (uint96);
        function getFeeToken() external view returns (address);
        function getGroupMembers(address groupId, uint256 startIndex, uint256 size) external view returns (address[] memory results);
        function getGroupRewardPool(address groupId) external view returns (address);
        function getTreasury() external view returns (address);
        function ipId(uint256 chainId, address tokenContract, uint256 tokenId) external view returns (address);
        function isRegistered(address id) external view returns (bool);
        function isRegisteredGroup(address groupId) external view returns (bool);
        function isWhitelistedGroupRewardPool(address rewardPool) external view returns (bool isWhitelisted);
        function register(uint256 chainid, address tokenContract, uint256 tokenId) external returns (address id);
        function totalMembers(address groupId) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        event IPAccountRegistered(address indexed account, address indexed implementation, uint256 indexed chainId, address tokenContract, uint256 tokenId);
        event IPRegistered(address ipId, uint256 indexed chainId, address indexed tokenContract, uint256 indexed tokenId, string name, string uri, uint256 registrationDate);
        event IPRegistrationFeePaid(address indexed payer, address indexed treasury, address indexed feeToken, uint96 amount);
    }

    interface CoreMetadataModule {
        function freezeMetadata(address ipId) external;
        function isMetadataFrozen(address ipId) external view returns (bool);
        function setAll(address ipId, string memory metadataURI, bytes32 metadataHash, bytes32 nftMetadataHash) external;
        function setMetadataURI(address ipId, string memory metadataURI, bytes32 metadataHash) external;
        function updateNftTokenURI(address ipId, bytes32 nftMetadataHash) external;
        event MetadataFrozen(address indexed ipId);
        event MetadataURISet(address indexed ipId, string metadataURI, bytes32 metadataHash);
        event NFTTokenURISet(address indexed ipId, string nftTokenURI, bytes32 nftMetadataHash);
    }

    struct CoreMetadata {
        string nftTokenURI;
        bytes32 nftMetadataHash;
        string metadataURI;
        bytes32 metadataHash;
        uint256 registrationDate;
        address owner;
    }

    interface CoreMetadataViewModule {
        function getCoreMetadata(address ipId) external view returns (CoreMetadata memory);
        function getJsonString(address ipId) external view returns (string memory);
        function getMetadataHash(address ipId) external view returns (bytes32);
        function getMetadataURI(address ipId) external view returns (string memory);
        function getNftMetadataHash(address ipId) external view returns (bytes32);
        function getNftTokenURI(address ipId) external view returns (string memory);
        function getOwner(address ipId) external view returns (address);
        function getRegistrationDate(address ipId) external view returns (uint256);
    }

    interface ModuleRegistry {
        function getModule(string memory name) external view returns (address);
        function isRegistered(address moduleAddress) external view returns (bool);
    }
}
