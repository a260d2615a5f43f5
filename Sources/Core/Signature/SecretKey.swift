import CSodium

/// A node's Ed25519 secret key, in guarded memory that is wiped when the last holder lets go.
///
/// Signing is deterministic (RFC 8032), so a machine may hold a key and stay a pure function of its
/// inputs.
public final class SecretKey: Sendable {
    /// Bytes of a seed.
    public static let seedBytes = 32

    /// The public key.
    public let node: NodeID
    /// Address of 64 guarded, locked bytes; as a number, because a pointer is not Sendable. Written
    /// only in `init`.
    private let address: UInt

    /// The key of this 32-byte seed. The caller wipes its copy.
    public init?(seed: [UInt8]) {
        guard seed.count == Self.seedBytes else { return nil }
        Sodium.start()
        guard let memory = unsafe sodium_malloc(64) else { return nil }
        let secret = unsafe memory.assumingMemoryBound(to: UInt8.self)
        var publicKey = [UInt8](repeating: 0, count: 32)
        unsafe crypto_sign_seed_keypair(&publicKey, secret, seed)
        unsafe sodium_mprotect_readonly(memory)
        guard let node = NodeID(bytes: publicKey) else { return nil }
        self.node = node
        address = UInt(bitPattern: memory)
    }

    deinit {
        unsafe sodium_free(UnsafeMutableRawPointer(bitPattern: address))
    }

    /// A new key from the system's randomness.
    public static func generate() -> SecretKey {
        var seed = Secrets.system(count: seedBytes)
        defer { wipe(&seed) }
        guard let key = SecretKey(seed: seed) else {
            preconditionFailure("no guarded memory for a key: raise the limit of locked memory")
        }
        return key
    }

    /// The 64-byte signature of `message`.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 64)
        unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), memory)
        return signature
    }

    /// A copy of the 32-byte seed, to be stored; wipe it after use.
    public func seed() -> [UInt8] {
        var seed = [UInt8](repeating: 0, count: Self.seedBytes)
        unsafe crypto_sign_ed25519_sk_to_seed(&seed, memory)
        return seed
    }

    private var memory: UnsafePointer<UInt8> {
        guard let memory = unsafe UnsafePointer<UInt8>(bitPattern: address) else {
            preconditionFailure("the key's memory was checked when it was made")
        }
        return unsafe memory
    }

    /// Overwrites bytes that were secret.
    public static func wipe(_ bytes: inout [UInt8]) {
        unsafe sodium_memzero(&bytes, bytes.count)
    }
}

extension SecretKey: Equatable {
    public static func == (a: SecretKey, b: SecretKey) -> Bool { a.node == b.node }
}
