/// 24 digits that two operators compare by voice: the same on both sides exactly when each holds
/// the other's key.
///
/// Six groups of four digits, about 80 bits, of SHA-256("teambook-safety-v1\0" || lower key ||
/// higher key): group n is bytes 5n to 5n+4, big-endian, modulo 10,000. Both keys go in, so that a
/// number that was compared once tells nothing about another pair.
public struct SafetyNumber: Hashable, Sendable {
    /// Six numbers below 10,000.
    public let groups: [Int]

    /// The number of two nodes, in either order.
    public init(a: NodeID, b: NodeID) {
        var hash = SHA256()
        hash.update("teambook-safety-v1\0")
        hash.update(min(a, b).bytes)
        hash.update(max(a, b).bytes)
        let bytes = hash.finish(as: Digest.self).bytes
        groups = (0..<6).map { group in
            let value = bytes[group * 5..<group * 5 + 5].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int(value % 10_000)
        }
    }
}

extension SafetyNumber: CustomStringConvertible {
    /// "1234 5678 9012 3456 7890 1234", leading zeros kept.
    public var description: String {
        groups.map { group in
            let digits = String(group)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }.joined(separator: " ")
    }
}
