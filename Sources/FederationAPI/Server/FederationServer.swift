public import Core
import HummingbirdCore
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

/// The public port: HTTP/1.1 and links over TLS 1.3, for peers.
public struct FederationServer: Service {
    private let host: String
    private let portNumber: Int
    private let identity: Result<ServerIdentity, ServerError>
    private let renewal: CertificateRenewal?
    private let limits: ServerLimits
    private let reception: Reception
    private let links: LinkDoor
    private let makeResponder: @Sendable (ServerIdentity) -> FederationResponder
    private let logger: Logger
    private let onListening: @Sendable (_ host: String, _ port: Int) async -> Void

    /// `portNumber` 0 takes any free port; `onListening` says which. `wall` is the clock that
    /// signatures are compared with. Without a `renewal` the certificate stays as it is.
    public init(
        port: any FederationPort, certificate: NodeCertificate,
        renewal: CertificateRenewal? = nil, host: String, portNumber: Int,
        limits: ServerLimits = ServerLimits(),
        wall: @escaping @Sendable () -> WallTime = WallTime.system, logger: Logger,
        onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void
    ) {
        self.host = host
        self.portNumber = portNumber
        self.renewal = renewal
        self.limits = limits
        self.logger = logger
        self.onListening = onListening
        let reception = Reception(port: port, limits: limits)
        self.reception = reception
        identity = Result { try ServerIdentity(certificate) }.mapError { .tls("\($0)") }
        let gatekeeper = Gatekeeper(
            port: port, wall: wall, nonces: NonceCache(), reception: reception)
        links = LinkDoor(
            port: port, limits: limits, gatekeeper: gatekeeper, reception: reception,
            logger: logger)
        makeResponder = { identity in
            FederationResponder(
                port: port, identity: identity, limits: limits, gatekeeper: gatekeeper,
                reception: reception, logger: logger)
        }
    }

    /// Serves until graceful shutdown or cancellation.
    public func run() async throws {
        let identity = try identity.get()
        let server = try server(identity)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                if let renewal {
                    group.addTask { [logger] in await renewal.run(identity, logger) }
                }
                // The renewal ends with the server, never before it.
                defer { group.cancelAll() }
                try await server.run()
            }
        } catch let error as IOError {
            throw ServerError.cannotListen(
                "can't listen on \(host), port \(portNumber): \(error.description). "
                    + "Choose another port, or stop what uses it.")
        }
    }

    private func server(_ identity: ServerIdentity) throws -> any Service {
        let responder = makeResponder(identity)
        let builder = HTTPServerBuilder { [reception, limits, links] respond in
            PublicChannel(
                http: HTTP1Channel(
                    responder: respond,
                    configuration: .limited(limits, onMalformed: reception.unreadable)),
                links: links, reception: reception, identity: identity, limits: limits)
        }
        return try builder.buildServer(
            configuration: ServerConfiguration(
                address: .hostname(host, port: portNumber),
                // Connections that were told to end have not yet ended: for a moment there are
                // more than places. Nobody is accepted while there are far too many.
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.connections + limits.newcomers, logger: logger.quiet)),
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: logger.quiet,
            responder: { request, writer, channel in
                try await responder.respond(to: request, writer, channel)
            },
            onServerRunning: { [host, onListening] channel in
                await onListening(host, channel.localAddress?.port ?? 0)
            })
    }
}

extension HTTP1Channel.Configuration {
    /// HTTP/1.1 under the limits.
    static func limited(
        _ limits: ServerLimits, onMalformed: @escaping @Sendable (any Channel) -> Void = { _ in }
    ) -> HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                ConnectionGuard(writeStall: limits.writeStall, onMalformed: onMalformed)
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
        let responder = makeResponder(try identity.get())
        let http = HTTP1Channel(
            responder: { request, writer, channel in
                try await responder.respond(to: request, writer, channel)
            }, configuration: .limited(limits))
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
