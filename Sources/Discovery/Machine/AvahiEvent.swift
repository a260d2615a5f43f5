/// What Avahi's thread tells the machine. Order matters: what stands before a `began` speaks of an
/// earlier client.
enum AvahiEvent: Sendable, Equatable {
    /// A new client starts; whatever was seen before must be seen again.
    case began
    /// The bus is there, the daemon is not; the client sees by itself when it comes.
    case waitingForDaemon
    /// The host's mDNS name is being claimed; browsing works, nothing is published.
    case registering(host: String)
    case running(host: String)
    case published(name: String)
    /// This client is of no more use.
    case failed(AvahiFailure)
    /// A service, on one interface and protocol, resolves to this; comes again when it changes.
    case resolved(ServiceKey, Resolution)
    /// Its records expired or never came; may resolve again later.
    case unresolved(ServiceKey)
    case removed(ServiceKey)
    /// Passed over; what the key (where known) stood for no longer counts.
    case refused(ServiceKey?, Refusal)
    /// Events were lost: see everything afresh.
    case overflowed
}

/// One service instance as seen on one interface by one protocol: Avahi's unit of browsing.
struct ServiceKey: Sendable, Hashable {
    var interface: Int32
    var isIPv6: Bool
    var name: String
}

/// What a service's SRV, address and TXT records say.
struct Resolution: Sendable, Equatable {
    var address: NumericAddress
    var port: UInt16
    /// TXT items in wire order, within `DiscoveryLimits`.
    var text: [[UInt8]]
    var isLocalHost: Bool
}

/// A call into Avahi that failed, or a state that it fell into.
struct AvahiFailure: Error, Sendable, Equatable {
    /// What was being done, as in "reaching Avahi over D-Bus".
    var action: String
    /// AVAHI_ERR_…, below 0.
    var code: Int32
    var message: String
}

extension AvahiFailure: CustomStringConvertible {
    var description: String { "\(action) failed: \(message) (\(code)); trying again by itself" }
}
