import Core
import Gossip
import MerkleSearchTree

/// Reconcile sessions that we begin: find the difference, exchange it, prove that the logs are
/// equal.
extension Engine {
    mutating func startSession(
        with node: NodeID, operation: (token: Token, result: SyncResult)?, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let peer = peers[node], peer.session == nil else {
            guard let operation else { return }
            let refusal = Refusal(.busy, "a session with this peer is under way")
            return report(.operation(operation.token, .failed(refusal)), &effects)
        }
        peers[node]?.compareAt = nil
        // What is just going round is left out, or it would come twice.
        let isOwn =
            operation == nil && gossip.link(to: node) != nil && peer.bootstrap == nil
            && settings.restoredSequence == nil
        var machine = settings.reconciler.initiator(
            index: index.sets, salt: secrets.word(), common: commons[node].last,
            cutoff: isOwn ? recentCutoff : cutoff)
        let message = machine.start()
        peers[node]?.session = InitiatorSession(
            number: secrets.word(), machine: machine, snapshot: index.tree,
            context: membership.context,
            result: operation?.result ?? SyncResult(peer: node), operation: operation?.token)
        // Where the last session showed that the two admit others, that is asked first.
        if peer.contextDiffers {
            askAdmissions(of: node, &effects)
        } else {
            sendMessages([message], to: node, context: membership.context, &effects)
        }
    }

    private mutating func askAdmissions(of node: NodeID, _ effects: inout [Effect]) {
        guard let peer = peers[node], let session = peer.session else { return }
        peers[node]?.session?.result.roundTrips += 1
        let token = token(for: .sessionAdmissions(node, session: session.number))
        let request = Request.admissions(session: session.number, membership.list)
        ask(node, request, token, &effects)
    }

    /// The peer has said whom it admits: the session runs over what both admit.
    mutating func admissionsAnswered(
        _ response: Response, by node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard peers[node]?.session != nil else { return }
        switch response {
        case .admissions(let theirs):
            let mine = membership.list
            peers[node]?.admits = theirs
            peers[node]?.contextDiffers = mine != theirs
            let common = Membership.common(mine, theirs)
            let sets = mine == theirs ? index.sets : index.sets(of: common, membership)
            var machine = settings.reconciler.initiator(
                index: sets, salt: secrets.word(),
                common: mine == theirs ? commons[node].last : nil, cutoff: cutoff)
            let message = machine.start()
            peers[node]?.session?.machine = machine
            peers[node]?.session?.snapshot = sets.tree
            peers[node]?.session?.common = mine == theirs ? nil : common
            peers[node]?.session?.isAgreed = true
            sendMessages(
                [message], to: node, context: Membership.context(of: common), &effects)
        case .refused(let refusal):
            refused(by: node, refusal, now, &effects)
            endSession(with: node, refusal, now, &effects)
        default: endSession(with: node, Self.unexpected, now, &effects)
        }
    }

    /// Keys above it are left out of a session; nil where we hold none such.
    var cutoff: Timestamp? { cutoff(at: wall + Limits.clockAhead) }

    /// The same for a session between neighbors: the last seconds are gossip's.
    private var recentCutoff: Timestamp? {
        let usual = cutoff(at: wall + EngineLimits.gossipGrace)
        // Where one clock was ahead, all events are from then on: left out is only what has come
        // lately, or sessions would find nothing until the clocks have caught up.
        guard let usual, let last = index.tree.last,
            last.physical > (wall + EngineLimits.gossipYouth).microseconds
        else { return usual }
        guard let lowest = linkWork.lowestOfLate(now) else { return cutoff }
        return max(usual, lowest.previous)
    }

    private func cutoff(at time: WallTime) -> Timestamp? {
        let limit = time.microseconds
        guard let last = index.tree.last, last.physical > limit else { return nil }
        return Timestamp(physical: limit, counter: .max)
    }

    /// Messages that go at once: one round trip.
    private mutating func sendMessages(
        _ messages: [[UInt8]], to node: NodeID, context: UInt64? = nil, _ effects: inout [Effect]
    ) {
        guard let peer = peers[node], let session = peer.session else { return }
        peers[node]?.session?.result.roundTrips += 1
        peers[node]?.session?.roundTripsSince += 1
        for message in messages {
            peers[node]?.session?.account.sentBytes += message.count
            let request = Request.reconcile(
                session: session.number, context: context, message: message)
            let token = token(for: .sessionMessage(node, session: session.number))
            ask(node, request, token, &effects)
        }
    }

