// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// A contract wallet with one owner: a signature is valid if the owner's key made it (ERC-1271).
contract Wallet1271 {
    bytes4 internal constant VALID = 0x1626ba7e;
    bytes4 internal constant INVALID = 0xffffffff;

    address public owner;

    constructor(address owner_) {
        owner = owner_;
    }

    /// Signatures made before are no longer valid after.
    function setOwner(address owner_) external {
        require(msg.sender == owner, "only the owner");
        owner = owner_;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return INVALID;
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        address signer = ecrecover(hash, uint8(signature[64]), r, s);
        return signer != address(0) && signer == owner ? VALID : INVALID;
    }
}

/// Makes wallets at addresses that are known before (CREATE2), so that they can sign before they are there (ERC-6492).
contract Wallet1271Factory {
    event Deployed(address indexed wallet, address indexed owner);

    /// The address of the wallet that [`deploy`] makes.
    function walletAt(bytes32 salt, address owner) public view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(Wallet1271).creationCode, abi.encode(owner)));
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", address(this), salt, code));
        return address(uint160(uint256(hash)));
    }

    /// Makes the wallet, or gives the one that is there.
    function deploy(bytes32 salt, address owner) external returns (address wallet) {
        wallet = walletAt(salt, owner);
        if (wallet.code.length == 0) {
            new Wallet1271{salt: salt}(owner);
            emit Deployed(wallet, owner);
        }
    }
}
