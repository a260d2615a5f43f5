import NIOCore
import NIOTLS

/// Closes connections that make no progress: a TLS handshake that does not end, a receiver that
/// does not read. (Idle connections and slow bodies are seen to by others.)
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    private let handshakeTimeout: TimeAmount?
    private let writeStall: TimeAmount
    private var handshake: Scheduled<Void>?
    private var stall: Scheduled<Void>?

    /// `handshakeTimeout` is nil where there is no TLS.
    init(handshakeTimeout: Duration?, writeStall: Duration) {
        self.handshakeTimeout = handshakeTimeout.map { TimeAmount($0) }
        self.writeStall = TimeAmount(writeStall)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard let handshakeTimeout else { return }
        handshake = Self.close(context.channel, in: handshakeTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        handshake?.cancel()
        stall?.cancel()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { handshake?.cancel() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = context.channel.isWritable ? nil : Self.close(context.channel, in: writeStall)
        context.fireChannelWritabilityChanged()
    }

    private static func close(_ channel: any Channel, in time: TimeAmount) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: time) { channel.close(mode: .all, promise: nil) }
    }
}
