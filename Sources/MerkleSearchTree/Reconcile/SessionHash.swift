import Core

/// The hashes of one session. All depend on its salt, so that nobody can prepare a collision.
struct SessionHash: Sendable {
    /// Keeps apart what is hashed for different ends.
    enum Purpose: UInt8 {
        case hello, equal, close, closed, fingerprint, shortID, next
    }

    private static let tag = Array("teambook-reconcile-v1\0".utf8)

    let salt: UInt64
    private let key: (UInt64, UInt64)

    init(salt: UInt64) {
        self.salt = salt
        let digest = Self.digest(salt, .shortID, [])
        key = (digest.w0, digest.w1)
    }

    /// The first eight bytes of SHA-256(tag, purpose, salt, digest).
    func proof(_ purpose: Purpose, of digest: Digest) -> UInt64 {
        Self.digest(salt, purpose, digest.bytes).w0
    }

    /// The first `bits` bits of the range's salted fingerprint.
    func fingerprint(_ digest: Digest, bits: Int) -> UInt64 {
        proof(.fingerprint, of: digest) >> UInt64(64 - bits)
    }

    /// The first `bits` bits of SipHash-2-4 over the key.
    func shortID(of event: EventKey, bits: Int) -> UInt64 {
        bits == 0 ? 0 : SipHash.hash(event, key) >> UInt64(64 - bits)
    }

    /// The salt of the attempt after this one.
    var nextSalt: UInt64 { Self.digest(salt, .next, []).w0 }

    /// What both sides of this session know and nobody else, once it has ended with this root.
    func secret(of root: Digest) -> Digest { Self.digest(salt, .next, root.bytes) }

    private static func digest(_ salt: UInt64, _ purpose: Purpose, _ rest: [UInt8]) -> Digest {
        var bytes = tag
        bytes.append(purpose.rawValue)
        bytes.append(bigEndian: salt)
        bytes += rest
        return SHA256.hash(bytes)
    }
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012) over whole words: a keyed hash ten times as fast as
/// SHA-256 here.
struct SipHash {
    private var v0, v1, v2, v3: UInt64

    /// The hash of a key's 48 bytes: time, counter and id, each number as eight bytes.
    static func hash(_ event: EventKey, _ key: (UInt64, UInt64)) -> UInt64 {
        var hash = SipHash(key.0, key.1)
        hash.add(event.physical)
        hash.add(UInt64(event.counter))
        hash.add(event.id.w0)
        hash.add(event.id.w1)
        hash.add(event.id.w2)
        hash.add(event.id.w3)
        return hash.finish(length: 48)
    }

    init(_ k0: UInt64, _ k1: UInt64) {
        v0 = k0 ^ 0x736f_6d65_7073_6575
        v1 = k1 ^ 0x646f_7261_6e64_6f6d
        v2 = k0 ^ 0x6c79_6765_6e65_7261
        v3 = k1 ^ 0x7465_6462_7974_6573
    }

    mutating func add(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    /// The hash of the words added; `length` is their count in bytes.
    mutating func finish(length: UInt64) -> UInt64 {
        add(length << 56)
        v2 ^= 0xff
        for _ in 0..<4 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func round() {
        v0 = v0 &+ v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 = v2 &+ v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 = v0 &+ v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 = v2 &+ v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }
}
