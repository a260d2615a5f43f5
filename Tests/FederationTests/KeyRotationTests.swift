import Core
import Federation
import Testing

/// A node that changes its key: what it signs last, and how its peers follow.
@Suite(.timeLimit(.minutes(5)))
struct KeyRotationTests {
    private func proof(_ successor: UInt8, for old: NodeID) -> [UInt8] {
        Node.key(successor).sign(Statement.rotationMessage(from: old))
    }

    private func rotation(_ node: Node, to successor: UInt8) -> Operation {
        .rotate(to: Node.key(successor).node, proof: proof(successor, for: node.id))
    }

    /// The event by which the node ended its key; nil where it did not.
    private func rotate(_ node: Node, to successor: UInt8) -> Event? {
        let token = node.newToken()
        node.give(.operate(token, rotation(node, to: successor)))
        for case .appended(token, let entries) in node.reports { return entries.first?.event }
        return nil
    }

    private func refusal(_ node: Node, _ operation: Operation) -> RefusalCode? {
        let token = node.newToken()
        node.give(.operate(token, operation))
        for case .appendFailed(token, let refusal) in node.reports { return refusal.code }
        return nil
    }

    private func refusal(_ node: Node, posting text: String) -> RefusalCode? {
        let token = node.newToken()
        node.give(.append(token, [.say(text)]))
        for case .appendFailed(token, let refusal) in node.reports { return refusal.code }
        return nil
    }

    /// The node under its next key, as its folder is after the rotation.
    private func restart(_ old: Node, as successor: UInt8, _ event: Event) -> Node {
        var settings = old.settings
        settings.predecessors.append(event)
        settings.endpoints = ["https://n\(successor)"]
        let node = Node(successor, settings: settings)
        node.disk = old.disk
        var write = LogWrite()
        write.peers = [
            PeerRecord(
                node: old.id, state: .removed,
                cut: Cut(through: event.id, at: event.header.sequence))
        ]
        node.disk.apply(write)
        node.now = old.now
        node.wall = old.wall
        node.restart()
        return node
    }

    private func expectEqual(_ world: World, events: Int) {
        let roots = Set(world.nodes.map(\.engine.root))
        #expect(roots.count == 1)
        #expect(world.nodes.map(\.engine.eventCount) == world.nodes.map { _ in events })
    }

    private var automatic: Settings { Settings(label: "node", policy: Policy()) }

    @Test func theRotationIsTheLastEventOfTheKey() throws {
        let node = Node(1)
        node.append("before")
        let event = try #require(rotate(node, to: 11))
        #expect(event.header.kind == EventKind.rotate && event.header.sequence == 2)
        #expect(event.isSigned() && node.disk.ids.last == event.id)
        for _ in 0..<2 {
            #expect(refusal(node, posting: "after") == .revoked)
            #expect(refusal(node, rotation(node, to: 12)) == .revoked)
            node.give(.operate(node.newToken(), .revoke(Node.key(3).node, nil)))
            node.sleep(.seconds(5))
            #expect(node.engine.ownSequence == 2)
            node.restart()
        }
    }

    /// What arrives while the rotation is on its way to the disk is not signed after it.
    @Test func nothingOvertakesTheRotation() throws {
        let node = Node(1, peers: [.of(2, .pending)])
        node.holds = [.store]
        let (first, rotating, last) = (node.newToken(), node.newToken(), node.newToken())
        node.give(.append(first, [.say("before")]))
        node.give(.operate(rotating, rotation(node, to: 11)))
        node.give(.append(last, [.say("after")]))
        // Approving makes the node vouch.
        node.give(.operate(node.newToken(), .approve(Node.key(2).node)))
        node.releaseAll()
        node.sleep(.seconds(5))
        #expect(node.engine.ownSequence == 2)
        let kinds = node.disk.entries.map(\.event.header.kind)
        #expect(kinds == ["message.post", EventKind.rotate])
        let failed = node.reports.compactMap { report in
            if case .appendFailed(let token, let refusal) = report {
                (token, refusal.code)
            } else {
                nil
            }
        }
        #expect(failed.map(\.0) == [last] && failed.map(\.1) == [.revoked])
    }

