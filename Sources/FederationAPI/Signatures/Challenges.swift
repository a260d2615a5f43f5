import Core
import Foundation

import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey

/// Challenges for signers whose clock differs: the server's own time under its own key, so that
/// nothing is kept for strangers who ask. Each is good for 60 s, and once a key, for which the
/// nonce cache sees to.
struct Challenges: Sendable {
    static let life: Duration = .seconds(60)

    private let key = SymmetricKey(size: .bits256)
    private let start = ContinuousClock.now

    /// A new challenge: base64url of time (8 bytes), randomness (8) and their HMAC (16).
    func issue(at now: ContinuousClock.Instant = .now) -> String {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: UInt64(clamping: start.duration(to: now).microseconds))
        bytes += Secrets.system(count: 8)
        return Base64URL.encode(bytes + code(bytes))
    }

    /// What a challenge counts as in the nonce cache; nil for a text that this server did not issue
    /// within the last minute.
    func nonce(of text: String, at now: ContinuousClock.Instant = .now) -> Nonce? {
        guard let bytes = Base64URL.decode(text), bytes.count == 32 else { return nil }
        guard isEqual(code(Array(bytes[..<16])), bytes[16...]) else { return nil }
        let issued = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let age = start.duration(to: now).microseconds - Int64(clamping: issued)
        return (0...Self.life.microseconds).contains(age) ? Nonce(bytes: bytes[16...]) : nil
    }

    private func code(_ bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<Crypto.SHA256>.authenticationCode(for: bytes, using: key).prefix(16))
    }

    /// In a time that does not depend on where they differ.
    private func isEqual(_ a: [UInt8], _ b: ArraySlice<UInt8>) -> Bool {
        zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
