import Core
import Federation
import HummingbirdCore
import Logging
import NIOCore

/// Answers requests on the public port.
final class FederationResponder: Sendable {
    /// What a request asks for, once everything before the node has let it pass.
    private struct Accepted {
        var caller: Caller
        var message: Federation.Request
    }

    /// What is known of a request so far.
    private struct Progress {
        /// Who it claims to be from.
        var claimed: NodeID?
        /// Whose body is counted.
        var body: NodeID?
    }

    private let port: any FederationPort
    private let identity: ServerIdentity
    private let limits: ServerLimits
    private let gatekeeper: Gatekeeper
    private let reception: Reception
    private let logger: Logger
    private let streams: Tally
    private let bodies: Tally

    init(
        port: any FederationPort, identity: ServerIdentity, limits: ServerLimits,
        gatekeeper: Gatekeeper, reception: Reception, logger: Logger
    ) {
        self.port = port
        self.identity = identity
        self.limits = limits
        self.gatekeeper = gatekeeper
        self.reception = reception
        self.logger = logger
        streams = Tally(limit: limits.streamsPerPeer)
        bodies = Tally(limit: limits.bodiesPerPeer)
    }

    @concurrent
    func respond(
        to request: HummingbirdCore.Request, _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        var exchange = Exchange(request, channel, bodyTimeout: limits.bodyTimeout)
        let asCBOR = exchange.wantsCBOR
        var progress = Progress()
        defer { if let node = progress.body { bodies.leave(node) } }
        let accepted: Accepted?
        do {
            guard exchange.isBodyPlain else {
                throw Refusal(.malformed, "no transfer coding but chunked")
            }
            let route = try Route(
                method: exchange.method, target: exchange.target,
                lastEventID: exchange.value("last-event-id"))
            accepted = try await accept(&exchange, route, &progress)
        } catch {
            let (refusal, reply) = try reply(to: error, asCBOR: asCBOR)
            return try await refuse(refusal, reply, by: progress.claimed, &exchange, writer)
        }
        guard let accepted else {
            let view = IdentityView(
                port.node, await port.card(), tlsKey: identity.certificate.tlsKey)
            return try await exchange.answer(.json(view), writer)
        }
        if case .stream(let since) = accepted.message, let node = accepted.caller.node {
            return try await stream(since, node, accepted.caller, &exchange, writer)
        }
        let response = await port.respond(to: accepted.message, from: accepted.caller)
        try await exchange.answer(ServerReply(response, asCBOR: asCBOR), writer)
    }

    /// Proves the caller and reads the message; nil for `identity`, which asks for nothing more.
    @concurrent
    private func accept(
        _ exchange: inout Exchange, _ route: Route, _ progress: inout Progress
    ) async throws -> Accepted? {
        var caller = Caller(exchange.channel)
        guard route != .register, route != .identity else {
            try reception.require(.unproved, of: exchange.channel)
            reception.charge(.unproved, to: exchange.channel)
            guard route == .register else { return nil }
            let message = try await message(&exchange, route, digest: nil)
            return Accepted(caller: caller, message: message)
        }
        let admission = try await gatekeeper.admit(exchange, claimed: &progress.claimed)
        let signature = admission.signature
        caller.node = signature.node
        caller.instance = signature.nonce.instance
        caller.signedAt = signature.created
        if case .leave(let node) = route, node != caller.node {
            throw Refusal(.notAllowed, "a peer may only remove itself")
        }
        if route.bodiless == nil {
            // The node refuses whatever a node says that is no active peer: the shortest question
            // gets that answer, and nobody has to hold 4 MiB for it.
            guard admission.isPeer else { return Accepted(caller: caller, message: .status) }
            guard bodies.enter(signature.node) else {
                throw Refusal(.busy, "too many bodies at once", retryAfter: .seconds(1))
            }
            progress.body = signature.node
        }
        let message = try await message(&exchange, route, digest: signature.contentDigest)
        if admission.isPeer { reception.prove(exchange.channel, signature.node) }
        return Accepted(caller: caller, message: message)
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
        guard let body = try await exchange.collect(limit) else {
            throw Refusal(.tooLarge, "at most \(limit) bytes")
        }
        if let digest, digest != ContentDigest.text(of: body) {
            // Bytes were read and hashed for nothing: no better than a signature that fails.
            reception.charge(.failedSignature, to: exchange.channel)
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
        guard streams.enter(node) else {
            let refusal = Refusal(.busy, "too many streams", retryAfter: limits.ping)
            reception.count(refusal.code, by: node, exchange.channel)
            return try await exchange.answer(ServerReply(refusal, asCBOR: asCBOR), writer)
        }
        defer { streams.leave(node) }
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
        to error: any Error, asCBOR: Bool
    ) throws -> (Refusal, ServerReply) {
        switch error {
        case let problem as Route.Problem:
            return (problem.refusal, ServerReply(problem, asCBOR: asCBOR))
        case let refusal as Refusal:
            var reply = ServerReply(refusal, asCBOR: asCBOR)
            if refusal.code == .unauthenticated { reply.headers += gatekeeper.hints() }
            return (refusal, reply)
        case is WrongMediaType:
            let refusal = Refusal(.malformed, "the body must be \(MediaType.cbor)")
            return (refusal, ServerReply(refusal, status: 415, asCBOR: asCBOR))
        // The connection is gone.
        default: throw error
        }
    }

    /// Answers what came no further than the door. An address that has had its share of such
    /// answers gets 429 instead, and the connection ends: the next one is counted before its
    /// handshake.
    @concurrent
    private func refuse(
        _ refusal: Refusal, _ reply: ServerReply, by node: NodeID?, _ exchange: inout Exchange,
        _ writer: consuming ResponseWriter
    ) async throws {
        var (refusal, reply) = (refusal, reply)
        reception.doubt(exchange.channel)
        do throws(Refusal) {
            if refusal.code != .overBudget {
                try reception.require(.unproved, of: exchange.channel)
            }
            reception.charge(.unproved, to: exchange.channel)
        } catch {
            refusal = error
            reply = ServerReply(error, asCBOR: exchange.wantsCBOR)
        }
        if refusal.code == .overBudget { reply.closes = true }
        reception.count(refusal.code, by: node, exchange.channel)
        logger.debug(
            "refused",
            metadata: [
                "code": "\(refusal.code.rawValue)", "detail": "\(refusal.detail)",
                "address": "\(Caller(exchange.channel).address)",
            ])
        try await exchange.answer(reply, writer)
    }
}
