import Core

/// Announcements of others, and what is asked for because of them.
extension GossipMachine {
    mutating func announced(
        _ ranges: [PlaceRange], over name: LinkName, _ slot: Int, _ now: Instant,
        _ log: some GossipLog, _ effects: inout [GossipEffect]
    ) {
        var places = GossipLimits.announcements
        var wantsSession = false
        for range in ranges
        where range.count > 0 && log.admits(range.origin, at: range.from) {
            let last = log.last(of: range.origin)
            let end = range.from + range.count - 1
            // What is far ahead, or much at once, is a session's work, if it is true at all.
            guard range.count <= UInt64(GossipLimits.longestGap), end <= last + GossipLimits.leap,
                places > 0
            else {
                wantsSession =
                    wantsSession || end > last
                    || !log.holds(range.origin, at: range.from)
                continue
            }
            guard !range.isLarge, range.count <= UInt64(GossipLimits.gap) else {
                let isNoted = links[name]?.lineUp(range, at: now) ?? true
                wantsSession = wantsSession || !isNoted
                continue
            }
            places -= Int(range.count)
            for sequence in range.from...end where log.admits(range.origin, at: sequence) {
                let isNoted = heardOf(
                    Place(range.origin, sequence), range, over: name, slot, now, log)
                wantsSession = wantsSession || !isNoted
            }
        }
        takeRows(of: name, slot, now, log, &effects)
        if wantsSession { askSession(name, now, &effects) }
    }

    /// Asks for more of the long rows that a neighbor has announced, as far as its window allows.
    private mutating func takeRows(
        of name: LinkName, _ slot: Int, _ now: Instant, _ log: some GossipLog,
        _ effects: inout [GossipEffect]
    ) {
        var places = GossipLimits.rowPlaces
        while let row = links[name]?.rows.first, links[name]?.hasWindow == true {
            guard places > 0 else { return wakeForMissing(now + GossipLimits.missingEvery) }
            places -= 1
            let place = Place(row.range.origin, row.range.from)
            links[name]?.passRow()
            guard log.admits(place.origin, at: place.sequence) else { continue }
            guard heardOf(place, row.range, over: name, slot, now, log, since: row.since) else {
                links[name]?.rows.removeAll()
                return askSession(name, now, &effects)
            }
        }
    }

    /// Whether somebody else is to hand over this origin's events, and seems to be able to.
    private func hasParent(of origin: NodeID, beside slot: Int) -> Bool {
        guard let parent = trees[origin].map({ Int($0.parent) }), parent >= 0, parent != slot,
            let link = slots[parent].flatMap({ links[$0] })
        else { return false }
        return !link.isPaused
    }

    private mutating func wakeForMissing(_ due: Instant) {
        timers.missing = min(timers.missing ?? due, due)
    }

    /// False where there is no room for it.
    private mutating func heardOf(
        _ place: Place, _ range: PlaceRange, over name: LinkName, _ slot: Int, _ now: Instant,
        _ log: some GossipLog, since row: Instant? = nil
    ) -> Bool {
        links[name]?.work += GossipLimits.placeWork
        let isHeld = log.holds(place.origin, at: place.sequence)
        // What is held for long needs no place in the table.
        if !isHeld || known.contains(short(place)) {
            known.add(1 << UInt32(slot), to: short(place))
        }
        if trees[place.origin]?.parent != Int8(slot) { trees[place.origin]?.runnerUp = Int8(slot) }
        guard !isHeld else { return true }
        let announcer = Missing.Announcer(link: name, hop: range.hop)
        if var entry = missing[place] {
            if entry.isLarge, !range.isLarge {
                // Whoever said first that it is large may have said it to keep it away.
                entry.isLarge = false
                entry.due = min(entry.due, now + graftWait)
                missing[place] = entry
                timers.missing = min(timers.missing ?? entry.due, entry.due)
            }
            if entry.isOfRow, row == nil {
                // As above, of a row that may be made up.
                entry.isOfRow = false
                entry.due = min(entry.due, now + GossipLimits.graftFirst.upperBound)
                missing[place] = entry
                wakeForMissing(entry.due)
            }
            guard entry.announcers.count < GossipLimits.announcers,
                !entry.announcers.contains(where: { $0.link == name })
            else { return true }
            entry.announcers.append(announcer)
            missing[place] = entry
            return true
        }
        guard missing.count < GossipLimits.missing,
            links[name]?.missing ?? 0 < GossipLimits.missingOfOne
        else { return false }
        let weight = range.isLarge ? GossipLimits.largeWeight : row == nil ? 0 : 1
        links[name]?.missing += 1
        links[name]?.taken += weight
        // A large event is sent to nobody unasked: ask at once.
        var due = range.isLarge ? now : (row ?? now) + graftWait
        if row != nil, !range.isLarge, hasParent(of: place.origin, beside: slot) {
            // A row comes from the parent too, and takes its time.
            due = due + graftWait * 2
        }
        if comingPlaces[place] != nil { due = now + GossipLimits.patience }
        missing[place] = Missing(
            announcers: [announcer], since: now, due: due, isLarge: range.isLarge,
            isOfRow: row != nil && !range.isLarge, weight: weight)
        wakeForMissing(due)
        keepTicking(now)
        return true
    }

