import Federation
import NIOCore
import Synchronization

/// Counts what a connection carries below TLS: handshake and records too.
///
/// A connection of HTTP carries one request at a time, so what was counted since the last `take`
/// belongs to the request that has just ended; the handshake belongs to the connection's first.
final class WireMeter: Sendable {
    private let counted = Mutex(WireBytes())

    func add(_ bytes: WireBytes) { counted.withLock { $0 += bytes } }

    /// What came since it was last taken.
    func take() -> WireBytes {
        counted.withLock { counted in
            defer { counted = WireBytes() }
            return counted
        }
    }
}

/// The place in the pipeline where a meter counts: next to the socket.
final class WireMeterHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let meter: WireMeter

    init(_ meter: WireMeter) { self.meter = meter }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        meter.add(WireBytes(received: unwrapInboundIn(data).readableBytes))
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        meter.add(WireBytes(sent: unwrapOutboundIn(data).readableBytes))
        context.write(data, promise: promise)
    }
}
