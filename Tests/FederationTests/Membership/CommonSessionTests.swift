import Core
import Federation
import MerkleSearchTree
import Testing

/// Sessions between nodes that admit different origins.
@Suite(.timeLimit(.minutes(10)))
struct CommonSessionTests {
    /// Nodes 1 and 2, active peers of each other, which admit the origins of these names too.
    private func world(_ first: [UInt8], _ second: [UInt8], automatic: Bool = false) -> World {
        World(
            [(UInt8(1), first), (2, second)].map { name, origins in
                let policy = Policy(
                    vouchForApproved: false, origins: Set(origins.map { Node.key($0).node }))
                return Node(
                    name, peers: [.active(3 - name)],
                    settings: Settings(policy: policy, isAutomatic: automatic))
            })
    }

    private func learn(_ world: World, _ place: Int, _ events: [Event]) {
        world.with(place) { $0.give(.importEvents($0.newToken(), Batch(events))) }
    }

    private func session(_ world: World, _ place: Int = 0) -> Comparison? {
        let token = world.nodes[place].newToken()
        world.give(place, .operate(token, .reconcile(world.nodes[1 - place].id)))
        world.settle()
        for case .operation(token, .synced(let result)) in world.reports[place] {
            return result.comparison
        }
        return nil
    }

    private func held(_ world: World, _ place: Int, of name: UInt8) -> Int {
        world.nodes[place].disk.entries.count { $0.event.header.origin == Node.key(name).node }
    }

    private func aside(_ world: World, _ place: Int) -> Int { world.nodes[place].disk.aside.count }

    @Test(arguments: [0, 1])
    func itEndsEqualInCommonAndCarriesNothingElse(_ initiator: Int) {
        let world = world([5, 6], [6, 7])
        learn(world, 0, Chronicle(5).posts(20))
        learn(world, 1, Chronicle(7).posts(20))
        let common = Chronicle(6).posts(30)
        learn(world, 0, Array(common[..<20]))
        learn(world, 1, Array(common[10...]))
        _ = world.with(0) { $0.append("own") }
        let verdict = session(world, initiator)?.verdict
        #expect(verdict == .equalInCommon)
        for place in 0...1 {
            #expect(held(world, place, of: 6) == 30)
            #expect(held(world, place, of: 1) == 1)
            #expect(aside(world, place) == 0)
        }
        #expect(held(world, 1, of: 5) == 0 && held(world, 0, of: 7) == 0)
        #expect(
            world.nodes[initiator].engine.view(of: world.nodes[1 - initiator].id)?.isEqual == false)
        // And once more, now that both know.
        #expect(session(world, initiator)?.verdict == .equalInCommon)
    }

    @Test func nothingOfOthersIsStreamedOnceTheListsWereExchanged() {
        let world = world([5, 6], [6], automatic: true)
        world.run(for: .seconds(10))
        #expect(session(world, 1) != nil)
        let before = aside(world, 1)
        learn(world, 0, Chronicle(5).posts(10))
        learn(world, 0, Chronicle(6).posts(10))
        world.run(for: .seconds(200))
        #expect(held(world, 1, of: 6) == 10)
        #expect(held(world, 1, of: 5) == 0)
        #expect(aside(world, 1) == before)
    }

    @Test func theSameOriginsAgainEndEqual() {
        let world = world([5], [])
        learn(world, 0, Chronicle(5).posts(3))
        #expect(session(world)?.verdict == .equalInCommon)
        let policy = world.nodes[0].settings.policy
        _ = world.with(1) { $0.operate(.setPolicy(policy)) }
        #expect(session(world)?.verdict == .equal)
        #expect(held(world, 1, of: 5) == 3)
        #expect(session(world)?.verdict == .equal)
    }

    @Test func twoCutsOfAnOriginMeetAtTheLower() {
        let world = world([5], [5])
        let chain = Chronicle(5)
        chain.posts(9)
        for (place, cut) in [(0, 4), (1, 7)] {
            learn(world, place, chain.events)
            _ = world.with(place) { $0.operate(.revoke(chain.node, chain.cut(cut))) }
        }
        #expect(session(world)?.verdict == .equalInCommon)
        #expect(chain.events.count { world.nodes[0].engine.tree.contains($0.key) } == 4)
        #expect(chain.events.count { world.nodes[1].engine.tree.contains($0.key) } == 7)
    }

    /// Somebody is removed while the session runs, at each of its messages, on either side.
    @Test(arguments: 0..<8, [0, 1])
    func membershipThatChangesInTheMiddleNeverEndsEqual(_ step: Int, _ side: Int) {
        let world = world([5, 6], [5, 7])
        learn(world, 0, Chronicle(5).posts(700))
        learn(world, 1, Chronicle(7).posts(5))
        let token = world.nodes[0].newToken()
        world.give(0, .operate(token, .reconcile(world.nodes[1].id)))
        for _ in 0..<step where !world.wire.isEmpty { world.deliver(0) }
        var policy = world.nodes[side].settings.policy
        policy.origins.remove(Node.key(5).node)
        _ = world.with(side) { $0.operate(.setPolicy(policy)) }
        world.settle()
        var verdict: Comparison.Verdict?
        for case .operation(token, .synced(let result)) in world.reports[0] {
            verdict = result.comparison?.verdict
        }
        #expect(verdict != .equal)
        #expect(session(world)?.verdict == .equalInCommon)
        #expect(session(world, 1)?.verdict == .equalInCommon)
        #expect(
            !world.nodes[side].engine.tree.keys.contains { key in
                world.nodes[side].disk.event(key.id)?.header.origin == Node.key(5).node
            })
    }

    /// Its own chain is what a restored node must know of; equal in the rest proves nothing.
    @Test func aRestoredNodeIsNotCaughtUpWithAPeerThatLeavesItsChainOut() throws {
        var settings = Settings(policy: .knowing(9), isAutomatic: false)
        settings.restoredSequence = 0
        let node = Node(1, peers: [.active(2)], settings: settings)
        node.give(.operate(node.newToken(), .reconcile(Node.key(2).node)))
        try answer(node, context: 1)
        let list = try #require(node.take().compactMap(\.asked).last)
        guard case .admissions = list.request else {
            Issue.record("it asks whom the peer admits: \(list.request)")
            return
        }
        give(node, list.token, .admissions([]))
        let nobody = SHA256.hash(Array("teambook-context-v1\0".utf8), as: Digest.self).w0
        try answer(node, context: nobody)
        #expect(node.engine.view(of: Node.key(2).node)?.comparison?.verdict == .equalInCommon)
        #expect(node.append("too early") == nil)
    }

    /// A peer that holds nothing answers the last message of a session.
    private func answer(_ node: Node, context: UInt64) throws {
        let asked = try #require(node.take().compactMap(\.asked).last)
        guard case .reconcile(_, let told, let message) = asked.request else { return }
        var responder = ReconcileResponder(index: ReconcileIndex())
        guard case .send(let reply) = responder.receive(message) else { return }
        let differs = told.map { $0 != context } ?? false
        give(node, asked.token, .message(reply, differs ? .admitsOthers : []))
    }

    private func give(_ node: Node, _ token: Token, _ response: Response) {
        node.give(.response(token, from: Node.key(2).node, tlsKey: .zero, response))
    }
}

extension Effect {
    fileprivate var asked: (token: Token, request: Request)? {
        if case .send(let token, _, let request) = self { (token, request) } else { nil }
    }
}
