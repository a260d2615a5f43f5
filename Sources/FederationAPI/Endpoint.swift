import Foundation
import NIOCore

/// Where a node listens: "https://host:port".
public struct Endpoint: Hashable, Sendable {
    /// A name, an IPv4 literal or an IPv6 literal without brackets; a scope follows "%".
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `https://host[:port][/]`, with an IPv6 literal in brackets and its scope after "%25"
    /// (RFC 6874) or "%"; nil for anything else. Without a port it is 443.
    public init?(_ url: String) {
        let scheme = "https://"
        guard url.utf8.count <= 300, url.lowercased().hasPrefix(scheme) else { return nil }
        var rest = url.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var host = rest
        var port: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            guard Self.isIPv6(host) else { return nil }
            let after = rest[rest.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = rest.firstIndex(of: ":") {
            host = rest[..<colon]
            port = rest[rest.index(after: colon)...]
            guard Self.isName(host) else { return nil }
        } else if !Self.isName(host) {
            return nil
        }
        self.host = host.replacingOccurrences(of: "%25", with: "%")
        self.port = 443
        guard let port else { return }
        guard let number = UInt16(port), number > 0, String(number) == port else { return nil }
        self.port = Int(number)
    }

    private static func isName(_ host: Substring) -> Bool {
        !host.isEmpty && host.utf8.count <= 253
            && host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func isIPv6(_ host: Substring) -> Bool {
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        // What follows a zero byte would not be looked at.
        guard parts[0].utf8.allSatisfy(isOfLiteral) else { return false }
        // What is no literal gives nil, which is the answer.
        let literal = try? SocketAddress(ipAddress: String(parts[0]), port: 0)
        guard case .v6 = literal else { return false }
        guard parts.count == 2 else { return true }
        let scope = parts[1].hasPrefix("25") ? parts[1].dropFirst(2) : parts[1]
        return isName(scope)
    }

    private static func isOfLiteral(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Whether `host` is an IPv6 literal.
    var isIPv6Literal: Bool { host.contains(":") }
}

extension Endpoint: CustomStringConvertible {
    /// The URL, in its one form.
    public var description: String {
        guard isIPv6Literal else { return "https://\(host):\(port)" }
        return "https://[\(host.replacingOccurrences(of: "%", with: "%25"))]:\(port)"
    }
}
