/// Where a candidate says it listens. A hint: it is dialled, then the challenge decides.
public struct Endpoint: Sendable, Hashable {
    /// Numeric, never a host name. Link-local IPv6 carries its scope, as in `fe80::1%2` (write
    /// `%25` in a URL).
    public var address: String
    /// TCP port, never 0.
    public var port: UInt16
    /// The record was registered at this very host's Avahi: by any local program, so still a hint.
    public var isLocalHost: Bool

    public init(address: String, port: UInt16, isLocalHost: Bool) {
        self.address = address
        self.port = port
        self.isLocalHost = isLocalHost
    }
}
