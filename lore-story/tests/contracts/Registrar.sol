// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

struct IPMetadata {
    string ipMetadataURI;
    bytes32 ipMetadataHash;
    string nftMetadataURI;
    bytes32 nftMetadataHash;
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

struct LicenseTermsData {
    PILTerms terms;
    LicensingConfig licensingConfig;
}

/// Collections of one stand-in can be used by the workflow of another, as on the real chain.
interface ICollection {
    function mintByPeriphery(
        address to,
        address payer,
        string calldata nftMetadataURI,
        bytes32 nftMetadataHash,
        bool allowDuplicates
    ) external returns (uint256 tokenId);
    function transferFrom(address from, address to, uint256 tokenId) external;
    function tokenURI(uint256 tokenId) external view returns (string memory);
    function name() external view returns (string memory);
}

/// A collection, the registry of IP assets, the terms and the workflows that mint and register, in one contract: what
/// the client sends when it registers, with the selectors, events and errors of the real ones, and a counter of mints.
///
/// No fees and no access rules. It has no constructor and no immutables, so that its code can be put at any address.
contract Registrar {
    /// As in the protocol: ids of IP assets must be the ones that it would give.
    address internal constant ACCOUNT_REGISTRY = 0x000000006551c19487814612e58FE06813775758;
    address internal constant ACCOUNT_IMPLEMENTATION = 0x00b800138e4D82D1eea48b414d2a2A8Aee9A33b1;

    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
    event IPAccountRegistered(
        address indexed account, address indexed implementation, uint256 indexed chainId, address tokenContract, uint256 tokenId
    );
    event IPRegistered(
        address ipId,
        uint256 indexed chainId,
        address indexed tokenContract,
        uint256 indexed tokenId,
        string name,
        string uri,
        uint256 registrationDate
    );
    event MetadataURISet(address indexed ipId, string metadataURI, bytes32 metadataHash);
    event NFTTokenURISet(address indexed ipId, string nftTokenURI, bytes32 nftMetadataHash);
    event LicenseTermsRegistered(uint256 indexed licenseTermsId, address indexed licenseTemplate, bytes licenseTerms);
    event LicenseTermsAttached(
        address indexed caller, address indexed ipId, address licenseTemplate, uint256 licenseTermsId
    );

    error SPGNFT__DuplicatedNFTMetadataHash(address spgNftContract, uint256 tokenId, bytes32 nftMetadataHash);
    error SPGNFT__MintingClosed();
    error ERC721NonexistentToken(uint256 tokenId);
    error ERC721InsufficientApproval(address operator, uint256 tokenId);
    error LicenseRegistry__LicenseTermsAlreadyAttached(address ipId, address licenseTemplate, uint256 licenseTermsId);

    /// Tokens minted here, by whatever call.
    uint256 public mints;
    /// IP assets registered here.
    uint256 public registrations;
    uint256 public totalRegisteredLicenseTerms;
    bool internal closed;

    mapping(bytes32 => uint256) public getTokenIdByMetadataHash;
    mapping(address => bool) public isRegistered;
    mapping(uint256 => address) internal owners;
    mapping(uint256 => string) internal uris;
    mapping(bytes32 => uint256) internal termsIds;
    mapping(address => mapping(uint256 => bool)) internal attached;

    // The collection.

    function name() external pure returns (string memory) {
        return "Stand-in";
    }

    function symbol() external pure returns (string memory) {
        return "STAND";
    }

    function totalSupply() external view returns (uint256) {
        return mints;
    }

    function mintOpen() external view returns (bool) {
        return !closed;
    }

    /// Anybody may open and close it: a call that was simulated with success can so be made to fail when it is mined.
    function setMintOpen(bool open) external {
        closed = !open;
    }

    function publicMinting() external pure returns (bool) {
        return true;
    }

    function mintFee() external pure returns (uint256) {
        return 0;
    }

    function mintFeeToken() external pure returns (address) {
        return address(0);
    }

    function ownerOf(uint256 tokenId) public view returns (address owner) {
        owner = owners[tokenId];
        if (owner == address(0)) revert ERC721NonexistentToken(tokenId);
    }

    function tokenURI(uint256 tokenId) external view returns (string memory) {
        ownerOf(tokenId);
        return uris[tokenId];
    }

    function transferFrom(address from, address to, uint256 tokenId) external {
        if (ownerOf(tokenId) != from || from != msg.sender) revert ERC721InsufficientApproval(msg.sender, tokenId);
        owners[tokenId] = to;
        emit Transfer(from, to, tokenId);
    }

    function mint(address to, string calldata nftMetadataURI, bytes32 nftMetadataHash, bool allowDuplicates)
        external
        returns (uint256 tokenId)
    {
        return mintByPeriphery(to, msg.sender, nftMetadataURI, nftMetadataHash, allowDuplicates);
    }

    function mintByPeriphery(
        address to,
        address,
        string calldata nftMetadataURI,
        bytes32 nftMetadataHash,
        bool allowDuplicates
    ) public returns (uint256 tokenId) {
        if (closed) revert SPGNFT__MintingClosed();
        uint256 earlier = getTokenIdByMetadataHash[nftMetadataHash];
        if (!allowDuplicates && earlier != 0) {
            revert SPGNFT__DuplicatedNFTMetadataHash(address(this), earlier, nftMetadataHash);
        }
        tokenId = ++mints;
        if (earlier == 0) getTokenIdByMetadataHash[nftMetadataHash] = tokenId;
        owners[tokenId] = to;
        uris[tokenId] = nftMetadataURI;
        emit Transfer(address(0), to, tokenId);
    }

    // The registry of IP assets.

    function getFeeAmount() external pure returns (uint96) {
        return 0;
    }

    function getFeeToken() external pure returns (address) {
        return address(0);
    }

    /// The address of the token's account (ERC-6551), whether it is registered or not.
    function ipId(uint256 chainId, address tokenContract, uint256 tokenId) public pure returns (address) {
        bytes memory code = abi.encodePacked(
            hex"3d60ad80600a3d3981f3363d3d373d3d3d363d73",
            ACCOUNT_IMPLEMENTATION,
            hex"5af43d82803e903d91602b57fd5bf3",
            abi.encode(bytes32(0), chainId, tokenContract, tokenId)
        );
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", ACCOUNT_REGISTRY, bytes32(0), keccak256(code)));
        return address(uint160(uint256(hash)));
    }

    /// Registering again gives the id that is there, and no event.
    function register(uint256 chainId, address tokenContract, uint256 tokenId) public returns (address id) {
        id = ipId(chainId, tokenContract, tokenId);
        if (isRegistered[id]) return id;
        isRegistered[id] = true;
        registrations++;
        ICollection collection = ICollection(tokenContract);
        emit IPAccountRegistered(id, ACCOUNT_IMPLEMENTATION, chainId, tokenContract, tokenId);
        emit IPRegistered(
            id, chainId, tokenContract, tokenId, collection.name(), collection.tokenURI(tokenId), block.timestamp
        );
    }

    // Terms.

    function exists(uint256 licenseTermsId) external view returns (bool) {
        return licenseTermsId <= totalRegisteredLicenseTerms;
    }

    function getLicenseTermsId(PILTerms calldata terms) external view returns (uint256) {
        return termsIds[keccak256(abi.encode(terms))];
    }

    /// Registering known terms gives their id, and no event.
    function registerLicenseTerms(PILTerms calldata terms) public returns (uint256 id) {
        bytes memory encoded = abi.encode(terms);
        id = termsIds[keccak256(encoded)];
        if (id != 0) return id;
        id = ++totalRegisteredLicenseTerms;
        termsIds[keccak256(encoded)] = id;
        emit LicenseTermsRegistered(id, address(this), encoded);
    }

    function hasIpAttachedLicenseTerms(address id, address, uint256 licenseTermsId) external view returns (bool) {
        return attached[id][licenseTermsId];
    }

    function attachLicenseTerms(address id, address licenseTemplate, uint256 licenseTermsId) external {
        attach(msg.sender, id, licenseTemplate, licenseTermsId);
    }

    function attach(address caller, address id, address licenseTemplate, uint256 licenseTermsId) internal {
        if (attached[id][licenseTermsId]) {
            revert LicenseRegistry__LicenseTermsAlreadyAttached(id, licenseTemplate, licenseTermsId);
        }
        attached[id][licenseTermsId] = true;
        emit LicenseTermsAttached(caller, id, licenseTemplate, licenseTermsId);
    }

    // The workflows.

    function mintAndRegisterIp(
        address spgNftContract,
        address recipient,
        IPMetadata calldata ipMetadata,
        bool allowDuplicates
    ) external returns (address id, uint256 tokenId) {
        (id, tokenId) = mintAndRegister(spgNftContract, ipMetadata, allowDuplicates);
        ICollection(spgNftContract).transferFrom(address(this), recipient, tokenId);
    }

    function mintAndRegisterIpAndAttachPILTerms(
        address spgNftContract,
        address recipient,
        IPMetadata calldata ipMetadata,
        LicenseTermsData[] calldata licenseTermsData,
        bool allowDuplicates
    ) external returns (address id, uint256 tokenId, uint256[] memory licenseTermsIds) {
        (id, tokenId) = mintAndRegister(spgNftContract, ipMetadata, allowDuplicates);
        licenseTermsIds = new uint256[](licenseTermsData.length);
        for (uint256 i = 0; i < licenseTermsData.length; i++) {
            licenseTermsIds[i] = registerLicenseTerms(licenseTermsData[i].terms);
            // The module is called by the workflow.
            attach(address(this), id, address(this), licenseTermsIds[i]);
        }
        ICollection(spgNftContract).transferFrom(address(this), recipient, tokenId);
    }

    /// Several of the calls above in one transaction, all or none.
    function multicall(bytes[] calldata data) external returns (bytes[] memory results) {
        results = new bytes[](data.length);
        for (uint256 i = 0; i < data.length; i++) {
            (bool success, bytes memory result) = address(this).delegatecall(data[i]);
            if (!success) {
                assembly ("memory-safe") {
                    revert(add(result, 32), mload(result))
                }
            }
            results[i] = result;
        }
    }

    /// The token is the workflow's until all is done, as in the real one: two transfers for one mint.
    function mintAndRegister(address spgNftContract, IPMetadata calldata metadata, bool allowDuplicates)
        internal
        returns (address id, uint256 tokenId)
    {
        tokenId = ICollection(spgNftContract).mintByPeriphery(
            address(this), msg.sender, metadata.nftMetadataURI, metadata.nftMetadataHash, allowDuplicates
        );
        id = register(block.chainid, spgNftContract, tokenId);
        if (
            metadata.ipMetadataHash != 0 || metadata.nftMetadataHash != 0 || bytes(metadata.ipMetadataURI).length != 0
        ) {
            emit NFTTokenURISet(id, metadata.nftMetadataURI, metadata.nftMetadataHash);
            emit MetadataURISet(id, metadata.ipMetadataURI, metadata.ipMetadataHash);
        }
    }
}
