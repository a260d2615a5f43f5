import Core
import Federation
import Testing

/// Pulls and reconcile sessions that the operator orders, and what ends them.
@Suite(.timeLimit(.minutes(10)))
struct SessionTests {
    private func order(
        _ world: World, _ place: Int, _ operation: Operation
    ) -> Token {
        let token = world.nodes[place].newToken()
        world.give(place, .operate(token, operation))
        return token
    }

    private func result(_ world: World, _ place: Int, _ token: Token) -> OperationResult? {
        for case .operation(token, let result) in world.reports[place] { return result }
        return nil
    }

    private func synced(_ world: World, _ token: Token) -> SyncResult? {
        if case .synced(let result)? = result(world, 0, token) { result } else { nil }
    }

    private func filled(_ a: Int, _ b: Int, common: Int = 0) -> World {
        let world = World.federation(2, .manual)
        let shared = Origin(9).events(common)
        for place in [0, 1] where common > 0 {
            world.with(place) { node in
                node.give(.importEvents(node.newToken(), Batch(shared)))
            }
        }
        for (place, count) in [a, b].enumerated() where count > 0 {
            world.with(place) { node in
                for start in stride(from: 0, to: count, by: 400) {
                    let end = min(count, start + 400)
                    _ = node.append((start..<end).map { Draft.say("\(place) \($0)") })
                }
            }
        }
        return world
    }

    private func expectEqual(_ world: World) {
        #expect(Set(world.nodes.map(\.engine.root)).count == 1)
        #expect(Set(world.nodes.map { Set($0.disk.ids) }).count == 1)
    }

    @Test(arguments: [(0, 0), (0, 1), (1, 0), (3, 5), (700, 0), (0, 700), (600, 600)])
    func reconcileMakesTwoLogsEqual(_ a: Int, _ b: Int) {
        let world = filled(a, b, common: 50)
        let token = order(world, 0, .reconcile(world.nodes[1].id))
        world.settle()
        let result = synced(world, token)
        #expect(result?.received == b)
        #expect(result?.sent == a)
        #expect(result?.comparison?.verdict == .equal)
        #expect(result?.comparison?.root == world.nodes[0].engine.root)
        expectEqual(world)
        #expect(world.nodes[0].engine.view(of: world.nodes[1].id)?.isEqual == true)
    }

    @Test func syncPullsAndReconciles() {
        let world = filled(20, 1200, common: 10)
        let token = order(world, 0, .sync(world.nodes[1].id))
        world.settle()
        #expect(synced(world, token)?.received == 1200)
        #expect(synced(world, token)?.sent == 20)
        #expect(synced(world, token)?.comparison?.verdict == .equal)
        expectEqual(world)
        let again = order(world, 0, .sync(world.nodes[1].id))
        world.settle()
        #expect(synced(world, again)?.received == 0)
        #expect(synced(world, again)?.sent == 0)
    }

    @Test func aPullGoesOnWhereTheLastOneEnded() {
        let world = filled(0, 30)
        let token = order(world, 0, .pull(world.nodes[1].id, fromStart: false))
        world.settle()
        #expect(synced(world, token)?.received == 30)
        world.with(1) { node in _ = node.append("new") }
        let again = order(world, 0, .pull(world.nodes[1].id, fromStart: false))
        world.settle()
        #expect(synced(world, again)?.received == 1)
        #expect(world.nodes[0].disk.peers.first?.cursor?.position == 31)
    }

    @Test func aPullWithACursorOfALostLogBeginsAnew() throws {
        let other = try #require(LogID(bytes: [UInt8](repeating: 99, count: 16)))
        let lost = Cursor(log: other, position: 7)
        let world = World([
            Node(1, peers: [.active(2, cursor: lost)]), Node(2, peers: [.active(1)]),
        ])
        world.with(1) { node in _ = node.append("a", "b") }
        let token = order(world, 0, .pull(world.nodes[1].id, fromStart: false))
        world.settle()
        #expect(synced(world, token)?.received == 2)
        #expect(world.nodes[0].disk.peers.first?.cursor?.log == world.nodes[1].disk.id)
    }

    @Test func equalNeedsAllBodies() {
        let world = filled(0, 0, common: 5)
        let event = Origin(8).event()
        world.with(0) { node in _ = node.push([event], as: node.disk.peers[0].node) }
        world.with(1) { node in _ = node.push([event.withoutBody], as: node.disk.peers[0].node) }
        let token = order(world, 0, .reconcile(world.nodes[1].id))
        world.settle()
        #expect(synced(world, token)?.comparison?.verdict == .bodiesMissing)
        let other = world.nodes[1].newToken()
        world.give(1, .operate(other, .reconcile(world.nodes[0].id)))
        world.settle()
        guard case .synced(let result)? = result(world, 1, other) else {
            Issue.record("the session ends")
            return
        }
        #expect(result.comparison?.verdict == .bodiesMissing)
        // Which made it ask for the body.
        #expect(world.nodes[1].engine.missingBodyCount == 0)
        let last = order(world, 0, .reconcile(world.nodes[1].id))
        world.settle()
        #expect(synced(world, last)?.comparison?.verdict == .equal)
    }

