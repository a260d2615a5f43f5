import CSodium

extension Signature {
    /// Checks the rule against cases that tell verifiers apart; a library that answers otherwise
    /// must not be used.
    ///
    /// Returns what is wrong, or nil. Run it before the first signature is trusted (about a
    /// millisecond).
    public static func selfTest() -> String? {
        // RFC 8032 section 7.1, TEST 2.
        let seed = Hex.decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
        let expected = Hex.decode(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
        guard let seed, let key = SecretKey(seed: seed), let expected else {
            return "no key can be made"
        }
        let message: [UInt8] = [0x72]
        guard key.sign(message) == expected else { return "RFC 8032 TEST 2 signs otherwise" }
        guard verify(expected, of: message, by: key.node) else {
            return "RFC 8032 TEST 2 is refused"
        }
        for place in [0, 31, 32, 63] {
            var changed = expected
            changed[place] ^= 1
            if verify(changed, of: message, by: key.node) { return "a changed signature is taken" }
        }
        if verify(expected, of: [0x73], by: key.node) { return "a changed message is taken" }
        if verify(unreduced(expected), of: message, by: key.node) { return "S >= L is taken" }
        if isValidKey(mixedOrder(key.node)) { return "a key of mixed order is taken" }
        if isValidKey(.zero) { return "a key of small order is taken" }
        guard let forged = identityR(seed: seed, message: message, key: key.node) else {
            return "libsodium's scalar arithmetic fails"
        }
        return verify(forged, of: message, by: key.node) ? "R = identity is taken" : nil
    }

    /// The same signature with S + L: the equation holds, the encoding is a second one.
    private static func unreduced(_ signature: [UInt8]) -> [UInt8] {
        let order = Hex.decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var sum = signature
        var carry: UInt16 = 0
        for (place, byte) in (order ?? []).enumerated() {
            let total = UInt16(sum[32 + place]) + UInt16(byte) + carry
            sum[32 + place] = UInt8(truncatingIfNeeded: total)
            carry = total >> 8
        }
        return sum
    }

    /// The key plus the point of order two: on the curve, outside of the prime-order group.
    private static func mixedOrder(_ key: NodeID) -> NodeID {
        var orderTwo = [UInt8](repeating: 0xff, count: 32)
        orderTwo[0] = 0xec
        orderTwo[31] = 0x7f
        var sum = [UInt8](repeating: 0, count: 32)
        unsafe crypto_core_ed25519_add(&sum, key.bytes, orderTwo)
        return NodeID(bytes: sum) ?? .zero
    }

    /// A signature whose R is the identity: BoringSSL and OpenSSL take it, the rule doesn't.
    private static func identityR(seed: [UInt8], message: [UInt8], key: NodeID) -> [UInt8]? {
        var expanded = [UInt8](repeating: 0, count: 64)
        unsafe crypto_hash_sha512(&expanded, seed, UInt64(seed.count))
        expanded[0] &= 248
        expanded[31] = expanded[31] & 63 | 64
        // Reducing needs 64 bytes; the upper half is not part of the scalar.
        let wide = Array(expanded[..<32]) + [UInt8](repeating: 0, count: 32)
        var scalar = [UInt8](repeating: 0, count: 32)
        unsafe crypto_core_ed25519_scalar_reduce(&scalar, wide)
        let identity = [1] + [UInt8](repeating: 0, count: 31)
        let input = identity + key.bytes + message
        var digest = [UInt8](repeating: 0, count: 64)
        unsafe crypto_hash_sha512(&digest, input, UInt64(input.count))
        var challenge = [UInt8](repeating: 0, count: 32)
        unsafe crypto_core_ed25519_scalar_reduce(&challenge, digest)
        var product = [UInt8](repeating: 0, count: 32)
        unsafe crypto_core_ed25519_scalar_mul(&product, challenge, scalar)
        return product.contains { $0 != 0 } ? identity + product : nil
    }
}
