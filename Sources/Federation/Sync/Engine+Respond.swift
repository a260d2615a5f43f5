import Core
import MerkleSearchTree

/// Reconcile sessions that peers begin.
extension Engine {
    mutating func respond(
        to message: [UInt8], session number: UInt64, _ context: UInt64?, _ exchange: Exchange,
        from node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        let name = SessionName(peer: node, number: number)
        var session = session(name, now)
        let isKnown = responders[name] != nil
        session.expires = now + EngineLimits.sessionLife
        switch session.machine.receive(message) {
        case .send(let reply):
            if let common = session.machine.common, session.isWhole {
                commons.remember(common, with: node)
            }
            responders[name] = session
            var notices = notices(for: node, now)
            if let context, context != session.context { notices.insert(.admitsOthers) }
            self.reply(exchange, .message(reply, notices), &effects)
        case .deliver:
            responders[name] = nil
            refuse(exchange, Refusal(.malformed, "ask for events by fetch"), &effects)
        case .failed(let failure):
            responders[name] = nil
            // A session that is not known began here in the middle: it has expired.
            let refusal =
                isKnown
                ? Refusal(.malformed, "\(failure)") : Refusal(.sessionGone, "start a new session")
            refuse(exchange, refusal, &effects)
        }
    }

    /// The session of this name, or a new one; where there is no room, the oldest one ends.
    private mutating func session(_ name: SessionName, _ now: Instant) -> ResponderSession {
        if let session = responders[name], session.expires > now { return session }
        if responders.count(of: name.peer) >= EngineLimits.sessionsPerPeer,
            let oldest = responders.oldest(of: name.peer)
        {
            // A peer that begins anew has given up the oldest.
            responders[oldest] = nil
        }
        if responders.count >= EngineLimits.sessions, let oldest = responders.oldest() {
            // Most have ended well and only wait to expire.
            responders[oldest] = nil
        }
        let machine = settings.reconciler.responder(
            index: index.sets, commons: commons[name.peer], cutoff: cutoff)
        return ResponderSession(
            machine: machine, context: membership.context, expires: now + EngineLimits.sessionLife)
    }

    /// Answers `admissions`: the session goes on over what both admit.
    mutating func compare(
        _ theirs: [AdmittedOrigin], session number: UInt64, _ exchange: Exchange,
        with node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        let mine = membership.list
        peers[node]?.admits = theirs
        let name = SessionName(peer: node, number: number)
        responders[name] = nil
        var session = session(name, now)
        if mine != theirs {
            let common = Membership.common(mine, theirs)
            session.machine = settings.reconciler.responder(
                index: index.sets(of: common, membership), commons: [], cutoff: cutoff)
            session.context = Membership.context(of: common)
            session.isWhole = false
        }
        responders[name] = session
        reply(exchange, .admissions(mine), &effects)
    }

    /// Answers `fetch`: messages say what is wanted, empty ones ask for the rest.
    mutating func deliver(
        _ want: [UInt8], session number: UInt64, _ exchange: Exchange, to node: NodeID,
        _ now: Instant, _ effects: inout [Effect]
    ) {
        let name = SessionName(peer: node, number: number)
        guard var session = responders[name], session.expires > now else {
            return refuse(exchange, Refusal(.sessionGone, "start a new session"), &effects)
        }
        session.expires = now + EngineLimits.sessionLife
        if !want.isEmpty {
            guard case .deliver(let keys) = session.machine.receive(want) else {
                responders[name] = nil
                return refuse(exchange, Refusal(.malformed, "not what this session has"), &effects)
            }
            session.delivery += keys
        }
        responders[name] = session
        guard !session.delivery.isEmpty else {
            return reply(exchange, .events(Batch()), &effects)
        }
        let ids = session.delivery.prefix(MessageLimits.pageEvents).map(\.id)
        effects.append(.load(token(for: .delivery(exchange, name)), .events(ids)))
    }

    mutating func loadedDelivery(
        _ loaded: Loaded, _ exchange: Exchange, _ name: SessionName, _ effects: inout [Effect]
    ) {
        guard case .events(let events) = loaded, responders[name] != nil else {
            return refuse(exchange, Refusal(.cannotStore, "the log can't be read"), &effects)
        }
        // What is admitted no longer stays here.
        let batch = Self.prefix(
            of: events.filter { index.tree.contains($0.key) }, bytes: MessageLimits.pageBytes)
        if let last = batch.last?.key, let delivery = responders[name]?.delivery,
            let place = delivery.firstIndex(of: last)
        {
            responders[name]?.delivery = delivery[(place + 1)...]
        } else {
            responders[name]?.delivery = []
        }
        reply(exchange, .events(Batch(batch)), &effects)
    }

    /// Events that `node` pushed are durable: its sessions here learn of them.
    mutating func note(_ keys: [EventKey], from node: NodeID) {
        for name in responders.keys where name.peer == node {
            responders[name]?.machine.received(keys)
        }
    }
}
