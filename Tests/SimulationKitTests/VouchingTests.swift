import Core
import Federation
import MerkleSearchTree
import Testing

@testable import SimulationKit

/// Fifty nodes need fifty approvals: each new one approves one that is there, and is approved by
/// it; everybody else takes their word.
@Suite(.timeLimit(.minutes(10)))
struct VouchingTests {
    /// Node `index` knows the one that `parent` says; nobody knows more. Both have said so.
    private func federation(
        _ count: Int, judges: [Int] = [], parent: (Int) -> Int
    ) -> Simulation {
        var simulation = Simulation(
            Simulation.Options(seed: 1, link: LinkModel(), costs: CostModel(), keepsReports: true))
        let seeds = Seeds(1)
        let keys = (0..<count).map { seeds.key($0) }
        var secrets = seeds.secrets("test logs")
        let known = (0..<count).map { index in
            (1..<count).filter { parent($0) == index } + (index == 0 ? [] : [parent(index)])
        }
        for index in keys.indices {
            var log = MemoryLog(id: .fresh(&secrets))
            var write = LogWrite()
            var previous: EventID?
            for (place, other) in known[index].enumerated() {
                write.peers.append(
                    PeerRecord(
                        node: keys[other].node, state: .active, approval: .byOperator,
                        isApprovedThere: true, endpoints: ["sim://\(other)"]))
                let event = vouch(
                    keys[index], for: keys[other].node, UInt64(place + 1), previous)
                previous = event.id
                write.entries.append(
                    LogEntry(position: UInt64(place + 1), event: event, sender: nil))
                write.clock = event.header.time
            }
            log.apply(write)
            let policy = Policy(
                autoAcceptKnown: true, revocationsFrom: Set(judges.map { keys[$0].node }))
            let settings = Settings(
                label: "node \(index)", endpoints: ["sim://\(index)"], policy: policy)
            _ = simulation.add(key: keys[index], log: log, settings: settings)
        }
        for index in keys.indices { simulation.start(index) }
        return simulation
    }

    private func vouch(
        _ key: SecretKey, for node: NodeID, _ sequence: UInt64, _ previous: EventID?
    ) -> Event {
        let statement = Statement.vouch(node, upTo: nil)
        let bytes = statement.encoded()
        let body = Body(salt: [UInt8](repeating: 1, count: 16), bytes: bytes)
        let header = Header(
            origin: key.node, sequence: sequence, previous: previous,
            time: Timestamp(physical: 1_600_000_000_000_000, counter: UInt16(sequence)),
            author: Author(role: .node, name: "operator")!, kind: statement.kind,
            bodyLength: bytes.count, bodyHash: body.hash)
        return Event(signing: header, body: body, with: key)
    }

    private func holds(_ simulation: Simulation, _ index: Int, _ text: String) -> Bool {
        simulation.engine(of: index)?.tree.keys.contains { key in
            simulation.log(of: index).entries.contains {
                $0.event.id == key.id && $0.event.body?.bytes == Array(text.utf8)
            }
        } ?? false
    }

    @Test func fiftyNodesWithFiftyApprovalsHoldTheSame() {
        var simulation = federation(50) { ($0 - 1) / 3 }
        for index in 0..<50 {
            simulation.post("from \(index)", at: index, time: .seconds(2 + Double(index) / 10))
        }
        simulation.run(until: .seconds(400))
        #expect(simulation.hasOneRoot)
        // 49 vouch for the one before, who vouches back; 50 messages.
        #expect(simulation.log(of: 7).count == 98 + 50)
    }

    @Test func aRevocationByAJudgeReachesAll() {
        var simulation = federation(20, judges: [3]) { ($0 - 1) / 3 }
        simulation.post("before", at: 19, time: .seconds(2))
        simulation.run(until: .seconds(300))
        #expect((0..<20).allSatisfy { holds(simulation, $0, "before") })
        let bad = simulation.id(of: 19)
        simulation.schedule(
            .operate(simulation.nextToken(), .revoke(bad, nil)), to: 3, at: .seconds(301))
        simulation.run(until: .seconds(600))
        simulation.post("after", at: 19, time: .seconds(601))
        simulation.run(until: .seconds(900))
        for index in 0..<19 {
            #expect(holds(simulation, index, "before"))
            #expect(!holds(simulation, index, "after"), "node \(index)")
        }
        let root = simulation.root(of: 0)
        #expect((0..<19).allSatisfy { simulation.root(of: $0) == root })
    }

    @Test func anOperatorsRevocationHoldsAtItsOwnNodeAlone() {
        var simulation = federation(5) { _ in 0 }
        simulation.run(until: .seconds(100))
        let bad = simulation.id(of: 4)
        simulation.schedule(
            .operate(simulation.nextToken(), .revoke(bad, nil)), to: 1, at: .seconds(101))
        simulation.post("after", at: 4, time: .seconds(200))
        simulation.run(until: .seconds(500))
        #expect(!holds(simulation, 1, "after"))
        #expect([0, 2, 3].allSatisfy { holds(simulation, $0, "after") })
    }
}
