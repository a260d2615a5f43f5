import NIOCore
import NIOSSL
import NIOTLS

/// The end of a link's pipeline: hands out what came, and reads from the socket only while somebody
/// waits for it; says when the network has taken what was written.
///
/// When the other side ends the connection, the socket is read to its end at once: what the system
/// held by then is kept, no more.
final class LinkBytes: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Reader {
        /// How many bytes are wanted; nil for any number.
        var count: Int?
        var promise: EventLoopPromise<[UInt8]?>
    }

    /// How a link is over.
    private enum End {
        /// The other side said so.
        case orderly
        /// This side did.
        case own
        case failed(TransportError)
    }

    /// At most this much is handed out at once.
    static let pieceBytes = 262_144

    /// Fulfilled after the handshake, with the protocol that was agreed on.
    let negotiated: EventLoopPromise<String?>
    private let writeStall: TimeAmount
    private var buffer = ByteBuffer()
    private var reader: Reader?
    private var writer: EventLoopPromise<Void>?
    private var stall: Scheduled<Void>?
    private var end: End?
    private var context: ChannelHandlerContext?

    init(writeStall: Duration, eventLoop: any EventLoop) {
        self.writeStall = TimeAmount(writeStall)
        negotiated = eventLoop.makePromise()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish(.failed(.closed))
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name) = event as? TLSUserEvent {
            begin(name)
        } else if event is ChannelShouldQuiesceEvent {
            // The server shuts down: an open link would keep it from that.
            context.channel.close(mode: .all, promise: nil)
        } else if let event = event as? ChannelEvent, event == .inputClosed {
            finish(.orderly)
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// The handshake is over: from now on nothing is read that nobody waits for.
    func begin(_ name: String?) {
        setAutoRead(false)
        negotiated.succeed(name)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard end == nil else { return }
        var piece = unwrapInboundIn(data)
        if buffer.readableBytes == 0 { buffer = piece } else { buffer.writeBuffer(&piece) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        deliver()
        // What was wanted may come in several reads.
        if reader != nil { context.read() }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if context.channel.isWritable {
            writer?.succeed()
            writer = nil
        } else if end == nil {
            stall = context.eventLoop.assumeIsolated().scheduleTask(in: writeStall) { [self] in
                finish(.failed(.timedOut("the other side's reading")))
                cut()
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A connection that ends without a goodbye is no fault of TLS.
        let isCut = error as? NIOSSLError == .uncleanShutdown
        finish(.failed(isCut ? .closed : HTTPConnection.reason(error)))
        context.close(promise: nil)
    }

    /// Whoever closes the channel ends the link: what was written goes out, as long as TLS waits
    /// for the other side's goodbye (`ServerCheck.farewell`).
    func close(
        context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
    ) {
        finish(.own)
        // The goodbye must be read, whatever comes before it.
        setAutoRead(true)
        context.close(mode: mode, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.orderly)
        context.fireChannelInactive()
    }
}

extension LinkBytes {
    /// The next `count` bytes, or with nil whatever there is; nil at the end. One call at a time.
    func next(_ count: Int?) -> EventLoopFuture<[UInt8]?> {
        let promise = negotiated.futureResult.eventLoop.makePromise(of: [UInt8]?.self)
        guard reader == nil else {
            promise.fail(TransportError.closed)
            return promise.futureResult
        }
        reader = Reader(count: count, promise: promise)
        deliver()
        if reader != nil { context?.read() }
        return promise.futureResult
    }

    /// Writes; fulfilled when there is room for more. One call at a time.
    func write(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
        let promise = negotiated.futureResult.eventLoop.makePromise(of: Void.self)
        guard end == nil, writer == nil, let context else {
            promise.fail(failure)
            return promise.futureResult
        }
        writer = promise
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        if context.channel.isWritable {
            writer?.succeed()
            writer = nil
        }
        return promise.futureResult
    }

    /// Ends the link with an error.
    func fail(_ error: TransportError) {
        finish(.failed(error))
        context?.channel.close(mode: .all, promise: nil)
    }

    /// Ends the connection at once: whoever does not read hears no goodbye either.
    private func cut() {
        guard let context else { return }
        let pipeline = context.pipeline.syncOperations
        // The other side's handler is missing, which is no error.
        let server = try? pipeline.context(handlerType: NIOSSLServerHandler.self)
        // As above.
        let client = try? pipeline.context(handlerType: NIOSSLClientHandler.self)
        // What stands before TLS in the pipeline sees the end that TLS would put off.
        (server ?? client ?? context).close(mode: .all, promise: nil)
    }

    private var failure: TransportError {
        if case .failed(let error) = end { error } else { .closed }
    }

    /// The first end stays.
    private func finish(_ how: End) {
        guard end == nil else { return }
        end = how
        stall?.cancel()
        // Of what was not taken before this side ended the link nobody wants to hear.
        if case .own = how { buffer = ByteBuffer() }
        negotiated.fail(failure)
        writer?.fail(failure)
        writer = nil
        deliver()
    }

    /// Gives the reader what it waits for, if that is here.
    private func deliver() {
        guard let reader else { return }
        let wanted = reader.count ?? 1
        if buffer.readableBytes >= wanted {
            let count = reader.count ?? min(buffer.readableBytes, Self.pieceBytes)
            self.reader = nil
            reader.promise.succeed(buffer.readBytes(length: count))
            // Its memory may be many times what is left.
            if buffer.readableBytes == 0 { buffer = ByteBuffer() }
            return
        }
        switch end {
        case nil: return
        case .failed(let error): reader.promise.fail(error)
        // Wanted were bytes that came only in part.
        case .orderly where reader.count != nil: reader.promise.fail(TransportError.closed)
        case .orderly, .own: reader.promise.succeed(nil)
        }
        self.reader = nil
    }

    private func setAutoRead(_ isOn: Bool) {
        // A channel without this option reads by itself, which only costs the back-pressure.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }
}
