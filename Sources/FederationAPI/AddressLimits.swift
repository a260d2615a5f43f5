public import Federation

/// Bounds of what one address may cost before it has proved anything, each with its reason. An
/// address is an IPv4 address, an IPv6 /64 or this host.
public struct AddressLimits: Sendable {
    /// Connections: a node opens three or four and keeps them, so fifty nodes behind one address
    /// come at once after an outage; the rate costs 1 % of a core in handshakes.
    public var connection = Rate(burst: 200, perSecond: 16)
    /// Requests without a signature, and those refused before it is checked: a registration is two
    /// in 30 s, a person with curl one a second.
    public var unproved = Rate(burst: 120, perSecond: 8)
    /// Signatures that don't hold: an honest peer makes none; 130 microseconds each.
    public var failedSignature = Rate(burst: 20, perSecond: 2)
    /// This host gets this many times as much: many nodes on one machine are normal, and who is on
    /// it could do worse than ask.
    public var loopbackFactor: Int64 = 50
    /// Open connections of strangers from one address; a further one ends the oldest.
    public var connections = 32
    /// The same for this host.
    public var loopbackConnections = 256
    /// Addresses remembered: at most 1 MiB.
    public var addresses = 8192

    public init() {}

    func rate(of cost: AddressBudget.Cost, from address: SourceAddress) -> Rate {
        let rate =
            switch cost {
            case .connection: connection
            case .unproved: unproved
            case .failedSignature: failedSignature
            }
        guard address == .loopback else { return rate }
        return Rate(
            burst: rate.burst * loopbackFactor, perSecond: rate.perSecond * loopbackFactor)
    }

    func connections(from address: SourceAddress) -> Int {
        max(1, address == .loopback ? loopbackConnections : connections)
    }
}
