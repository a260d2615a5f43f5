import Core
import Gossip
import MerkleSearchTree

/// Events on their way through the gossip layer.
extension Engine {
    /// Events that a neighbor sent and that are not held.
    mutating func take(
        _ events: [Event], from node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        let wait = peers[inPassing: node]?.budget.charge(
            .live, requests: 0, verifications: events.count, at: now)
        if let wait {
            count(.overBudget)
            // They are not on their way: whoever else brings them is heard.
            tell(.dropped(events, from: node, isInvalid: false), now, &effects)
            guard let link = gossip.link(to: node) else { return }
            // Not refused, only read later: the network slows the neighbor down.
            let held = linkWork.waiting[link]?.events ?? []
            linkWork.waiting[link] = LinkWork.Waiting(
                events: held + events, node: node, due: now + wait)
            return
        }
        heard(node, now)
        submit(Job(.gossiped(node), Batch(events)), &effects)
    }

    mutating func takeWaiting(
        of link: LinkName, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let waiting = linkWork.waiting[link], waiting.due <= now else { return }
        linkWork.waiting[link] = nil
        let access = GossipAccess(index: index, membership: membership)
        let events = waiting.events.filter { !access.holds($0) }
        if !events.isEmpty { take(events, from: waiting.node, now, &effects) }
        readOn(link, now, &effects)
    }

    /// Lets the network bring more, unless too much is on its way already.
    mutating func readOn(_ link: LinkName, _ now: Instant, _ effects: inout [Effect]) {
        let isPaused = linkWork.waiting[link] != nil || linkWork.pausedUntil[link] != nil
        if !isPaused, intake.hasRoom {
            if !linkWork.paused.isEmpty, linkWork.paused.remove(link) != nil {
                tell(.paused(link, false), now, &effects)
            }
            return effects.append(.read(link))
        }
        // Its silence is ours.
        linkWork.paused.insert(link)
        tell(.paused(link, true), now, &effects)
        if !isPaused { linkWork.withheld.insert(link) }
    }

    /// Bytes came: they are paid for, by their number or by the work that they were, and where that
    /// was more than the sender may have, the link is read on later.
    mutating func received(
        _ bytes: [UInt8], over link: LinkName, _ now: Instant, _ effects: inout [Effect]
    ) {
        let node = gossip.peer(of: link)
        tell(.received(link, bytes), now, &effects)
        let cost = max(bytes.count, gossip.takeWork(of: link))
        if let node, let wait = peers[inPassing: node]?.budget.owe(bytes: cost, at: now) {
            linkWork.pausedUntil[link] = now + wait
        }
        readOn(link, now, &effects)
    }

    mutating func readOnAll(_ now: Instant, _ effects: inout [Effect]) {
        guard intake.hasRoom, !linkWork.withheld.isEmpty else { return }
        let links = linkWork.withheld.sorted()
        linkWork.withheld = []
        for link in links { readOn(link, now, &effects) }
    }

    /// Signatures were looked at: what is valid and admitted goes on at once, before it is durable.
    mutating func judge(_ job: Job) {
        guard let sender = job.sender else { return }
        var accepted: [Event] = []
        var late: [Event] = []
        var invalid: [Event] = []
        for (event, isSigned) in zip(job.events, job.verdicts) {
            if isSigned != true || !event.bodyMatches {
                invalid.append(event)
            } else if mayGoOn(event) {
                if isNews(event) { accepted.append(event) } else { late.append(event) }
            }
        }
        if !accepted.isEmpty {
            linkWork.pending.append(.accepted(accepted, from: sender, isLate: false))
        }
        if !late.isEmpty { linkWork.pending.append(.accepted(late, from: sender, isLate: true)) }
        if !invalid.isEmpty {
            linkWork.pending.append(.dropped(invalid, from: sender, isInvalid: true))
        }
    }

    private func mayGoOn(_ event: Event) -> Bool {
        let header = event.header
        return header.scope.isEmpty && membership.refusal(of: header, event.id) == nil
            && header.time.physical <= (wall + Limits.clockAhead).microseconds
    }

    /// Whether it was made lately: what is older, others are catching up on too, from elsewhere.
    private func isNews(_ event: Event) -> Bool {
        WallTime(microseconds: event.header.time.physical) > wall + EngineLimits.newsAge
    }

    mutating func passOn(_ now: Instant, _ effects: inout [Effect]) {
        while !linkWork.pending.isEmpty {
            let inputs = linkWork.pending
            linkWork.pending = []
            for input in inputs { tell(input, now, &effects) }
        }
    }

    /// A gossiped job has ended; what was stored is told with its commit.
    mutating func tookGossip(
        _ job: Job, from node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        peers[inPassing: node]?.budget.refund(
            // That we don't admit an origin any more is no fault of who still does.
            verifications: job.outcomes.count {
                [.stored, .setAside, .refused(.revoked), .refused(.notAdmitted)].contains($0)
            })
        var dropped = job.events
        if job.outcomes.count == job.events.count {
            // What is kept without being admitted goes no further either.
            dropped = zip(job.events, job.outcomes).filter { event, outcome in
                outcome != .stored || !index.tree.contains(event.key)
            }.map(\.0)
        }
        guard !dropped.isEmpty else { return }
        tell(.dropped(dropped, from: node, isInvalid: false), now, &effects)
    }

    /// Tells the gossip layer what is durable.
    mutating func gossip(
        _ storing: Intake.Storing, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard !gossip.isIdle else { return }
        var ways: [EventID: StoredEvent.Way] = [:]
        for job in storing.jobs where job.events.count <= EngineLimits.freshEvents {
            switch job.source {
            // What a session pushes is no news.
            case .push(let exchange, _) where exchange.isOverLink: break
            case .push, .streamed, .gossiped:
                for event in job.events where isNews(event) { ways[event.id] = .fresh }
            case .pulled, .fetched, .bodies, .append, .imported, .aside, .statements, .records:
                break
            }
        }
        for job in storing.jobs {
            guard case .gossiped = job.source else { continue }
            for (event, outcome) in zip(job.events, job.outcomes)
            where outcome == .stored && isNews(event) {
                gossipDelays.note(wall - WallTime(microseconds: event.header.time.physical))
            }
        }
        let events = storing.write.entries.filter { index.tree.contains($0.event.key) }.map {
            entry in
            let isOwn = entry.sender == nil && entry.event.header.origin == key.node
            return StoredEvent(
                event: entry.event, way: isOwn ? .own : ways[entry.event.id] ?? .found,
                sender: entry.sender)
        }
        tell(.stored(events), now, &effects)
        for equivocation in storing.write.equivocations.prefix(GossipLimits.proofs) {
            let ids = [equivocation.first, equivocation.second]
            effects.append(.load(token(for: .gossipProof), .events(ids)))
        }
    }

    /// Reads what a neighbor asked for.
    mutating func serve(
        _ ranges: [PlaceRange], over link: LinkName, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        var ids: [EventID] = []
        for range in ranges where range.count > 0 {
            for sequence in range.from...range.from + range.count - 1 {
                guard let id = index.id(of: range.origin, at: sequence) else { continue }
                ids.append(id)
            }
        }
        guard !ids.isEmpty else { return tell(.served(link, []), now, &effects) }
        effects.append(.load(token(for: .gossipServe(link)), .events(ids)))
    }
}
