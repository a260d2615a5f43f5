import Core

/// What others ask of us.
extension Engine {
    mutating func answer(
        _ request: Request, _ exchange: Exchange, _ caller: Caller, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        switch request {
        case .introduce(let introduction):
            return answer(introduction, exchange, now, &effects)
        case .confirm(let confirmation):
            return answer(confirmation, exchange, caller, now, &effects)
        default: break
        }
        guard let node = caller.node else {
            return refuse(exchange, Refusal(.unauthenticated, "sign the request"), &effects)
        }
        if node == key.node {
            alarm(.ownKeyTwice, node, "a request came that this node's key signed", &effects)
        }
        noteInstance(caller.instance, of: node, now, &effects)
        noteClock(caller.signedAt, of: node, now, &effects)
        if let refusal = refusal(of: node, request) { return refuse(exchange, refusal, &effects) }
        if let wait = charge(node, request, now) {
            let refusal = Refusal(
                .overBudget, "more than a peer's share at once: go on after the wait",
                retryAfter: wait)
            return refuse(exchange, refusal, &effects)
        }
        heard(node, now)
        if caller.isSameHost { peers[node]?.isSameHost = true }
        // What it said before is over: it has just reached us.
        peers[node]?.notices.remove(.unreachable)
        serve(request, exchange, node, now, &effects)
    }

    /// Has a peer pay for its request, before anything is done for it; how long to wait where it
    /// can't. Events that are held or answer our own question order no verification.
    private mutating func charge(
        _ node: NodeID, _ request: Request, _ now: Instant
    ) -> Duration? {
        guard peers[node]?.record.state == .active else { return nil }
        var verifications = 0
        if case .push(let batch) = request {
            verifications = batch.events.count { !index.contains($0) }
        }
        var bytes = request.cost
        if case .admissions(_, let list) = request {
            let cost = index.count(without: list, membership) * EngineLimits.exclusionBytes
            // Half of what there is, for the largest logs too: else they could never be compared.
            bytes += min(cost, Int(BudgetLimits.catchUpBytes.burst) / 2)
        }
        return peers[node]?.budget.charge(
            Budget.Class(request), bytes: bytes, verifications: verifications, at: now)
    }

    /// Why `node` is not served; nil where it is.
    func refusal(of node: NodeID, _ request: Request) -> Refusal? {
        guard node != key.node else {
            return Refusal(.misaddressed, "a node is no peer of itself: is the key in use twice?")
        }
        guard let peer = peers[node] else {
            return Refusal(.unknownPeer, "register first: POST /api/federation/register")
        }
        switch (peer.record.state, request) {
        case (_, .ownRecord), (_, .leave): return nil
        case (.active, _): return peer.isHeldBack ? tierRefusal : nil
        case (.pending, _):
            let waits = peer.record.isApprovedHere ? "your operator's" : "this node's operator's"
            return Refusal(
                .notActive, "the registration waits for \(waits) approval",
                retryAfter: EngineLimits.registerAgain)
        case (.revoked, _):
            return Refusal(.revoked, "the key was revoked: see federate explain there")
        case (.rejected, _), (.removed, _):
            return Refusal(.removed, "this node's operator ended the registration")
        }
    }

    private mutating func serve(
        _ request: Request, _ exchange: Exchange, _ node: NodeID, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        switch request {
        case .introduce, .confirm: break
        case .push(let batch): take(batch, exchange, from: node, &effects)
        case .pull(let since): servePage(since: since, exchange, to: node, &effects)
        case .stream(let since): serveStream(since: since, exchange, to: node, &effects)
        case .reconcile(let session, let context, let message):
            respond(
                to: message, session: session, context, exchange, from: node, now, &effects)
        case .fetch(let session, let message):
            deliver(message, session: session, exchange, to: node, now, &effects)
        case .bodies(let ids):
            effects.append(.load(token(for: .bodyDelivery(exchange, node)), .events(ids)))
        case .status: reply(exchange, .status(status), &effects)
        case .ownRecord: reply(exchange, registration(of: node, now), &effects)
        case .leave: leave(node, exchange, now, &effects)
        case .admissions(let session, let list):
            compare(list, session: session, exchange, with: node, now, &effects)
        }
    }

    private mutating func take(
        _ batch: Batch, _ exchange: Exchange, from node: NodeID, _ effects: inout [Effect]
    ) {
        guard intake.hasRoom else { return refuse(exchange, Self.crowded, &effects) }
        submit(Job(.push(exchange, node), batch), &effects)
    }

    static let crowded = Refusal(
        .busy, "too much is on its way to the disk", retryAfter: .seconds(1))

    private mutating func leave(
        _ node: NodeID, _ exchange: Exchange, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard intake.hasRoom else { return refuse(exchange, Self.crowded, &effects) }
        if peers[node]?.record.isApprovedHere == true {
            end(node, as: .removed, now, &effects)
        } else if peers[node]?.record.state == .pending, peers[node]?.record.isApprovedThere == true
        {
            // It stays among those who wait, so that strangers that come and go fill nothing else.
            peers[node]?.record.isApprovedThere = false
            markDirty(node)
        }
        let answer = Job.RecordsAnswer.registration(exchange, node)
        submit(Job(.records(answer)), &effects)
    }

    /// What a peer may know.
    var status: PeerStatus {
        PeerStatus(
            log: index.id, position: position, eventCount: UInt64(eventCount), root: root,
            missingBodies: UInt64(missingBodyCount))
    }

    func registration(of node: NodeID, _ now: Instant) -> Response {
        let record = peers[node]?.record
        return .registration(
            RegistrationState(
                state: record?.state ?? .removed, isApproved: record?.isApprovedHere ?? false,
                notices: notices(for: node, now)))
    }

    mutating func refuse(_ exchange: Exchange, _ refusal: Refusal, _ effects: inout [Effect]) {
        count(refusal.code)
        reply(exchange, .refused(refusal), &effects)
    }

    mutating func heard(_ node: NodeID, _ now: Instant) {
        peers[inPassing: node]?.lastHeard = now
    }

    mutating func markDirty(_ node: NodeID) {
        peers[node]?.isDirty = true
        dirtyPeers.insert(node)
        hasDirtyRecords = true
    }
}
