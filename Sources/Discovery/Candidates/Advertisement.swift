public import Core

/// What this node publishes on the LAN: who it is and where it listens; no names of people, no
/// counts.
public struct Advertisement: Sendable, Equatable {
    public let node: NodeID
    /// The TCP port of the node's server.
    public let port: UInt16
    /// TXT `net`, a label for people.
    public let label: String
    /// The DNS-SD instance name that is wished for; Avahi appends " #2" where it is taken.
    public let instance: String

    /// - Parameters:
    ///   - node: this node's identity.
    ///   - port: not 0: bind first, then advertise.
    ///   - label: at most `DiscoveryLimits.labelBytes`, without control characters.
    ///   - instance: 1 to 63 bytes without control characters; by default `teambook-` and the first
    ///     ten digits of the id.
    /// - Throws: `DiscoveryError` naming what to change.
    public init(
        node: NodeID, port: UInt16, label: String = "", instance: String? = nil
    ) throws(DiscoveryError) {
        let instance = instance ?? "teambook-\(node.short)"
        guard port != 0 else { throw .invalidPort }
        guard Self.isLabel(label) else { throw .invalidLabel(label) }
        guard (1...63).contains(instance.utf8.count), Self.isPlain(instance) else {
            throw .invalidInstance(instance)
        }
        self.node = node
        self.port = port
        self.label = label
        self.instance = instance
    }

    /// The TXT items in wire order; RFC 6763 section 6.7 wants the version first.
    package var text: [String] {
        let items = ["txtvers=1", "id=\(node.hex)", "proto=1"]
        return label.isEmpty ? items : items + ["net=\(label)"]
    }

    /// What may stand in TXT `net`, ours or another's.
    package static func isLabel(_ text: String) -> Bool {
        text.utf8.count <= DiscoveryLimits.labelBytes && isPlain(text)
    }

    /// Free of what could steer a terminal or hide in a log line.
    static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
            default: true
            }
        }
    }
}
