import Core

/// Our side of a registration under way.
struct RegistrationAttempt: Sendable {
    let destination: Destination
    let introduction: Introduction
    /// Whether the operator approved whoever answers.
    let isOrdered: Bool
    let operation: Token?
    let isSameHost: Bool
    /// Set once the challenge was answered.
    var node: NodeID?
    var isApproved = false
}

/// A registration that somebody else began.
struct PendingIntroduction: Sendable {
    let introduction: Introduction
    let nonce: Digest
    /// What we said about ourselves then.
    let card: NodeCard
    let expires: Instant
}

extension Engine {

    /// Registers with a peer, or tells it again how we stand to it.
    mutating func register(
        with destination: Destination, isOrdered: Bool, isSameHost: Bool, _ operation: Token?,
        _ effects: inout [Effect]
    ) {
        let nonce = Digest(bytes: secrets.draw(32)) ?? .zero
        let attempt = RegistrationAttempt(
            destination: destination,
            introduction: Introduction(node: key.node, nonce: nonce, card: card),
            isOrdered: isOrdered, operation: operation, isSameHost: isSameHost)
        let token = token(for: .register)
        attempts[token] = attempt
        if let node = destination.node {
            peers[node]?.registration.step = .introducing(attempt.introduction)
        }
        effects.append(.send(token, to: destination, .introduce(attempt.introduction)))
    }

    var card: NodeCard { NodeCard(label: settings.label, endpoints: settings.endpoints) }

    mutating func registrationAnswered(
        _ response: Response, _ token: Token, from node: NodeID, tlsKey: Digest, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let attempt = attempts.removeValue(forKey: token) else { return }
        switch response {
        case .challenge(let challenge) where attempt.node == nil:
            challenged(challenge, attempt, from: node, tlsKey: tlsKey, now, &effects)
        case .registration(let state):
            confirmed(state, attempt, by: node, now, &effects)
        case .refused(let refusal): endAttempt(attempt, refusal, now, &effects)
        default: endAttempt(attempt, Self.unexpected, now, &effects)
        }
    }

    private mutating func challenged(
        _ challenge: Challenge, _ attempt: RegistrationAttempt, from node: NodeID,
        tlsKey: Digest, _ now: Instant, _ effects: inout [Effect]
    ) {
        let transcript = Transcript(
            first: attempt.introduction, second: challenge.node, nonce: challenge.nonce,
            card: challenge.card, tlsKey: tlsKey)
        guard node != key.node else {
            report(.duplicateIdentity(node), &effects)
            let refusal = Refusal(.misaddressed, "this node's own key answers at that address")
            return endAttempt(attempt, refusal, now, &effects)
        }
        guard challenge.node == node, attempt.destination.node ?? node == node,
            Signature.verify(challenge.signature, of: transcript.challenge, by: node)
        else {
            let refusal = Refusal(.badSignature, "the answer does not prove the key \(node.short)")
            return endAttempt(attempt, refusal, now, &effects)
        }
        guard challenge.card.versions.contains(1) else {
            let refusal = Refusal(.noCommonVersion, "it speaks \(challenge.card.versions)")
            return endAttempt(attempt, refusal, now, &effects)
        }
        let isKin = isKin(
            challenge.joinProof, over: transcript.secondJoin, isSameHost: attempt.isSameHost)
        confirm(challenge, attempt, transcript, isKin: isKin, now, &effects)
    }

    private mutating func confirm(
        _ challenge: Challenge, _ attempt: RegistrationAttempt, _ transcript: Transcript,
        isKin: Bool, _ now: Instant, _ effects: inout [Effect]
    ) {
        let node = challenge.node
        if let refusal = meet(
            node, card: challenge.card, reachedAt: attempt.destination.endpoints, isKin: isKin,
            isOrdered: attempt.isOrdered)
        {
            return endAttempt(attempt, refusal, now, &effects)
        }
        if attempt.isOrdered { approve(node) }
        var attempt = attempt
        attempt.node = node
        attempt.isApproved = peers[node]?.record.isApprovedHere ?? false
        let confirmation = Confirmation(
            node: key.node, nonce: challenge.nonce,
            signature: key.sign(transcript.confirmation(isApproved: attempt.isApproved)),
            joinProof: settings.joinSecret.map {
                Authentication.code(of: transcript.firstJoin, secret: $0)
            }, isApproved: attempt.isApproved)
        let token = token(for: .register)
        attempts[token] = attempt
        peers[node]?.registration.step = .confirming
        let endpoints = peers[node]?.record.endpoints ?? attempt.destination.endpoints
        let destination = Destination(
            node: node,
            endpoints: attempt.destination.endpoints
                + endpoints.filter { !attempt.destination.endpoints.contains($0) })
        effects.append(.send(token, to: destination, .confirm(confirmation)))
    }

