import Core
import Federation
import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Synchronization

@testable import FederationAPI

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs services until `body` is done; `ready` says when and where the server listens.
@discardableResult
func withService<Value: Sendable>(
    _ service: any Service, ready: AsyncStream<Int>, _ body: (Int) async throws -> Value
) async throws -> Value {
    let group = ServiceGroup(services: [service], logger: silent)
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        var ports = ready.makeAsyncIterator()
        let result: Result<Value, any Error>
        if let port = await ports.next() {
            do { result = .success(try await body(port)) } catch { result = .failure(error) }
        } else {
            result = .failure(TransportError.closed)
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return try result.get()
    }
}

/// A node's public port on loopback.
@discardableResult
func withServer<Value: Sendable>(
    _ port: any FederationPort, key: SecretKey, limits: ServerLimits = ServerLimits(),
    wall: @escaping @Sendable () -> WallTime = WallTime.system, host: String = "127.0.0.1",
    _ body: (Endpoint) async throws -> Value
) async throws -> Value {
    let (ready, continuation) = AsyncStream.makeStream(of: Int.self)
    let server = FederationServer(
        port: port, certificate: try NodeCertificate.make(for: key), host: host, portNumber: 0,
        limits: limits, wall: wall, logger: silent
    ) { _, number in
        continuation.yield(number)
    }
    return try await withService(server, ready: ready) { number in
        try await body(Endpoint(host: host, port: number))
    }
}

@discardableResult
func withClient<Value: Sendable>(
    _ limits: ClientLimits = ClientLimits(),
    wall: @escaping @Sendable () -> WallTime = WallTime.system,
    _ body: (PeerClient) async throws -> Value
) async throws -> Value {
    let client = PeerClient(limits: limits, wall: wall, logger: silent)
    do {
        let value = try await body(client)
        await client.close()
        return value
    } catch {
        await client.close()
        throw error
    }
}

/// A TLS server that answers every connection's first bytes with fixed ones, and counts what it
/// gets in clear.
final class ScriptedServer: Sendable {
    struct Seen {
        var connections = 0
        var bytes: [UInt8] = []
    }

    let seen = Mutex(Seen())
    private let script: [UInt8]
    /// Sent again and again after the script, until the connection ends.
    private let endless: [UInt8]
    private let closes: Bool

    init(_ script: String, endless: String = "", closes: Bool = false) {
        self.script = Array(script.utf8)
        self.endless = Array(endless.utf8)
        self.closes = closes
    }

    init(bytes: [UInt8], closes: Bool = false) {
        script = bytes
        endless = []
        self.closes = closes
    }

    var bytes: [UInt8] { seen.withLock { $0.bytes } }
    var connections: Int { seen.withLock { $0.connections } }

    @discardableResult
    func run<Value: Sendable>(
        _ tls: TLSConfiguration, _ body: (Endpoint) async throws -> Value
    ) async throws -> Value {
        let context = try NIOSSLContext(configuration: tls)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    try pipeline.addHandler(Answerer(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Value, any Error>
        do {
            result = .success(
                try await body(Endpoint(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)))
        } catch {
            result = .failure(error)
        }
        try await channel.close()
        return try result.get()
    }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let server: ScriptedServer
        private var isStarted = false

        init(_ server: ScriptedServer) { self.server = server }

        func channelActive(context: ChannelHandlerContext) {
            server.seen.withLock { $0.connections += 1 }
            context.fireChannelActive()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            server.seen.withLock { $0.bytes += Array(buffer.readableBytesView) }
            guard !isStarted else { return }
            isStarted = true
            let channel = context.channel
            let script = channel.allocator.buffer(bytes: server.script)
            let written = channel.writeAndFlush(script)
            if server.closes {
                written.whenComplete { _ in channel.close(mode: .all, promise: nil) }
            } else if !server.endless.isEmpty {
                Self.repeatForever(channel, server.endless)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private static func repeatForever(_ channel: any Channel, _ bytes: [UInt8]) {
            guard channel.isActive else { return }
            channel.writeAndFlush(channel.allocator.buffer(bytes: bytes)).whenSuccess {
                // Not at once: a write that succeeds at once would fill the stack.
                channel.eventLoop.execute { repeatForever(channel, bytes) }
            }
        }
    }
}

/// Sends raw bytes through TLS and takes what comes until the server closes or the answer is
/// `until`.
func rawExchange(
    _ endpoint: Endpoint, _ pieces: [[UInt8]], pause: Duration = .zero, until end: String? = nil
) async throws -> String {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.certificateVerification = .none
    let context = try NIOSSLContext(configuration: tls)
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(host: endpoint.host, port: endpoint.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLClientHandler(context: context, serverHostname: nil))
                return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel)
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for piece in pieces {
                    // A server that hangs up early is seen in its answer.
                    try? await outbound.write(ByteBuffer(bytes: piece))
                    // The slowness itself is what is tested; when cancelled, it is over.
                    if pause > .zero { try? await Task.sleep(for: pause) }
                }
            }
            var answer = ""
            do {
                for try await buffer in inbound {
                    answer += String(buffer: buffer)
                    if let end, answer.contains(end) { break }
                }
            } catch is NIOSSLError {
                // A server may end without saying so in TLS.
            } catch is IOError {
            } catch is ChannelError {
            }
            group.cancelAll()
            return answer
        }
    }
}

extension SecretKey {
    /// A key that a number names.
    static func test(_ number: UInt8) -> SecretKey {
        guard let key = SecretKey(seed: [UInt8](repeating: number, count: 32)) else {
            preconditionFailure("no guarded memory")
        }
        return key
    }
}

/// A TCP server that takes connections and says nothing.
@discardableResult
func withSilentServer<Value: Sendable>(
    _ body: (Endpoint) async throws -> Value
) async throws -> Value {
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .bind(host: "127.0.0.1", port: 0).get()
    let result: Result<Value, any Error>
    do {
        let port = channel.localAddress?.port ?? 0
        result = .success(try await body(Endpoint(host: "127.0.0.1", port: port)))
    } catch {
        result = .failure(error)
    }
    try await channel.close()
    return try result.get()
}
