import NIOCore
import NIOHTTP1
import NIOTLS

/// The end of a client's pipeline: hands response parts out one by one, and reads from the socket
/// only when one is asked for, so that a fast server can't fill the memory of a slow client.
final class ResponseParts: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// Fulfilled when the connection may be used: at once on a plain socket, after the handshake
    /// under TLS.
    let ready: EventLoopPromise<Void>
    private let isTLS: Bool
    private var parts: [HTTPClientResponsePart] = []
    private var waiting: EventLoopPromise<HTTPClientResponsePart>?
    private var failure: (any Error)?
    private var context: ChannelHandlerContext?

    init(isTLS: Bool, eventLoop: any EventLoop) {
        self.isTLS = isTLS
        ready = eventLoop.makePromise()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(TransportError.closed)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if !isTLS { becomeReady(context) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { becomeReady(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func becomeReady(_ context: ChannelHandlerContext) {
        // A channel without this option reads by itself, which only costs the back-pressure.
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        ready.succeed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard let promise = waiting else { return parts.append(part) }
        waiting = nil
        promise.succeed(part)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A head may come in several reads.
        if waiting != nil { context.read() }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(TransportError.closed)
        context.fireChannelInactive()
    }

    /// Ends every wait, now and later, with `error`; the first one stays.
    func fail(_ error: any Error) {
        if failure == nil { failure = error }
        ready.fail(error)
        waiting?.fail(error)
        waiting = nil
    }

    /// The next part; only one may be waited for.
    func next() -> EventLoopFuture<HTTPClientResponsePart> {
        let promise = ready.futureResult.eventLoop.makePromise(of: HTTPClientResponsePart.self)
        if !parts.isEmpty {
            promise.succeed(parts.removeFirst())
        } else if let failure {
            promise.fail(failure)
        } else {
            waiting = promise
            context?.read()
        }
        return promise.futureResult
    }

    /// Reads once although no part is waited for.
    func rest() { context?.read() }

    /// Writes a whole request. Its success shows in the response.
    func send(_ head: HTTPRequestHead, _ body: ByteBuffer) {
        guard let context else { return }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Whether nothing came that nobody asked for.
    var isQuiet: Bool { parts.isEmpty && failure == nil }
}