    mutating func sessionAnswered(
        _ response: Response, by node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard peers[node]?.session != nil else { return }
        switch response {
        case .message(let message, let notices):
            peers[node]?.session?.peerMissesBodies = notices.contains(.missesBodies)
            take(notices.subtracting(.admitsOthers), from: node, &effects)
            peers[node]?.session?.account.receivedBytes += message.count
            if notices.contains(.admitsOthers) {
                guard peers[node]?.session?.isAgreed == false else {
                    // The peer's membership has changed between its answers: ask anew next time.
                    let refusal = Refusal(.sessionGone, "who is admitted changed meanwhile")
                    return endSession(with: node, refusal, now, &effects)
                }
                peers[node]?.contextDiffers = true
                return askAdmissions(of: node, &effects)
            }
            guard let step = peers[node]?.session?.machine.receive(message) else { return }
            follow(step, with: node, now, &effects)
        case .refused(let refusal):
            refused(by: node, refusal, now, &effects)
            endSession(with: node, refusal, now, &effects)
        default: endSession(with: node, Self.unexpected, now, &effects)
        }
    }

    private mutating func follow(
        _ step: ReconcileStep, with node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        switch step {
        case .send(let message): sendMessages([message], to: node, &effects)
        case .gather(let messages): sendMessages(messages, to: node, &effects)
        case .wait: break
        case .exchange(let difference): startExchange(difference, with: node, now, &effects)
        case .done(let outcome):
            peers[node]?.session?.account.method = outcome.method
            peers[node]?.session?.account.attempts = outcome.attempts
            if let session = peers[node]?.session, session.common == nil,
                let common = session.machine.common
            {
                commons.remember(common, with: node)
            }
            let verdict: Comparison.Verdict =
                if outcome.cutoff != nil {
                    .equalSoFar
                } else if peers[node]?.session?.peerMissesBodies == true || missingBodyCount > 0 {
                    .bodiesMissing
                } else if peers[node]?.session?.common != nil {
                    .equalInCommon
                } else {
                    .equal
                }
            endSession(with: node, verdict, now, &effects)
        case .failed(.notEqual): endSession(with: node, .different, now, &effects)
        case .failed(let failure):
            endSession(
                with: node, Refusal(.malformed, "the session failed: \(failure)"), now, &effects)
        }
    }

    private mutating func startExchange(
        _ difference: ReconcileDifference, with node: NodeID, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let session = peers[node]?.session else { return }
        peers[node]?.session?.account.roundTrips += session.roundTripsSince
        peers[node]?.session?.roundTripsSince = 0
        peers[node]?.session?.pushed += difference.have.count
        var exchange = InitiatorSession.Exchange(
            have: difference.have[...], wants: difference.wants[...],
            needCount: difference.needCount)
        // A retry after a failed proof goes on with what came before.
        exchange.received = session.exchange?.received ?? []
        peers[node]?.session?.exchange = exchange
        fetchNext(from: node, &effects)
        pushNext(to: node, &effects)
        closeWhenComplete(with: node, now, &effects)
    }

    /// Says what is needed, message by message; when all is said, an empty one asks for the rest.
    private mutating func fetchNext(from node: NodeID, _ effects: inout [Effect]) {
        guard let peer = peers[node], let session = peer.session, let exchange = session.exchange,
            exchange.needCount > 0 || !exchange.wants.isEmpty
        else { return }
        let want = peers[node]?.session?.exchange?.wants.popFirst() ?? []
        peers[node]?.session?.exchange?.isFetching = true
        peers[node]?.session?.result.roundTrips += 1
        peers[node]?.session?.account.sentBytes += want.count
        let request = Request.fetch(session: session.number, message: want)
        let token = token(for: .sessionFetch(node, session: session.number))
        ask(node, request, token, &effects)
    }

    mutating func fetchAnswered(
        _ response: Response, by node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let session = peers[node]?.session else { return }
        switch response {
        case .events(let batch) where batch.count > 0:
            submit(Job(.fetched(node, session: session.number), batch), &effects)
        case .events:
            // The peer has less than it said; the proof will tell.
            peers[node]?.session?.exchange?.needCount = 0
            peers[node]?.session?.exchange?.wants = []
            peers[node]?.session?.exchange?.isFetching = false
            closeWhenComplete(with: node, now, &effects)
        case .refused(let refusal): endSession(with: node, refusal, now, &effects)
        default: endSession(with: node, Self.unexpected, now, &effects)
        }
    }

    /// Fetched events are durable.
    mutating func fetched(
        _ job: Job, from node: NodeID, session: UInt64, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let snapshot = peers[node]?.session?.snapshot,
            peers[node]?.session?.number == session
        else { return }
        peers[node]?.session?.result.received += job.outcomes.count { $0 == .stored }
        let held = keys(of: job)
        peers[node]?.session?.exchange?.received += held
        // A truncated name may have brought what we had: that was not asked for.
        let came = job.events.count { !snapshot.contains($0.key) } + job.malformed.count
        let needed = peers[node]?.session?.exchange?.needCount ?? 0
        let left = max(0, needed - came)
        peers[node]?.session?.exchange?.needCount = left
        peers[node]?.session?.exchange?.isFetching = false
        fetchNext(from: node, &effects)
        closeWhenComplete(with: node, now, &effects)
    }

