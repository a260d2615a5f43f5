import Core

/// How events go on: to some neighbors as they are, to the others as a few bytes that name them.
extension GossipMachine {
    /// An event that a neighbor sent.
    mutating func takeEvent(
        _ bytes: [UInt8], hop: UInt8, over name: LinkName, _ slot: Int, _ now: Instant,
        _ log: some GossipLog, _ events: inout [Event], _ effects: inout [GossipEffect]
    ) {
        let event: Event
        do {
            event = try Event(decoding: bytes)
        } catch {
            // No honest peer passes on what it could not read itself.
            return misbehaved(name, .invalidEvent, now, &effects)
        }
        let place = Place(event)
        // Links carry whole events: one without its body would keep out those that have it.
        guard log.admits(place.origin, at: place.sequence), event.body != nil else { return }
        known.add(1 << UInt32(slot), to: short(place))
        if asked.remove(slot, from: short(place)) { links[name]?.keptPromise() }
        let isHeld = log.holds(event)
        if isHeld || coming[event.id]?.event == event {
            // What was set aside stands at no place, and is not asked for again meanwhile.
            if isHeld { missing[place].map { forget($0, at: place) } }
            return duplicate(place.origin, over: name, slot, now, &effects)
        }
        let hops = hop == 0 ? announcedHop(of: place, over: name) : hop
        // The first copy stays: were it a forgery, the second one is looked at all the same.
        if coming[event.id] == nil {
            comingPlaces[place, default: 0] += 1
            coming[event.id] = Coming(link: name, hop: hops, event: event)
        }
        if let entry = missing[place] {
            // Not forgotten before it proves valid.
            missing[place]?.due = now + GossipLimits.patience
            missing[place]?.asked = nil
            prefer(entry, to: name, of: place.origin, now, &effects)
        }
        events.append(event)
    }

    private mutating func duplicate(
        _ origin: NodeID, over name: LinkName, _ slot: Int, _ now: Instant,
        _ effects: inout [GossipEffect]
    ) {
        links[name]?.tally.duplicates += 1
        guard settings.spread == .trees else { return }
        let isDue = withTree(of: origin, now) { tree in
            tree.setLazy(slot)
            return tree.shouldPrune(slot, at: now)
        }
        guard isDue else { return }
        links[name]?.tally.prunes += 1
        links[name]?.outbox.prune(origin)
        write(name, &effects)
    }

    /// Passes on what proved to be valid, before it is durable here: that it goes on is no
    /// acknowledgement.
    mutating func accepted(
        _ events: [Event], from node: NodeID, isLate: Bool, _ now: Instant,
        _ effects: inout [GossipEffect]
    ) {
        // What whoever has left had sent before goes on all the same.
        let name = linkOf[node] ?? LinkName(number: 0, isOurs: true)
        let slot = links[name]?.slot
        for event in events {
            let origin = event.header.origin
            let hop = hop(of: event, from: name)
            let place = Place(event)
            let entry = missing[place]
            entry.map { forget($0, at: place) }
            // What was asked for alone says nothing of the ways by which events come unasked.
            if entry.map({ $0.tries == 0 || !$0.isWanted }) ?? true {
                withTree(of: origin, now) { tree in
                    tree.parent = Int8(slot ?? -1)
                    // Whoever hands us the events needs none of them from us.
                    if let slot { tree.setLazy(slot) }
                }
            }
            links[name]?.note(deliveredAfter: hop)
            if !isLate { push(event, hop: hop, now, &effects) }
        }
    }

    /// How often an event had been passed on; where a forged copy came first, the valid one takes
    /// its place.
    private mutating func hop(of event: Event, from name: LinkName) -> UInt8 {
        if let coming = coming[event.id], coming.event == event { return coming.hop }
        if coming[event.id] == nil { comingPlaces[Place(event), default: 0] += 1 }
        coming[event.id] = Coming(link: name, hop: 1, event: event)
        return 1
    }

