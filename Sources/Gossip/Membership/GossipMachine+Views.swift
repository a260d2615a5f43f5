import Core

/// Who is a neighbor: HyParView (Leitao, Pereira, Rodrigues, DSN 2007) over a durable registry.
///
/// Because every node knows its registered peers for good, nobody needs an introduction: there are
/// no join walks. A node dials half of the neighbors that it aims at and is dialled by others for
/// the rest, so that no number of colluding peers can choose its neighbors for it.
extension GossipMachine {
    /// Whether views are kept and events spread by gossip.
    public var isOn: Bool {
        switch settings.mode {
        case .off: false
        case .on: true
        // Not at every peer that comes or goes at the border.
        case .auto:
            registry.count > GossipLimits.autoPeers
                || (onSince != nil && registry.count > GossipLimits.autoPeers - 2)
        }
    }

    /// Neighbors aimed at: all peers of a small federation.
    var target: Int {
        registry.count <= max(GossipLimits.meshPeers, settings.activeView)
            ? registry.count : settings.activeView
    }

    /// Neighbors at most.
    var most: Int {
        min(
            max(target, min(registry.count, settings.activeView + GossipLimits.slack)),
            GossipLimits.slots)
    }

    /// Neighbors that we dialled ourselves, at least.
    var quota: Int { (target + 1) / 2 }

    /// The neighbors' links, by slot.
    var neighborLinks: [LinkName] { slots.compactMap { $0 } }

    private var ownNeighbors: Int { slots.count { $0?.isOurs == true } }

    func isNeighbor(_ node: NodeID) -> Bool {
        linkOf[node].map { links[$0]?.slot != nil } ?? false
    }

    mutating func setRegistry(
        _ nodes: [NodeID], _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        registry = nodes
        let isKnown = Set(nodes)
        passive.removeAll { !isKnown.contains($0) }
        for name in links.keys {
            guard let node = links[name]?.node, !isKnown.contains(node) else { continue }
            close(name, .notActive, now, &effects)
        }
        contacts = contacts.filter { isKnown.contains($0.key) }
        settleMode(now, &effects)
    }

    /// Starts or stops what being on means.
    mutating func settleMode(_ now: Instant, _ effects: inout [GossipEffect]) {
        if settings.mode == .off {
            for name in links.keys { close(name, .off, now, &effects) }
            for name in dials.keys.sorted() { effects.append(.unlink(name)) }
            dials = [:]
        }
        guard isOn else {
            timers.fill = nil
            timers.reconcile = nil
            timers.redial = nil
            timers.shuffle = nil
            timers.rotate = nil
            onSince = nil
            return
        }
        onSince = onSince ?? now
        if timers.fill == nil { planFill(now) }
        if timers.reconcile == nil { plan(\.reconcile, in: settings.reconcileEvery, now) }
        if timers.redial == nil { plan(\.redial, in: settings.redialEvery, now) }
        if timers.shuffle == nil { plan(\.shuffle, in: settings.shuffleEvery, now, give: 5) }
        if timers.rotate == nil { plan(\.rotate, in: settings.rotateEvery, now, give: 5) }
    }

    mutating func planFill(_ now: Instant, in wait: Duration = .milliseconds(50)) {
        guard isOn else { return }
        let due = now + dice.duration(in: .zero...wait)
        timers.fill = min(timers.fill ?? due, due)
    }

    /// Dials where neighbors are missing.
    mutating func fill(_ now: Instant, _ effects: inout [GossipEffect]) {
        guard isOn else { return }
        let coming =
            dials.values.count { $0.purpose != .visit }
            + links.keys.count { $0.isOurs && links[$0]?.phase == .greeting }
        let count = neighborLinks.count
        // Others dial too: beyond its quota a node waits a little to be dialled.
        let isYoung = onSince.map { now - $0 < GossipLimits.courtesy } ?? true
        let missing = max(quota - ownNeighbors, isYoung ? 0 : target - count)
        // Who dialled us may fill all places: what is chosen here takes one of theirs.
        let room = max(most - count, quota - ownNeighbors) - coming
        var wanted = min(missing - coming, room, GossipLimits.dials - dials.count)
        // Where all others have what they want, nobody has room for one that was away.
        let isUrgent = count < quota && target > 1
        while wanted > 0, let node = candidate(now) {
            dial(node, isUrgent && dice.below(2) == 0 ? .urgent : .neighbor, now, &effects)
            wanted -= 1
        }
        if missing > coming || isYoung { planFill(now, in: .seconds(2)) }
        guard neighborLinks.isEmpty, dials.isEmpty else { return }
        // Nobody else is left: those that get no link are read as streams meanwhile.
        for node in registry where contacts[node]?.refuseUntil.map({ $0 > now }) ?? false {
            effects.append(.isOff(node))
        }
    }

