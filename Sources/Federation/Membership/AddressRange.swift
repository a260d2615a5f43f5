/// An IPv4 or IPv6 address as 16 bytes; IPv4 in its mapped form (RFC 4291 section 2.5.5.2), so that
/// both spellings of an address are one.
public struct NetworkAddress: Hashable, Sendable {
    /// 16 bytes, big-endian.
    public let bytes: [UInt8]

    /// Nil unless there are 4 or 16 bytes.
    public init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.bytes = [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + bytes
        case 16: self.bytes = bytes
        default: return nil
        }
    }

    /// Reads "192.0.2.1" or "2001:db8::1"; a zone ("%eth0") is left out. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        let plain = text.split(separator: "%", maxSplits: 1)[...].first ?? ""
        let bytes = plain.contains(":") ? Self.version6(plain[...]) : Self.version4(plain[...])
        guard let bytes else { return nil }
        self.init(bytes: bytes)
    }

    /// Four decimal numbers without leading zeros: "010.0.0.1" means another thing to some.
    private static func version4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let numbers = parts.compactMap { part in
            UInt8(part).flatMap { String($0) == part ? $0 : nil }
        }
        return numbers.count == 4 ? numbers : nil
    }

    private static func version6(_ text: some StringProtocol) -> [UInt8]? {
        let halves = String(text).split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, let low = groups(halves.last ?? "") else { return nil }
        guard halves.count == 2 else { return low.count == 16 ? low : nil }
        guard !halves[0].contains("."), let high = groups(halves[0]), high.count + low.count <= 14
        else { return nil }
        return high + [UInt8](repeating: 0, count: 16 - high.count - low.count) + low
    }

    private static func groups(_ text: Substring) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (place, part) in parts.enumerated() {
            if place == parts.count - 1, part.contains(".") {
                guard let last = version4(part) else { return nil }
                bytes += last
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
            }
        }
        return bytes.count <= 16 ? bytes : nil
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// The 4 bytes of an IPv4 address, else nil.
    var version4: ArraySlice<UInt8>? {
        bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
            ? bytes[12...] : nil
    }
}

/// Addresses with a common beginning: "10.0.0.0/8", "fd00::/8", or one address.
public struct AddressRange: Hashable, Sendable {
    private let address: NetworkAddress
    /// Bits of the mapped form that count.
    private let length: Int
    /// As it was written.
    public let text: String

    /// Nil for anything but an address with or without "/bits".
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, !first.contains("%"),
            let address = NetworkAddress(first)
        else { return nil }
        let bits = address.version4 == nil || first.contains(":") ? 128 : 32
        var length = bits
        if parts.count == 2 {
            guard let given = Int(parts[1]), String(given) == parts[1], (0...bits).contains(given)
            else { return nil }
            length = given
        }
        self.address = address
        self.length = length + 128 - bits
        self.text = text
    }

    /// Whether `other` begins as this range does.
    public func contains(_ other: NetworkAddress) -> Bool {
        for place in 0..<16 {
            let left = length - place * 8
            guard left > 0 else { break }
            let mask: UInt8 = left >= 8 ? 0xff : ~(0xff >> UInt8(left))
            guard (address.bytes[place] ^ other.bytes[place]) & mask == 0 else { return false }
        }
        return true
    }
}

/// Which addresses a node dials when nothing but a peer's own word names them: else any peer could
/// have it knock at its own machine, its neighbours' link or a cloud's metadata service
/// (server-side request forgery, OWASP).
public enum DialRule {
    /// Never dialled on a peer's word, each with the reason that is shown.
    private static let forbidden: [(AddressRange?, String)] = [
        (AddressRange("0.0.0.0/8"), "this network"), (AddressRange("127.0.0.0/8"), "loopback"),
        (AddressRange("169.254.0.0/16"), "link-local or a metadata service"),
        (AddressRange("192.0.0.0/24"), "reserved or a metadata service"),
        (AddressRange("100.100.100.200/32"), "a metadata service"),
        (AddressRange("224.0.0.0/4"), "multicast"), (AddressRange("240.0.0.0/4"), "reserved"),
        (AddressRange("::/128"), "unspecified"), (AddressRange("::1/128"), "loopback"),
        (AddressRange("fe80::/10"), "link-local"), (AddressRange("fec0::/10"), "site-local"),
        (AddressRange("ff00::/8"), "multicast"),
        (AddressRange("fd00:ec2::/32"), "a metadata service"),
        (AddressRange("fd20:ce::/32"), "a metadata service"),
        // An IPv4 address in the clothes of an IPv6 one (RFC 4291 2.5.5.1, RFC 2765, RFC 6052,
        // RFC 4380, RFC 3056).
        (AddressRange("::/96"), "an IPv4 address in IPv6 form"),
        (AddressRange("::ffff:0:0:0/96"), "an IPv4 address in IPv6 form"),
        (AddressRange("2001::/32"), "an IPv4 address in IPv6 form"),
        (AddressRange("64:ff9b::/96"), "an IPv4 address in IPv6 form"),
        (AddressRange("64:ff9b:1::/48"), "an IPv4 address in IPv6 form"),
        (AddressRange("2002::/16"), "an IPv4 address in IPv6 form"),
    ]

    /// Why `address` is not dialled on a peer's word; nil where it may be. `allowed` are the
    /// operator's exceptions. A peer that is known to run on this machine may name loopback.
    public static func refusal(
        of address: NetworkAddress, allowed: [AddressRange], isSameHost: Bool
    ) -> String? {
        guard !allowed.contains(where: { $0.contains(address) }) else { return nil }
        for case (let range?, let why) in forbidden where range.contains(address) {
            return why == "loopback" && isSameHost ? nil : why
        }
        return nil
    }
}

extension DialRule {
    /// Whether an address that discovery saw on the LAN can't be one of a node there: loopback of
    /// another host, a multicast group.
    static func isNonsense(_ endpoint: String, onLANof isSameHost: Bool) -> Bool {
        guard let address = NetworkAddress(host(of: endpoint)) else { return false }
        let linkLocal = ["169.254.0.0/16", "fe80::/10"].compactMap { AddressRange($0) }
        return refusal(of: address, allowed: linkLocal, isSameHost: isSameHost) != nil
    }

    /// The host of "https://host:port" or "https://[host]:port".
    private static func host(of endpoint: String) -> Substring {
        let rest = endpoint.dropFirst("https://".count)
        if rest.hasPrefix("[") { return rest.dropFirst().prefix { $0 != "]" } }
        return rest.prefix { $0 != ":" && $0 != "/" }
    }
}
