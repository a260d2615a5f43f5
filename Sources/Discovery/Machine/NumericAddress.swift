/// An IPv4 or IPv6 address, its classes, and its one text form.
enum NumericAddress: Sendable, Hashable {
    /// In host byte order: 127.0.0.1 is 0x7f00_0001.
    case v4(UInt32)
    /// The high and the low 64 bits.
    case v6(UInt64, UInt64)

    /// From 4 or 16 bytes in network order; nil for another count.
    init?(bytes: [UInt8]) {
        func word<Word: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> Word {
            bytes.reduce(0) { $0 << 8 | Word(truncatingIfNeeded: $1) }
        }
        switch bytes.count {
        case 4: self = .v4(word(bytes[...]))
        case 16: self = .v6(word(bytes[..<8]), word(bytes[8...]))
        default: return nil
        }
    }

    var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// 169.254/16 or fe80::/10: means something on one interface only.
    var isLinkLocal: Bool {
        switch self {
        case .v4(let bits): bits >> 16 == 0xa9fe
        case .v6(let high, _): high >> 54 == 0x3fa
        }
    }

    /// A node may listen there: not unspecified, multicast, reserved, or IPv4 in IPv6's clothes.
    var isUnicast: Bool {
        switch self {
        case .v4(let bits): bits >> 24 != 0 && bits >> 28 < 0xe
        case .v6(let high, let low): high >> 56 != 0xff && (high != 0 || low == 1)
        }
    }

    /// The class by which endpoints are dialled: loopback, IPv4, global IPv6, link-local.
    var rank: Int {
        if isLoopback { return 0 }
        if isLinkLocal { return 3 }
        if case .v4 = self { return 1 }
        return 2
    }

    /// Text for a socket; `scope` (an interface index) is written where the address needs it.
    func text(scope: Int32) -> String {
        if case .v6 = self, isLinkLocal { return "\(self)%\(scope)" }
        return description
    }
}

extension NumericAddress: Comparable {
    /// By rank, then IPv4 first, then by value.
    static func < (a: Self, b: Self) -> Bool {
        a.rank != b.rank ? a.rank < b.rank : a.words.lexicographicallyPrecedes(b.words)
    }

    private var words: [UInt64] {
        switch self {
        case .v4(let bits): [0, 0, UInt64(bits)]
        case .v6(let high, let low): [1, high, low]
        }
    }
}

extension NumericAddress: CustomStringConvertible {
    /// Dotted decimal, or RFC 5952: lowercase, no leading zeros, the first longest run of two or
    /// more zero groups as "::".
    var description: String {
        switch self {
        case .v4(let bits):
            return "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
        case .v6(let high, let low):
            let groups = (0..<8).map { place in
                UInt16(truncatingIfNeeded: (place < 4 ? high : low) >> UInt64(48 - place % 4 * 16))
            }
            func text(_ part: ArraySlice<UInt16>) -> String {
                part.map { String($0, radix: 16) }.joined(separator: ":")
            }
            let gap = Self.longestZeros(groups)
            guard gap.count >= 2 else { return text(groups[...]) }
            return text(groups[..<gap.lowerBound]) + "::" + text(groups[gap.upperBound...])
        }
    }

    private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for place in 0...groups.count {
            guard place == groups.count || groups[place] != 0 else { continue }
            if place - start > best.count { best = start..<place }
            start = place + 1
        }
        return best
    }
}
