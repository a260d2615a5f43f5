import Foundation
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The operator's door: HTTP/1.1 in JSON on a Unix socket that only the owner of the data folder
/// can open.
public struct OperatorServer: Service {
    /// Room that the address of a Unix socket has, less its last zero.
    static let pathBytes = 107

    private let path: String
    private let responder: OperatorResponder
    private let logger: Logger
    private let onListening: @Sendable () async -> Void

    /// The caller holds the lock of the folder that `path` is in: what lies at `path` is a socket
    /// that nobody listens on.
    public init(
        port: any OperatorPort, socket path: String, limits: ServerLimits = ServerLimits(),
        logger: Logger, onListening: @escaping @Sendable () async -> Void
    ) {
        self.path = path
        self.logger = logger
        self.onListening = onListening
        responder = OperatorResponder(port: port, limits: limits)
    }

    /// Serves until graceful shutdown or cancellation; the socket is removed then.
    public func run() async throws {
        let folder = try Nursery(for: path)
        defer { folder.remove() }
        let failure = FirstFailure()
        let server =
            try HTTPServerBuilder
            .http1(configuration: .limited(responder.limits))
            .buildServer(
                configuration: ServerConfiguration(address: .unixDomainSocket(path: folder.socket)),
                eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: logger.quiet,
                responder: { [responder] request, writer, channel in
                    try await responder.respond(to: request, writer, channel)
                },
                onServerRunning: { [path, onListening, failure] channel in
                    do throws(ServerError) {
                        try folder.put(at: path)
                        await onListening()
                    } catch {
                        failure.store(error)
                        channel.close(mode: .all, promise: nil)
                    }
                })
        do {
            try await server.run()
        } catch let error as IOError {
            throw ServerError.cannotListen("can't listen on \(path): \(error.description)")
        }
        if let error = failure.first { throw error }
        unsafe unlink(path)
    }
}

/// What went wrong in a callback that can't throw.
private final class FirstFailure: Sendable {
    private let stored = Mutex<ServerError?>(nil)

    var first: ServerError? { stored.withLock { $0 } }

    func store(_ error: ServerError) { stored.withLock { $0 = $0 ?? error } }
}
