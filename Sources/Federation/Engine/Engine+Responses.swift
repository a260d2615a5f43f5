import Core
import Gossip
import MerkleSearchTree

/// What comes back for what we asked.
extension Engine {
    mutating func received(
        _ response: Response, _ token: Token, from node: NodeID, tlsKey: Digest, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let purpose = asked.removeValue(forKey: token) else { return }
        heard(node, now)
        peers[node]?.lastTrouble = nil
        peers[node]?.isUnreachable = false
        switch purpose {
        case .register:
            registrationAnswered(response, token, from: node, tlsKey: tlsKey, now, &effects)
        case .uploading(let peer, let ids): uploadAnswered(response, ids, by: peer, now, &effects)
        case .sessionMessage(let peer, let session) where isOpen(session, with: peer):
            sessionAnswered(response, by: peer, now, &effects)
        case .sessionFetch(let peer, let session) where isOpen(session, with: peer):
            fetchAnswered(response, by: peer, now, &effects)
        case .sessionPush(let peer, let session, let keys) where isOpen(session, with: peer):
            sessionPushed(response, keys, to: peer, now, &effects)
        case .sessionAdmissions(let peer, let session) where isOpen(session, with: peer):
            admissionsAnswered(response, by: peer, now, &effects)
        case .pull(let peer): pullAnswered(response, by: peer, now, &effects)
        case .locate(let peer): locateAnswered(response, token, by: peer, now, &effects)
        case .bodies(let peer):
            guard case .events(let batch) = response else { return }
            submit(Job(.bodies(peer), batch), &effects)
        case .gossipServe, .gossipProof, .verify, .store, .page, .streamPage, .delivery,
            .bodyDelivery, .upload, .sessionLoad, .sessionMessage, .sessionFetch, .sessionPush,
            .sessionAdmissions, .stream, .leave:
            break
        }
    }

    /// Enters what the network carried into the account of the session that it was for.
    mutating func charge(_ wire: WireBytes, for token: Token) {
        switch asked[token] {
        case .sessionMessage(let node, let session)?, .sessionAdmissions(let node, let session)?:
            guard isOpen(session, with: node) else { return }
            peers[node]?.session?.account.wire += wire
        case .sessionFetch(let node, let session)?:
            guard isOpen(session, with: node) else { return }
            // What is asked for is found by the session; what comes are the events.
            peers[node]?.session?.account.wire.sent += wire.sent
            peers[node]?.session?.account.eventWire.received += wire.received
        case .sessionPush(let node, let session, _)?:
            guard isOpen(session, with: node) else { return }
            peers[node]?.session?.account.eventWire += wire
        default: break
        }
    }

    /// Whether our session with a peer is still the one that something was asked for.
    private func isOpen(_ session: UInt64, with node: NodeID) -> Bool {
        peers[node]?.session?.number == session
    }

    private mutating func uploadAnswered(
        _ response: Response, _ ids: [EventID], by node: NodeID, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        switch response {
        case .outcomes(let outcomes) where outcomes.count == ids.count:
            uploaded(outcomes, of: ids, to: node, now, &effects)
        case .refused(let refusal):
            refused(by: node, refusal, now, &effects)
            uploadFailed(to: node, now)
        default: uploadFailed(to: node, now)
        }
    }

    private mutating func locateAnswered(
        _ response: Response, _ token: Token, by node: NodeID, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard peers[node]?.download.state == .locating(token) else { return }
        switch response {
        case .status(let status): located(status, of: node, now, &effects)
        case .refused(let refusal):
            refused(by: node, refusal, now, &effects)
            retryDownload(from: node, now, atLeast: refusal.retryAfter)
        default: retryDownload(from: node, now)
        }
    }

