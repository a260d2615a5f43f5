public import Core
public import Federation

/// What a node says about itself to anybody.
public struct IdentityView: Codable, Hashable, Sendable {
    public var node: String
    public var label: String
    public var versions: [UInt64]
    public var endpoints: [String]
    /// SHA-256 of the TLS key, for those who compare.
    public var tlsKey: String?

    public init(_ node: NodeID, _ card: NodeCard, tlsKey: Digest? = nil) {
        self.node = node.hex
        label = card.label
        versions = card.versions
        endpoints = card.endpoints
        self.tlsKey = tlsKey?.hex
    }
}
