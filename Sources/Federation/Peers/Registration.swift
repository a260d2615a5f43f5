import Core

/// Our side of a registration under way.
struct RegistrationAttempt: Sendable {
    let destination: Destination
    let introduction: Introduction
    /// Whether the operator approved whoever answers.
    let isOrdered: Bool
    let operation: Token?
    let isSameHost: Bool
    /// The other side's, where the operator was given one.
    let invite: Invite?
    let startedAt: Instant
    /// Set once the challenge was answered.
    var node: NodeID?
    var isApproved = false
}

/// A registration that somebody else began.
struct PendingIntroduction: Sendable {
    let introduction: Introduction
    let transcript: Transcript
    /// How far its clock was ahead of ours.
    let clockOffset: Duration
    let expires: Instant
}

extension Engine {

    /// Registers with a peer, or tells it again how we stand to it.
    mutating func register(
        with destination: Destination, isOrdered: Bool, isSameHost: Bool, invite: Invite? = nil,
        _ operation: Token?, _ now: Instant, _ effects: inout [Effect]
    ) {
        let nonce = Digest(bytes: secrets.draw(32)) ?? .zero
        let attempt = RegistrationAttempt(
            destination: destination,
            introduction: Introduction(node: key.node, nonce: nonce, card: card, time: wall),
            isOrdered: isOrdered, operation: operation, isSameHost: isSameHost, invite: invite,
            startedAt: now)
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
            card: challenge.card, time: challenge.time, tlsKey: tlsKey)
        guard node != key.node else {
            alarm(.ownKeyTwice, node, "this key answers at another address", &effects)
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
            node, card: challenge.card, reachedAt: attempt.destination.endpoints,
            isWanted: isKin, isOrdered: attempt.isOrdered)
        {
            return endAttempt(attempt, refusal, now, &effects)
        }
        // Half of the round trip lies between its reading and ours.
        let half = (now - attempt.startedAt) / 2
        measured(challenge.time - wall + half, of: node, now, &effects)
        if attempt.isOrdered { approve(node, .byOperator) }
        if isKin, policy.autoAcceptLAN { approve(node, .lan) }
        var attempt = attempt
        attempt.node = node
        attempt.isApproved = peers[node]?.record.isApprovedHere ?? false
        let confirmation = Confirmation(
            node: key.node, nonce: challenge.nonce,
            signature: key.sign(transcript.confirmation(isApproved: attempt.isApproved)),
            joinProof: settings.joinSecret.map {
                Authentication.code(of: transcript.firstJoin, secret: $0)
            }, isApproved: attempt.isApproved, invite: proof(of: attempt.invite, transcript),
            predecessors: settings.predecessors.suffix(MessageLimits.predecessors))
        let token = token(for: .register)
        attempts[token] = attempt
        peers[node]?.registration.step = .confirming
        peers[node]?.invite = attempt.invite
        // Where the challenge came from, nowhere else.
        var destination = attempt.destination
        destination.node = node
        effects.append(.send(token, to: destination, .confirm(confirmation)))
    }

    private mutating func confirmed(
        _ state: RegistrationState, _ attempt: RegistrationAttempt, by node: NodeID,
        _ now: Instant, _ effects: inout [Effect]
    ) {
        guard attempt.node == node, peers[node] != nil else {
            return endAttempt(attempt, Self.unexpected, now, &effects)
        }
        let before = peers[node]?.record
        peers[node]?.registration.step = .idle
        peers[node]?.registration.attempts = 0
        peers[node]?.invite = nil
        peers[node]?.record.isApprovedThere = state.isApproved
        take(state.notices, from: node, &effects)
        if !policy.requireMutual, state.isApproved, peers[node]?.record.approval == nil {
            approve(node, .oneSided)
        }
        if state.state == .removed || state.state == .rejected || state.state == .revoked {
            let why = "its operator has \(state.state.rawValue) this node"
            report(.trouble(node, why), &effects)
            peers[node]?.record.isApprovedThere = false
            rest(node, Refusal(.notActive, why), now, &effects)
        }
        settleState(of: node, now, &effects)
        let isWaiting = peers[node]?.record.state == .pending && attempt.isApproved
        // An approval that the peer has not heard of is told at once.
        let isNews = peers[node]?.record.isApprovedHere == true && !attempt.isApproved
        let wait = isWaiting ? EngineLimits.registerAgain : EngineLimits.handshakeEvery
        let isRepeated = isWaiting || (peers[node]?.isActive == true && settings.isAutomatic)
        peers[node]?.registration.retryAt = isNews ? now : isRepeated ? now + wait : nil
        let answer: Job.RecordsAnswer = attempt.operation.map { .operation($0, node) } ?? .nobody
        if peers[node]?.record != before { markDirty(node) }
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
        if refusal.code == .badInvite { peers[node]?.invite = nil }
        guard peer.record.isApprovedHere else { return }
        let wait = Backoff.wait(attempts: peer.registration.attempts, &dice)
        peers[node]?.registration.retryAt = now + wait
    }
}
