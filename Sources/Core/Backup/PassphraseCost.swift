import CSodium

/// What it costs to try one passphrase: Argon2id's passes and memory (RFC 9106). Stands in the
/// file, so that later files may cost more.
public struct PassphraseCost: Hashable, Sendable {
    /// Passes over the memory.
    public let operations: UInt64
    public let memoryKiB: UInt64

    /// Nil outside of what this program does for any file: 1 to 8 passes, 8 KiB to 1 GiB.
    public init?(operations: UInt64, memoryKiB: UInt64) {
        guard BackupLimits.operations.contains(operations),
            BackupLimits.memoryKiB.contains(memoryKiB)
        else { return nil }
        self.init(unchecked: operations, memoryKiB)
    }

    private init(unchecked operations: UInt64, _ memoryKiB: UInt64) {
        self.operations = operations
        self.memoryKiB = memoryKiB
    }

    /// libsodium's "moderate": 3 passes over 256 MiB, most of a second on one core.
    public static let moderate = PassphraseCost(unchecked: 3, 262_144)

    /// The 32-byte key of `passphrase`, which is not empty; the caller wipes it.
    func key(of passphrase: [UInt8], salt: [UInt8]) throws(BackupError) -> [UInt8] {
        precondition(!passphrase.isEmpty, "the caller has checked that the passphrase is fit")
        Sodium.start()
        var key = [UInt8](repeating: 0, count: 32)
        let result = unsafe passphrase.withUnsafeBytes { raw -> Int32 in
            guard let text = unsafe raw.bindMemory(to: CChar.self).baseAddress else { return -1 }
            return unsafe crypto_pwhash(
                &key, UInt64(key.count), text, UInt64(passphrase.count), salt, operations,
                Int(memoryKiB) * 1024, crypto_pwhash_ALG_ARGON2ID13)
        }
        // The bounds were checked, so memory is what it did not get.
        guard result == 0 else { throw .noMemory(kibibytes: memoryKiB) }
        return key
    }
}