    @Test func aRevocationOfTheOwnKeyIsItsLastWordToo() {
        let node = Node(1, peers: [.of(2, .pending)])
        node.holds = [.store]
        node.append("before")
        node.give(.operate(node.newToken(), .revoke(node.id, nil)))
        node.give(.operate(node.newToken(), .approve(Node.key(2).node)))
        node.releaseAll()
        node.sleep(.seconds(5))
        #expect(
            node.disk.entries.map(\.event.header.kind) == ["message.post", EventKind.revoke])
    }

    @Test func aRotationThatCanNotHoldIsNotWritten() {
        let node = Node(1)
        let other = Node.key(11).node
        #expect(
            refusal(node, .rotate(to: other, proof: proof(12, for: node.id))) == .badRotation)
        #expect(refusal(node, .rotate(to: other, proof: proof(11, for: other))) == .badRotation)
        #expect(refusal(node, rotation(node, to: 1)) == .badRotation)
        #expect(node.disk.entries.isEmpty)
        var settings = Settings.manual
        settings.restoredSequence = 0
        let restored = Node(1, settings: settings)
        #expect(refusal(restored, rotation(restored, to: 11)) == .cannotStore)
    }

    @Test func aPeerFollowsAndBothGoOn() throws {
        let (a, b) = (
            Node(1, peers: [.active(2)], settings: automatic),
            Node(2, peers: [.active(1)], settings: automatic)
        )
        a.append("before")
        let event = try #require(rotate(a, to: 11))
        let world = World([restart(a, as: 11, event), b])
        world.nodes[0].append("after")
        world.run(for: .seconds(30))
        let former = try #require(b.disk.peer(a.id))
        #expect(former.state == .removed && former.cut == Cut(through: event.id, at: 2))
        let record = try #require(b.disk.peer(world.nodes[0].id))
        #expect(record.state == .active && record.approval == .rotation)
        #expect(record.endpoints == ["https://n11"])
        #expect(world.nodes[0].disk.peer(b.id)?.state == .active)
        #expect(world.with(1) { $0.append("from b") } != nil)
        world.run(for: .seconds(30))
        // The three posts, the rotation, and b's vouching: for the new key, and no further than to
        // the rotation for the old one.
        expectEqual(world, events: 6)
        #expect(world.nodes.allSatisfy { $0.disk.alarms.isEmpty })
        // Nothing more comes of it after another start.
        for place in 0..<2 { world.crash(place, afterStoring: true) }
        world.run(for: .seconds(30))
        expectEqual(world, events: 6)
    }

    @Test(arguments: [1, 2, 7])
    func aPeerThatSleptThroughSeveralFollows(_ count: UInt8) throws {
        var a = Node(1, peers: [.active(2)], settings: automatic)
        let b = Node(2, peers: [.active(1)], settings: automatic)
        let first = a.id
        for name in 11..<11 + count {
            a.append("of the key before \(name)")
            a = restart(a, as: name, try #require(rotate(a, to: name)))
        }
        let world = World([a, b])
        world.run(for: .seconds(60))
        #expect(b.disk.peer(a.id)?.state == .active)
        let ended = b.disk.peers.filter { $0.state == .removed }
        #expect(ended.count == Int(count) && ended.contains { $0.node == first })
        #expect(ended.allSatisfy { $0.cut?.sequence == 2 })
        #expect(world.nodes[0].engine.root == world.nodes[1].engine.root)
        for name in 11..<11 + count {
            #expect(b.engine.membership.extents[Node.key(name).node] != nil)
        }
        #expect(b.disk.aside.isEmpty)
    }

    @Test func predecessorsThatDoNotLeadToTheCallerAreRefused() throws {
        let a = Node(1, settings: automatic)
        let first = try #require(rotate(a, to: 11))
        let second = try #require(rotate(restart(a, as: 11, first), to: 12))
        let unsigned = try Event(
            headerBytes: first.headerBytes, signature: second.signature, body: first.body)
        for (predecessors, state) in [
            ([first, second], PeerRecord.State.active), ([second], .pending), ([], .pending),
            ([second, first], nil), ([first], nil), ([unsigned, second], nil),
            ([first.withoutBody, second], nil),
        ] {
            var settings = automatic
            settings.isAutomatic = false
            settings.predecessors = predecessors
            let newcomer = Node(12, settings: settings)
            let b = Node(2, peers: [.active(1)], settings: automatic)
            let world = World([newcomer, b])
            world.give(0, .operate(newcomer.newToken(), .add(endpoint: "https://n2")))
            world.settle()
            #expect(b.disk.peer(newcomer.id)?.state == state, "\(predecessors.count)")
            #expect(b.disk.peer(a.id)?.state == (state == .active ? .removed : .active))
            #expect((b.engine.refusals[.badRotation] ?? 0) == (state == nil ? 1 : 0))
        }
    }

    /// An approval that was no person's decision does not become one: nobody vouches.
    @Test func aSuccessorOfAVouchedPeerIsNotVouchedFor() throws {
        let a = Node(1, settings: automatic)
        let event = try #require(rotate(a, to: 11))
        var peer = PeerRecord.active(1)
        peer.approval = .lan
        let b = Node(2, peers: [peer], settings: automatic)
        b.give(.importEvents(b.newToken(), Batch([event])))
        let record = try #require(b.disk.peer(Node.key(11).node))
        #expect(record.approval == .lan)
        #expect(b.engine.ownSequence == 0)
    }
}