    mutating func failed(
        _ token: Token, _ failure: TransportFailure, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let purpose = asked.removeValue(forKey: token) else { return }
        let refusal = Refusal(.busy, "\(failure)", retryAfter: .seconds(10))
        switch purpose {
        case .register: registrationFailed(token, failure, now, &effects)
        case .uploading(let node, _):
            trouble(node, failure, &effects)
            uploadFailed(to: node, now)
        case .sessionMessage(let node, let session), .sessionFetch(let node, let session),
            .sessionPush(let node, let session, _), .sessionAdmissions(let node, let session):
            guard isOpen(session, with: node) else { return }
            trouble(node, failure, &effects)
            endSession(with: node, refusal, now, &effects)
        case .pull(let node): endPull(of: node, .failed(refusal), &effects)
        case .locate(let node):
            guard peers[node]?.download.state == .locating(token) else { return }
            trouble(node, failure, &effects)
            retryDownload(from: node, now)
        case .gossipServe, .gossipProof, .verify, .store, .page, .streamPage, .delivery,
            .bodyDelivery, .upload, .sessionLoad, .stream, .bodies, .leave:
            break
        }
    }

    mutating func loaded(
        _ loaded: Loaded, _ token: Token, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let purpose = asked.removeValue(forKey: token) else { return }
        switch purpose {
        case .page(let exchange, let node):
            guard case .page(let entries, let through, let isEnd) = loaded else {
                return refuse(exchange, Refusal(.cannotStore, "the log can't be read"), &effects)
            }
            // It may have been turned away meanwhile.
            if let refusal = refusal(of: node, .pull(since: nil)) {
                return refuse(exchange, refusal, &effects)
            }
            if isEnd { peers[node]?.readsAll = false }
            let page = page(admitted(entries, for: node), through: through, isEnd: isEnd)
            reply(exchange, .page(page), &effects)
        case .streamPage(let node, let exchange):
            loadedStreamPage(loaded, for: node, exchange, now, &effects)
        case .delivery(let exchange, let name):
            loadedDelivery(loaded, exchange, name, &effects)
        case .bodyDelivery(let exchange, let node):
            guard case .events(let events) = loaded else {
                return refuse(exchange, Refusal(.cannotStore, "the log can't be read"), &effects)
            }
            if let refusal = refusal(of: node, .bodies([])) {
                return refuse(exchange, refusal, &effects)
            }
            let batch = Self.prefix(
                of: events.filter { $0.body != nil && index.tree.contains($0.key) },
                bytes: MessageLimits.pageBytes)
            reply(exchange, .events(Batch(batch)), &effects)
        case .upload(let node): loadedUpload(loaded, for: node, now, &effects)
        case .sessionLoad(let node, let session) where isOpen(session, with: node):
            loadedSession(loaded, for: node, now, &effects)
        case .gossipServe(let link):
            // What can't be read is asked for elsewhere.
            let events = if case .events(let events) = loaded { events } else { [Event]() }
            let admitted = events.filter { index.tree.contains($0.key) }
            tell(.served(link, admitted), now, &effects)
        case .gossipProof:
            guard case .events(let events) = loaded, events.count == 2 else { return }
            tell(.proof(events), now, &effects)
        default: break
        }
    }

    /// A peer refused what only an active peer may ask: it must hear of the registration again.
    mutating func refused(
        by node: NodeID, _ refusal: Refusal, _ now: Instant, _ effects: inout [Effect]
    ) {
        let why = "refused: \(refusal.code.rawValue) \(refusal.detail)"
        peers[node]?.lastTrouble = why
        report(.trouble(node, why), &effects)
        switch refusal.code {
        case .notActive, .unknownPeer, .removed, .revoked:
            peers[node]?.registration.retryAt = now + EngineLimits.courtesy
        default: break
        }
    }

    mutating func trouble(
        _ node: NodeID, _ failure: TransportFailure, _ effects: inout [Effect]
    ) {
        peers[node]?.lastTrouble = "\(failure)"
        if case .unreachable = failure { peers[node]?.isUnreachable = true }
        report(.trouble(node, "\(failure)"), &effects)
    }
}
