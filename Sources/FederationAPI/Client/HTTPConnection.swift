import Core
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS

/// One connection of a client, for one request at a time.
struct HTTPConnection: Sendable {
    let channel: any Channel
    /// What the server proved; nil on a Unix socket.
    let identity: ProvenIdentity?
    /// What it has carried.
    let meter: WireMeter
    private let parts: NIOLoopBound<ResponseParts>

    private init(_ pipeline: Pipeline, _ identity: ProvenIdentity?) {
        channel = pipeline.channel
        parts = pipeline.parts
        meter = pipeline.meter
        self.identity = identity
    }

    var isActive: Bool { channel.isActive }

    func close() {
        channel.eventLoop.execute {
            // The other side's goodbye must be read, or TLS waits for it in vain.
            // A channel without this option reads by itself anyway.
            try? channel.syncOptions?.setOption(.autoRead, value: true)
            channel.close(mode: .all, promise: nil)
        }
    }

    /// To be called between two requests: reads on, so that the server's goodbye is noticed.
    func rest() { channel.eventLoop.execute { parts.value.rest() } }

    /// Runs `body`; closes the connection and throws when it takes longer than `time` or its task
    /// is cancelled.
    func limited<Value: Sendable>(
        to time: Duration, _ what: String, _ body: () async throws -> Value
    ) async throws(TransportError) -> Value {
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(time)) {
            parts.value.fail(TransportError.timedOut(what))
            close()
        }
        defer { timer.cancel() }
        let result: Result<Value, TransportError> = await withTaskCancellationHandler {
            do {
                return .success(try await body())
            } catch {
                return .failure(Task.isCancelled ? .cancelled : Self.reason(error))
            }
        } onCancel: {
            close()
        }
        if case .failure = result { close() }
        return try result.get()
    }

    static func reason(_ error: any Error) -> TransportError {
        switch error {
        case let error as TransportError: error
        case let error as IdentityError: TransportError(error)
        case is NIOSSLError, is BoringSSLError: .tls("\(error)")
        case is HTTPParserError: .badResponse("not HTTP: \(error)")
        case is CancellationError: .cancelled
        default: .closed
        }
    }

    func send(_ head: HTTPRequestHead, _ body: [UInt8]) {
        let buffer = channel.allocator.buffer(bytes: body)
        channel.eventLoop.execute { parts.value.send(head, buffer) }
    }

    func next() async throws -> HTTPClientResponsePart {
        try await channel.eventLoop.flatSubmit { parts.value.next() }.get()
    }

    /// Whether the connection is open and silent, as it must be between two requests.
    func isQuiet() async -> Bool {
        guard isActive else { return false }
        // A loop that has ended holds no connection that can be used.
        return (try? await channel.eventLoop.submit { parts.value.isQuiet }.get()) ?? false
    }
}

extension HTTPConnection {
    /// Connects to a node and checks what it proves before anything is sent.
    static func open(
        _ endpoint: Endpoint, pin: NodeID?, guardedBy dialGuard: DialGuard?,
        context: NIOSSLContext, limits: ClientLimits
    ) async throws(TransportError) -> HTTPConnection {
        let check = ServerCheck(pin: pin)
        let pipeline = try await endpoint.dial(limits) { channel in
            prepare(
                channel, check: check, guardedBy: dialGuard, context: context, limits: limits)
        }
        let connection = HTTPConnection(pipeline, nil)
        do throws(TransportError) {
            try await connection.limited(to: limits.handshakeTimeout, "the TLS handshake") {
                try await pipeline.ready.get()
            }
        } catch {
            if case .failure(let reason) = check.result { throw TransportError(reason) }
            throw error
        }
        guard case .success(let identity) = check.result else {
            connection.close()
            throw .tls("the server's certificate was not checked")
        }
        return HTTPConnection(pipeline, identity)
    }

    /// Connects to a node's control socket.
    static func open(socket path: String) async throws(TransportError) -> HTTPConnection {
        let limits = ClientLimits()
        do {
            let bootstrap = ClientBootstrap.limited(limits)
            let pipeline = try await bootstrap.connect(unixDomainSocketPath: path) {
                prepare($0, check: nil, guardedBy: nil, context: nil, limits: limits)
            }
            try await pipeline.ready.get()
            return HTTPConnection(pipeline, nil)
        } catch {
            throw .cannotConnect("\(path): \(error)")
        }
    }

    /// What a connection's set-up hands out.
    private struct Pipeline: Sendable {
        var channel: any Channel
        var parts: NIOLoopBound<ResponseParts>
        var meter: WireMeter
        var ready: EventLoopFuture<Void>
    }

    private static func prepare(
        _ channel: any Channel, check: ServerCheck?, guardedBy dialGuard: DialGuard?,
        context: NIOSSLContext?, limits: ClientLimits
    ) -> EventLoopFuture<Pipeline> {
        channel.eventLoop.makeCompletedFuture {
            let parts = ResponseParts(isTLS: check != nil, eventLoop: channel.eventLoop)
            let pipeline = channel.pipeline.syncOperations
            let meter = WireMeter()
            if let dialGuard { try pipeline.addHandler(DialGuardHandler(dialGuard)) }
            if let check, let context {
                try pipeline.addHandler(WireMeterHandler(meter))
                try pipeline.addHandler(try check.handler(context))
            }
            var decoderLimits = NIOHTTPDecoderLimitConfiguration()
            decoderLimits.maxHeaderListSize = limits.headerBytes
            decoderLimits.maxHeaderFieldSize = limits.headerBytes
            decoderLimits.maxHeaderFieldCount = 64
            let decoder = HTTPResponseDecoder(limitConfiguration: decoderLimits)
            try pipeline.addHandler(HTTPRequestEncoder())
            try pipeline.addHandler(ByteToMessageHandler(decoder))
            try pipeline.addHandler(parts)
            return Pipeline(
                channel: channel, parts: NIOLoopBound(parts, eventLoop: channel.eventLoop),
                meter: meter, ready: parts.ready.futureResult)
        }
    }
}
