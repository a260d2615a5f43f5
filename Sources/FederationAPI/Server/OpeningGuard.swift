import NIOCore

/// Ends a connection whose TLS handshake takes too long, or during which the server shuts down.
final class OpeningGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    private let deadline: NIODeadline
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(deadline: NIODeadline) { self.deadline = deadline }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(deadline: deadline) {
            channel.close(mode: .all, promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    /// The handshake is over: others see to the connection from now on.
    func end() {
        timer?.cancel()
        guard let context else { return }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
