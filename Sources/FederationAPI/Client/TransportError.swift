public import Core
public import Federation
import NIOCore

/// Why an exchange with a peer came to nothing.
public enum TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    case badEndpoint(String)
    case cannotConnect(String)
    /// Nothing but the peer's word names the address, and it is none that may be dialled so.
    case forbidden(String)
    /// The server proved no identity.
    case identity(IdentityError)
    /// Another node answers there; nothing was sent to it.
    case wrongIdentity(expected: NodeID, found: NodeID)
    case tls(String)
    /// What did not happen in time.
    case timedOut(String)
    /// The connection ended before the response did.
    case closed
    /// The response is none of this protocol.
    case badResponse(String)
    /// The response is larger than `ClientLimits` allow.
    case tooLarge
    case tooManyConnections
    /// The peer speaks only HTTP.
    case noLinks
    /// The peer said no to a stream or a link.
    case refused(Refusal)
    case cancelled

    public var description: String {
        switch self {
        case .badEndpoint(let text): "\(text) is no endpoint; write https://host:port"
        case .cannotConnect(let why): "can't connect: \(why)"
        case .forbidden(let why):
            "not dialled on the peer's word alone: \(why). Add the peer by URL, or list the range "
                + "under allow_addresses"
        case .identity(let error): "\(error)"
        case .wrongIdentity(let expected, let found):
            "node \(expected.short) was expected there, node \(found.short) answered"
        case .tls(let why): "TLS failed: \(why)"
        case .timedOut(let what): "\(what) took too long"
        case .closed: "the connection was closed before the response ended"
        case .badResponse(let why): "the response can't be understood: \(why)"
        case .tooLarge: "the response is larger than allowed"
        case .tooManyConnections: "too many open connections"
        case .noLinks: "the peer speaks no links, only HTTP"
        case .refused(let refusal): "refused (\(refusal.code.rawValue)): \(refusal.detail)"
        case .cancelled: "cancelled"
        }
    }

    init(_ error: IdentityError) {
        switch error {
        case .wrongNode(let expected, let found):
            self = .wrongIdentity(expected: expected, found: found)
        default: self = .identity(error)
        }
    }
}
