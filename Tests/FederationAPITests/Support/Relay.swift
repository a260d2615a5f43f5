import Federation
import NIOCore
import NIOPosix
import Synchronization

@testable import FederationAPI

/// Passes bytes between a client and `target` and counts them: what really went over the network.
func withRelay<Value: Sendable>(
    to target: Endpoint, _ body: (Endpoint, Relay) async throws -> Value
) async throws -> Value {
    let relay = Relay(target)
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .bind(host: "127.0.0.1", port: 0) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    let endpoint = Endpoint(host: "127.0.0.1", port: server.channel.localAddress?.port ?? 0)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            try await server.executeThenClose { connections in
                await withDiscardingTaskGroup { group in
                    // An error here ends the relay, which the client notices.
                    do {
                        for try await client in connections {
                            group.addTask { await relay.carry(client) }
                        }
                    } catch {}
                    group.cancelAll()
                }
            }
        }
        let result: Result<Value, any Error>
        do { result = .success(try await body(endpoint, relay)) } catch { result = .failure(error) }
        group.cancelAll()
        return try result.get()
    }
}

final class Relay: Sendable {
    typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private let target: Endpoint
    private let state = Mutex(WireBytes())

    init(_ target: Endpoint) { self.target = target }

    var counted: WireBytes { state.withLock { $0 } }

    func carry(_ client: Connection) async {
        // However a connection ends, it is over.
        try? await client.executeThenClose { fromClient, toClient in
            let server = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: target.host, port: target.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try Connection(wrappingChannelSynchronously: channel)
                    }
                }
            try await server.executeThenClose { fromServer, toServer in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await bytes in fromClient {
                            self.count(WireBytes(sent: bytes.readableBytes))
                            try await toServer.write(bytes)
                        }
                    }
                    group.addTask {
                        for try await bytes in fromServer {
                            self.count(WireBytes(received: bytes.readableBytes))
                            try await toClient.write(bytes)
                        }
                    }
                    try await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    private func count(_ bytes: WireBytes) { state.withLock { $0 += bytes } }
}
