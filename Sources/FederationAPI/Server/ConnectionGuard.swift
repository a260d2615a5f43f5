import NIOCore
import NIOHTTP1

/// Closes connections of HTTP whose receiver does not read. (Handshakes, idle connections and slow
/// bodies are seen to by others.) Says what can't be read as HTTP.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    private let writeStall: TimeAmount
    private let onMalformed: @Sendable (any Channel) -> Void
    private var stall: Scheduled<Void>?
    private var isBroken = false

    init(writeStall: Duration, onMalformed: @escaping @Sendable (any Channel) -> Void) {
        self.onMalformed = onMalformed
        self.writeStall = TimeAmount(writeStall)
    }

    func handlerRemoved(context: ChannelHandlerContext) { stall?.cancel() }

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
