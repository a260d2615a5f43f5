import Core

/// Reading a peer's log: from the cursor as a stream, which begins with history and goes on live.
extension Engine {
    /// Opens the stream of an active peer, unless one is open.
    mutating func startDownload(
        from node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard settings.isAutomatic, let peer = peers[node], peer.isActive, usesStreams(with: node),
            peer.download.state == .idle, peer.isDialable
        else { return }
        peers[node]?.download.retryAt = nil
        if peer.record.cursor == nil, eventCount > 0 {
            // Much may be common already: find the difference, then read on from where the log
            // ended.
            let token = token(for: .locate(node))
            peers[node]?.download.state = .locating(token)
            ask(node, .status, token, &effects)
        } else {
            openStream(of: node, since: peer.record.cursor, &effects)
        }
    }

    private mutating func openStream(
        of node: NodeID, since: Cursor?, _ effects: inout [Effect]
    ) {
        guard let peer = peers[node] else { return }
        let token = token(for: .stream(node))
        peers[node]?.download.state = .streaming(token)
        peers[node]?.download.isCaughtUp = false
        effects.append(.open(token, to: peer.destination(policy), since: since))
    }

    /// The peer's log was found; a session now brings what is missing up to its end.
    mutating func located(
        _ status: PeerStatus, of node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard peers[node]?.session == nil else {
            // It began before the log's end was known, so it may miss what lies between.
            return retryDownload(from: node, now)
        }
        peers[node]?.bootstrap = Cursor(log: status.log, position: status.position)
        startSession(with: node, operation: nil, now, &effects)
    }

    /// A session ended while the download waited for it.
    mutating func bootstrapped(
        from node: NodeID, complete: Bool, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let end = peers[node]?.bootstrap else { return }
        peers[node]?.bootstrap = nil
        guard peers[node]?.isActive == true else { return }
        if !complete, peers[node]?.download.attempts ?? 0 < EngineLimits.bootstraps {
            return retryDownload(from: node, now)
        }
        // Where sessions did not bring everything, the whole log is read: slower, and as complete.
        let cursor = Cursor(log: end.log, position: complete ? end.position : 0)
        peers[node]?.record.cursor = cursor
        markDirty(node)
        guard usesStreams(with: node) else {
            peers[node]?.download = Peer.Download()
            return
        }
        openStream(of: node, since: cursor, &effects)
    }

    mutating func streamed(
        _ page: Page, _ token: Token, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard case .stream(let node)? = asked[token],
            peers[node]?.download.state == .streaming(token)
        else { return }
        heard(node, now)
        peers[node]?.download.attempts = 0
        peers[node]?.isUnreachable = false
        let source = Job.Source.streamed(node, token, next: page.next, isEnd: page.isEnd)
        submit(Job(source, page.events), &effects)
    }

    /// A streamed page is durable.
    mutating func took(_ job: Job, from node: NodeID, isEnd: Bool, _ now: Instant) {
        guard isEnd, peers[node]?.isActive == true else { return }
        if peers[node]?.download.isCaughtUp == false {
            peers[node]?.download.isCaughtUp = true
            peers[node]?.compareAt = now + EngineLimits.compareSoon
        } else if job.outcomes.contains(.stored) {
            peers[node]?.compareAt = now + EngineLimits.compareSoon
        }
    }

    mutating func streamClosed(
        _ token: Token, _ failure: TransportFailure?, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard case .stream(let node)? = asked.removeValue(forKey: token),
            peers[node]?.download.state == .streaming(token)
        else { return }
        peers[node]?.download.state = .idle
        switch failure {
        // Also after an orderly end: two readers with one key would else close each other's streams
        // without end.
        case nil: retryDownload(from: node, now)
        case .refused(let refusal)?: streamRefused(by: node, refusal, now, &effects)
        case .some(let failure):
            trouble(node, failure, &effects)
            retryDownload(from: node, now)
        }
    }

    private mutating func streamRefused(
        by node: NodeID, _ refusal: Refusal, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard refusal.code == .cursorReset else {
            refused(by: node, refusal, now, &effects)
            return retryDownload(from: node, now, atLeast: refusal.retryAfter)
        }
        report(.trouble(node, "its log was made anew: comparing from the start"), &effects)
        peers[node]?.record.cursor = nil
        markDirty(node)
        // Not at once: a peer that refuses every cursor must not be asked in a loop.
        retryDownload(from: node, now)
    }

    mutating func retryDownload(
        from node: NodeID, _ now: Instant, atLeast wait: Duration? = nil
    ) {
        guard let attempts = peers[node]?.download.attempts else { return }
        peers[node]?.download.state = .idle
        peers[node]?.download.isCaughtUp = false
        peers[node]?.download.attempts += 1
        let backoff = Backoff.wait(attempts: attempts, &dice)
        // A peer that asks for years of patience gets an hour.
        peers[node]?.download.retryAt = now + max(backoff, min(wait ?? .zero, .seconds(3600)))
    }

    /// Asks for bodies of events that are held without one.
    mutating func askForBodies(from node: NodeID, _ now: Instant, _ effects: inout [Effect]) {
        guard !index.missingBodies.isEmpty, let peer = peers[node], peer.isActive,
            peer.bodiesAt <= now
        else { return }
        peers[node]?.bodiesAt = now + EngineLimits.bodiesEvery
        // From a drawn place on, so that bodies that nobody has don't keep the others waiting.
        let missing = index.missingBodies.sorted()
        let start = dice.below(missing.count)
        let ids = Array((missing[start...] + missing[..<start]).prefix(MessageLimits.bodyRequests))
        ask(node, .bodies(ids), token(for: .bodies(node)), &effects)
    }
}
