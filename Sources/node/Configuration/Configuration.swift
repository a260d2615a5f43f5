import FederationAPI
import Foundation
import TOMLKit

/// `config.toml` of a data folder. An unknown key is an error, so that a typing mistake never
/// loosens anything.
struct Configuration: Codable, Equatable {
    /// How the node calls itself, at most 64 bytes.
    var label: String?
    /// "host:port"; port 0 takes any that is free.
    var listen: String?
    /// Addresses that peers are told; by default those of this machine's interfaces.
    var endpoints: [String]?
    var discovery: Discovery?
    var federation: Federation?
    var gossip: GossipTable?
    var authors: Authors?

    struct Discovery: Codable, Equatable {
        /// Whether to publish and browse by Avahi.
        var mdns: Bool?
        /// A label in the TXT record, without any meaning for security.
        var net: String?
    }

    struct Federation: Codable, Equatable {
        /// Shared by the nodes of one LAN that accept each other by themselves.
        var joinSecret: String?
        var policy: Policy?

        enum CodingKeys: String, CodingKey {
            case joinSecret = "join_secret"
            case policy
        }
    }

    /// `[federation.policy]`; what is absent has the default of the engine's `Policy`.
    struct Policy: Codable, Equatable {
        var minAuthTier: String?
        var requireMutual: Bool?
        var autoAcceptKnown: Bool?
        var autoAcceptLAN: Bool?
        var maxPeers: Int?
        var vouchForApproved: Bool?
        /// Node ids, 64 hexadecimal digits.
        var origins: [String]?
        var revocationsFrom: [String]?
        /// Addresses, or ranges such as "127.0.0.0/8".
        var allowAddresses: [String]?

        enum CodingKeys: String, CodingKey {
            case minAuthTier = "min_auth_tier"
            case requireMutual = "require_mutual"
            case autoAcceptKnown = "auto_accept_known"
            case autoAcceptLAN = "auto_accept_lan"
            case maxPeers = "max_peers"
            case vouchForApproved = "vouch_for_approved"
            case origins
            case revocationsFrom = "revocations_from"
            case allowAddresses = "allow_addresses"
        }
    }

    struct Authors: Codable, Equatable {
        /// Humans in whose name this node posts.
        var humans: [String]?
    }

    static let defaultListen = "[::]:7443"
}

extension Configuration {
    /// Reads and checks a file; the error names the line.
    init(readingFrom path: String) throws(UserError) {
        let text = try SettingsText.read(path)
        do {
            let table = try TOMLTable(string: text)
            self = try TOMLDecoder(strictDecoding: true).decode(Configuration.self, from: table)
        } catch let error as TOMLParseError {
            let place = error.source.begin
            throw UserError(
                "\(path) line \(place.line), column \(place.column): \(error.description)")
        } catch let error as UnexpectedKeysError {
            let keys = error.keys.keys.sorted()
            let places = keys.map { "\($0)\(Self.line(of: $0, in: text))" }.joined(separator: ", ")
            throw UserError("\(path): no such setting: \(places). See docs/OPERATING.md")
        } catch let error as DecodingError {
            throw UserError("\(path): \(Self.explain(error, in: text))")
        } catch {
            throw UserError("\(path): \(error)")
        }
        try check(path)
    }

    private func check(_ path: String) throws(UserError) {
        if let label, label.utf8.count > 64 {
            throw UserError("\(path): label has more than 64 bytes")
        }
        if let secret = federation?.joinSecret, secret.utf8.count < 16 {
            throw UserError("\(path): join_secret needs at least 16 bytes")
        }
        do throws(UserError) {
            _ = try policy()
            _ = try gossipSettings()
        } catch {
            throw UserError("\(path): \(error.description)")
        }
        if let endpoints, endpoints.count > 8 || !endpoints.allSatisfy({ Endpoint($0) != nil }) {
            throw UserError("\(path): endpoints takes at most 8 of \"https://host:port\"")
        }
        if let net = discovery?.net, net.utf8.count > 64 {
            throw UserError("\(path): net has more than 64 bytes")
        }
        _ = try address()
    }

    private static func line(of key: String, in text: String) -> String {
        let name = key.split(separator: ".").last.map(String.init) ?? key
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let place = lines.firstIndex { $0.trimmingCharacters(in: .whitespaces).hasPrefix(name) }
        return place.map { " (line \($0 + 1))" } ?? ""
    }

    private static func explain(_ error: DecodingError, in text: String) -> String {
        let path: [any CodingKey] =
            switch error {
            case .keyNotFound(let key, let context): context.codingPath + [key]
            case .typeMismatch(_, let context), .valueNotFound(_, let context),
                .dataCorrupted(let context):
                context.codingPath
            @unknown default: []
            }
        let name = path.map(\.stringValue).joined(separator: ".")
        return "\(name)\(line(of: name, in: text)) has a value of the wrong type"
    }

    /// Where to listen.
    func address() throws(UserError) -> (host: String, port: Int) {
        let text = listen ?? Self.defaultListen
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else {
            throw UserError("listen = \"\(text)\" is not host:port, such as \"[::]:7443\"")
        }
        let host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        return (host.isEmpty ? "::" : host, port)
    }

    /// The file's text, with a comment on each setting.
    func text() -> String {
        var lines = ["# federate: settings of this node. docs/OPERATING.md explains each."]
        lines.append("label = \(Self.quote(label ?? ""))")
        lines.append("listen = \(Self.quote(listen ?? Self.defaultListen))")
        lines.append("")
        lines.append("[discovery]")
        lines.append("mdns = \(discovery?.mdns ?? true)")
        if let net = discovery?.net { lines.append("net = \(Self.quote(net))") }
        lines.append("")
        lines.append("[federation]")
        if let secret = federation?.joinSecret {
            lines.append(
                "# Nodes of one LAN that prove this secret may accept each other; keep it to them.")
            lines.append("join_secret = \(Self.quote(secret))")
        }
        lines.append("")
        lines.append(
            "# Whom this node lets in; `federate policy explain` says what each line means now, and"
        )
        lines.append("# `federate policy reload` makes a change count.")
        lines.append("[federation.policy]")
        lines += (federation?.policy ?? Policy()).lines(Self.quote)
        lines.append("")
        lines += (gossip ?? GossipTable()).lines
        lines.append("")
        lines.append("[authors]")
        lines.append("# Humans in whose name this node posts.")
        let humans = (authors?.humans ?? []).map(Self.quote).joined(separator: ", ")
        lines.append("humans = [\(humans)]")
        return lines.joined(separator: "\n") + "\n"
    }

    /// A TOML basic string.
    private static func quote(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                out += String(format: "\\u%04X", scalar.value)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
