import CSodium

/// A stream of secret bytes for salts, nonces and challenges: ChaCha20 (RFC 8439) under a seed that
/// each draw replaces, so that what was drawn can't be found again from the state.
///
/// A node seeds it from the system; the simulator from its one seed. It is a value: a machine that
/// holds one stays a pure function of its inputs.
public struct Secrets: Hashable, Sendable {
    private var seed: [UInt8]

    /// `seed`: 32 bytes.
    public init(seed: Digest) { self.seed = seed.bytes }

    /// A stream that nobody can predict.
    public static func system() -> Secrets {
        let bytes = system(count: 32)
        return Secrets(seed: Digest(bytes: bytes) ?? .zero)
    }

    /// `count` bytes of the system's randomness.
    public static func system(count: Int) -> [UInt8] {
        Sodium.start()
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe randombytes_buf(&bytes, count)
        return bytes
    }

    /// The next `count` secret bytes, at most 256.
    public mutating func draw(_ count: Int) -> [UInt8] {
        Sodium.start()
        var block = [UInt8](repeating: 0, count: 32 + count)
        unsafe randombytes_buf_deterministic(&block, block.count, seed)
        seed = Array(block[..<32])
        return Array(block[32...])
    }

    /// The next secret 64 bits.
    public mutating func word() -> UInt64 { draw(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