extension KeyRotationTests {
    /// An event of `name` that says `statement`.
    private func say(
        _ name: UInt8, _ sequence: UInt64, _ previous: Event?, _ statement: Statement
    ) -> Event {
        let body = Body(
            salt: [UInt8](repeating: name, count: Limits.saltBytes), bytes: statement.encoded())
        let header = Header(
            origin: Node.key(name).node, sequence: sequence, previous: previous?.id,
            time: Timestamp(physical: 1_699_999_999_000_000 + sequence, counter: 0),
            author: .assistant, kind: statement.kind, bodyLength: body.bytes.count,
            bodyHash: body.hash)
        return Event(signing: header, body: body, with: Node.key(name))
    }

    private func rotation(of name: UInt8, to next: UInt8, after vouch: Event) -> Event {
        let old = Node.key(name).node
        let statement = Statement.rotate(
            successor: Node.key(next).node, proof: proof(next, for: old))
        return say(name, 2, vouch, statement)
    }

    /// Node 1 vouched for node 5 and node 6, then went on as 11 and as 12, which says no more of
    /// node 6.
    @Test func whatAKeyVouchedCountsOnUntilALaterOneSaysOtherwise() throws {
        let (five, six) = (Node.key(5).node, Node.key(6).node)
        let vouches = [
            say(1, 1, nil, .vouch(five, upTo: nil)), say(11, 1, nil, .vouch(six, upTo: nil)),
        ]
        let rotations = [
            rotation(of: 1, to: 11, after: vouches[0]), rotation(of: 11, to: 12, after: vouches[1]),
        ]
        let retracted = say(12, 1, nil, .vouch(five, upTo: .nothing))
        let settings = Settings(policy: Policy(autoAcceptKnown: true), isAutomatic: false)
        let c = Node(3, peers: [.active(1)], settings: settings)
        // The peer that changed its key sees the same.
        let own = Node(12, settings: settings)
        var write = LogWrite()
        for (name, event) in zip([1, 11] as [UInt8], rotations) {
            write.peers.append(
                PeerRecord(
                    node: Node.key(name).node, state: .removed, cut: Cut(through: event.id, at: 2)))
        }
        own.disk.apply(write)
        own.restart()
        for node in [c, own] {
            node.give(.importEvents(node.newToken(), Batch(vouches + rotations)))
            #expect(node.engine.membership.extents[five] == .whole)
            #expect(node.engine.membership.extents[six] == .whole)
            node.give(.importEvents(node.newToken(), Batch([retracted])))
            #expect(node.engine.membership.extents[five] == nil)
            #expect(node.engine.membership.extents[six] == .whole)
        }
        let heir = Node.key(12).node
        #expect(c.disk.peer(heir)?.isApprovedHere == true)
        // Once it is removed, nothing of what its former keys vouched counts.
        #expect(c.operate(.remove(heir)) != nil)
        #expect(c.engine.membership.extents[six] == nil)
    }
}
