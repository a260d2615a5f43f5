import Core
import Federation
import Testing

/// The same inputs give the same effects, whatever the order of dictionaries in memory.
@Suite(.timeLimit(.minutes(10)))
struct DeterminismTests {
    /// Everything that a node of many peers does in one busy life.
    private func life(seed: UInt64) -> [Effect] {
        var dice = Dice(seed: seed)
        let names = Array(UInt8(2)...40)
        let node = Node(1, peers: names.map { .active($0) }, settings: .automatic)
        var origins = names.map { Origin($0) }
        origins.shuffle(using: &dice)
        for round in 0..<150 {
            let place = dice.below(origins.count)
            let peer = origins[place].key.node
            switch dice.below(9) {
            case 0: node.append("own \(round)")
            case 1: _ = node.push(origins[place].events(dice.below(4)), as: peer)
            case 2: _ = node.ask(.stream(since: nil), as: peer)
            case 3: _ = node.push([origins[place].event().withoutBody], as: peer)
            case 4:
                let wall = node.wall + .seconds(70 + dice.below(20))
                _ = node.push([origins[place].event("soon", at: wall)], as: peer)
            case 5:
                for send in node.sends { node.give(.failed(send.token, .timedOut)) }
                for open in node.opens { node.give(.closed(open.token, .timedOut)) }
                _ = node.take()
            case 6: _ = node.operate(dice.below(9) == 0 ? .remove(peer) : .sync(peer))
            case 7:
                node.give(
                    .sighted(
                        Sighting(
                            node: Node.key(UInt8(50 + dice.below(50))).node,
                            endpoints: ["https://x"], label: "x", isSameHost: true)))
            default: node.sleep(.milliseconds(dice.below(20_000)))
            }
        }
        return node.trace
    }

    @Test(arguments: Seeds.upTo(4))
    func oneLifeIsLivedTwiceAlike(seed: UInt64) {
        let first = life(seed: seed)
        let second = life(seed: seed)
        #expect(first.count > 300)
        #expect(first.count == second.count)
        for (place, (a, b)) in zip(first, second).enumerated() where a != b {
            Issue.record("seed \(seed): effect \(place) differs: \(a) and \(b)")
            return
        }
    }

    @Test(arguments: Seeds.upTo(3))
    func noTimerIsLeftBehind(seed: UInt64) {
        var dice = Dice(seed: seed)
        let names = Array(UInt8(2)...12)
        let node = Node(1, peers: names.map { .active($0) }, settings: .automatic)
        node.append("a")
        for round in 0..<400 {
            for send in node.sends { node.give(.failed(send.token, .timedOut)) }
            for open in node.opens { node.give(.closed(open.token, .timedOut)) }
            _ = node.take()
            if dice.below(20) == 0 { node.append("\(round)") }
            guard let deadline = node.engine.nextDeadline else { continue }
            node.sleep(max(.zero, deadline - node.now))
            if let next = node.engine.nextDeadline {
                #expect(next > node.now, "seed \(seed), round \(round): the shell would spin")
            }
        }
        #expect(node.now > Instant(microseconds: 60_000_000))
    }
}
