import Core

/// Registrations that others begin.
extension Engine {
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
        makeRoomForIntroduction(now)
        let nonce = Digest(bytes: secrets.draw(32)) ?? .zero
        let transcript = Transcript(
            first: introduction, second: key.node, nonce: nonce, card: card, time: wall,
            tlsKey: settings.tlsKey)
        introductions[nonce] = PendingIntroduction(
            introduction: introduction, transcript: transcript,
            // What lies between sending and reading is part of it, so it is never too high.
            clockOffset: introduction.time - wall,
            expires: now + EngineLimits.introductionLife)
        let challenge = Challenge(
            node: key.node, nonce: nonce, card: card, time: wall,
            signature: key.sign(transcript.challenge),
            joinProof: settings.joinSecret.map {
                Authentication.code(of: transcript.secondJoin, secret: $0)
            })
        reply(exchange, .challenge(challenge), &effects)
    }

    private mutating func makeRoomForIntroduction(_ now: Instant) {
        guard introductions.count >= EngineLimits.introductions else { return }
        introductions = introductions.filter { $0.value.expires > now }
        guard introductions.count >= EngineLimits.introductions else { return }
        // The oldest goes: an honest one needs its place for one round trip only.
        let oldest = introductions.min { ($0.value.expires, $0.key) < ($1.value.expires, $1.key) }
        if let oldest { introductions[oldest.key] = nil }
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
        let before = peers[node]?.record
        let message = pending.transcript.confirmation(isApproved: confirmation.isApproved)
        guard Signature.verify(confirmation.signature, of: message, by: node) else {
            let refusal = Refusal(.badSignature, "the confirmation does not prove the key")
            return refuse(exchange, refusal, &effects)
        }
        do throws(Refusal) {
            try admit(confirmation, pending, caller)
        } catch {
            return refuse(exchange, error, &effects)
        }
        guard peers[node]?.record.isOver != true else {
            // Nothing of what it says is written down.
            return reply(exchange, registration(of: node, now), &effects)
        }
        heard(node, now)
        measured(pending.clockOffset, of: node, now, &effects)
        if caller.isSameHost { peers[node]?.isSameHost = true }
        peers[node]?.record.isApprovedThere = confirmation.isApproved
        if !policy.requireMutual, confirmation.isApproved { approve(node, .oneSided) }
        settleState(of: node, now, &effects)
        if peers[node]?.record != before { markDirty(node) }
        let answer = Job.RecordsAnswer.registration(exchange, node)
        submit(Job(.records(answer), Batch(confirmation.predecessors)), &effects)
    }

    /// Writes down a node that proved its key, with what speaks for it.
    private mutating func admit(
        _ confirmation: Confirmation, _ pending: PendingIntroduction, _ caller: Caller
    ) throws(Refusal) {
        let node = confirmation.node
        let isKin = isKin(
            confirmation.joinProof, over: pending.transcript.firstJoin,
            isSameHost: caller.isSameHost)
        let old = try predecessor(confirmation)
        let invite = try invite(confirmation, pending.transcript)
        let isProvenKin = isKin && (policy.autoAcceptLAN || settings.joinSecret != nil)
        let isWanted = isProvenKin || invite != nil || old != nil
        if let refusal = meet(
            node, card: pending.introduction.card, reachedAt: [], isWanted: isWanted,
            isOrdered: false)
        {
            throw refusal
        }
        if isKin, policy.autoAcceptLAN { approve(node, .lan) }
        if let invite, peers[node]?.record.isOver != true {
            approve(node, .invite)
            use(invite, by: node)
        }
        // The approval itself goes over when the predecessors' events are stored.
    }

    /// Whether a node that proved its key is one of ours by the LAN rule: it holds the join secret,
    /// or, where this node has none, runs on this very machine.
    func isKin(_ proof: Digest?, over message: [UInt8], isSameHost: Bool) -> Bool {
        guard let secret = settings.joinSecret else { return isSameHost }
        return proof.map { Authentication.isValid($0, of: message, secret: secret) } ?? false
    }
}
