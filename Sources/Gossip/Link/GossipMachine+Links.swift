import Core

/// Links from their opening to their end, and what goes over them.
extension GossipMachine {
    /// Puts on the wire what waits for a link, if the network can take it.
    mutating func write(_ name: LinkName, _ effects: inout [GossipEffect]) {
        guard let bytes = links[name]?.nextChunk() else { return }
        if !bytes.isEmpty { return effects.append(.transmit(name, bytes)) }
        if links[name]?.catchesUp() == true, links[name]?.slot != nil, let node = links[name]?.node
        {
            // What it missed meanwhile was announced, or a session tells.
            effects.append(.reconcile(node))
            effects.append(.reconcileLater(node))
        }
        if links[name]?.phase == .closing { effects.append(.unlink(name)) }
    }

    /// Queues a control frame; a link whose queue of those is full is not read at all.
    mutating func send(
        _ frame: Frame, _ kind: Frame.Kind, over name: LinkName, _ now: Instant,
        _ effects: inout [GossipEffect]
    ) {
        guard links[name]?.outbox.put(frame, kind) == true else {
            return close(name, .overload, now, &effects)
        }
        write(name, &effects)
    }

    mutating func linked(
        _ name: LinkName, _ node: NodeID, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        let dial = dials.removeValue(forKey: name)
        // A dial that was given up may come to an end after all.
        guard links[name] == nil, !isOver, dial != nil || !name.isOurs else {
            return effects.append(.unlink(name))
        }
        links[name] = LinkState(name, node, at: now)
        keepTicking(now)
        if name.isOurs {
            let purpose = dial?.purpose ?? .neighbor
            links[name]?.purpose = purpose
            send(.hello(versions: [Frame.version], purpose), .membership, over: name, now, &effects)
        } else {
            let greeting = links.keys.filter { !$0.isOurs && links[$0]?.phase == .greeting }
            // One of a peer: its older one has had its time.
            for old in greeting where old != name && links[old]?.node == node {
                close(old, .duplicate, now, &effects)
            }
            if greeting.count > GossipLimits.slots { close(name, .full, now, &effects) }
        }
    }

    /// Says why and ends a link.
    mutating func close(
        _ name: LinkName, _ cause: ByeCause, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard let link = links[name], link.phase != .closing else { return }
        if link.phase == .greeting, name.isOurs { postpone(link.node, now) }
        noteEnd(of: link, by: .here, cause, now)
        leave(name, cause, now, &effects)
        links[name]?.beginClosing()
        _ = links[name]?.outbox.put(.bye(cause), .membership)
        write(name, &effects)
    }

    /// A link is gone, or could not be opened.
    mutating func unlinked(
        _ name: LinkName, _ now: Instant, _ log: some GossipLog,
        _ effects: inout [GossipEffect]
    ) {
        if let dial = dials.removeValue(forKey: name) {
            endings.failedDials += 1
            postpone(dial.node, now)
            passive.removeAll { $0 == dial.node }
            planFill(now)
        }
        guard let link = links[name] else { return }
        if link.phase == .greeting, name.isOurs { postpone(link.node, now) }
        if link.phase != .closing { noteEnd(of: link, by: .nobody, nil, now) }
        leave(name, nil, now, &effects)
        if let tally = links.removeValue(forKey: name)?.tally { past += tally }
    }

    /// Forgets that the link is anything but a connection.
    mutating func leave(
        _ name: LinkName, _ cause: ByeCause?, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard let link = links[name] else { return }
        effects.append(.lost(name))
        if linkOf[link.node] == name { linkOf[link.node] = nil }
        if name.isOurs, cause != .shutdown { planFill(now) }
        guard let slot = link.slot else { return }
        links[name]?.phase = .visit
        slots[slot] = nil
        known.vacate(slot)
        asked.vacate(slot)
        effects.append(.neighborDown(link.node, cause))
        forgetAnnouncer(name)
        links[name]?.rows.removeAll()
        replaceParent(slot, isGone: true, now, &effects)
        if cause != .shutdown { planFill(now) }
    }

