import Core
public import Federation
import NIOCore
import NIOPosix

/// Looks at each address before it is dialled: for endpoints that nothing but a peer's own word
/// names.
///
/// It sits in the connection itself, behind the resolver, so that a name which resolves otherwise
/// the second time gains nothing (DNS rebinding).
public struct DialGuard: Sendable {
    /// Ranges that the operator allows all the same.
    public var allowed: [AddressRange]
    /// Whether the peer is known to run on this machine.
    public var isSameHost: Bool

    public init(allowed: [AddressRange], isSameHost: Bool) {
        self.allowed = allowed
        self.isSameHost = isSameHost
    }

    /// Why an address is not dialled; nil where it may be.
    func refusal(of address: SocketAddress) -> String? {
        guard let text = address.ipAddress, let found = NetworkAddress(text) else {
            return "no IP address"
        }
        return DialRule.refusal(of: found, allowed: allowed, isSameHost: isSameHost)
            .map { "\(text) is \($0)" }
    }
}

/// An address that the guard refused.
struct ForbiddenAddress: Error, CustomStringConvertible {
    let description: String

    /// What `error` says of addresses that were refused; nil where something else went wrong too.
    init?(in error: any Error) {
        switch error {
        case let error as ForbiddenAddress: self = error
        case let error as NIOConnectionError:
            let refused = error.connectionErrors.compactMap { $0.error as? ForbiddenAddress }
            guard let first = refused.first, refused.count == error.connectionErrors.count else {
                return nil
            }
            self = first
        default: return nil
        }
    }

    init(_ description: String) { self.description = description }
}

/// Fails a connection before its first packet where the guard says no.
final class DialGuardHandler: ChannelOutboundHandler {
    typealias OutboundIn = Any

    private let dialGuard: DialGuard

    init(_ dialGuard: DialGuard) { self.dialGuard = dialGuard }

    func connect(
        context: ChannelHandlerContext, to address: SocketAddress, promise: EventLoopPromise<Void>?
    ) {
        if let why = dialGuard.refusal(of: address) {
            promise?.fail(ForbiddenAddress(why))
        } else {
            context.connect(to: address, promise: promise)
        }
    }
}
