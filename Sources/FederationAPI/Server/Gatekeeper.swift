import Core
import Federation
import Synchronization

/// Decides whether a request is what its signature says: fresh, new, for this node, from a node
/// that is known.
///
/// What costs least comes first, and the signature is verified last, so that a stranger can order
/// no verification at all, and who knows a peer's id only a few. Nothing is remembered of a request
/// before its signature held.
final class Gatekeeper: Sendable {
    /// What is known of a key.
    private enum Standing {
        case own, active, other
    }

    /// A request that may go on to its body, whose digest is still to be compared.
    struct Admission {
        var signature: ClaimedSignature
        var isPeer: Bool
    }

    private let port: any FederationPort
    private let wall: @Sendable () -> WallTime
    private let nonces: Mutex<NonceCache>
    private let reception: Reception
    private let challenges = Challenges()
    /// Keys of known nodes that were found valid; a check costs as much as a verification.
    private let validKeys = Mutex<Set<NodeID>>([])
    /// More peers than a node talks to; beyond it the set starts anew.
    private static let validKeyCount = 4096

    init(
        port: any FederationPort, wall: @escaping @Sendable () -> WallTime, nonces: NonceCache,
        reception: Reception
    ) {
        self.port = port
        self.wall = wall
        self.nonces = Mutex(nonces)
        self.reception = reception
    }

    /// The key that the request claims is written to `claimed` as soon as it is read.
    @concurrent
    func admit(
        _ exchange: Exchange, claimed: inout NodeID?
    ) async throws(Refusal) -> Admission {
        let signature: ClaimedSignature
        do throws(SignatureProblem) {
            signature = try RequestSignature.claim(
                method: exchange.method, target: exchange.target, values: exchange.values,
                receiver: port.node)
        } catch {
            throw Self.refusal(error)
        }
        claimed = signature.node
        let standing = try await standing(of: signature.node)
        let uses = try uses(of: signature)
        try checkNew(uses, of: signature.node)
        try reception.require(.failedSignature, of: exchange.channel)
        if standing != .active { try reception.require(.unproved, of: exchange.channel) }
        guard signature.holds(isValidKey: isValidKey) else {
            reception.charge(.failedSignature, to: exchange.channel)
            throw Self.refusal(.invalid)
        }
        try remember(uses, of: signature.node, isPeer: standing == .active)
        if standing != .active { reception.charge(.unproved, to: exchange.channel) }
        // Another process with our key is the node's business; we ourselves are nobody's.
        guard standing != .own || signature.nonce.instance != Nonce.ownInstance else {
            throw Refusal(.misaddressed, "the request is signed with this node's own key")
        }
        return Admission(signature: signature, isPeer: standing == .active)
    }

    /// Whether signatures of a known node's key may be checked at all; remembers the answer.
    func isValidKey(_ key: NodeID) -> Bool {
        if validKeys.withLock({ $0.contains(key) }) { return true }
        guard Signature.isValidKey(key) else { return false }
        validKeys.withLock { keys in
            if keys.count >= Self.validKeyCount { keys.removeAll() }
            keys.insert(key)
        }
        return true
    }

    private func standing(of node: NodeID) async throws(Refusal) -> Standing {
        guard node != port.node else { return .own }
        guard let state = await port.state(of: node) else {
            throw Refusal(.unknownPeer, "register first: POST \(WireRequest.root)/register")
        }
        return state == .active ? .active : .other
    }

    /// What the request uses up, if it is fresh: its nonce, and the challenge where it answers one.
    private func uses(of signature: ClaimedSignature) throws(Refusal) -> [Nonce] {
        guard let challenge = signature.challenge else {
            guard signature.isFresh(at: wall().seconds) else { throw Self.refusal(.stale) }
            return [signature.nonce]
        }
        guard let issued = challenges.nonce(of: challenge) else { throw Self.refusal(.stale) }
        return [issued, signature.nonce]
    }

    private func checkNew(_ uses: [Nonce], of node: NodeID) throws(Refusal) {
        let isSeen = nonces.withLock { nonces in
            uses.contains { nonces.contains($0, of: node, at: .now) }
        }
        if isSeen { throw Self.refusal(.replayed) }
    }

    private func remember(_ uses: [Nonce], of node: NodeID, isPeer: Bool) throws(Refusal) {
        for nonce in uses {
            let outcome = nonces.withLock {
                $0.insert(nonce, of: node, isPeer: isPeer, at: .now)
            }
            switch outcome {
            case .fresh: continue
            // Twice at the same moment.
            case .seen: throw Self.refusal(.replayed)
            case .full:
                throw Refusal(.busy, "too many requests", retryAfter: NonceCache.life)
            }
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
