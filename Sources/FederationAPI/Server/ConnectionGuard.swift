import NIOCore
import NIOHTTP1
import NIOTLS

/// Closes connections that make no progress: a TLS handshake that does not end, a receiver that
/// does not read. (Idle connections and slow bodies are seen to by others.) Says what can't be read
/// as HTTP.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    private let handshakeTimeout: TimeAmount?
    private let writeStall: TimeAmount
    private let onMalformed: @Sendable (any Channel) -> Void
    private var handshake: Scheduled<Void>?
    private var stall: Scheduled<Void>?
    private var isBroken = false

    /// `handshakeTimeout` is nil where there is no TLS.
    init(
        handshakeTimeout: Duration?, writeStall: Duration,
        onMalformed: @escaping @Sendable (any Channel) -> Void
    ) {
        self.onMalformed = onMalformed
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
        guard !isBroken else { return context.fireChannelWritabilityChanged() }
        stall?.cancel()
        stall = context.channel.isWritable ? nil : Self.close(context.channel, in: writeStall)
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An end in the middle is no nonsense.
        if let error = error as? HTTPParserError, error != .invalidEOFState {
            onMalformed(context.channel)
            // Time for the answer, which is 400.
            isBroken = true
            stall?.cancel()
            stall = Self.close(context.channel, in: .seconds(1))
        }
        context.fireErrorCaught(error)
    }

    private static func close(_ channel: any Channel, in time: TimeAmount) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: time) { channel.close(mode: .all, promise: nil) }
    }
}
