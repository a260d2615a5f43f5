/// Every bound of this module with its reason. Whoever can send multicast is unknown to us.
public enum DiscoveryLimits {
    /// Services resolved at a time. Avahi allows 1,024 objects a client (browser, group and one
    /// resolver a service); a node with one NIC shows up as two services.
    public static let services = 512
    /// Services that wait for a place among `services`; more are refused.
    public static let waitingServices = 2_048
    /// Addresses kept for one claimed id, first come first kept: a liar who claims a known id late
    /// can add addresses but never displace one.
    public static let endpointsPerCandidate = 16
    /// Avahi itself never resolves a record larger than a frame of 1,500 bytes.
    public static let textBytes = 1_300
    /// Ours has four items.
    public static let textItems = 64
    /// TXT `net`.
    public static let labelBytes = 64
    /// Events from Avahi's thread that wait for `run()`, at most 1.5 kB each. When it is full all
    /// are thrown away and a new client sees the LAN afresh: losing single removals would keep
    /// ghosts.
    public static let inboxEvents = 8_192
    /// Names tried after collisions before starting afresh.
    public static let renames = 16
    /// First and longest wait before the next attempt to reach Avahi.
    public static let backOff: ClosedRange<Duration> = .milliseconds(250)...(.seconds(30))
    /// How long candidates known to an earlier client may take to be seen again by the next one:
    /// other nodes of this host must reconnect too, then probe for a second.
    public static let sweepAfter: Duration = .seconds(10)
    /// How long `run()` waits for Avahi's goodbye on shutdown; a bus that hangs must not hold up
    /// the node.
    public static let goodbye: Duration = .milliseconds(900)
}
