import Core
import Federation
import Testing

/// Whatever the network and the disks do: after calm all logs are equal, and nothing that was
/// acknowledged is lost.
@Suite(.timeLimit(.minutes(10)))
struct ConvergenceTests {
    /// One random life of a federation.
    private final class Storm {
        let seed: UInt64
        let world: World
        var dice: Dice
        /// Told to somebody that they are durable.
        var acknowledged: Set<EventID> = []
        private var read: [Int]

        init(seed: UInt64) {
            self.seed = seed
            dice = Dice(seed: seed)
            world = World.federation(UInt8(3 + dice.below(3)), .automatic)
            read = world.nodes.map { _ in 0 }
        }

        func blow(rounds: Int) {
            for _ in 0..<rounds {
                let place = dice.below(world.nodes.count)
                switch dice.below(40) {
                case 0...5: append(place)
                case 6...11: hold(place)
                case 12...17:
                    if let held = pick(world.nodes[place].held.count) {
                        world.with(place) { $0.release(held) }
                    }
                case 18: fail(place)
                case 19: crash(place)
                case 20...22: pass(.milliseconds(dice.below(2000)))
                default: deliver()
                }
                note()
            }
        }

        private func append(_ place: Int) {
            let texts = (0...dice.below(3)).map { Draft.say("\(seed) \(place) \($0)") }
            world.with(place) { node in
                node.give(.append(node.newToken(), texts))
            }
        }

        private func hold(_ place: Int) {
            let all: [Set<Node.Work>] = [
                [], [.store], [.load], [.verify], [.store, .load, .verify],
            ]
            world.nodes[place].holds = all[dice.below(all.count)]
        }

        private func fail(_ place: Int) {
            let all: [Set<Node.Work>] = [[], [], [.store], [.load]]
            world.nodes[place].fails = all[dice.below(all.count)]
        }

        private func crash(_ place: Int) {
            note()
            world.nodes[place].fails = []
            world.crash(place, afterStoring: dice.below(2) == 0)
        }

        private func pass(_ duration: Duration) {
            for place in world.nodes.indices { world.with(place) { $0.sleep(duration) } }
        }

        private func deliver() {
            for _ in 0..<10 {
                let ready = world.deliverable
                guard let place = pick(ready.count) else { return }
                let isLost = dice.below(12) == 0
                world.loses = { _ in isLost }
                world.deliver(ready[place])
                world.loses = { _ in false }
            }
        }

        private func pick(_ count: Int) -> Int? { count == 0 ? nil : dice.below(count) }

        private func note() {
            for place in world.nodes.indices {
                for report in world.reports[place][read[place]...] {
                    guard case .appended(_, let entries) = report else { continue }
                    acknowledged.formUnion(entries.map(\.event.id))
                }
                read[place] = world.reports[place].count
            }
        }

        func calm() {
            for place in world.nodes.indices {
                world.with(place) { node in
                    node.fails = []
                    node.releaseAll()
                }
            }
            world.run(for: .seconds(200), step: .milliseconds(500))
            note()
        }
    }

    @Test(arguments: Seeds.upTo(12))
    func afterCalmAllLogsAreEqual(seed: UInt64) {
        let storm = Storm(seed: seed)
        storm.blow(rounds: 400)
        storm.calm()
        #expect(storm.acknowledged.count > 10, "seed \(seed)")
        let held = storm.world.nodes.map { Set($0.disk.ids) }
        for (place, node) in storm.world.nodes.enumerated() {
            #expect(
                held[place].isSuperset(of: storm.acknowledged), "seed \(seed), node \(place + 1)")
            #expect(held[place] == held[0], "seed \(seed), node \(place + 1)")
            #expect(node.engine.root == storm.world.nodes[0].engine.root, "seed \(seed)")
            #expect(node.engine.eventCount == node.disk.entries.count, "seed \(seed)")
            #expect(node.engine.equivocationCount == 0, "seed \(seed), node \(place + 1)")
            #expect(node.disk.refused.isEmpty, "seed \(seed), node \(place + 1)")
        }
        expectChains(storm)
        expectEqualSaid(storm)
    }

    /// Each origin's chain has no gap.
    private func expectChains(_ storm: Storm) {
        let events = storm.world.nodes[0].disk.entries.map(\.event)
        for node in storm.world.nodes {
            let chain = events.filter { $0.header.origin == node.id }
                .sorted { $0.header.sequence < $1.header.sequence }
            for (place, event) in chain.enumerated() {
                #expect(event.header.sequence == UInt64(place + 1), "seed \(storm.seed)")
                #expect(
                    event.header.previous == (place == 0 ? nil : chain[place - 1].id),
                    "seed \(storm.seed)")
            }
        }
    }

    /// And everybody knows it.
    private func expectEqualSaid(_ storm: Storm) {
        for node in storm.world.nodes {
            for other in storm.world.nodes where other.id != node.id {
                #expect(
                    node.engine.view(of: other.id)?.isEqual == true,
                    "seed \(storm.seed): \(node.id.short) and \(other.id.short)")
            }
        }
    }

    @Test(arguments: Seeds.upTo(3))
    func oneSeedIsOneStorm(seed: UInt64) {
        let storms = (0..<2).map { _ in Storm(seed: seed) }
        for storm in storms { storm.blow(rounds: 150) }
        for place in storms[0].world.nodes.indices {
            let (a, b) = (storms[0].world.nodes[place].trace, storms[1].world.nodes[place].trace)
            #expect(a.count == b.count, "seed \(seed)")
            #expect(a == b, "seed \(seed)")
        }
    }

    /// An event is at everybody soon after it was said, without any comparison.
    @Test func aLiveEventIsStreamedToAll() {
        let world = World.federation(4, .automatic)
        world.run(for: .seconds(3))
        world.with(0) { node in _ = node.append("hello") }
        world.settle()
        for node in world.nodes { #expect(node.engine.eventCount == 1) }
    }

    /// Without a stream, events are pushed.
    @Test func aPeerWithoutAStreamIsPushedTo() {
        let quiet = Node(2, peers: [.active(1)])
        let world = World([Node(1, peers: [.active(2)], settings: .automatic), quiet])
        world.run(for: .seconds(1))
        world.with(0) { node in _ = node.append("hello") }
        world.settle()
        #expect(quiet.engine.eventCount == 1)
        world.loses = { _ in true }
        world.with(0) { node in _ = node.append("again") }
        world.settle()
        #expect(quiet.engine.eventCount == 1)
        world.loses = { _ in false }
        world.run(for: .seconds(5))
        #expect(quiet.engine.eventCount == 2)
    }
}