    /// How long an event may be late before it is asked for: two round trips of the slower
    /// neighbors, and the time that announcements are gathered.
    var graftWait: Duration {
        let times = neighborLinks.compactMap { links[$0]?.roundTrip }.sorted()
        // Not the slowest: one that delays its answers would delay all repairs.
        let usual = times.isEmpty ? .milliseconds(100) : times[times.count * 3 / 4]
        let wait = usual * 2 + settings.announceEvery * 2 + .milliseconds(50)
        return min(
            max(wait, GossipLimits.graftFirst.lowerBound), GossipLimits.graftFirst.upperBound)
    }

    /// Asks for what is overdue: of each event the next of those who announced it.
    mutating func askForMissing(
        _ now: Instant, _ log: some GossipLog, _ effects: inout [GossipEffect]
    ) {
        for (slot, name) in slots.enumerated() {
            guard let name else { continue }
            takeRows(of: name, slot, now, log, &effects)
        }
        var asked: Set<LinkName> = []
        var silent: Set<LinkName> = []
        let due = missing.filter { $0.value.due <= now }.keys.sorted()
        for place in due {
            guard var entry = missing[place] else { continue }
            if log.holds(place.origin, at: place.sequence) {
                forget(entry, at: place)
                continue
            }
            let able = entry.announcers.filter { links[$0.link]?.isPaused == false }
            guard comingPlaces[place] == nil, !able.isEmpty else {
                // It is being looked at, or whoever could send it is not read for now.
                missing[place]?.due = now + GossipLimits.patience
                continue
            }
            if let last = entry.asked, links[last]?.mayHaveAnswered(at: now) == false {
                silent.insert(last)
            }
            guard entry.tries < entry.announcers.count * GossipLimits.graftTries else {
                let announcer = entry.announcers.first?.link
                forget(entry, at: place)
                if let announcer { askSession(announcer, now, &effects) }
                continue
            }
            let name = able[entry.tries % able.count].link
            let round = entry.tries / entry.announcers.count
            if entry.tries == 0, !entry.isWanted {
                suspectParent(of: place.origin, since: entry.since, now, &effects)
            }
            entry.tries += 1
            entry.asked = name
            let first = entry.isWanted ? GossipLimits.patience : graftWait * 2 / 3
            let wait = first * (1 << min(round, 4))
            entry.due = now + min(wait, GossipLimits.graftLast)
            missing[place] = entry
            let range = PlaceRange(origin: place.origin, from: place.sequence, count: 1)
            if entry.isWanted {
                links[name]?.outbox.want(range)
            } else {
                links[name]?.outbox.graft(range)
                // From now on it sends us this origin's events; a second one who does is pruned.
                if let slot = links[name]?.slot {
                    withTree(of: place.origin, now) { $0.parent = Int8(slot) }
                }
            }
            links[name]?.tally.grafts += 1
            if let slot = links[name]?.slot { self.asked.add(1 << UInt32(slot), to: short(place)) }
            asked.insert(name)
        }
        for name in asked.sorted() { write(name, &effects) }
        // However much it was asked for at once: it may have been more than its share.
        for name in silent.sorted() { broke(name, now, &effects) }
        timers.missing = missing.values.map(\.due).min().map {
            max($0, now + GossipLimits.missingEvery)
        }
        if links.values.contains(where: { !$0.rows.isEmpty && $0.hasWindow }) {
            wakeForMissing(now + GossipLimits.missingEvery)
        }
    }

    /// Others told of an event, and nothing at all has come since from whoever was to hand it over:
    /// it may stand still. It stays a neighbor, but its origins' events are to come from others
    /// before each of them is missed once. Where several are silent the network is cut: then each
    /// origin is asked for once only.
    private mutating func suspectParent(
        of origin: NodeID, since: Instant, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard let slot = trees[origin].map({ Int($0.parent) }), slot >= 0, let name = slots[slot],
            let link = links[name], !link.isPaused, link.heardAt < since,
            now - link.heardAt >= GossipLimits.suspicious
        else { return }
        let silent = neighborLinks.count {
            links[$0].map { now - $0.heardAt >= GossipLimits.suspicious } ?? false
        }
        replaceParent(slot, isGone: false, ofAll: silent == 1, now, &effects)
    }

