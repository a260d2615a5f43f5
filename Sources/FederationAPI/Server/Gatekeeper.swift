import Core
import Federation
import Synchronization

/// Decides whether a request is what its signature says: fresh, new, for this node, from a node
/// that is known.
final class Gatekeeper: Sendable {
    private let port: any FederationPort
    private let wall: @Sendable () -> WallTime
    private let nonces: Mutex<NonceCache>
    private let challenges = Challenges()

    init(port: any FederationPort, wall: @escaping @Sendable () -> WallTime, nonces: NonceCache) {
        self.port = port
        self.wall = wall
        self.nonces = Mutex(nonces)
    }

    /// A request that may go on to its body, whose digest is still to be compared.
    @concurrent
    func admit(_ exchange: Exchange) async throws(Refusal) -> VerifiedSignature {
        let signature: VerifiedSignature
        do throws(SignatureProblem) {
            signature = try RequestSignature.verify(
                method: exchange.method, target: exchange.target, values: exchange.values,
                receiver: port.node)
        } catch {
            throw Self.refusal(error)
        }
        guard signature.node != port.node else {
            throw Refusal(.misaddressed, "the request is signed with this node's own key")
        }
        guard await port.state(of: signature.node) != nil else {
            throw Refusal(.unknownPeer, "register first: POST \(WireRequest.root)/register")
        }
        try checkFreshness(signature)
        return signature
    }

    private func checkFreshness(_ signature: VerifiedSignature) throws(Refusal) {
        if let challenge = signature.challenge {
            guard challenges.isValid(challenge) else { throw Self.refusal(.stale) }
            try remember(Array(challenge.utf8), of: signature.node)
        } else if !signature.isFresh(at: wall().seconds) {
            throw Self.refusal(.stale)
        }
        try remember(signature.nonce, of: signature.node)
    }

    private func remember(_ nonce: [UInt8], of node: NodeID) throws(Refusal) {
        let outcome = nonces.withLock { nonces in
            if nonces.count > 1000 { nonces.sweep(at: .now) }
            return nonces.insert(nonce, of: node, at: .now)
        }
        switch outcome {
        case .fresh: return
        case .seen: throw Self.refusal(.replayed)
        case .full:
            throw Refusal(.busy, "too many requests", retryAfter: NonceCache.life)
        }
    }

    static func refusal(_ problem: SignatureProblem) -> Refusal {
        switch problem {
        case .misaddressed: Refusal(.misaddressed, problem.rawValue)
        default: Refusal(.unauthenticated, problem.rawValue)
        }
    }

    /// What goes with a 401: how to sign, and a challenge for those whose clock differs.
    func hints() -> [(name: String, value: String)] {
        [
            ("teambook-challenge", challenges.issue()),
            (
                "accept-signature",
                "\(RequestSignature.label)=("
                    + SignedRequest.components.map { "\"\($0)\"" }.joined(separator: " ")
                    + ");created;expires;nonce;keyid;alg=\"\(RequestSignature.algorithm)\""
                    + ";tag=\"\(RequestSignature.tag)\""
            ),
        ]
    }
}
