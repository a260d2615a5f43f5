public import Core
import HummingbirdCore
import HummingbirdTLS
public import Logging
package import NIOCore
import NIOPosix
public import ServiceLifecycle

/// Why a server can't run.
public enum ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The address or the socket can't be listened on.
    case cannotListen(String)
    /// The certificate can't be used.
    case tls(String)

    public var description: String {
        switch self {
        case .cannotListen(let why): why
        case .tls(let why): "TLS can't be set up: \(why)"
        }
    }
}

/// The public port: HTTP/1.1 over TLS 1.3, for peers.
public struct FederationServer: Service {
    private let host: String
    private let portNumber: Int
    private let certificate: NodeCertificate
    private let limits: ServerLimits
    private let responder: FederationResponder
    private let logger: Logger
    private let onListening: @Sendable (_ host: String, _ port: Int) async -> Void

    /// `portNumber` 0 takes any free port; `onListening` says which. `wall` is the clock that
    /// signatures are compared with.
    public init(
        port: any FederationPort, certificate: NodeCertificate, host: String, portNumber: Int,
        limits: ServerLimits = ServerLimits(),
        wall: @escaping @Sendable () -> WallTime = WallTime.system, logger: Logger,
        onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void
    ) {
        self.host = host
        self.portNumber = portNumber
        self.certificate = certificate
        self.limits = limits
        self.logger = logger
        self.onListening = onListening
        responder = FederationResponder(
            port: port, certificate: certificate, limits: limits,
            gatekeeper: Gatekeeper(port: port, wall: wall, nonces: NonceCache()), logger: logger)
    }

    /// Serves until graceful shutdown or cancellation.
    public func run() async throws {
        let tls: TLSChannelConfiguration
        do {
            tls = TLSChannelConfiguration(tlsConfiguration: try certificate.serverConfiguration())
        } catch {
            throw ServerError.tls("\(error)")
        }
        let http = HTTPServerBuilder.limited(limits, handshakeTimeout: limits.handshakeTimeout)
        let server = try HTTPServerBuilder.tls(http, configuration: tls).buildServer(
            configuration: ServerConfiguration(
                address: .hostname(host, port: portNumber),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.connections, logger: logger)),
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: logger.quiet,
            responder: { [responder] request, writer, channel in
                try await responder.respond(to: request, writer, channel)
            },
            onServerRunning: { [host, onListening] channel in
                await onListening(host, channel.localAddress?.port ?? 0)
            })
        do {
            try await server.run()
        } catch let error as IOError {
            throw ServerError.cannotListen(
                "can't listen on \(host), port \(portNumber): \(error.description). "
                    + "Choose another port, or stop what uses it.")
        }
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1 under the limits. Without TLS there is no handshake to wait for.
    static func limited(_ limits: ServerLimits, handshakeTimeout: Duration?) -> HTTPServerBuilder {
        .http1(configuration: .limited(limits, handshakeTimeout: handshakeTimeout))
    }
}

extension HTTP1Channel.Configuration {
    fileprivate static func limited(
        _ limits: ServerLimits, handshakeTimeout: Duration?
    ) -> HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                ConnectionGuard(
                    handshakeTimeout: handshakeTimeout, writeStall: limits.writeStall)
            ],
            idleTimeout: TimeAmount(limits.idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                maxHeaderFieldCount: limits.headerFields))
    }
}

extension FederationServer {
    /// Serves one connection that is open already, without TLS, until it is closed: the whole way
    /// of a request on any kind of channel. `onReady` is called when bytes may come in.
    package func serve(
        _ channel: any Channel, onReady: @Sendable () -> Void
    ) async throws {
        let http = HTTP1Channel(
            responder: { [responder] request, writer, channel in
                try await responder.respond(to: request, writer, channel)
            }, configuration: .limited(limits, handshakeTimeout: nil))
        let connection = try await channel.eventLoop.flatSubmit { [logger] in
            http.setup(channel: channel, logger: logger.quiet)
        }.get()
        onReady()
        await http.handle(value: connection, logger: logger.quiet)
    }
}

extension Logger {
    /// The same logger without the library's announcements, which say less than ours.
    var quiet: Logger {
        var copy = self
        copy.logLevel = max(logLevel, .warning)
        return copy
    }
}