    @Test(arguments: 0..<12)
    func aLostMessageEndsTheOperationWithAnError(_ lost: Int) {
        let world = filled(700, 700)
        var passed = 0
        world.loses = { _ in
            passed += 1
            return passed == lost + 1
        }
        let token = order(world, 0, .sync(world.nodes[1].id))
        world.settle()
        #expect(result(world, 0, token) != nil)
        if passed > lost {
            guard case .failed? = result(world, 0, token) else {
                Issue.record("the operation fails")
                return
            }
        }
        world.loses = { _ in false }
        world.run(for: .seconds(40))
        let again = order(world, 0, .sync(world.nodes[1].id))
        world.settle()
        #expect(synced(world, again)?.comparison?.verdict == .equal)
        expectEqual(world)
    }

    @Test(arguments: [Operation.remove(.zero), .reject(.zero)], 0..<6)
    func removingThePeerEndsItsOperations(_ kind: Operation, _ after: Int) {
        let world = filled(700, 700)
        let peer = world.nodes[1].id
        let token = order(world, 0, .sync(peer))
        for _ in 0..<after where !world.wire.isEmpty { world.deliver(0) }
        let ending: Operation = if case .remove = kind { .remove(peer) } else { .reject(peer) }
        _ = order(world, 0, ending)
        world.settle()
        #expect(result(world, 0, token) != nil)
        #expect(world.nodes[0].disk.peer(peer)?.state != .active)
    }

    @Test func aPeerThatLeavesEndsTheOperation() {
        let world = filled(10, 700)
        let peer = world.nodes[1].id
        let token = order(world, 0, .sync(peer))
        world.deliver(0)
        world.with(1) { node in
            _ = node.operate(.remove(node.disk.peers[0].node))
        }
        world.settle()
        guard case .failed? = result(world, 0, token) else {
            Issue.record("the operation fails")
            return
        }
    }

    @Test func twoOperationsAtOnceAreBothAnswered() {
        let world = filled(10, 10)
        let peer = world.nodes[1].id
        let tokens = [
            order(world, 0, .sync(peer)), order(world, 0, .sync(peer)),
            order(world, 0, .reconcile(peer)), order(world, 0, .pull(peer, fromStart: true)),
        ]
        world.settle()
        for token in tokens { #expect(result(world, 0, token) != nil) }
    }

    @Test func bothSidesReconcileAtOnce() {
        let world = filled(300, 300, common: 20)
        let first = order(world, 0, .reconcile(world.nodes[1].id))
        let second = order(world, 1, .reconcile(world.nodes[0].id))
        world.settle()
        #expect(result(world, 0, first) != nil)
        #expect(result(world, 1, second) != nil)
        let token = order(world, 0, .reconcile(world.nodes[1].id))
        world.settle()
        #expect(synced(world, token)?.comparison?.verdict == .equal)
        expectEqual(world)
    }

    @Test func aFullDiskFailsTheSession() {
        let world = filled(0, 10)
        world.nodes[0].fails = [.store]
        let token = order(world, 0, .reconcile(world.nodes[1].id))
        world.settle()
        guard case .failed(let refusal)? = result(world, 0, token) else {
            Issue.record("the operation fails")
            return
        }
        #expect(refusal.code == .cannotStore)
        #expect(world.nodes[0].engine.eventCount == 0)
    }

    @Test func anUnreadableDiskFailsTheSession() {
        let world = filled(10, 0)
        world.nodes[0].fails = [.load]
        let token = order(world, 0, .reconcile(world.nodes[1].id))
        world.settle()
        guard case .failed? = result(world, 0, token) else {
            Issue.record("the operation fails")
            return
        }
    }

    @Test(arguments: Seeds.upTo(5))
    func aPeerThatAnswersNonsenseEndsTheOperation(seed: UInt64) {
        var dice = Dice(seed: seed)
        for _ in 0..<40 {
            let node = Node(1, peers: [.active(2)])
            node.append("a", "b")
            let token = node.newToken()
            node.give(.operate(token, .sync(Node.key(2).node)))
            for _ in 0..<20 {
                let sends = node.sends
                _ = sends.isEmpty ? [] : node.takeAllButReports()
                for send in sends {
                    node.give(
                        .response(
                            send.token, from: Node.key(2).node, tlsKey: .zero,
                            Self.nonsense(&dice, node)))
                }
            }
            #expect(node.result(of: token) != nil, "seed \(seed)")
        }
    }

    private static func nonsense(_ dice: inout Dice, _ node: Node) -> Response {
        let cursor = Cursor(log: node.disk.id, position: UInt64(dice.below(9)))
        let bytes = (0..<dice.below(30)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        return switch dice.below(8) {
        case 0: .events(Batch(Origin(7).events(dice.below(3))))
        case 1: .page(Page(next: cursor, isEnd: true, events: Batch()))
        case 2: .outcomes(Array(repeating: .stored, count: dice.below(4)))
        case 3: .registration(RegistrationState(state: .active, isApproved: true))
        case 4: .refused(Refusal(RefusalCode.allCases[dice.below(RefusalCode.allCases.count)]))
        default: .message(bytes, dice.below(2) == 0 ? .missesBodies : [])
        }
    }
}

extension Node {
    /// Forgets what was sent, and keeps what was reported.
    fileprivate func takeAllButReports() -> [Effect] {
        let all = take()
        for case .report(let report) in all { keep(.report(report)) }
        return all
    }
}
