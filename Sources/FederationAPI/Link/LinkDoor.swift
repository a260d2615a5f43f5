import Core
import Federation
import Logging
import NIOCore

/// A link whose TLS handshake is over and whose client has still to say who it is.
struct UnprovenLink: Sendable {
    var connection: LinkConnection
    /// Of the certificate that this connection was shown.
    var tlsKey: Digest
    /// When the hello must be complete.
    var deadline: NIODeadline
}

/// Lets links in, on the side that is called.
///
/// What costs least comes first, as for requests: whether the node is known, whether its address
/// may cost another failed signature, and only then the signature.
final class LinkDoor: Sendable {
    private let port: any FederationPort
    private let gatekeeper: Gatekeeper
    private let reception: Reception
    private let logger: Logger
    private let links: Tally

    init(
        port: any FederationPort, limits: ServerLimits, gatekeeper: Gatekeeper,
        reception: Reception, logger: Logger
    ) {
        self.port = port
        self.gatekeeper = gatekeeper
        self.reception = reception
        self.logger = logger
        links = Tally(limit: limits.linksPerPeer)
    }

    /// Asks who is there, and hands the link to the node until it is over.
    @concurrent
    func serve(_ link: UnprovenLink) async {
        let connection = link.connection
        do throws(TransportError) {
            if let caller = try await open(link), let node = caller.node {
                defer { links.leave(node) }
                try await connection.write([LinkAnswer.open.rawValue])
                await port.carry(PeerLink(connection, node, caller))
            }
        } catch {
            logger.debug(
                "a link was not opened",
                metadata: [
                    "error": "\(error)", "address": "\(Caller(connection.channel).address)",
                ])
        }
        connection.close()
        // However it ended, it is closed.
        try? await connection.channel.closeFuture.get()
    }

    /// Who is there, counted among its links; nil where it was refused.
    @concurrent
    private func open(_ link: UnprovenLink) async throws(TransportError) -> Caller? {
        let channel = link.connection.channel
        let nonce = Secrets.system(count: LinkHello.nonceBytes)
        let bytes: [UInt8]?
        do throws(TransportError) {
            bytes = try await link.connection.limited(until: link.deadline, "the hello") {
                try await link.connection.write(nonce)
                return try await link.connection.read(LinkHello.byteCount)
            }
        } catch {
            // An end in the middle is no nonsense; silence is.
            if case .timedOut = error { reception.unreadable(channel) }
            throw error
        }
        guard let hello = bytes.flatMap(LinkHello.init(decoding:)) else { return nil }
        do throws(Refusal) {
            try await admit(hello, nonce, link)
        } catch {
            try await link.connection.write([refuse(error, hello, channel).rawValue])
            return nil
        }
        reception.prove(channel, hello.node)
        var caller = Caller(channel)
        caller.node = hello.node
        caller.instance = hello.instance
        caller.signedAt = hello.time
        return caller
    }

    @concurrent
    private func admit(
        _ hello: LinkHello, _ nonce: [UInt8], _ link: UnprovenLink
    ) async throws(Refusal) {
        let channel = link.connection.channel
        guard hello.node != port.node else {
            throw Refusal(.misaddressed, "the link is signed with this node's own key")
        }
        guard let state = await port.state(of: hello.node) else {
            throw Refusal(.unknownPeer, "register first")
        }
        try reception.require(.failedSignature, of: channel)
        if state != .active { try reception.require(.unproved, of: channel) }
        let holds = hello.holds(
            for: nonce, to: port.node, tlsKey: link.tlsKey, isValidKey: gatekeeper.isValidKey)
        guard holds else {
            reception.charge(.failedSignature, to: channel)
            throw Refusal(.unauthenticated, "the hello's signature does not hold")
        }
        // How it stands is said to none but the key's owner.
        guard state == .active else {
            throw Refusal(.notActive, "the registration is \(state)")
        }
        guard links.enter(hello.node) else {
            throw Refusal(.busy, "too many links", retryAfter: .seconds(1))
        }
    }

    /// Counts a refusal and charges the address for it, which gets another answer where it has had
    /// its share of such.
    private func refuse(
        _ refusal: Refusal, _ hello: LinkHello, _ channel: any Channel
    ) -> LinkAnswer {
        var refusal = refusal
        do throws(Refusal) {
            if ![.overBudget, .busy].contains(refusal.code) {
                try reception.require(.unproved, of: channel)
            }
            if refusal.code != .busy { reception.charge(.unproved, to: channel) }
        } catch {
            refusal = error
        }
        reception.count(refusal.code, by: hello.node, channel)
        return LinkAnswer(refusal.code)
    }
}
