import Core
import Federation
import MerkleSearchTree
import Testing

/// Two nodes of one operator, the same decisions and the same events: in whatever order these came,
/// the same tree, and the one that the document describes.
@Suite(.timeLimit(.minutes(10)))
struct AnyOrderTests {
    @Test(arguments: Seeds.upTo(240))
    func theTreeIsAFunctionOfDecisionsAndEvents(seed: UInt64) {
        var society = Society(seed: seed)
        let model = MembershipModel(
            own: Node.key(1).node, policy: society.policy, records: society.records,
            events: society.events)
        var dice = Dice(seed: seed &+ 1000)
        for life in 0..<2 {
            let node = Node(
                1, peers: society.records,
                settings: Settings(
                    policy: society.policy, isAutomatic: false))
            node.disk.mayLetGo = true
            learn(society.shuffled(), at: node, &dice)
            let held = Set(node.disk.ids.filter { id in model.admitted.contains { $0.id == id } })
            #expect(
                node.engine.root == model.root,
                "node \(life) of seed \(seed): \(node.difference(from: model))")
            #expect(held.count == node.engine.eventCount)
            node.restart()
            node.give(.wall(node.wall))
            #expect(node.engine.root == model.root, "node \(life) of seed \(seed), started again")
        }
    }

    /// Hands all events over, in pieces and through different doors, and again what was not taken,
    /// until nothing changes.
    private func learn(_ events: [Event], at node: Node, _ dice: inout Dice) {
        var left = events
        for _ in 0..<12 {
            let before = node.disk.ids.count
            while !left.isEmpty {
                let count = min(left.count, 1 + dice.below(12))
                hand(Array(left.prefix(count)), to: node, &dice)
                left.removeFirst(count)
                if dice.below(12) == 0 { node.restart() }
            }
            let held = Set(node.disk.ids)
            if node.disk.ids.count == before { return }
            left = events.filter { !held.contains($0.id) }
        }
        Issue.record("it never has enough")
    }

    private func hand(_ events: [Event], to node: Node, _ dice: inout Dice) {
        let peer = Node.key(2).node
        switch dice.below(3) {
        case 0: #expect(node.push(events, as: peer) != nil)
        case 1: node.give(.importEvents(node.newToken(), Batch(events)))
        default:
            node.give(.operate(node.newToken(), .pull(peer, fromStart: true)))
            guard let log = LogID(bytes: [UInt8](repeating: 7, count: 16)),
                let token = node.sends.last?.token
            else { return }
            let page = Page(
                next: Cursor(log: log, position: 1), isEnd: true, events: Batch(events))
            node.give(.response(token, from: peer, tlsKey: .zero, .page(page)))
        }
    }
}

extension Node {
    /// Where the tree is not what the model says, for people.
    func difference(from model: MembershipModel) -> String {
        let mine = engine.membership.extents
        let names = Dictionary(uniqueKeysWithValues: (1...40).map { (Node.key($0).node, $0) })
        let differing = Set(mine.keys).union(model.extents.keys)
            .filter { mine[$0] != model.extents[$0] }
        let lines = differing.map { node in
            let said = disk.entries.map(\.event).filter { $0.header.origin == node }
                .sorted { $0.header.sequence < $1.header.sequence }
                .map { event -> String in
                    let previous = event.header.previous?.short ?? "-"
                    let text = Statement(event).map { statement in
                        "\(statement.kind) \(names[statement.target] ?? 0)"
                    }
                    return "\(event.header.sequence):\(event.id.short)<\(previous) \(text ?? "")"
                }
            let state = engine.view(of: node)?.record.state.rawValue ?? "-"
            return """
                \(names[node] ?? 0) \(state): \(String(describing: mine[node])), model \
                \(String(describing: model.extents[node])), \
                \(String(describing: engine.membership.reasons[node])): \(said)
                """
        }
        return lines.sorted().joined(separator: "\n")
    }
}
