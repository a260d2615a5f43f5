import NIOCore
import NIOPosix

@testable import FederationAPI

/// Sends bytes without TLS and takes what comes until the server closes; closes its own half first
/// unless it `waits`.
func plainExchange(_ endpoint: Endpoint, _ bytes: [UInt8], waits: Bool) async throws -> [UInt8] {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: endpoint.host, port: endpoint.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        var found: [UInt8] = []
        do {
            try await outbound.write(ByteBuffer(bytes: bytes))
            if !waits { outbound.finish() }
            for try await buffer in inbound { found += buffer.readableBytesView }
        } catch is IOError {
            // A reset is a close, too.
        } catch is ChannelError {
        }
        return found
    }
}

/// Opens connections and leaves them alone.
func holdOpen(_ endpoint: Endpoint, count: Int) async throws -> [any Channel] {
    var channels: [any Channel] = []
    for _ in 0..<count {
        channels.append(
            try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: endpoint.host, port: endpoint.port).get())
    }
    return channels
}
