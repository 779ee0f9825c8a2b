//! ERC-20 tokens, wrapped DATA, the NFT collections, and the call aggregator.

alloy::sol! {
    #![sol(abi)]

    interface Erc20 {
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function decimals() external view returns (uint8);
        function mint(address to, uint256 amount) external;
        function name() external view returns (string memory);
        function symbol() external view returns (string memory);
        function totalSupply() external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
        event Approval(address indexed owner, address indexed spender, uint256 value);
        event Transfer(address indexed from, address indexed to, uint256 value);
    }

    interface WrappedIp {
        function allowance(address owner, address spender) external view returns (uint256 result);
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address owner) external view returns (uint256 result);
        function deposit() external payable;
        function transfer(address to, uint256 amount) external returns (bool);
        function transferFrom(address from, address to, uint256 amount) external returns (bool);
        function withdraw(uint256 value) external;
        event Approval(address indexed owner, address indexed spender, uint256 amount);
        event Deposit(address indexed from, uint256 amount);
        event Transfer(address indexed from, address indexed to, uint256 amount);
        event Withdrawal(address indexed to, uint256 amount);
    }

    interface SpgNft {
        function approve(address to, uint256 tokenId) external;
        function balanceOf(address owner) external view returns (uint256);
        function baseURI() external view returns (string memory);
        function contractURI() external view returns (string memory);
        function getApproved(uint256 tokenId) external view returns (address);
        function getTokenIdByMetadataHash(bytes32 nftMetadataHash) external view returns (uint256);
        function grantRole(bytes32 role, address account) external;
        function hasRole(bytes32 role, address account) external view returns (bool);
        function mint(address to, string memory nftMetadataURI, bytes32 nftMetadataHash, bool allowDuplicates) external returns (uint256 tokenId);
        function mintByPeriphery(address to, address payer, string memory nftMetadataURI, bytes32 nftMetadataHash, bool allowDuplicates) external returns (uint256 tokenId);
        function mintFee() external view returns (uint256);
        function mintFeeRecipient() external view returns (address);
        function mintFeeToken() external view returns (address);
        function mintOpen() external view returns (bool);
        function name() external view returns (string memory);
        function ownerOf(uint256 tokenId) external view returns (address);
        function publicMinting() external view returns (bool);
        function safeTransferFrom(address from, address to, uint256 tokenId) external;
        function safeTransferFrom(address from, address to, uint256 tokenId, bytes memory data) external;
        function setApprovalForAll(address operator, bool approved) external;
        function setBaseURI(string memory baseURI) external;
        function setContractURI(string memory contractURI) external;
        function setMintFee(uint256 fee) external;
        function setMintFeeRecipient(address newFeeRecipient) external;
        function setMintFeeToken(address token) external;
        function setMintOpen(bool mintOpen) external;
        function setPublicMinting(bool isPublicMinting) external;
        function setTokenURI(uint256 tokenId, string memory tokenUri) external;
        function symbol() external view returns (string memory);
        function tokenURI(uint256 tokenId) external view returns (string memory);
        function totalSupply() external view returns (uint256);
        function transferFrom(address from, address to, uint256 tokenId) external;
        event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId);
        event ApprovalForAll(address indexed owner, address indexed operator, bool approved);
        event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
    }

    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    struct Call3Value {
        address target;
        bool allowFailure;
        uint256 value;
        bytes callData;
    }

    interface Multicall3 {
        function aggregate3(Call3[] memory calls) external payable returns (Result[] memory returnData);
        function aggregate3Value(Call3Value[] memory calls) external payable returns (Result[] memory returnData);
        function getBlockNumber() external view returns (uint256 blockNumber);
        function getCurrentBlockTimestamp() external view returns (uint256 timestamp);
    }
}