    /// Reads what came.
    mutating func received(
        _ bytes: [UInt8], over name: LinkName, _ now: Instant, _ log: some GossipLog,
        _ effects: inout [GossipEffect]
    ) {
        guard let phase = links[name]?.phase, phase != .closing else { return }
        links[name]?.hear(bytes, at: now)
        var events: [Event] = []
        while let frame = nextFrame(of: name, now, &effects) {
            links[name]?.work += GossipLimits.frameWork
            take(frame, over: name, now, log, &events, &effects)
            guard let phase = links[name]?.phase, phase != .closing else { break }
        }
        if !events.isEmpty, let node = links[name]?.node {
            effects.append(.take(events, from: node))
        }
        write(name, &effects)
    }

    private mutating func nextFrame(
        of name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) -> Frame? {
        do {
            guard let bytes = try links[name]?.buffer.next() else { return nil }
            return try Frame(decoding: bytes)
        } catch {
            misbehaved(name, .malformed, now, &effects)
            return nil
        }
    }

    /// Ends a link with a peer that does what no honest node does, and keeps it away for a while.
    mutating func misbehaved(
        _ name: LinkName, _ cause: ByeCause, _ now: Instant, _ effects: inout [GossipEffect]
    ) {
        guard let node = links[name]?.node else { return }
        ban(node, now)
        close(name, cause, now, &effects)
    }

    /// No link with this peer for a while, whoever dials.
    mutating func ban(_ node: NodeID, _ now: Instant) {
        contacts[node, default: Contact()].retryAt = now + GossipLimits.banLife
        contacts[node]?.refuseUntil = now + GossipLimits.banLife
        passive.removeAll { $0 == node }
    }

    private mutating func take(
        _ frame: Frame, over name: LinkName, _ now: Instant, _ log: some GossipLog,
        _ events: inout [Event], _ effects: inout [GossipEffect]
    ) {
        guard let phase = links[name]?.phase, let node = links[name]?.node else { return }
        switch (frame, phase) {
        case (.bye(let cause), _): saidBye(cause, name, now, &effects)
        case (.hello(let versions, let purpose), .greeting) where !name.isOurs,
            (.hello(let versions, let purpose), .visit) where !name.isOurs:
            greeted(name, versions, purpose, now, &effects)
        case (.welcome(let version), .greeting) where name.isOurs,
            (.welcome(let version), .asking) where name.isOurs:
            guard version == Frame.version else {
                return speaksOtherwise(name, now, &effects)
            }
            welcomed(name, now, &effects)
        case (_, .greeting), (.hello, _), (.welcome, _):
            misbehaved(name, .malformed, now, &effects)
        case (.ping(let number), _):
            send(.pong(number), .keepalive, over: name, now, &effects)
        case (.pong(let number), _):
            guard number == links[name]?.pingNumber, let pingedAt = links[name]?.pingedAt else {
                return
            }
            links[name]?.pingedAt = nil
            links[name]?.roundTrip = now - pingedAt
        case (.shuffle(let nodes), _):
            // More often than anybody needs it is not answered, or one peer would fill the view.
            let last = links[name]?.shuffledAt
            let isDue = last.map { now - $0 >= settings.shuffleEvery / 2 } ?? true
            guard isDue else { return }
            links[name]?.shuffledAt = now
            send(.shuffleReply(sample(without: node)), .membership, over: name, now, &effects)
            learn(nodes)
        case (.shuffleReply(let nodes), _):
            if links[name]?.awaitsShuffle == true { learn(nodes) }
            links[name]?.awaitsShuffle = false
        case (.part(let isEnd, let bytes), _):
            takePart(bytes, isEnd: isEnd, over: name, now, &effects)
        case (.event(let hop, let bytes), .neighbor(let slot)):
            takeEvent(bytes, hop: hop, over: name, slot, now, log, &events, &effects)
        case (.announce(let packed), .neighbor(let slot)):
            guard let ranges = unpack(packed, over: name, now, &effects) else { return }
            announced(ranges, over: name, slot, now, log, &effects)
        case (.graft(let packed), .neighbor(let slot)):
            guard let ranges = unpack(packed, over: name, now, &effects) else { return }
            grafted(ranges.filter { log.admits($0.origin, at: 0) }, slot, now)
            serve(ranges, over: name, now, &effects)
        case (.want(let packed), .neighbor):
            guard let ranges = unpack(packed, over: name, now, &effects) else { return }
            serve(ranges, over: name, now, &effects)
        case (.prune(let packed), .neighbor(let slot)):
            guard let ranges = unpack(packed, over: name, now, &effects) else { return }
            for range in ranges where log.admits(range.origin, at: 0) {
                withTree(of: range.origin, now) { $0.setLazy(slot) }
            }
        // What a neighbor sent before it heard that it is none.
        case (.event, _), (.announce, _), (.graft, _), (.want, _), (.prune, _): break
        }
    }