    /// Sends an event to whoever takes this origin's events unasked.
    private mutating func push(
        _ event: Event, hop: UInt8, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard !relayed.contains(event.id.w0) else { return }
        relayed.add(0, to: event.id.w0)
        let place = Place(event)
        let lazy = withTree(of: place.origin, now) { $0.lazy }
        guard event.wireSize <= settings.eagerBytes || settings.spread == .flood else { return }
        let next = hop == .max ? hop : hop + 1
        let range = PlaceRange(origin: place.origin, from: place.sequence, count: 1, hop: hop)
        let holders = holders(of: place)
        var told: UInt32 = 0
        var bytes: [UInt8]?
        for (slot, name) in slots.enumerated() {
            let bit: UInt32 = 1 << UInt32(slot)
            guard let name, holders & bit == 0 else { continue }
            guard settings.spread == .flood || lazy & bit == 0, links[name]?.isDegraded == false
            else { continue }
            let encoded = bytes ?? event.encoded()
            bytes = encoded
            guard links[name]?.outbox.push(encoded, hop: next, at: range) == true else {
                degrade(name, now)
                continue
            }
            told |= bit
            links[name]?.tally.pushed += 1
            write(name, &effects)
        }
        if told != 0 { known.add(told, to: short(place)) }
    }

    /// Slots whose neighbors are known to have what stands at a place, or have said so.
    private func holders(of place: Place) -> UInt32 {
        var holders = known[short(place)]
        for (slot, name) in slots.enumerated() {
            guard let name, let rows = links[name]?.rows, !rows.isEmpty else { continue }
            if rows.all.contains(where: { $0.contains(place) }) { holders |= 1 << UInt32(slot) }
        }
        return holders
    }

    /// A neighbor reads more slowly than events come: from now on they are announced to it.
    private mutating func degrade(_ name: LinkName, _ now: Instant) {
        links[name]?.isDegraded = true
        timers.announce = timers.announce ?? now + settings.announceEvery
        links[name]?.tally.overflows += 1
        // What finds no room is told by the session that follows.
        _ = links[name]?.outbox.degrade()
    }

    mutating func dropped(
        _ events: [Event], from node: NodeID, _ isInvalid: Bool, _ now: Instant,
        _ effects: inout [GossipEffect]
    ) {
        for event in events where coming[event.id]?.event == event { _ = settled(event) }
        // Whoever handed over a forgery is at fault, no matter who had the event from whom.
        guard isInvalid else { return }
        // Also where it has hung up meanwhile.
        ban(node, now)
        if let name = linkOf[node] { close(name, .invalidEvent, now, &effects) }
    }

    /// An event is not on its way any longer.
    private mutating func settled(_ event: Event) -> Coming? {
        guard let coming = coming.removeValue(forKey: event.id) else { return nil }
        let place = Place(event)
        comingPlaces[place, default: 1] -= 1
        if comingPlaces[place] == 0 { comingPlaces[place] = nil }
        return coming
    }

    /// Events are durable: own ones go out, all are announced to whoever may lack them.
    mutating func stored(
        _ events: [StoredEvent], _ now: Instant, _ log: some GossipLog,
        _ effects: inout [GossipEffect]
    ) {
        for stored in events {
            let event = stored.event
            let place = Place(event)
            let came = settled(event)
            let hop = came?.hop ?? 0
            if came != nil { effects.append(.delivered(event.id, hop: hop)) }
            missing[place].map { forget($0, at: place) }
            if let sender = stored.sender, let slot = linkOf[sender].flatMap({ links[$0]?.slot }) {
                known.add(1 << UInt32(slot), to: short(place))
            }
            guard event.body != nil else { continue }
            if stored.way != .found { push(event, hop: hop, now, &effects) }
            guard settings.spread == .trees else { continue }
            announce(event, hop: hop, now)
            // What others have found as well is not asked for as what is new.
            if stored.way != .found { known.add(0, to: short(place)) }
        }
        if settings.spread == .flood { return }
        if events.contains(where: { $0.event.wireSize > settings.eagerBytes }) {
            announceAll(&effects)
        }
    }

    private mutating func announce(_ event: Event, hop: UInt8, _ now: Instant) {
        let place = Place(event)
        let range = PlaceRange(
            origin: place.origin, from: place.sequence, count: 1, hop: hop,
            isLarge: event.wireSize > settings.eagerBytes)
        let who = holders(of: place)
        for (slot, name) in slots.enumerated() {
            guard let name, who & 1 << UInt32(slot) == 0 else { continue }
            if links[name]?.outbox.announce(range) == true {
                links[name]?.tally.announced += 1
            } else {
                links[name]?.isDegraded = true
            }
            timers.announce = timers.announce ?? now + settings.announceEvery
        }
    }

