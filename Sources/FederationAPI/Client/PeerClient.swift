public import Core
public import Federation
public import Logging
import NIOCore
import NIOHTTP1

/// A response, and who proved to have sent it.
public struct Received: Sendable {
    public var response: Federation.Response
    public var node: NodeID
    /// SHA-256 of the public key (DER) of the server's certificate as this client saw it.
    public var tlsKey: Digest
    /// Bytes of the bodies, without HTTP and TLS.
    public var bytesSent: Int
    public var bytesReceived: Int
    /// What the network carried, with HTTP, TLS and, for a connection's first request, the
    /// handshake; every attempt counts.
    public var wire: WireBytes
}

/// Talks to peers: HTTP/1.1 over TLS 1.3, the server's identity pinned in the handshake, each
/// request signed.
///
/// Connections are kept and used again. A request that meets a connection which the server had
/// already given up is sent once more: every request of the protocol may be repeated, because
/// events are stored once.
public final class PeerClient: Sendable {
    let limits: ClientLimits
    let pool: ConnectionPool
    let wall: @Sendable () -> WallTime
    private let logger: Logger

    /// `wall` is the clock that signatures carry.
    public init(
        limits: ClientLimits = ClientLimits(),
        wall: @escaping @Sendable () -> WallTime = WallTime.system, logger: Logger
    ) {
        self.limits = limits
        self.wall = wall
        self.logger = logger
        pool = ConnectionPool(limits: limits)
    }

    /// One exchange with the node at `endpoint`.
    ///
    /// `pin` is nil only for a first contact by URL: then whoever proves an identity there is
    /// taken, and named in the answer. A peer's refusal is a response, not an error. A `stream` has
    /// its own function. `dialGuard` is for endpoints that only a peer's word names.
    public func send(
        _ request: Federation.Request, to endpoint: Endpoint, pin: NodeID?,
        signedBy key: SecretKey, guardedBy dialGuard: DialGuard? = nil
    ) async throws(TransportError) -> Received {
        let wire = WireRequest(request, of: key.node)
        var carried = WireBytes()
        let (connection, reply) = try await reply(
            to: wire, at: endpoint, pin: pin, key: key, dialGuard, &carried)
        guard let identity = connection.identity else { throw .tls("no identity") }
        guard reply.contentType.hasPrefix(MediaType.cbor) else {
            throw .badResponse("status \(reply.status), \(reply.contentType)")
        }
        do {
            let response = try Federation.Response(decoding: reply.body)
            return Received(
                response: response, node: identity.node, tlsKey: identity.tlsKey,
                bytesSent: wire.body.count, bytesReceived: reply.body.count, wire: carried)
        } catch {
            throw .badResponse("status \(reply.status), CBOR: \(error)")
        }
    }

    /// Who answers at `endpoint`: connects, checks what the server proves, and hangs up without
    /// having sent a byte of HTTP.
    public func identity(
        at endpoint: Endpoint, pin: NodeID?
    ) async throws(TransportError) -> ProvenIdentity {
        let connection = try await pool.open(endpoint, pin: pin)
        connection.close()
        guard let identity = connection.identity else { throw .tls("no identity") }
        return identity
    }

    /// Closes every connection; later calls fail.
    public func close() async { await pool.close() }

    private func reply(
        to wire: WireRequest, at endpoint: Endpoint, pin: NodeID?, key: SecretKey,
        _ dialGuard: DialGuard?, _ carried: inout WireBytes
    ) async throws(TransportError) -> (HTTPConnection, HTTPReply) {
        var challenge: String?
        while true {
            let (connection, reply) = try await exchange(
                wire, at: endpoint, pin: pin, key: key, challenge: challenge, dialGuard, &carried)
            guard reply.status == 401, challenge == nil,
                let found = reply.headers.first(name: "teambook-challenge"), found.count <= 64
            else { return (connection, reply) }
            logger.debug("challenged", metadata: ["endpoint": "\(endpoint)"])
            challenge = found
        }
    }

    private func exchange(
        _ wire: WireRequest, at endpoint: Endpoint, pin: NodeID?, key: SecretKey,
        challenge: String?, _ dialGuard: DialGuard?, _ carried: inout WireBytes
    ) async throws(TransportError) -> (HTTPConnection, HTTPReply) {
        var untouched = true
        if let pin, let idle = await pool.idle(endpoint, pin: pin) {
            do throws(TransportError) {
                let head = head(wire, to: pin, at: endpoint, key: key, challenge: challenge)
                let result = try await idle.exchange(
                    head, wire.body, limits: limits, isUntouched: &untouched)
                carried += idle.meter.take()
                finish(idle, result.isReusable, endpoint)
                return (idle, result.reply)
            } catch {
                carried += idle.meter.take()
                guard untouched, error == .closed else { throw error }
            }
        }
        let fresh = try await pool.open(endpoint, pin: pin, guardedBy: dialGuard)
        guard let node = fresh.identity?.node else { throw .tls("no identity") }
        let head = head(wire, to: node, at: endpoint, key: key, challenge: challenge)
        let result = try await fresh.exchange(
            head, wire.body, limits: limits, isUntouched: &untouched)
        carried += fresh.meter.take()
        finish(fresh, result.isReusable, endpoint)
        return (fresh, result.reply)
    }

    private func finish(_ connection: HTTPConnection, _ isReusable: Bool, _ endpoint: Endpoint) {
        if isReusable { pool.putBack(connection, to: endpoint) } else { connection.close() }
    }

    func head(
        _ wire: WireRequest, to node: NodeID, at endpoint: Endpoint, key: SecretKey,
        challenge: String?
    ) -> HTTPRequestHead {
        var headers = HTTPHeaders()
        headers.add(name: "host", value: String("\(endpoint)".dropFirst("https://".count)))
        headers.add(name: "accept", value: MediaType.cbor)
        if wire.isUnsigned {
            headers.add(name: "content-type", value: MediaType.cbor)
        } else {
            let fields = RequestSignature.headers(
                method: wire.method, target: wire.target, contentType: MediaType.cbor,
                body: wire.body, to: node, challenge: challenge, key: key, now: wall())
            for field in fields { headers.add(name: field.name, value: field.value) }
        }
        // Set here, because the encoder would send an empty POST in chunks.
        if wire.method != "GET" {
            headers.add(name: "content-length", value: "\(wire.body.count)")
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: wire.method), uri: wire.target,
            headers: headers)
    }
}
