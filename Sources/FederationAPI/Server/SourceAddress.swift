import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where a connection comes from, as far as it tells callers apart: an IPv4 address, the /64 of an
/// IPv6 address (one customer has at least that), or this host.
enum SourceAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt64)
    case loopback

    /// Anything but an IP address is this host too: a Unix socket.
    init(_ address: SocketAddress?) {
        // A scope says where a link-local address is, not who has it.
        let text = address?.ipAddress?.prefix { $0 != "%" }
        if let bytes = text.flatMap({ Self.parse(String($0), AF_INET, count: 4) }) {
            self = Self.ipv4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        } else if let bytes = text.flatMap({ Self.parse(String($0), AF_INET6, count: 16) }) {
            self.init(v6: bytes)
        } else {
            self = .loopback
        }
    }

    private static func parse(_ text: String, _ family: Int32, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }

    /// 16 bytes, in network order.
    init(v6 bytes: [UInt8]) {
        let high = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let low = bytes[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if high == 0, low >> 32 == 0xffff {
            // IPv4 on a socket that listens for both.
            self = Self.ipv4(UInt32(truncatingIfNeeded: low))
        } else {
            self = high == 0 && low == 1 ? .loopback : .v6(high)
        }
    }

    private static func ipv4(_ number: UInt32) -> SourceAddress {
        // All of 127/8 is one caller, or each host would be sixteen million of them.
        return number >> 24 == 127 ? .loopback : .v4(number)
    }
}