    private mutating func confirmed(
        _ state: RegistrationState, _ attempt: RegistrationAttempt, by node: NodeID,
        _ now: Instant, _ effects: inout [Effect]
    ) {
        guard attempt.node == node, peers[node] != nil else {
            return endAttempt(attempt, Self.unexpected, now, &effects)
        }
        peers[node]?.registration.step = .idle
        peers[node]?.registration.attempts = 0
        peers[node]?.record.isApprovedThere = state.isApproved
        if state.state == .removed || state.state == .rejected {
            report(.trouble(node, "its operator has \(state.state.rawValue) this node"), &effects)
            peers[node]?.record.isApprovedThere = false
            if peers[node]?.record.state == .active { peers[node]?.record.state = .pending }
        }
        settleState(of: node, now, &effects)
        let isWaiting = peers[node]?.record.state == .pending && attempt.isApproved
        peers[node]?.registration.retryAt = isWaiting ? now + EngineLimits.registerAgain : nil
        let answer: Job.RecordsAnswer = attempt.operation.map { .operation($0, node) } ?? .nobody
        markDirty(node)
        submit(Job(.records(answer)), &effects)
    }

    mutating func registrationFailed(
        _ token: Token, _ failure: TransportFailure, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let attempt = attempts.removeValue(forKey: token) else { return }
        endAttempt(attempt, Refusal(.busy, "\(failure)"), now, &effects)
    }

    private mutating func endAttempt(
        _ attempt: RegistrationAttempt, _ refusal: Refusal, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        if let operation = attempt.operation {
            report(.operation(operation, .failed(refusal)), &effects)
        } else {
            let why = "registration: \(refusal.code.rawValue) \(refusal.detail)"
            report(.trouble(attempt.destination.node, why), &effects)
        }
        guard let node = attempt.node ?? attempt.destination.node else { return }
        guard let peer = peers[node] else {
            sightings[node]?.due = now + EngineLimits.registerAgain
            return
        }
        peers[node]?.registration.step = .idle
        peers[node]?.registration.attempts += 1
        guard peer.record.isApprovedHere else { return }
        let wait = Backoff.wait(attempts: peer.registration.attempts, &dice)
        peers[node]?.registration.retryAt = now + wait
    }

    mutating func answer(
        _ introduction: Introduction, _ exchange: Exchange, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard introduction.node != key.node else {
            let refusal = Refusal(.misaddressed, "this node has that very key: is it in use twice?")
            return refuse(exchange, refusal, &effects)
        }
        guard introduction.card.versions.contains(1) else {
            let refusal = Refusal(.noCommonVersion, "this node speaks version 1")
            return refuse(exchange, refusal, &effects)
        }
        if introductions.count >= EngineLimits.introductions {
            introductions = introductions.filter { $0.value.expires > now }
        }
        if introductions.count >= EngineLimits.introductions {
            // The oldest goes: an honest one needs its place for one round trip only.
            let oldest = introductions.min {
                ($0.value.expires, $0.key) < ($1.value.expires, $1.key)
            }
            if let oldest { introductions[oldest.key] = nil }
        }
        let nonce = Digest(bytes: secrets.draw(32)) ?? .zero
        introductions[nonce] = PendingIntroduction(
            introduction: introduction, nonce: nonce, card: card,
            expires: now + EngineLimits.introductionLife)
        let transcript = Transcript(
            first: introduction, second: key.node, nonce: nonce, card: card,
            tlsKey: settings.tlsKey)
        let challenge = Challenge(
            node: key.node, nonce: nonce, card: card, signature: key.sign(transcript.challenge),
            joinProof: settings.joinSecret.map {
                Authentication.code(of: transcript.secondJoin, secret: $0)
            })
        effects.append(.reply(exchange, .challenge(challenge)))
    }

    mutating func answer(
        _ confirmation: Confirmation, _ exchange: Exchange, _ caller: Caller, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        // A stranger's record waits for the disk too, and must not fill what waits.
        guard intake.hasRoom else { return refuse(exchange, Self.crowded, &effects) }
        // Taken out at once: each challenge is answered once.
        guard let pending = introductions.removeValue(forKey: confirmation.nonce),
            pending.expires > now, pending.introduction.node == confirmation.node
        else {
            let refusal = Refusal(.unauthenticated, "no such challenge: introduce yourself first")
            return refuse(exchange, refusal, &effects)
        }
        let node = confirmation.node
        let transcript = Transcript(
            first: pending.introduction, second: key.node, nonce: pending.nonce,
            card: pending.card, tlsKey: settings.tlsKey)
        let message = transcript.confirmation(isApproved: confirmation.isApproved)
        guard Signature.verify(confirmation.signature, of: message, by: node) else {
            let refusal = Refusal(.badSignature, "the confirmation does not prove the key")
            return refuse(exchange, refusal, &effects)
        }
        let isKin = isKin(
            confirmation.joinProof, over: transcript.firstJoin, isSameHost: caller.isSameHost)
        if let refusal = meet(
            node, card: pending.introduction.card, reachedAt: [], isKin: isKin, isOrdered: false)
        {
            return refuse(exchange, refusal, &effects)
        }
        heard(node, now)
        peers[node]?.record.isApprovedThere = confirmation.isApproved
        settleState(of: node, now, &effects)
        markDirty(node)
        submit(Job(.records(.request(exchange, registration(of: node)))), &effects)
    }

