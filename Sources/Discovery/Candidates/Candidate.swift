public import Core

/// A node that somebody on the LAN claims to be reachable here.
///
/// Nothing in it is proven: whoever can send multicast can publish any id with any address. Dial
/// each endpoint, run the challenge, and believe only the endpoint that passed it. Absence proves
/// nothing either: the record of a host that lost power lives on for up to 75 minutes.
public struct Candidate: Sendable, Hashable {
    /// The claimed identity (TXT `id`).
    public var node: NodeID
    /// Never empty, at most `DiscoveryLimits.endpointsPerCandidate`, in the order in which to dial:
    /// loopback, IPv4, global IPv6, link-local.
    public var endpoints: [Endpoint]
    /// TXT `net`: shown to people, without any security meaning. Empty where absent.
    public var label: String

    /// Some endpoint was registered at this host's own Avahi.
    public var isLocalHost: Bool { endpoints.contains(where: \.isLocalHost) }

    public init(node: NodeID, endpoints: [Endpoint], label: String) {
        self.node = node
        self.endpoints = endpoints
        self.label = label
    }
}
