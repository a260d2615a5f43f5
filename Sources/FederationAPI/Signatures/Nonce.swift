import Core
import Synchronization

/// 16 bytes that a key uses once: what the signing process drew at its start, and what it never
/// used with it.
package struct Nonce: Hashable, Sendable {
    /// Of the process that signs: tells a restarted node, or a copied key, from the one before.
    var instance: UInt64
    /// Random here; a counter would do too, but would tell each peer how much the others get.
    var serial: UInt64

    package init(instance: UInt64, serial: UInt64) {
        self.instance = instance
        self.serial = serial
    }

    /// Reads base64url of 16 bytes.
    init?(_ text: String) {
        guard let bytes = Base64URL.decode(text), bytes.count == 16 else { return nil }
        self.init(bytes: bytes)
    }

    /// 16 bytes, big-endian.
    init(bytes: some Collection<UInt8>) {
        instance = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        serial = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: instance)
        bytes.append(bigEndian: serial)
        return bytes
    }

    /// What this process drew when it first signed.
    static let ownInstance = Nonce(bytes: Secrets.system(count: 16)).instance

    /// A nonce of this process that was never used.
    static func fresh() -> Nonce {
        Nonce(instance: ownInstance, serial: Nonce(bytes: Secrets.system(count: 16)).serial)
    }
}
