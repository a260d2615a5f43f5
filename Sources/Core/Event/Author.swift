/// On whose behalf an event was made: the node itself, an AI or a human.
public struct Author: Hashable, Sendable {
    /// The kinds of participants, with the number that stands on the wire.
    public enum Role: UInt8, Hashable, Sendable, CaseIterable {
        case node = 0
        case ai = 1
        case human = 2

        /// The word that people type and read.
        public var name: String {
            switch self {
            case .node: "node"
            case .ai: "ai"
            case .human: "human"
            }
        }
    }

    public var role: Role
    /// 1 to 64 of `a-z 0-9 . _ -`; unique only together with the origin.
    public var name: String

    /// Nil where `name` is outside of the grammar.
    public init?(role: Role, name: String) {
        guard (1...Limits.nameBytes).contains(name.utf8.count), name.utf8.allSatisfy(Self.allows)
        else { return nil }
        self.role = role
        self.name = name
    }

    /// Reads `role:name` ("ai:assistant-1"); nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let role = Role.allCases.first(where: { $0.name == parts[0] })
        else { return nil }
        self.init(role: role, name: String(parts[1]))
    }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension Author: CustomStringConvertible {
    /// `role:name`.
    public var description: String { "\(role.name):\(name)" }
}

/// An author's own device vouching for a body: it covers no place in the chain, so that a device
/// signs without asking the node for one first.
public struct AuthorProof: Hashable, Sendable {
    /// The device's Ed25519 public key.
    public var deviceKey: NodeID
    /// Microseconds since 1970 by the device's clock.
    public var time: UInt64
    /// 16 bytes; a key uses each once.
    public var nonce: [UInt8]
    /// 64 bytes.
    public var signature: [UInt8]

    public init(deviceKey: NodeID, time: UInt64, nonce: [UInt8], signature: [UInt8]) {
        self.deviceKey = deviceKey
        self.time = time
        self.nonce = nonce
        self.signature = signature
    }
}