    private mutating func pushNext(to node: NodeID, _ effects: inout [Effect]) {
        guard let session = peers[node]?.session, let exchange = session.exchange,
            !exchange.have.isEmpty
        else { return }
        peers[node]?.session?.exchange?.isPushing = true
        let ids = exchange.have.prefix(MessageLimits.pageEvents).map(\.id)
        let token = token(for: .sessionLoad(node, session: session.number))
        effects.append(.load(token, .events(ids)))
    }

    mutating func loadedSession(
        _ loaded: Loaded, for node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let peer = peers[node], let session = peer.session, session.exchange != nil else {
            return
        }
        guard case .events(let all) = loaded, !all.isEmpty else {
            let refusal = Refusal(.cannotStore, "our log can't be read")
            return endSession(with: node, refusal, now, &effects)
        }
        let events = all.filter { index.tree.contains($0.key) }
        guard !events.isEmpty else {
            let refusal = Refusal(.sessionGone, "who is admitted changed meanwhile")
            return endSession(with: node, refusal, now, &effects)
        }
        let batch = Self.prefix(of: events, bytes: MessageLimits.pageBytes)
        peers[node]?.session?.result.roundTrips += 1
        let purpose = Purpose.sessionPush(
            node, session: session.number, batch.map(\.key))
        ask(node, .push(Batch(batch)), token(for: purpose), &effects)
    }

    mutating func sessionPushed(
        _ response: Response, _ keys: [EventKey], to node: NodeID, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard peers[node]?.session?.exchange != nil else { return }
        switch response {
        case .outcomes(let outcomes) where outcomes.count == keys.count:
            peers[node]?.session?.result.sent += outcomes.count { $0 == .stored }
            if let last = keys.last, let have = peers[node]?.session?.exchange?.have,
                let place = have.firstIndex(of: last)
            {
                peers[node]?.session?.exchange?.have = have[(place + 1)...]
            }
            peers[node]?.session?.exchange?.isPushing = false
            pushNext(to: node, &effects)
            closeWhenComplete(with: node, now, &effects)
        case .refused(let refusal): endSession(with: node, refusal, now, &effects)
        default: endSession(with: node, Self.unexpected, now, &effects)
        }
    }

    private mutating func closeWhenComplete(
        with node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let exchange = peers[node]?.session?.exchange, exchange.isComplete,
            let message = peers[node]?.session?.machine.close(received: exchange.received)
        else { return }
        peers[node]?.session?.snapshot.insert(contentsOf: exchange.received)
        sendMessages([message], to: node, &effects)
    }

    /// Ends a session with a verdict.
    private mutating func endSession(
        with node: NodeID, _ verdict: Comparison.Verdict, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard var session = peers[node]?.session else { return }
        let comparison = Comparison(verdict: verdict, root: session.snapshot.root)
        session.result.comparison = comparison
        if session.exchange == nil { session.account.roundTrips = session.roundTripsSince }
        session.account.naiveBytes = session.naiveBytes
        session.result.account = session.account
        peers[node]?.session = nil
        peers[node]?.lastSession = SessionRecord(
            at: wall, verdict: verdict, account: session.account)
        peers[node]?.comparison = comparison
        heard(node, now)
        report(.compared(node, comparison), &effects)
        if verdict == .equal { peers[node]?.admits = nil }
        let isOwnCommon =
            session.common?.contains(AdmittedOrigin(origin: key.node, extent: .whole)) ?? true
        if isOwnCommon { catchUp(with: node, verdict, &effects) }
        if let operation = session.operation {
            report(.operation(operation, .synced(session.result)), &effects)
        }
        gossip(
            reconciledWith: node,
            wereEqual: session.result.received + session.result.sent == 0, now, &effects)
        planComparison(with: node, now)
        let isComplete = verdict.showsCommonLog
        bootstrapped(from: node, complete: isComplete, now, &effects)
        askForBodies(from: node, now, &effects)
    }

    /// Ends a session that came to no verdict.
    mutating func endSession(
        with node: NodeID, _ refusal: Refusal, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let session = peers[node]?.session else { return }
        peers[node]?.session = nil
        if let operation = session.operation {
            report(.operation(operation, .failed(refusal)), &effects)
        } else {
            report(
                .trouble(node, "comparison: \(refusal.code.rawValue) \(refusal.detail)"), &effects)
        }
        gossip(reconciledWith: node, wereEqual: true, now, &effects)
        planComparison(with: node, now)
        bootstrapped(from: node, complete: false, now, &effects)
    }

    private mutating func planComparison(with node: NodeID, _ now: Instant) {
        guard settings.isAutomatic, usesStreams(with: node) else { return }
        let every = EngineLimits.compareEvery
        peers[node]?.compareAt = now + dice.duration(in: every * 3 / 4...every * 5 / 4)
    }
}
