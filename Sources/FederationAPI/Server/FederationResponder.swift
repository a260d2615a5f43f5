import Core
import Federation
import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Answers requests on the public port.
final class FederationResponder: Sendable {
    private let port: any FederationPort
    private let certificate: NodeCertificate
    private let limits: ServerLimits
    private let gatekeeper: Gatekeeper
    private let logger: Logger
    private let streams = Mutex<[NodeID: Int]>([:])

    init(
        port: any FederationPort, certificate: NodeCertificate, limits: ServerLimits,
        gatekeeper: Gatekeeper, logger: Logger
    ) {
        self.port = port
        self.certificate = certificate
        self.limits = limits
        self.gatekeeper = gatekeeper
        self.logger = logger
    }

    @concurrent
    func respond(
        to request: HummingbirdCore.Request, _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        var exchange = Exchange(request, channel)
        let asCBOR = exchange.wantsCBOR
        let route: Route
        do throws(Route.Problem) {
            route = try Route(
                method: exchange.method, target: exchange.target,
                lastEventID: exchange.value("last-event-id"))
        } catch {
            return try await exchange.answer(ServerReply(error, asCBOR: asCBOR), writer)
        }
        if case .identity = route {
            let view = IdentityView(port.node, await port.card(), tlsKey: certificate.tlsKey)
            return try await exchange.answer(.json(view), writer)
        }
        let caller: Caller
        let message: Federation.Request
        do {
            (caller, message) = try await admit(&exchange, route)
        } catch let refusal as Refusal {
            return try await exchange.answer(reply(refusal, exchange, caller: channel), writer)
        } catch is WrongMediaType {
            let refusal = Refusal(.malformed, "the body must be \(MediaType.cbor)")
            let reply = ServerReply(refusal, status: 415, asCBOR: asCBOR)
            return try await exchange.answer(reply, writer)
        }
        if case .stream(let since) = message, let node = caller.node {
            return try await stream(since, node, caller, &exchange, writer)
        }
        let response = await port.respond(to: message, from: caller)
        try await exchange.answer(ServerReply(response, asCBOR: asCBOR), writer)
    }

    /// Proves the caller and reads the message.
    @concurrent
    private func admit(
        _ exchange: inout Exchange, _ route: Route
    ) async throws -> (Caller, Federation.Request) {
        var caller = Caller(exchange.channel)
        var digest: String?
        if route != .register {
            let signature = try await gatekeeper.admit(exchange)
            caller.node = signature.node
            digest = signature.contentDigest
        }
        if case .leave(let node) = route, node != caller.node {
            throw Refusal(.notAllowed, "a peer may only remove itself")
        }
        let message = try await message(&exchange, route, digest: digest)
        return (caller, message)
    }

    @concurrent
    private func message(
        _ exchange: inout Exchange, _ route: Route, digest: String?
    ) async throws -> Federation.Request {
        if route.bodiless == nil, !exchange.isBody(MediaType.cbor) {
            throw WrongMediaType()
        }
        let limit =
            route.bodiless != nil
            ? 0 : route == .register ? limits.registrationBytes : limits.bodyBytes
        guard let body = try await exchange.collect(limit, within: limits.bodyTimeout) else {
            throw Refusal(.tooLarge, "at most \(limit) bytes")
        }
        if let digest, digest != ContentDigest.text(of: body) {
            throw Gatekeeper.refusal(.digest)
        }
        if let message = route.bodiless { return message }
        let message: Federation.Request
        do throws(CBORError) {
            message = try Federation.Request(decoding: body)
        } catch {
            throw Refusal(.malformed, "the message is not canonical CBOR: \(error.rawValue)")
        }
        guard route.takes(message) else {
            throw Refusal(.malformed, "this message belongs to another route")
        }
        return message
    }

    @concurrent
    private func stream(
        _ since: Cursor?, _ node: NodeID, _ caller: Caller, _ exchange: inout Exchange,
        _ writer: consuming ResponseWriter
    ) async throws {
        let asCBOR = exchange.wantsCBOR || exchange.value("accept") == nil
        let mayOpen = streams.withLock { streams in
            guard streams[node, default: 0] < limits.streamsPerPeer else { return false }
            streams[node, default: 0] += 1
            return true
        }
        guard mayOpen else {
            let refusal = Refusal(.busy, "too many streams", retryAfter: limits.ping)
            return try await exchange.answer(ServerReply(refusal, asCBOR: asCBOR), writer)
        }
        defer {
            streams.withLock { streams in
                let left = streams[node, default: 1] - 1
                streams[node] = left == 0 ? nil : left
            }
        }
        let source: any PageSource
        do throws(Refusal) {
            source = try await port.pages(since: since, for: caller)
        } catch {
            return try await exchange.answer(ServerReply(error, asCBOR: asCBOR), writer)
        }
        let stream = PageStream(
            source: source, ping: limits.ping, life: limits.streamLife
        ) { page in
            asCBOR
                ? Base64URL.encode(Federation.Response.page(page).encoded())
                : String(decoding: ViewJSON.encode(PageView(page)), as: UTF8.self)
        }
        try await stream.run(writer, exchange.channel)
    }
}

/// A body that is not CBOR.
struct WrongMediaType: Error {}

extension FederationResponder {
    private func reply(
        _ refusal: Refusal, _ exchange: Exchange, caller channel: any Channel
    ) -> ServerReply {
        logger.debug(
            "refused",
            metadata: [
                "code": "\(refusal.code.rawValue)", "detail": "\(refusal.detail)",
                "address": "\(Caller(channel).address)",
            ])
        var reply = ServerReply(refusal, asCBOR: exchange.wantsCBOR)
        if refusal.code == .unauthenticated { reply.headers += gatekeeper.hints() }
        return reply
    }
}