    /// A peer to dial: of those lately alive first, then of all; nobody who is to be left alone.
    private mutating func candidate(_ now: Instant) -> NodeID? {
        let busy = Set(dials.values.map(\.node))
        func isFree(_ node: NodeID) -> Bool {
            linkOf[node] == nil && !busy.contains(node)
                && contacts[node].map { $0.retryAt <= now } ?? true
        }
        // Not always the passive view: what it names may be one half of a federation.
        let isDrawn = dice.below(ownNeighbors < quota ? 2 : 4) > 0
        let fromPassive = isDrawn ? passive.filter(isFree) : []
        let free = fromPassive.isEmpty ? registry.filter(isFree) : fromPassive
        return free.isEmpty ? nil : free[dice.below(free.count)]
    }

    mutating func dial(
        _ node: NodeID, _ purpose: LinkPurpose, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        lastNumber += 1
        let name = LinkName(number: lastNumber, isOurs: true)
        dials[name] = Dial(node: node, purpose: purpose, since: now)
        effects.append(.dial(name, node))
        keepTicking(now)
    }

    /// The peer could not be reached.
    mutating func postpone(_ node: NodeID, _ now: Instant) {
        var contact = contacts[node] ?? Contact()
        let wait = min(
            GossipLimits.redialFirst * (1 << min(contact.failures, 6)), GossipLimits.redialLast)
        contact.failures += 1
        contact.retryAt = now + dice.duration(in: wait / 2...wait * 3 / 2)
        contacts[node] = contact
    }

    mutating func leaveAlone(_ node: NodeID, for wait: Duration, _ now: Instant) {
        let due = now + dice.duration(in: wait / 2...wait * 3 / 2)
        contacts[node, default: Contact()].retryAt = max(contacts[node]?.retryAt ?? .zero, due)
    }

    /// A peer has dialled and says what for.
    mutating func greeted(
        _ name: LinkName, _ versions: [UInt64], _ purpose: LinkPurpose, _ now: Instant,
        _ effects: inout [GossipEffect]
    ) {
        guard let node = links[name]?.node else { return }
        guard settings.mode != .off else { return close(name, .off, now, &effects) }
        guard versions.contains(Frame.version) else { return speaksOtherwise(name, now, &effects) }
        guard isRegistered(node) else { return close(name, .notActive, now, &effects) }
        if let until = contacts[node]?.refuseUntil, until > now {
            return close(name, .overload, now, &effects)
        }
        effects.append(.isOn(node))
        guard yields(to: name, node, now, &effects) else {
            return close(name, .duplicate, now, &effects)
        }
        if purpose == .visit {
            guard makeRoomForVisit(now, &effects) else { return close(name, .full, now, &effects) }
            links[name]?.phase = .visit
            linkOf[node] = name
        } else {
            guard makeRoom(for: purpose, now, &effects), let slot = slots.firstIndex(of: nil) else {
                return close(name, .full, now, &effects)
            }
            links[name]?.phase = .neighbor(slot: slot)
        }
        send(.welcome(version: Frame.version), .membership, over: name, now, &effects)
        if purpose != .visit { becomeNeighbor(name, now, &effects) }
        contacts[node]?.failures = 0
        contacts[node]?.retryAt = .zero
    }

    /// Another version of links: the two read each other's log as a stream, as where one of them
    /// does not gossip.
    mutating func speaksOtherwise(
        _ name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard let node = links[name]?.node else { return }
        leaveAlone(node, for: GossipLimits.redialLast, now)
        effects.append(.isOff(node))
        close(name, .version, now, &effects)
    }

    private func isRegistered(_ node: NodeID) -> Bool {
        var low = 0
        var high = registry.count
        while low < high {
            let middle = (low + high) / 2
            if registry[middle] < node { low = middle + 1 } else { high = middle }
        }
        return low < registry.count && registry[low] == node
    }