    /// How often an event had been passed on when it came to whoever announced it, and once more.
    func announcedHop(of place: Place, over name: LinkName) -> UInt8 {
        let hop = missing[place]?.announcers.first { $0.link == name }?.hop ?? 0
        return hop == .max ? hop : hop + 1
    }

    /// Who told of an event well before it came is on a faster way: it is asked to send this
    /// origin's events, and whoever sent this one will be pruned by its next one.
    mutating func prefer(
        _ entry: Missing, to sender: LinkName, of origin: NodeID, _ now: Instant,
        _ effects: inout [GossipEffect]
    ) {
        guard entry.tries == 0, !entry.isWanted, now - entry.since >= GossipLimits.betterBy,
            let first = entry.announcers.first?.link, first != sender, links[first]?.slot != nil
        else { return }
        let isDue = withTree(of: origin, now) { tree in
            guard now - tree.preferredAt >= GossipLimits.preferEvery else { return false }
            tree.preferredAt = now
            return true
        }
        guard isDue else { return }
        links[first]?.outbox.graft(PlaceRange(origin: origin, from: 0, count: 0))
        links[first]?.tally.grafts += 1
        write(first, &effects)
    }

    mutating func forget(_ entry: Missing, at place: Place) {
        missing[place] = nil
        guard let first = entry.announcers.first?.link else { return }
        links[first]?.missing -= 1
        links[first]?.taken -= entry.weight
        // The next of its row may be asked for: at once.
        if links[first]?.rows.isEmpty == false { wakeForMissing(entry.since) }
    }

    /// A link is gone: what it announced may still come from others.
    mutating func forgetAnnouncer(_ name: LinkName) {
        for (place, entry) in missing where entry.announcers.contains(where: { $0.link == name }) {
            var entry = entry
            let wasFirst = entry.announcers.first?.link == name
            entry.announcers.removeAll { $0.link == name }
            if entry.asked == name { entry.asked = nil }
            missing[place] = entry.announcers.isEmpty ? nil : entry
            guard wasFirst else { continue }
            links[name]?.missing -= 1
            links[name]?.taken -= entry.weight
            guard let first = entry.announcers.first?.link else { continue }
            links[first]?.missing += 1
            links[first]?.taken += entry.weight
        }
    }

    mutating func dropOldMissing(_ now: Instant) {
        for (place, entry) in missing where now - entry.since > GossipLimits.missingLife {
            forget(entry, at: place)
        }
    }

    /// A neighbor did not send what it had announced.
    private mutating func broke(
        _ name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        links[name]?.promisesBroken += 1
        links[name]?.tally.brokenPromises += 1
        guard let broken = links[name]?.promisesBroken, broken > GossipLimits.brokenPromises else {
            return
        }
        // It may be slow and not bad: another one takes its place, for a while.
        if let node = links[name]?.node {
            leaveAlone(node, for: GossipLimits.redialLast, now)
            contacts[node]?.refuseUntil = now + GossipLimits.redialLast
        }
        close(name, .brokenPromises, now, &effects)
    }

    private func askSession(
        _ name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard let node = links[name]?.node else { return }
        effects.append(.reconcile(node))
        effects.append(.reconcileLater(node))
    }

    /// A neighbor wants an origin's events unasked.
    mutating func grafted(_ ranges: [PlaceRange], _ slot: Int, _ now: Instant) {
        for range in ranges { withTree(of: range.origin, now) { $0.setEager(slot) } }
    }

    /// A neighbor asks for events.
    mutating func serve(
        _ ranges: [PlaceRange], over name: LinkName, _ now: Instant,
        _ effects: inout [GossipEffect]
    ) {
        var left = UInt64(GossipLimits.serve)
        var asked: [PlaceRange] = []
        for range in ranges where range.count > 0 && left > 0 {
            var range = range
            range.count = min(range.count, left)
            left -= range.count
            asked.append(range)
        }
        guard !asked.isEmpty else { return }
        links[name]?.work += (GossipLimits.serve - Int(left)) * GossipLimits.placeWork
        let again = asked.reduce(0) { sum, range in
            let places = range.from..<range.from + range.count
            return sum + places.count { wasSent(range.origin, $0, to: name) }
        }
        guard links[name]?.mayServe(again, at: now) == true else {
            links[name]?.tally.unserved += asked.count
            return
        }
        effects.append(.serve(name, asked))
    }

    /// Whether a place costs a neighbor of its share, because it has had the event, or for all that
    /// is known. What was announced to it lately and not sent is served as what is pushed.
    func wasSent(_ origin: NodeID, _ sequence: UInt64, to name: LinkName) -> Bool {
        let place = short(Place(origin, sequence))
        guard let slot = links[name]?.slot, known.contains(place) else { return true }
        return known[place] & 1 << UInt32(slot) != 0
    }
}
