/// How discovery itself fares; its description is a sentence for `federate status`.
public enum DiscoveryState: Sendable, Equatable {
    /// `run()` has not begun, or has returned.
    case stopped
    /// Asking the D-Bus system bus for Avahi.
    case connecting
    /// No bus, no daemon, or they went away; tried again by itself. The node works without.
    case unavailable(reason: String)
    /// Browsing; what we advertise is not on the LAN (yet). `host` is this host's mDNS name.
    case running(host: String)
    /// Browsing and advertised under this instance name, which differs from the wish after a
    /// collision.
    case published(name: String)

    /// Candidates that appear on the LAN are seen now.
    public var isAvailable: Bool {
        switch self {
        case .running, .published: true
        case .stopped, .connecting, .unavailable: false
        }
    }
}

extension DiscoveryState: CustomStringConvertible {
    public var description: String {
        switch self {
        case .stopped: "discovery is stopped"
        case .connecting: "discovery is connecting to Avahi"
        case .unavailable(let reason): "discovery is unavailable: \(reason)"
        case .running(let host): "discovery browses the LAN as \(host).local"
        case .published(let name): "discovery browses the LAN and advertises \"\(name)\""
        }
    }
}
