import Federation

/// The one byte by which a server answers a hello.
enum LinkAnswer: UInt8 {
    case open = 0
    case unknownPeer = 1
    case notActive = 2
    case unauthenticated = 3
    case busy = 4

    /// What a server says where it refuses.
    init(_ code: RefusalCode) {
        switch code {
        case .unknownPeer: self = .unknownPeer
        case .notActive: self = .notActive
        case .busy, .overBudget: self = .busy
        default: self = .unauthenticated
        }
    }

    /// What a client makes of it; nil where the link is open.
    var refusal: Refusal? {
        switch self {
        case .open: nil
        case .unknownPeer: Refusal(.unknownPeer, "not registered there: register first")
        case .notActive: Refusal(.notActive, "the registration there is not active")
        case .unauthenticated: Refusal(.unauthenticated, "the hello of the link does not hold")
        case .busy:
            Refusal(.busy, "too many links, or too much from this address", retryAfter: .seconds(1))
        }
    }
}
