import Core
import HummingbirdCore
import Logging
import NIOCore
import NIOTLS

/// How a connection to the public port begins: past the door, then TLS with the certificate of the
/// moment, then what both sides agreed on: HTTP, or a link.
struct PublicChannel: ServerChildChannel {
    /// A connection that was not let in.
    struct NotWelcome: Error {}

    /// What TLS was agreed for.
    enum Branch: Sendable {
        case http(HTTP1Channel.Value)
        case link(UnprovenLink)
    }

    /// A connection before its handshake.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let branch: EventLoopFuture<Branch>
    }

    let http: HTTP1Channel
    let links: LinkDoor
    let reception: Reception
    let identity: ServerIdentity
    let limits: ServerLimits

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard reception.enter(channel) else {
            channel.close(mode: .all, promise: nil)
            return channel.eventLoop.makeFailedFuture(NotWelcome())
        }
        let deadline = NIODeadline.now() + TimeAmount(limits.handshakeTimeout)
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let (tls, tlsKey) = identity.handler()
            try pipeline.addHandler(tls)
            let opening = OpeningGuard(deadline: deadline)
            try pipeline.addHandler(opening)
            let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Branch> {
                result, channel in
                opening.end()
                guard case .negotiated(LinkHello.alpn) = result else {
                    // Nothing else can be agreed on; whoever named other protocols, or none, is
                    // spoken to in HTTP.
                    return http.setup(channel: channel, logger: logger).map { .http($0) }
                }
                return channel.eventLoop.makeCompletedFuture {
                    .link(
                        UnprovenLink(
                            connection: try link(on: channel), tlsKey: tlsKey, deadline: deadline))
                }
            }
            try pipeline.addHandler(negotiation)
            return Value(channel: channel, branch: negotiation.protocolNegotiationResult)
        }.flatMapErrorThrowing { error in
            channel.close(mode: .all, promise: nil)
            throw error
        }
    }

    private func link(on channel: any Channel) throws -> LinkConnection {
        // Half a link is none: with it TLS would wait for the other half at the end.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        let bytes = LinkBytes(writeStall: limits.writeStall, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(bytes)
        let meter = WireMeter()
        try channel.pipeline.syncOperations.addHandler(WireMeterHandler(meter), position: .first)
        bytes.begin(LinkHello.alpn)
        return LinkConnection(channel, bytes, meter)
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.branch.get() {
            case .http(let connection): await http.handle(value: connection, logger: logger)
            case .link(let link): await links.serve(link)
            }
        } catch {
            logger.debug("no handshake", metadata: ["error": "\(error)"])
            value.channel.close(mode: .all, promise: nil)
        }
    }
}