    private mutating func unpack(
        _ bytes: [UInt8], over name: LinkName, _ now: Instant, _ effects: inout [GossipEffect]
    ) -> [PlaceRange]? {
        do {
            let ranges = try links[name]?.table.read(bytes)
            links[name]?.work += (ranges?.count ?? 0) * GossipLimits.placeWork
            return ranges
        } catch {
            misbehaved(name, .malformed, now, &effects)
            return nil
        }
    }

    private mutating func takePart(
        _ bytes: [UInt8], isEnd: Bool, over name: LinkName, _ now: Instant,
        _ effects: inout [GossipEffect]
    ) {
        // Pieces are as long as they may be, but for the last one: else many tiny ones would take
        // more to handle than they cost to send.
        let isWhole = isEnd || bytes.count == GossipLimits.partBytes
        guard isWhole, links[name]?.take(part: bytes, at: now) == true else {
            return misbehaved(name, .malformed, now, &effects)
        }
        guard isEnd, let message = links[name]?.takeMessage() else { return }
        do {
            switch try LinkMessage(decoding: message) {
            case .ask(let number, let bytes):
                guard let questions = links[name]?.questions,
                    questions < GossipLimits.questions
                else { return close(name, .overload, now, &effects) }
                links[name]?.questions += 1
                effects.append(.asked(name, number: number, bytes))
            case .answer(let number, let bytes):
                effects.append(.answered(name, number: number, bytes))
            }
        } catch {
            misbehaved(name, .malformed, now, &effects)
        }
    }

    /// Where messages of all links together take more than they may, the link with most of it is
    /// ended.
    private mutating func relieve(_ now: Instant, _ effects: inout [GossipEffect]) {
        func bytes(_ link: LinkState) -> Int { link.outbox.bulkBytes + link.message.count }
        while links.values.reduce(0, { $0 + bytes($1) }) > GossipLimits.messagesOfAll,
            let largest = links.values.filter({ $0.phase != .closing })
                .max(by: { bytes($0) < bytes($1) })
        {
            close(largest.name, .overload, now, &effects)
        }
    }

    /// Watches over links and dials that make no progress.
    mutating func tick(_ now: Instant, _ effects: inout [GossipEffect]) {
        for name in links.keys {
            guard let link = links[name] else { continue }
            let silent = link.isPaused ? .zero : now - link.heardAt
            switch link.phase {
            // It is not read any more, so that it was paused says nothing either.
            case .closing where now - link.heardAt > GossipLimits.silence:
                effects.append(.unlink(name))
            case .closing: break
            case .greeting where now - link.since > GossipLimits.dialLife:
                close(name, .silent, now, &effects)
            // A session that goes on is let go on, within reason.
            case .visit where isOver(link, now), .asking where isOver(link, now):
                close(name, .done, now, &effects)
            case _ where silent > GossipLimits.silence:
                close(name, .silent, now, &effects)
                // It reads nothing: what waits for it would wait for ever.
                effects.append(.unlink(name))
            case .neighbor, .visit, .asking:
                let isDue = link.pingedAt.map { now - $0 >= GossipLimits.keepalive } ?? true
                let isStale = silent >= GossipLimits.keepalive || link.roundTrip == nil
                if isDue, isStale {
                    links[name]?.pingNumber += 1
                    links[name]?.pingedAt = now
                    let ping = Frame.ping(link.pingNumber + 1)
                    send(ping, .keepalive, over: name, now, &effects)
                }
            case .greeting: break
            }
        }
        for name in dials.keys.sorted() {
            guard let dial = dials[name], now - dial.since > GossipLimits.dialLife else { continue }
            dials[name] = nil
            endings.failedDials += 1
            postpone(dial.node, now)
            effects.append(.unlink(name))
            planFill(now)
        }
        relieve(now, &effects)
        dropOldMissing(now)
        keepTicking(now)
    }

    private func isOver(_ link: LinkState, _ now: Instant) -> Bool {
        now - link.messageAt > GossipLimits.visitPause || now - link.since > GossipLimits.visitLife
    }

    mutating func keepTicking(_ now: Instant) {
        guard !links.isEmpty || !dials.isEmpty || !missing.isEmpty else { return }
        timers.tick = timers.tick ?? now + .seconds(1)
    }
}
