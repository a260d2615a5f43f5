/// What a caller did wrong or the system lacks; trouble with Avahi is a `DiscoveryState`, never an
/// error.
public enum DiscoveryError: Error, Equatable {
    case invalidPort
    case invalidLabel(String)
    case invalidInstance(String)
    /// The system refused a thread for Avahi's poll loop.
    case noPollThread
    /// `run()` was called a second time.
    case ranTwice
}

extension DiscoveryError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidPort:
            "cannot advertise port 0: bind the server first, then advertise the port that it got"
        case .invalidLabel(let label):
            """
            cannot advertise the label \(label.debugDescription): it may have at most \
            \(DiscoveryLimits.labelBytes) bytes and no control characters
            """
        case .invalidInstance(let name):
            """
            cannot advertise under \(name.debugDescription): it must have 1 to 63 bytes and \
            no control characters
            """
        case .noPollThread:
            "cannot start discovery: the system refused a thread; check ulimit -u"
        case .ranTwice:
            "cannot run discovery twice: make a new AvahiDiscovery"
        }
    }
}