    /// Of two links with one peer one stays: where both dialled at once, that of the lower key;
    /// else the new one, because whoever dialled it has lost the other.
    private mutating func yields(
        to name: LinkName, _ node: NodeID, _ now: Instant, _ effects: inout [GossipEffect]
    ) -> Bool {
        guard let old = linkOf[node], old != name, let link = links[old] else { return true }
        let isSimultaneous = old.isOurs != name.isOurs && now - link.since < GossipLimits.keepalive
        let dialler = name.isOurs ? self.node : node
        let other = name.isOurs ? node : self.node
        if isSimultaneous, dialler > other { return false }
        close(old, .duplicate, now, &effects)
        return true
    }

    private mutating func makeRoom(
        for purpose: LinkPurpose, _ now: Instant, _ effects: inout [GossipEffect]
    ) -> Bool {
        // Half of the places are for those that this node chooses.
        let dialled = neighborLinks.count { !$0.isOurs }
        let isMesh = registry.count <= GossipLimits.meshPeers
        if neighborLinks.count < most, isMesh || dialled < most - quota { return true }
        guard purpose == .urgent,
            evictedAt.map({ now - $0 >= GossipLimits.evictEvery }) ?? true,
            let worst = worst(of: neighborLinks.filter { !$0.isOurs })
        else { return false }
        evictedAt = now
        close(worst, .evicted, now, &effects)
        return true
    }

    /// Whoever has visited for long enough makes room, or a few could keep all others out.
    private mutating func makeRoomForVisit(
        _ now: Instant, _ effects: inout [GossipEffect]
    ) -> Bool {
        let visits = links.values.filter { !$0.name.isOurs && $0.phase == .visit }
        guard visits.count >= GossipLimits.visitors else { return true }
        guard let oldest = visits.min(by: { $0.since < $1.since }),
            now - oldest.since > GossipLimits.visitPause
        else { return false }
        close(oldest.name, .done, now, &effects)
        return true
    }

    /// The link that brought least.
    private func worst(of names: [LinkName]) -> LinkName? {
        names.min { a, b in
            let (left, right) = (links[a], links[b])
            let (first, second) = (left?.firsts ?? 0, right?.firsts ?? 0)
            if first != second { return first < second }
            return (left?.roundTrip ?? .zero) > (right?.roundTrip ?? .zero)
        }
    }

    /// Our hello was taken.
    mutating func welcomed(
        _ name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard let link = links[name] else { return }
        contacts[link.node]?.failures = 0
        effects.append(.isOn(link.node))
        guard yields(to: name, link.node, now, &effects) else {
            return close(name, .duplicate, now, &effects)
        }
        guard link.purpose != .visit else {
            links[name]?.phase = .visit
            linkOf[link.node] = name
            links[name]?.messageAt = now
            askView(of: link.node, over: name, now, &effects)
            effects.append(.reconcile(link.node))
            return
        }
        if neighborLinks.count >= most {
            // An urgent link of ours takes a place from somebody who dialled us, before one of our
            // own.
            let others = neighborLinks.filter { !$0.isOurs }
            guard let worst = worst(of: others.isEmpty ? neighborLinks : others) else { return }
            close(worst, .evicted, now, &effects)
        }
        guard let slot = slots.firstIndex(of: nil) else { return }
        links[name]?.phase = .neighbor(slot: slot)
        becomeNeighbor(name, now, &effects)
    }

    private mutating func becomeNeighbor(
        _ name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard let link = links[name], let slot = link.slot else { return }
        slots[slot] = name
        linkOf[link.node] = name
        passive.removeAll { $0 == link.node }
        // Where an origin's events come from somebody already, the new one is only told.
        for origin in trees.keys where trees[origin]?.parent != -1 || origin == node {
            trees[origin]?.setLazy(slot)
        }
        effects.append(.neighborUp(link.node))
        // The other side would bring the same events once more.
        if name.isOurs { effects.append(.reconcile(link.node)) }
    }

