import CSodium

/// The federation's one rule for which Ed25519 signatures are valid (docs/PROTOCOL.md,
/// "Signatures").
///
/// Two verifiers that differ can split a federation, so the rule is stricter than RFC 8032: the key
/// is canonical and of prime order, S < L, R is not one of the 14 encodings of a torsion point, the
/// equation is cofactorless and R is compared byte by byte; nothing is ever verified in a batch.
public enum Signature {
    /// Whether a key may sign: canonical, on the curve, of prime order. Costs as much as a
    /// verification; cache it.
    public static func isValidKey(_ key: NodeID) -> Bool {
        Sodium.start()
        return unsafe crypto_core_ed25519_is_valid_point(key.bytes) == 1
    }

    /// Whether `signature` is valid for `message` under a key that `isValidKey` holds for. About 60
    /// microseconds.
    public static func verifyWithValidKey(
        _ signature: [UInt8], of message: [UInt8], by key: NodeID
    ) -> Bool {
        guard signature.count == 64, !isTorsion(signature[..<32]) else { return false }
        Sodium.start()
        return unsafe crypto_sign_verify_detached(
            signature, message, UInt64(message.count), key.bytes) == 0
    }

    /// The whole rule, the key included.
    public static func verify(_ signature: [UInt8], of message: [UInt8], by key: NodeID) -> Bool {
        isValidKey(key) && verifyWithValidKey(signature, of: message, by: key)
    }

    /// The encodings, sign bit cleared, of the eight torsion points, canonical and not.
    private static let torsion: [[UInt8]] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ].compactMap { Hex.decode($0) }

    static func isTorsion(_ point: ArraySlice<UInt8>) -> Bool {
        guard let last = point.last else { return false }
        return torsion.contains { encoding in
            encoding[31] == last & 0x7f && encoding.dropLast().elementsEqual(point.dropLast())
        }
    }
}
