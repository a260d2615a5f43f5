/// Why a text is no invite that can be used; each says what to do.
public enum InviteCodeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It does not begin as an invite does, or is far too long.
    case notACode
    /// A later program wrote it.
    case newerVersion
    /// A character is wrong, missing or too much.
    case mistyped
    /// It was written as it is, and breaks the grammar.
    case malformed
    /// It was good until then, in seconds since 1970.
    case expired(at: UInt64)

    public var description: String {
        switch self {
        case .notACode:
            "this is no invite: one begins with \(InviteCode.prefix) (make one with: federate "
                + "invite)"
        case .newerVersion: "this invite is of a newer federate: install that one"
        case .mistyped:
            "this invite has a typing mistake, or a part of it is missing: copy it again, whole"
        case .malformed: "this invite is broken by whoever made it: ask for a new one"
        case .expired: "this invite has expired: ask for a new one"
        }
    }
}

/// What `federate invite` prints and `federate join` reads: where the inviting node is, which key
/// it must prove, and a secret that shows it that the joining node was invited.
///
///     code  = "FED1:" base32(cbor || check)                 Crockford's alphabet, no padding
///     cbor  = [ endpoints: [1…4 text(1…292)],               "host:port", without "https://"
///               node: bytes(32), invite: bytes(8), secret: bytes(16),
///               expires: 0…2^53-1 ]                         seconds since 1970
///     check = the first 4 bytes of SHA-256("teambook-invite-v1\0" || cbor)
///
/// Only digits, capitals and ":": a QR code packs such text by 5.5 bits a character, so that
/// base32 costs 10 % more modules than bare bytes, and base64 would cost 33 %; and it can be read
/// out or typed in either case. The check finds a mistake before anything is sent, and sets it
/// apart from an invite that is too old.
///
/// The text holds the secret: whoever reads it may join until it was used or has expired.
public struct InviteCode: Hashable, Sendable {
    /// How every code begins; the digit is the version.
    public static let prefix = "FED1:"
    /// Addresses in a code: both families, inside and outside.
    public static let maximumEndpoints = 4

    /// Where the inviting node can be reached, best first: "https://host:port". Whoever dials reads
    /// them strictly; here only their characters and lengths are checked.
    public let endpoints: [String]
    /// The key that it must prove there.
    public let node: NodeID
    /// 8 bytes that name the invite.
    public let invite: [UInt8]
    /// 16 bytes that both sides prove, and never send.
    public let secret: [UInt8]
    /// Seconds since 1970 from which on it is no longer good.
    public let expires: UInt64

    /// The code of these parts; nil where one breaks its bounds.
    public init?(
        endpoints: [String], node: NodeID, invite: [UInt8], secret: [UInt8], expires: UInt64
    ) {
        guard (1...Self.maximumEndpoints).contains(endpoints.count),
            endpoints.allSatisfy({ Self.place(of: $0) != nil }),
            invite.count == Self.inviteBytes, secret.count == Self.secretBytes,
            expires <= Limits.integer
        else { return nil }
        self.endpoints = endpoints
        self.node = node
        self.invite = invite
        self.secret = secret
        self.expires = expires
    }

    /// Reads a code; white space and hyphens are passed over, case does not matter.
    ///
    /// Says nothing about `expires`: see `check(at:)`.
    public init(_ text: some StringProtocol) throws(InviteCodeError) {
        guard text.utf8.count <= Self.textBytes else { throw .notACode }
        let characters = text.utf8.filter { !Self.isPassedOver($0) }
        let start = Self.prefix.utf8.count
        let head = characters.prefix(start).map { $0 | 0x20 }
        let expected = Self.prefix.utf8.map { $0 | 0x20 }
        guard head.count == start, head[..<3] == expected[..<3], head[4] == expected[4],
            (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(head[3])
        else { throw .notACode }
        guard head[3] == expected[3] else { throw .newerVersion }
        guard let bytes = Base32.decode(characters[start...]), bytes.count > Self.checkBytes else {
            throw .mistyped
        }
        let content = Array(bytes.dropLast(Self.checkBytes))
        guard Self.check(of: content).elementsEqual(bytes.suffix(Self.checkBytes)) else {
            throw .mistyped
        }
        let parts: InviteCode?
        do throws(CBORError) { parts = try Self.read(content) } catch { throw .malformed }
        guard let parts else { throw .malformed }
        self = parts
    }

    /// The one text of this code: `prefix`, then digits and capitals.
    public var text: String {
        var writer = CBORWriter(capacity: 128)
        writer.array(5)
        writer.array(endpoints.count)
        for endpoint in endpoints { writer.text(Self.place(of: endpoint) ?? "") }
        writer.data(node)
        writer.data(invite)
        writer.data(secret)
        writer.unsigned(expires)
        return Self.prefix + Base32.encode(writer.bytes + Self.check(of: writer.bytes))
    }

    /// Throws `expired` where the code is too old at `wall`.
    public func check(at wall: WallTime) throws(InviteCodeError) {
        guard wall.microseconds / 1_000_000 < expires else { throw .expired(at: expires) }
    }

    /// Bytes of `invite`.
    public static let inviteBytes = 8
    /// Bytes of `secret`.
    public static let secretBytes = 16
    private static let checkBytes = 4
    private static let scheme = "https://"
    /// Room for four of the longest addresses, and for hyphens and line ends between.
    private static let textBytes = 8192
    /// The longest address of the protocol, without its scheme.
    private static let placeBytes = 292

    private static func check(of content: [UInt8]) -> ArraySlice<UInt8> {
        var hash = SHA256()
        hash.update("teambook-invite-v1\0")
        hash.update(content)
        return hash.finish(as: Digest.self).bytes[..<checkBytes]
    }

    private static func read(_ content: [UInt8]) throws(CBORError) -> InviteCode? {
        var reader = CBORReader(content)
        try reader.array(exactly: 5)
        var endpoints: [String] = []
        for _ in 0..<(try reader.array(1...maximumEndpoints)) {
            endpoints.append(scheme + (try reader.text(1...placeBytes)))
        }
        let node: NodeID = try reader.identifier()
        let invite = try reader.data(inviteBytes...inviteBytes)
        let secret = try reader.data(secretBytes...secretBytes)
        let expires = try reader.unsigned()
        try reader.finish()
        return InviteCode(
            endpoints: endpoints, node: node, invite: invite, secret: secret, expires: expires)
    }

    /// "host:port" of "https://host:port", where it has the length and the characters of one.
    private static func place(of endpoint: String) -> String? {
        guard endpoint.hasPrefix(scheme) else { return nil }
        let place = endpoint.dropFirst(scheme.count)
        guard (1...placeBytes).contains(place.utf8.count), place.utf8.allSatisfy(isOfAddress)
        else { return nil }
        return String(place)
    }

    private static func isOfAddress(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._:[]%".utf8.contains(byte)
        }
    }

    private static func isPassedOver(_ byte: UInt8) -> Bool {
        [0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: "-")].contains(byte)
    }
}

extension InviteCode: CustomStringConvertible {
    /// Names the invite without its secret, for logs.
    public var description: String { "invite \(Hex.encode(invite)) of \(node.short)" }
}

extension InviteCode: CustomDebugStringConvertible {
    public var debugDescription: String { description }
}
