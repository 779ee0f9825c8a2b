//! IP accounts, the registry that makes them, and who may use them.

alloy::sol! {
    #![sol(abi)]

    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    interface IpAccount {
        function execute(address to, uint256 value, bytes memory data, uint8 operation) external payable returns (bytes memory result);
        function execute(address to, uint256 value, bytes memory data) external payable returns (bytes memory result);
        function executeBatch(Call[] memory calls, uint8 operation) external payable returns (bytes[] memory results);
        function executeWithSig(address to, uint256 value, bytes memory data, address signer, uint256 deadline, bytes memory signature) external payable returns (bytes memory result);
        function isValidSigner(address signer, bytes memory data) external view returns (bytes4 result);
        function isValidSigner(address signer, address to, bytes memory data) external view returns (bool);
        function owner() external view returns (address);
        function state() external view returns (bytes32 result);
        function token() external view returns (uint256, address, uint256);
        event Executed(address indexed to, uint256 value, bytes data, bytes32 nonce);
        event ExecutedWithSig(address indexed to, uint256 value, bytes data, bytes32 nonce, uint256 deadline, address indexed signer, bytes signature);
    }

    struct Permission {
        address ipAccount;
        address signer;
        address to;
        bytes4 func;
        uint8 permission;
    }

    interface AccessController {
        function checkPermission(address ipAccount, address signer, address to, bytes4 func) external view;
        function getPermanentPermission(address ipAccount, address signer, address to, bytes4 func) external view returns (uint8);
        function getPermission(address ipAccount, address signer, address to, bytes4 func) external view returns (uint8);
        function getTransientPermission(address ipAccount, address signer, address to, bytes4 func) external view returns (uint8);
        function setAllPermissions(address ipAccount, address signer, uint8 permission) external;
        function setAllTransientPermissions(address ipAccount, address signer, uint8 permission) external;
        function setBatchPermissions(Permission[] memory permissions) external;
        function setBatchTransientPermissions(Permission[] memory permissions) external;
        function setPermission(address ipAccount, address signer, address to, bytes4 func, uint8 permission) external;
        function setTransientPermission(address ipAccount, address signer, address to, bytes4 func, uint8 permission) external;
        event PermissionSet(address ipAccountOwner, address indexed ipAccount, address indexed signer, address indexed to, bytes4 func, uint8 permission);
        event TransientPermissionSet(address ipAccountOwner, address indexed ipAccount, address indexed signer, address indexed to, bytes4 func, uint8 permission);
    }

    interface Erc6551Registry {
        function account(address implementation, bytes32 salt, uint256 chainId, address tokenContract, uint256 tokenId) external view returns (address);
        function createAccount(address implementation, bytes32 salt, uint256 chainId, address tokenContract, uint256 tokenId) external returns (address);
        event ERC6551AccountCreated(address account, address indexed implementation, bytes32 salt, uint256 chainId, address indexed tokenContract, uint256 indexed tokenId);
    }
}