    /// The other side has ended the link.
    mutating func saidBye(
        _ cause: ByeCause, _ name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard let link = links[name] else { return }
        noteEnd(of: link, by: .there, cause, now)
        switch cause {
        case .off:
            leaveAlone(link.node, for: GossipLimits.offAgain, now)
            effects.append(.isOff(link.node))
        case .full, .evicted:
            leaveAlone(link.node, for: GossipLimits.fullAgain, now)
            learn([link.node])
        case .duplicate, .done, .shutdown, .silent: break
        case .notActive: leaveAlone(link.node, for: GossipLimits.redialLast, now)
        case .malformed, .invalidEvent, .brokenPromises, .overload, .version:
            leaveAlone(link.node, for: GossipLimits.redialLast, now)
            // Whatever it holds against us: it has given no cause to do without its events.
            effects.append(.isOff(link.node))
        }
        leave(name, cause, now, &effects)
        links[name]?.beginClosing()
        effects.append(.unlink(name))
        planFill(now)
    }

    /// A random registered peer is visited, to exchange views and compare logs; where the logs
    /// differ, to stay. Shuffles alone never join what a partition has parted.
    mutating func redial(_ now: Instant, _ effects: inout [GossipEffect]) {
        plan(\.redial, in: settings.redialEvery, now)
        guard registry.count > neighborLinks.count, dials.count < GossipLimits.dials else { return }
        let busy = Set(dials.values.map(\.node))
        // Whoever could not be reached is tried again: it may be back.
        let strangers = registry.filter { node in
            linkOf[node] == nil && !busy.contains(node)
                && contacts[node]?.refuseUntil.map { $0 <= now } ?? true
        }
        guard !strangers.isEmpty else { return }
        let node = strangers[dice.below(strangers.count)]
        dial(node, .visit, now, &effects)
    }

    /// Tells a neighbor of peers that are alive, and hears of others.
    mutating func shuffle(_ now: Instant, _ effects: inout [GossipEffect]) {
        plan(\.shuffle, in: settings.shuffleEvery, now, give: 5)
        let names = neighborLinks
        guard !names.isEmpty, registry.count > names.count else { return }
        let name = names[dice.below(names.count)]
        guard let node = links[name]?.node else { return }
        askView(of: node, over: name, now, &effects)
    }

    private mutating func askView(
        of node: NodeID, over name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        links[name]?.awaitsShuffle = true
        send(.shuffle(sample(without: node)), .membership, over: name, now, &effects)
    }

    /// Up to three neighbors and four of the passive view.
    mutating func sample(without node: NodeID) -> [NodeID] {
        let neighbors = neighborLinks.compactMap { links[$0]?.node }.filter { $0 != node }
        let rest = passive.filter { $0 != node }
        return draw(3, of: neighbors) + draw(4, of: rest)
    }

    private mutating func draw(_ count: Int, of nodes: [NodeID]) -> [NodeID] {
        var nodes = nodes
        for place in 0..<min(count, nodes.count) {
            nodes.swapAt(place, place + dice.below(nodes.count - place))
        }
        return Array(nodes.prefix(count))
    }

    /// Remembers peers as alive; who is not registered is nobody.
    mutating func learn(_ nodes: [NodeID]) {
        for node in nodes where node != self.node && isRegistered(node) && !isNeighbor(node) {
            passive.removeAll { $0 == node }
            passive.append(node)
        }
        if passive.count > settings.passiveView {
            passive.removeFirst(passive.count - settings.passiveView)
        }
    }

    /// Replaces the neighbor that brought least, where there are enough.
    mutating func rotate(_ now: Instant, _ effects: inout [GossipEffect]) {
        plan(\.rotate, in: settings.rotateEvery, now, give: 5)
        let names = neighborLinks
        if names.count >= target, registry.count > names.count, let worst = worst(of: names) {
            close(worst, .evicted, now, &effects)
        }
        for name in names { links[name]?.firsts = 0 }
    }

    mutating func reconcileWithSomebody(_ now: Instant, _ effects: inout [GossipEffect]) {
        plan(\.reconcile, in: settings.reconcileEvery, now)
        let names = neighborLinks
        guard !names.isEmpty else { return }
        let name = names[dice.below(names.count)]
        guard let link = links[name] else { return }
        effects.append(.reconcile(link.node))
        if link.answersSlowly { compareWithSomebodyElse(&effects) }
    }

    /// Neighbors that answer slowly must not stand before the others.
    mutating func compareWithSomebodyElse(_ effects: inout [GossipEffect]) {
        let quick = neighborLinks.filter { links[$0]?.answersSlowly == false }
        guard !quick.isEmpty, let node = links[quick[dice.below(quick.count)]]?.node else { return }
        effects.append(.reconcile(node))
    }
}
