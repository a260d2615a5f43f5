public import Core
import NIOCore
import NIOSSL

extension PeerClient {
    /// Opens a link to the node at `endpoint`: checks what it proves in the handshake, as for any
    /// request, then proves `key` to it.
    ///
    /// Throws `refused` where the peer says no, `noLinks` where it speaks only HTTP. The link
    /// counts among the client's connections, and ends with `close`.
    public func openLink(
        to endpoint: Endpoint, pin: NodeID, signedBy key: SecretKey,
        guardedBy dialGuard: DialGuard? = nil
    ) async throws(TransportError) -> PeerLink {
        let opening = try await pool.link(endpoint, pin: pin, guardedBy: dialGuard)
        let connection = opening.connection
        let answer = try await connection.limited(until: opening.deadline, LinkOpening.what) {
            guard let nonce = try await connection.read(LinkHello.nonceBytes) else {
                throw TransportError.closed
            }
            let hello = LinkHello(
                signing: nonce, to: opening.identity.node, tlsKey: opening.identity.tlsKey,
                key: key, at: wall().seconds)
            try await connection.write(hello.encoded)
            guard let answer = try await connection.read(1) else { throw TransportError.closed }
            return answer[0]
        }
        guard let answer = LinkAnswer(rawValue: answer) else {
            connection.close()
            throw .badResponse("a link's answer of \(answer)")
        }
        if let refusal = answer.refusal {
            connection.close()
            throw .refused(refusal)
        }
        var caller = Caller(connection.channel)
        caller.node = opening.identity.node
        return PeerLink(connection, opening.identity.node, caller)
    }
}

/// A client's connection on which a link was agreed, and that was not yet told who calls.
struct LinkOpening: Sendable {
    static let what = "the opening of the link"

    var connection: LinkConnection
    var identity: ProvenIdentity
    /// When the link must be open.
    var deadline: NIODeadline

    /// Connects to a node and checks what it proves, and that it speaks links.
    init(
        _ endpoint: Endpoint, pin: NodeID, guardedBy dialGuard: DialGuard?,
        context: NIOSSLContext, limits: ClientLimits
    ) async throws(TransportError) {
        let check = ServerCheck(pin: pin)
        let meter = WireMeter()
        let connection = try await endpoint.dial(limits) { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                let bytes = LinkBytes(
                    writeStall: limits.writeStall, eventLoop: channel.eventLoop)
                if let dialGuard { try pipeline.addHandler(DialGuardHandler(dialGuard)) }
                try pipeline.addHandler(WireMeterHandler(meter))
                try pipeline.addHandler(try check.handler(context))
                try pipeline.addHandler(bytes)
                return LinkConnection(channel, bytes, meter)
            }
        }
        let deadline = NIODeadline.now() + TimeAmount(limits.handshakeTimeout)
        let name: String?
        do throws(TransportError) {
            name = try await connection.limited(until: deadline, Self.what) {
                try await connection.negotiated()
            }
        } catch {
            if case .failure(let reason) = check.result { throw TransportError(reason) }
            throw error
        }
        guard case .success(let identity) = check.result else {
            connection.close()
            throw .tls("the server's certificate was not checked")
        }
        guard name == LinkHello.alpn else {
            connection.close()
            throw .noLinks
        }
        self.connection = connection
        self.identity = identity
        self.deadline = deadline
    }
}
