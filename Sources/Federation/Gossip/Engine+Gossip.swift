import Core
import Gossip

/// The gossip layer within the engine: its inputs from all that happens, its effects carried out.
extension Engine {
    /// Hands the gossip layer one input and carries out what it wants.
    mutating func tell(_ input: GossipInput, _ now: Instant, _ effects: inout [Effect]) {
        var wanted: [GossipEffect] = []
        gossip.handle(
            input, at: now, GossipAccess(index: index, membership: membership), into: &wanted)
        carryOut(wanted, now, &effects)
    }

    /// Fires what is due.
    mutating func advanceGossip(_ now: Instant, _ effects: inout [Effect]) {
        var wanted: [GossipEffect] = []
        gossip.advance(
            to: now, GossipAccess(index: index, membership: membership), into: &wanted)
        carryOut(wanted, now, &effects)
        for (token, question) in linkWork.questions.filter({ $0.value.due <= now })
            .sorted(by: { $0.key < $1.key })
        {
            linkWork.questions[token] = nil
            failed(token, .timedOut, now, &effects)
            tell(.unanswered(question.link), now, &effects)
        }
        for link in linkWork.pausedUntil.filter({ $0.value <= now }).keys.sorted() {
            linkWork.pausedUntil[link] = nil
            readOn(link, now, &effects)
        }
        endTurn(now, &effects)
        for node in linkWork.takeDue(now) { reconcile(with: node, now, &effects) }
        for link in linkWork.waiting.keys.sorted() { takeWaiting(of: link, now, &effects) }
    }

    /// Who is active, and when something is due, as of what was changed.
    mutating func settlePeers(_ now: Instant, _ effects: inout [Effect]) {
        guard peers.settle(Self.deadline) else { return }
        let wasOn = gossip.isOn
        tell(.registry(peers.active), now, &effects)
        if wasOn != gossip.isOn { switchGossip(wasOn: wasOn, now, &effects) }
        _ = peers.settle(Self.deadline)
    }

    /// Whether the peer's log is read as a stream, and compared on a schedule of its own: where it
    /// or we don't gossip.
    func usesStreams(with node: NodeID) -> Bool {
        !settings.pushesOnly && (!gossip.isOn || linkWork.offPeers.contains(node))
    }

    mutating func replace(
        _ settings: GossipSettings, _ token: Token, _ now: Instant, _ effects: inout [Effect]
    ) {
        let wasOn = gossip.isOn
        self.settings.gossip = settings
        linkWork.offPeers = []
        tell(.settings(settings), now, &effects)
        switchGossip(wasOn: wasOn, now, &effects)
        report(.operation(token, .done), &effects)
    }

    /// Nothing is lost on the way: where gossip ends, each peer's log is compared with ours and
    /// then read on from its end; where it begins, streams run until the first neighbor is there.
    private mutating func switchGossip(wasOn: Bool, _ now: Instant, _ effects: inout [Effect]) {
        guard settings.isAutomatic, wasOn, !gossip.isOn else { return }
        for node in peers.active {
            resumeStreams(with: node, now)
        }
    }

    private mutating func resumeStreams(with node: NodeID, _ now: Instant) {
        guard settings.isAutomatic, peers[node]?.download.state == .idle else { return }
        // What came by gossip meanwhile would be read once more.
        if eventCount > 0, peers[node]?.record.cursor != nil {
            peers[node]?.record.cursor = nil
            markDirty(node)
        }
        peers[node]?.download.attempts = 0
        peers[node]?.download.retryAt = now + dice.duration(in: .zero ... .milliseconds(500))
    }

    /// A neighbor carries the events of all: streams end.
    private mutating func endStreams(_ now: Instant, _ effects: inout [Effect]) {
        guard gossip.isOn else { return }
        for node in peers.active where !usesStreams(with: node) {
            peers[node]?.compareAt = nil
            peers[node]?.download.retryAt = nil
            guard case .streaming(let token)? = peers[node]?.download.state else { continue }
            effects.append(.cancel(token))
            asked[token] = nil
            peers[node]?.download = Peer.Download()
            // What comes by gossip from now on would be read once more.
            peers[node]?.record.cursor = nil
            markDirty(node)
        }
    }

    private mutating func carryOut(
        _ wanted: [GossipEffect], _ now: Instant, _ effects: inout [Effect]
    ) {
        for effect in wanted { carryOut(effect, now, &effects) }
    }

    private mutating func carryOut(
        _ effect: GossipEffect, _ now: Instant, _ effects: inout [Effect]
    ) {
        switch effect {
        case .dial(let link, let node):
            guard let peer = peers[node], peer.isActive, peer.isDialable else {
                return tell(.unlinked(link), now, &effects)
            }
            effects.append(.link(link, to: peer.destination(policy)))
        case .transmit(let link, let bytes): effects.append(.transmit(link, bytes))
        case .unlink(let link): effects.append(.unlink(link))
        case .take(let events, let node): take(events, from: node, now, &effects)
        case .serve(let link, let ranges): serve(ranges, over: link, now, &effects)
        case .asked(let link, let number, let bytes):
            askedOverLink(bytes, number, link, now, &effects)
        case .answered(let link, let number, let bytes):
            answeredOverLink(bytes, number, link, now, &effects)
        case .reconcile(let node): reconcile(with: node, now, &effects)
        case .reconcileLater(let node):
            linkWork.reconcile(with: node, at: now + EngineLimits.reconcileLater)
        case .neighborUp(let node):
            report(.neighbor(node, isUp: true, nil), &effects)
            endStreams(now, &effects)
            // What went round while the link was opened was too young for its first session.
            if gossip.link(to: node)?.isOurs == true {
                linkWork.reconcile(with: node, at: now + EngineLimits.reconcileLater)
            }
        case .isOn(let node):
            guard linkWork.offPeers.remove(node) != nil else { return }
            endStreams(now, &effects)
        case .neighborDown(let node, let cause):
            report(.neighbor(node, isUp: false, cause), &effects)
        case .isOff(let node):
            guard gossip.isOn, linkWork.offPeers.insert(node).inserted else { return }
            resumeStreams(with: node, now)
        case .lost(let link): lost(link, now, &effects)
        case .delivered(let id, let hop): report(.delivered(id, hop: hop), &effects)
        }
    }