    /// Whether a node that proved its key is one of ours by the LAN rule: it holds the join secret,
    /// or, where this node has none, runs on this very machine.
    private func isKin(_ proof: Digest?, over message: [UInt8], isSameHost: Bool) -> Bool {
        guard let secret = settings.joinSecret else { return isSameHost }
        return proof.map { Authentication.isValid($0, of: message, secret: secret) } ?? false
    }

    /// Writes down a node that proved its key; a refusal where there is no room for it.
    private mutating func meet(
        _ node: NodeID, card: NodeCard, reachedAt: [String], isKin: Bool, isOrdered: Bool
    ) -> Refusal? {
        if peers[node] == nil {
            let pending = peers.values.count { $0.record.state == .pending }
            // Strangers may not keep out whom the operator or the policy wants.
            guard isOrdered || isKin || pending < EngineLimits.pendingPeers else {
                return Refusal(.tooManyPeers, "too many registrations wait for the operator")
            }
            peers[node] = Peer(PeerRecord(node: node, since: wall.microseconds))
            peerOrder = peers.keys.sorted()
        }
        // What the operator typed comes first, then what the node signs; hints of the LAN last.
        let old = peers[node]?.record.endpoints ?? []
        let known = card.endpoints + old
        var endpoints: [String] = []
        for endpoint in isOrdered ? reachedAt + known : known + reachedAt
        where !endpoints.contains(endpoint) {
            endpoints.append(endpoint)
        }
        peers[node]?.record.endpoints = Array(endpoints.prefix(MessageLimits.endpoints))
        peers[node]?.record.label = card.label
        if isKin, settings.autoAcceptLAN, peers[node]?.record.state == .pending {
            peers[node]?.record.isApprovedHere = true
        }
        markDirty(node)
        return nil
    }

    /// The operator's word: it also brings back who was removed.
    mutating func approve(_ node: NodeID) {
        peers[node]?.record.isApprovedHere = true
        if peers[node]?.record.state != .active { peers[node]?.record.state = .pending }
        markDirty(node)
    }

    /// Activates a registration that both sides approved.
    mutating func settleState(of node: NodeID, _ now: Instant, _ effects: inout [Effect]) {
        guard let record = peers[node]?.record else { return }
        if record.state == .pending, record.isApprovedHere, record.isApprovedThere {
            let active = peers.values.count { $0.isActive }
            if settings.maxPeers > 0, active >= settings.maxPeers {
                report(.trouble(node, "max_peers (\(settings.maxPeers)) is reached"), &effects)
            } else {
                peers[node]?.record.state = .active
            }
        }
        announce(node, &effects)
        if peers[node]?.isActive == true { startDownload(from: node, now, &effects) }
    }

    /// Ends what runs with a peer whose registration is over.
    mutating func end(
        _ node: NodeID, as state: PeerRecord.State, _ now: Instant, _ effects: inout [Effect]
    ) {
        peers[node]?.record.state = state
        peers[node]?.record.isApprovedHere = false
        peers[node]?.registration.retryAt = nil
        peers[node]?.upload = Peer.Upload()
        peers[node]?.bootstrap = nil
        peers[node]?.comparison = nil
        let refusal = Refusal(.removed, "the registration ended")
        endSession(with: node, refusal, now, &effects)
        endPull(of: node, .failed(refusal), &effects)
        peers[node]?.compareAt = nil
        if let stream = streams.removeValue(forKey: node) {
            effects.append(.close(stream.exchange, refusal))
        }
        if case .streaming(let token)? = peers[node]?.download.state {
            asked[token] = nil
            effects.append(.cancel(token))
        }
        peers[node]?.download = Peer.Download()
        responders = responders.filter { $0.key.peer != node }
        markDirty(node)
        announce(node, &effects)
    }

    /// Tells the operator how a registration stands, once for each change.
    private mutating func announce(_ node: NodeID, _ effects: inout [Effect]) {
        guard let peer = peers[node] else { return }
        let standing = Peer.Standing(peer.record)
        guard peer.announced != standing else { return }
        peers[node]?.announced = standing
        report(.peerChanged(peer.record), &effects)
    }
}