    /// Lets out what was gathered.
    mutating func announceAll(_ effects: inout [GossipEffect]) {
        timers.announce = nil
        for name in neighborLinks {
            links[name]?.mayAnnounce = true
            write(name, &effects)
        }
    }

    /// Sends what was asked for.
    mutating func served(
        _ events: [Event], over name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        let again = events.filter { wasSent($0.header.origin, $0.header.sequence, to: name) }
        links[name]?.served(again: again)
        guard let slot = links[name]?.slot else { return }
        for event in events where event.body != nil {
            let place = Place(event)
            let range = PlaceRange(origin: place.origin, from: place.sequence, count: 1)
            guard links[name]?.outbox.push(event.encoded(), hop: 0, at: range) == true else {
                degrade(name, now)
                break
            }
            known.add(1 << UInt32(slot), to: short(place))
            links[name]?.tally.served += 1
        }
        write(name, &effects)
    }

    /// Sends both events that an origin signed for one place to everybody.
    mutating func prove(_ events: [Event], _ effects: inout [GossipEffect]) {
        guard let origin = events.first?.header.origin,
            proofs[origin, default: 0] < GossipLimits.proofs,
            proofs.count < GossipLimits.origins || proofs[origin] != nil
        else { return }
        proofs[origin, default: 0] += 1
        for name in neighborLinks {
            for event in events {
                let place = Place(event)
                let range = PlaceRange(origin: origin, from: place.sequence, count: 1)
                _ = links[name]?.outbox.push(event.encoded(), hop: 1, at: range)
            }
            write(name, &effects)
        }
    }

    /// A name of eight bytes for tables in which a collision costs a copy or an announcement, no
    /// more; nobody else can foresee it.
    func short(_ place: Place) -> UInt64 {
        let origin = (place.origin.w0 ^ place.origin.w3 ^ salt) &* 0xd6e8_feb8_6659_fd93
        return origin &+ place.sequence &* 0x9e37_79b9_7f4a_7c15
    }

    /// Changes an origin's tree, which is made where there is none yet.
    @discardableResult
    mutating func withTree<Value>(
        of origin: NodeID, _ now: Instant, _ change: (inout OriginTree) -> Value
    ) -> Value {
        if let place = trees.index(forKey: origin) {
            trees.values[place].usedAt = now
            return change(&trees.values[place])
        }
        if trees.count >= GossipLimits.origins {
            let oldest = trees.min {
                ($0.value.usedAt, $0.key) < ($1.value.usedAt, $1.key)
            }
            if let oldest { trees[oldest.key] = nil }
        }
        return change(&trees[origin, default: OriginTree(at: now)])
    }

    /// A neighbor is gone, or seems to stand still: whoever told of an origin's events next is
    /// asked to send them from now on, before the next one is missed. In place of one that stands
    /// still all are asked, for origins that were heard of lately: that is seldom, and the next
    /// event finds the fastest way anew at the cost of its copies.
    mutating func replaceParent(
        _ slot: Int, isGone: Bool, ofAll: Bool = false, _ now: Instant,
        _ effects: inout [GossipEffect]
    ) {
        var asked: Set<LinkName> = []
        for origin in trees.keys.sorted() {
            let wasParent =
                isGone ? trees[origin]?.vacate(slot) : trees[origin]?.loseParent(slot)
            guard wasParent == true, let tree = trees[origin] else { continue }
            let isLive = ofAll && now - tree.usedAt < GossipLimits.liveOrigin
            trees[origin]?.runnerUp = -1
            for (other, name) in slots.enumerated() {
                guard let name, other != slot, isLive || other == Int(tree.runnerUp) else {
                    continue
                }
                links[name]?.outbox.graft(PlaceRange(origin: origin, from: 0, count: 0))
                links[name]?.tally.grafts += 1
                asked.insert(name)
            }
        }
        for name in asked.sorted() { write(name, &effects) }
    }
}