    mutating func linked(
        _ link: LinkName, _ caller: Caller, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let node = caller.node, refusal(of: node, .status) == nil else {
            return effects.append(.unlink(link))
        }
        if !link.isOurs {
            noteInstance(caller.instance, of: node, now, &effects)
            noteClock(caller.signedAt, of: node, now, &effects)
            if caller.isSameHost { peers[node]?.isSameHost = true }
            peers[node]?.notices.remove(.unreachable)
        }
        heard(node, now)
        peers[node]?.isUnreachable = false
        tell(.linked(link, node), now, &effects)
        effects.append(.read(link))
    }

    mutating func unlinked(
        _ link: LinkName, _ failure: TransportFailure?, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        // They were told as dropped when they began to wait; by now others may bring them.
        linkWork.waiting[link] = nil
        linkWork.withheld.remove(link)
        linkWork.paused.remove(link)
        linkWork.pausedUntil[link] = nil
        let dialled = gossip.dialled(link)
        tell(.unlinked(link), now, &effects)
        lost(link, now, &effects)
        guard let dialled, let failure else { return }
        switch failure {
        case .refused(let refusal): refused(by: dialled, refusal, now, &effects)
        // It speaks no links, so it does not gossip either.
        case .malformed:
            linkWork.offPeers.insert(dialled)
            resumeStreams(with: dialled, now)
        case .unreachable, .wrongIdentity, .timedOut: trouble(dialled, failure, &effects)
        }
    }

    /// What the link carried is answered no more.
    private mutating func lost(
        _ link: LinkName, _ now: Instant, _ effects: inout [Effect]
    ) {
        linkWork.exchanges = linkWork.exchanges.filter { $0.value.link != link }
        let open = linkWork.questions.filter { $0.value.link == link }.keys.sorted()
        for token in open {
            linkWork.questions[token] = nil
            failed(token, .unreachable("the link has ended"), now, &effects)
        }
    }

    /// Begins a session with a neighbor, or soon, where one has just been or is under way.
    private mutating func reconcile(
        with node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard settings.isAutomatic, let peer = peers[node], peer.isActive,
            gossip.link(to: node) != nil
        else { return }
        let again = linkWork.reconciledAt[node].map { $0 + GossipLimits.reconcileAgain } ?? now
        guard peer.session == nil, again <= now else {
            return linkWork.reconcile(with: node, at: now + GossipLimits.reconcileAgain)
        }
        // Two at once would bring the same events. A visit has no time to wait.
        if let busy = linkWork.reconciling, peers[busy.node]?.session != nil, !gossip.isVisit(node)
        {
            if !linkWork.nextToReconcile.contains(node) { linkWork.nextToReconcile.append(node) }
            return
        }
        linkWork.reconciledAt[node] = now
        linkWork.reconciling = (node, now)
        startSession(with: node, operation: nil, now, &effects)
    }

    /// A session goes on for longer than others can wait: it may, and so may they.
    private mutating func endTurn(_ now: Instant, _ effects: inout [Effect]) {
        guard let end = linkWork.turnEnd, end <= now, let node = linkWork.reconciling?.node else {
            return
        }
        linkWork.reconciling = nil
        let isOpen = peers[node]?.session != nil
        if isOpen { linkWork.slow.insert(node) }
        let hasNext = !linkWork.nextToReconcile.isEmpty
        reconcileWithWaiting(now, &effects)
        if isOpen { tell(.slow(node, hasNext: hasNext), now, &effects) }
    }

    private mutating func reconcileWithWaiting(_ now: Instant, _ effects: inout [Effect]) {
        let nodes = linkWork.nextToReconcile
        linkWork.nextToReconcile = []
        // Those that keep others waiting come last.
        for node in nodes where !linkWork.slow.contains(node) {
            reconcile(with: node, now, &effects)
        }
        for node in nodes where linkWork.slow.contains(node) {
            reconcile(with: node, now, &effects)
        }
    }

    /// A session is over; a visit is, too.
    mutating func gossip(
        reconciledWith node: NodeID, wereEqual: Bool, _ now: Instant, _ effects: inout [Effect]
    ) {
        var wanted: [GossipEffect] = []
        gossip.reconciled(
            with: node, wereEqual: wereEqual, inTime: linkWork.reconciling?.node == node, at: now,
            into: &wanted)
        carryOut(wanted, now, &effects)
        guard linkWork.reconciling?.node == node else { return }
        linkWork.reconciling = nil
        linkWork.slow.remove(node)
        reconcileWithWaiting(now, &effects)
    }
}
