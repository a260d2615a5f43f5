import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct ScenarioTests {
    @Test func nonsenseIsRefusedWithItsReason() {
        func message(_ scenario: Scenario) -> String? {
            do throws(ScenarioError) {
                _ = try scenario.prepared()
                return nil
            } catch {
                return error.description
            }
        }
        #expect(message(Scenario(nodes: 1)) == "nodes must be 2 to 1000")
        #expect(message(Scenario(nodes: 2, events: 0)) == "events must be 1 to 1000000")
        #expect(message(Scenario(peersPerNode: 0)) == "peers-per-node must be 1 to 1000")
        #expect(message(Scenario(loss: 1)) == "loss must be 0 to 0.9")
        #expect(message(Scenario(loss: .nan)) == "loss must be 0 to 0.9")
        #expect(message(Scenario(trace: []))?.hasPrefix("the trace holds no events") == true)
        #expect(message(Scenario(nodes: 2, events: 1)) == nil)
    }

    @Test func divergencesReadAsTheyAreTyped() {
        #expect(Divergence("0") == .new(perMille: 0))
        #expect(Divergence("0.5") == .new(perMille: 5))
        #expect(Divergence("100") == .new(perMille: 1_000))
        #expect(Divergence("empty") == .emptyPeer)
        for nonsense in ["", "100.1", "101", "-1", "1.25", "1.", "1 %", "full", "1.1.1"] {
            #expect(Divergence(nonsense) == nil, "\(nonsense)")
        }
        #expect(Divergence.new(perMille: 5).name == "0.5 %")
        #expect(Divergence.new(perMille: 100).name == "10 %")
        #expect(Divergence.new(perMille: 1).newCount(of: 10) == 1)
        #expect(Divergence.new(perMille: 0).newCount(of: 10) == 0)
    }

    @Test func theNewEventsAreWrittenInTurnAndTheOthersHeldByAll() throws {
        let scenario = Scenario(nodes: 50, events: 2_000)
        let prepared = try scenario.prepared()
        let tenth = try #require(prepared.workloads[.new(perMille: 100)])
        #expect(tenth.shared.count == 1_800)
        #expect(tenth.new.map(\.node) == (0..<200).map { $0 % 50 })
        // Two of each node, before anything is counted.
        #expect(tenth.early.count == 100)
        #expect(tenth.newcomer == nil)
        let empty = try #require(prepared.workloads[.emptyPeer])
        #expect(empty.shared.count == 2_000)
        #expect(empty.new.isEmpty && empty.early.isEmpty)
        #expect(empty.newcomer == 0)
        let newcomer = prepared.keys[0].node
        #expect(empty.shared.allSatisfy { $0.header.origin != newcomer })
        for event in tenth.shared + empty.shared {
            #expect(event.header.time.physical < tenth.wall.microseconds)
        }
    }

    @Test func everyEventIsSignedAndInItsChain() throws {
        let prepared = try Scenario(nodes: 3, events: 40).prepared([.emptyPeer])
        let workload = try #require(prepared.workloads[.emptyPeer])
        var last: [NodeID: Event] = [:]
        for event in workload.shared {
            #expect(event.isSigned())
            #expect(event.bodyMatches)
            let before = last[event.header.origin]
            #expect(event.header.sequence == (before?.header.sequence ?? 0) + 1)
            #expect(event.header.previous == before?.id)
            last[event.header.origin] = event
        }
    }

    @Test(arguments: [SyncMethod.naive, .pullAll, .cursor, .push, .mst, .gossipMST])
    func aTraceOfForeignEventsIsSpread(method: SyncMethod) throws {
        // Another federation's events, given out of order and with doubles.
        let other = try Scenario(nodes: 4, events: 90, seed: 99).prepared([.emptyPeer])
        var events = Array(try #require(other.workloads[.emptyPeer]).shared.reversed())
        events.append(events[3])
        let divergence = Divergence.new(perMille: 100)
        let prepared = try Scenario(nodes: 6, peersPerNode: 3, trace: events).prepared(
            [divergence])
        let workload = try #require(prepared.workloads[divergence])
        #expect(workload.shared.count == 81)
        #expect(workload.new.map(\.node) == [0, 1, 2, 3, 4, 5, 0, 1, 2])
        let times = workload.shared.map(\.key)
        #expect(times == times.sorted())
        let report = prepared.run(method, divergence)
        #expect(report.isEqual)
        #expect(report.record.bytes[.events] > 0)
    }

    @Test func logsAreTheSameAndCursorsAtTheirEnds() throws {
        let divergence = Divergence.new(perMille: 100)
        let prepared = try Scenario(nodes: 4, events: 40, peersPerNode: 2).prepared([divergence])
        let workload = try #require(prepared.workloads[divergence])
        let world = prepared.world(for: .mst, workload)
        for node in 0..<4 {
            #expect(world.log(of: node).count == 36)
            let peers = world.log(of: node).peers
            #expect(peers.map(\.node) == prepared.topology.neighbors[node].map { world.id(of: $0) })
            for (peer, index) in zip(peers, prepared.topology.neighbors[node]) {
                #expect(peer.cursor == Cursor(log: world.log(of: index).id, position: 36))
            }
        }
        // Whoever pushes is registered with all.
        let pushing = prepared.world(for: .push, workload)
        for node in 0..<4 { #expect(pushing.log(of: node).peers.count == 3) }
    }

    @Test func equalNodesPayNextToNothingByTreeAndTheListByNaive() throws {
        let divergence = Divergence.new(perMille: 0)
        let prepared = try Scenario(nodes: 2, events: 1_000, peersPerNode: 1).prepared(
            [divergence])
        func perSession(_ method: SyncMethod) throws -> Int {
            let record = prepared.run(method, divergence).record
            #expect(record.bytes[.events] == 0)
            return record.bytes.all / (try #require(record.outcome).sessions)
        }
        #expect(try perSession(.mst) < 100)
        #expect(try perSession(.naive) > 2 * 32 * 1_000)
    }
}
