//! Licences, and the workflows that register and license in one transaction. One block, because they share the structs.

alloy::sol! {
    #![sol(abi)]

    #[derive(Debug, Default)]
    struct LicensingConfig {
        bool isSet;
        uint256 mintingFee;
        address licensingHook;
        bytes hookData;
        uint32 commercialRevShare;
        bool disabled;
        uint32 expectMinimumGroupRewardShare;
        address expectGroupRewardPool;
    }

    interface LicensingModule {
        function attachDefaultLicenseTerms(address ipId) external;
        function attachLicenseTerms(address ipId, address licenseTemplate, uint256 licenseTermsId) external;
        function mintLicenseTokens(address licensorIpId, address licenseTemplate, uint256 licenseTermsId, uint256 amount, address receiver, bytes memory royaltyContext, uint256 maxMintingFee, uint32 maxRevenueShare) external returns (uint256 startLicenseTokenId);
        function predictMintingLicenseFee(address licensorIpId, address licenseTemplate, uint256 licenseTermsId, uint256 amount, address receiver, bytes memory royaltyContext) external view returns (address currencyToken, uint256 tokenAmount);
        function registerDerivative(address childIpId, address[] memory parentIpIds, uint256[] memory licenseTermsIds, address licenseTemplate, bytes memory royaltyContext, uint256 maxMintingFee, uint32 maxRts, uint32 maxRevenueShare) external;
        function registerDerivativeWithLicenseTokens(address childIpId, uint256[] memory licenseTokenIds, bytes memory royaltyContext, uint32 maxRts) external;
        function setLicensingConfig(address ipId, address licenseTemplate, uint256 licenseTermsId, LicensingConfig memory licensingConfig) external;
        event DerivativeRegistered(address indexed caller, address indexed childIpId, uint256[] licenseTokenIds, address[] parentIpIds, uint256[] licenseTermsIds, address licenseTemplate);
        event LicenseTermsAttached(address indexed caller, address indexed ipId, address licenseTemplate, uint256 licenseTermsId);
        event LicenseTokensMinted(address indexed caller, address indexed licensorIpId, address licenseTemplate, uint256 indexed licenseTermsId, uint256 amount, address receiver, uint256 startLicenseTokenId);
    }

    interface LicenseRegistry {
        function IP_GRAPH_ACL() external view returns (address);
        function exists(address licenseTemplate, uint256 licenseTermsId) external view returns (bool);
        function getAncestorsCount(address ipId) external returns (uint256);
        function getAttachedLicenseTerms(address ipId, uint256 index) external view returns (address licenseTemplate, uint256 licenseTermsId);
        function getAttachedLicenseTermsCount(address ipId) external view returns (uint256);
        function getDefaultLicenseTerms() external view returns (address licenseTemplate, uint256 licenseTermsId);
        function getDerivativeIp(address parentIpId, uint256 index) external view returns (address childIpId);
        function getDerivativeIpCount(address parentIpId) external view returns (uint256);
        function getExpireTime(address ipId) external view returns (uint256);
        function getLicensingConfig(address ipId, address licenseTemplate, uint256 licenseTermsId) external view returns (LicensingConfig memory);
        function getParentIp(address childIpId, uint256 index) external view returns (address parentIpId);
        function getParentIpCount(address childIpId) external view returns (uint256);
        function getParentLicenseTerms(address childIpId, address parentIpId) external view returns (address licenseTemplate, uint256 licenseTermsId);
        function getRoyaltyPercent(address ipId, address licenseTemplate, uint256 licenseTermsId) external view returns (uint32 royaltyPercent);
        function hasDerivativeIps(address parentIpId) external view returns (bool);
        function hasIpAttachedLicenseTerms(address ipId, address licenseTemplate, uint256 licenseTermsId) external view returns (bool);
        function initializeLicenseTemplate(address ipId, address licenseTemplate) external;
        function isDerivativeIp(address childIpId) external view returns (bool);
        function isExpiredNow(address ipId) external view returns (bool);
        function isParentIp(address parentIpId, address childIpId) external view returns (bool);
        function isRegisteredLicenseTemplate(address licenseTemplate) external view returns (bool);
        event LicensingConfigSetForLicense(address indexed ipId, address indexed licenseTemplate, uint256 indexed licenseTermsId, LicensingConfig licensingConfig);
    }

    struct LicenseTokenMetadata {
        address licensorIpId;
        address licenseTemplate;
        uint256 licenseTermsId;
        bool transferable;
        uint32 commercialRevShare;
    }

    interface LicenseToken {
        function approve(address to, uint256 tokenId) external;
        function balanceOf(address owner) external view returns (uint256);
        function getApproved(uint256 tokenId) external view returns (address);
        function getLicenseTemplate(uint256 tokenId) external view returns (address);
        function getLicenseTermsId(uint256 tokenId) external view returns (uint256);
        function getLicenseTokenMetadata(uint256 tokenId) external view returns (LicenseTokenMetadata memory);
        function getLicensorIpId(uint256 tokenId) external view returns (address);
        function getTotalTokensByLicensor(address licensorIpId) external view returns (uint256);
        function isApprovedForAll(address owner, address operator) external view returns (bool);
        function isLicenseTokenRevoked(uint256 tokenId) external view returns (bool);
        function ownerOf(uint256 tokenId) external view returns (address);
        function setApprovalForAll(address operator, bool approved) external;
        function tokenOfOwnerByIndex(address owner, uint256 index) external view returns (uint256);
        function totalMintedTokens() external view returns (uint256);
        function transferFrom(address from, address to, uint256 tokenId) external;
        event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId);
        event ApprovalForAll(address indexed owner, address indexed operator, bool approved);
        event LicenseTokenMinted(address indexed minter, address indexed receiver, uint256 indexed tokenId);
        event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
    }

    struct PILTerms {
        bool transferable;
        address royaltyPolicy;
        uint256 defaultMintingFee;
        uint256 expiration;
        bool commercialUse;
        bool commercialAttribution;
        address commercializerChecker;
        bytes commercializerCheckerData;
        uint32 commercialRevShare;
        uint256 commercialRevCeiling;
        bool derivativesAllowed;
        bool derivativesAttribution;
        bool derivativesApproval;
        bool derivativesReciprocal;
        uint256 derivativeRevCeiling;
        address currency;
        string uri;
    }

    interface PiLicenseTemplate {
        function canAttachToGroupIp(uint256 licenseTermsId) external view returns (bool);
        function exists(uint256 licenseTermsId) external view returns (bool);
        function getLicenseTerms(uint256 selectedLicenseTermsId) external view returns (PILTerms memory terms);
        function getLicenseTermsId(PILTerms memory terms) external view returns (uint256 selectedLicenseTermsId);
        function getRoyaltyPolicy(uint256 licenseTermsId) external view returns (address royaltyPolicy, uint32 royaltyPercent, uint256 mintingFee, address currency);
        function isDerivativeApproved(address parentIpId, uint256 licenseTermsId, address childIpId) external view returns (bool);
        function registerLicenseTerms(PILTerms memory terms) external returns (uint256 id);
        function setApproval(address parentIpId, uint256 licenseTermsId, address childIpId, bool approved) external;
        function totalRegisteredLicenseTerms() external view returns (uint256);
        event DerivativeApproved(uint256 indexed licenseTermsId, address indexed ipId, address indexed caller, bool approved);
        event LicenseTermsRegistered(uint256 indexed licenseTermsId, address indexed licenseTemplate, bytes licenseTerms);
    }

    interface TotalLicenseTokenLimitHook {
        function getTotalLicenseTokenLimit(address licensorIpId, address licenseTemplate, uint256 licenseTermsId) external view returns (uint256 limit);
        function setTotalLicenseTokenLimit(address licensorIpId, address licenseTemplate, uint256 licenseTermsId, uint256 limit) external;
        event SetTotalLicenseTokenLimit(address indexed licensorIpId, address indexed licenseTemplate, uint256 indexed licenseTermsId, uint256 limit);
    }

    struct InitParams {
        string name;
        string symbol;
        string baseURI;
        string contractURI;
        uint32 maxSupply;
        uint256 mintFee;
        address mintFeeToken;
        address mintFeeRecipient;
        address owner;
        bool mintOpen;
        bool isPublicMinting;
    }

    struct IPMetadata {
        string ipMetadataURI;
        bytes32 ipMetadataHash;
        string nftMetadataURI;
        bytes32 nftMetadataHash;
    }

    struct SignatureData {
        address signer;
        uint256 deadline;
        bytes signature;
    }

    interface RegistrationWorkflows {
        function createCollection(InitParams memory spgNftInitParams) external returns (address spgNftContract);
        function mintAndRegisterIp(address spgNftContract, address recipient, IPMetadata memory ipMetadata, bool allowDuplicates) external returns (address ipId, uint256 tokenId);
        function multicall(bytes[] memory data) external returns (bytes[] memory results);
        function registerIp(address nftContract, uint256 tokenId, IPMetadata memory ipMetadata, SignatureData memory sigMetadata) external returns (address ipId);
        event CollectionCreated(address indexed spgNftContract);
    }

    struct LicenseTermsData {
        PILTerms terms;
        LicensingConfig licensingConfig;
    }

    interface LicenseAttachmentWorkflows {
        function mintAndRegisterIpAndAttachDefaultTerms(address spgNftContract, address recipient, IPMetadata memory ipMetadata, bool allowDuplicates) external returns (address ipId, uint256 tokenId);
        function mintAndRegisterIpAndAttachPILTerms(address spgNftContract, address recipient, IPMetadata memory ipMetadata, LicenseTermsData[] memory licenseTermsData, bool allowDuplicates) external returns (address ipId, uint256 tokenId, uint256[] memory licenseTermsIds);
        function multicall(bytes[] memory data) external returns (bytes[] memory results);
        function registerIpAndAttachDefaultTerms(address nftContract, uint256 tokenId, IPMetadata memory ipMetadata, SignatureData memory sigMetadataAndDefaultTerms) external returns (address ipId);
        function registerIpAndAttachPILTerms(address nftContract, uint256 tokenId, IPMetadata memory ipMetadata, LicenseTermsData[] memory licenseTermsData, SignatureData memory sigMetadataAndAttachAndConfig) external returns (address ipId, uint256[] memory licenseTermsIds);
        function registerPILTermsAndAttach(address ipId, LicenseTermsData[] memory licenseTermsData, SignatureData memory sigAttachAndConfig) external returns (uint256[] memory licenseTermsIds);
    }

    struct MakeDerivative {
        address[] parentIpIds;
        address licenseTemplate;
        uint256[] licenseTermsIds;
        bytes royaltyContext;
        uint256 maxMintingFee;
        uint32 maxRts;
        uint32 maxRevenueShare;
    }

    interface DerivativeWorkflows {
        function mintAndRegisterIpAndMakeDerivative(address spgNftContract, MakeDerivative memory derivData, IPMetadata memory ipMetadata, address recipient, bool allowDuplicates) external returns (address ipId, uint256 tokenId);
        function mintAndRegisterIpAndMakeDerivativeWithLicenseTokens(address spgNftContract, uint256[] memory licenseTokenIds, bytes memory royaltyContext, uint32 maxRts, IPMetadata memory ipMetadata, address recipient, bool allowDuplicates) external returns (address ipId, uint256 tokenId);
        function multicall(bytes[] memory data) external returns (bytes[] memory results);
        function registerIpAndMakeDerivative(address nftContract, uint256 tokenId, MakeDerivative memory derivData, IPMetadata memory ipMetadata, SignatureData memory sigMetadataAndRegister) external returns (address ipId);
        function registerIpAndMakeDerivativeWithLicenseTokens(address nftContract, uint256 tokenId, uint256[] memory licenseTokenIds, bytes memory royaltyContext, uint32 maxRts, IPMetadata memory ipMetadata, SignatureData memory sigMetadataAndRegister) external returns (address ipId);
    }

    struct RoyaltyShare {
        address recipient;
        uint32 percentage;
    }

    interface RoyaltyTokenDistributionWorkflows {
        function distributeRoyaltyTokens(address ipId, RoyaltyShare[] memory royaltyShares, SignatureData memory sigApproveRoyaltyTokens) external;
        function mintAndRegisterIpAndAttachPILTermsAndDistributeRoyaltyTokens(address spgNftContract, address recipient, IPMetadata memory ipMetadata, LicenseTermsData[] memory licenseTermsData, RoyaltyShare[] memory royaltyShares, bool allowDuplicates) external returns (address ipId, uint256 tokenId, uint256[] memory licenseTermsIds);
        function mintAndRegisterIpAndMakeDerivativeAndDistributeRoyaltyTokens(address spgNftContract, address recipient, IPMetadata memory ipMetadata, MakeDerivative memory derivData, RoyaltyShare[] memory royaltyShares, bool allowDuplicates) external returns (address ipId, uint256 tokenId);
        function multicall(bytes[] memory data) external returns (bytes[] memory results);
        function registerIpAndAttachPILTermsAndDeployRoyaltyVault(address nftContract, uint256 tokenId, IPMetadata memory ipMetadata, LicenseTermsData[] memory licenseTermsData, SignatureData memory sigMetadataAndAttachAndConfig) external returns (address ipId, uint256[] memory licenseTermsIds, address ipRoyaltyVault);
        function registerIpAndMakeDerivativeAndDeployRoyaltyVault(address nftContract, uint256 tokenId, IPMetadata memory ipMetadata, MakeDerivative memory derivData, SignatureData memory sigMetadataAndRegister) external returns (address ipId, address ipRoyaltyVault);
    }

    struct LicenseData {
        address licenseTemplate;
        uint256 licenseTermsId;
        LicensingConfig licensingConfig;
    }

    interface GroupingWorkflows {
        function collectRoyaltiesAndClaimReward(address groupIpId, address[] memory currencyTokens, address[] memory memberIpIds) external returns (uint256[] memory collectedRoyalties);
        function mintAndRegisterIpAndAttachLicenseAndAddToGroup(address spgNftContract, address groupId, address recipient, uint256 maxAllowedRewardShare, LicenseData[] memory licensesData, IPMetadata memory ipMetadata, SignatureData memory sigAddToGroup, bool allowDuplicates) external returns (address ipId, uint256 tokenId);
        function multicall(bytes[] memory data) external returns (bytes[] memory results);
        function registerGroupAndAttachLicense(address groupPool, LicenseData memory licenseData) external returns (address groupId);
        function registerGroupAndAttachLicenseAndAddIps(address groupPool, address[] memory ipIds, uint256 maxAllowedRewardShare, LicenseData memory licenseData) external returns (address groupId);
        function registerIpAndAttachLicenseAndAddToGroup(address nftContract, uint256 tokenId, address groupId, uint256 maxAllowedRewardShare, LicenseData[] memory licensesData, IPMetadata memory ipMetadata, SignatureData memory sigMetadataAndAttachAndConfig, SignatureData memory sigAddToGroup) external returns (address ipId);
    }
}
