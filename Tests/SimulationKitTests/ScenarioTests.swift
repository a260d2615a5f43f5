import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(2)))
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

    @Test func nineTenthsAreSharedAndTheRestIsEvenlySpreadOverTheLastMinute() throws {
        let workload = try Scenario(nodes: 50, events: 2_000).prepared().workload
        #expect(workload.shared.count == 1_800)
        #expect(workload.new.map(\.count) == [Int](repeating: 4, count: 50))
        #expect(workload.count == 2_000)
        let end = workload.wall.microseconds
        for event in workload.new.joined() {
            #expect(event.header.time.physical >= end - 60_000_000)
            #expect(event.header.time.physical < end)
        }
        for event in workload.shared {
            #expect(event.header.time.physical < end - 60_000_000)
        }
    }

    @Test func everyEventIsSignedAndInItsChain() throws {
        let workload = try Scenario(nodes: 3, events: 40).prepared().workload
        let events = (workload.shared + workload.new.joined()).sorted { $0.key < $1.key }
        var last: [NodeID: Event] = [:]
        for event in events {
            #expect(event.isSigned())
            #expect(event.bodyMatches)
            let before = last[event.header.origin]
            #expect(event.header.sequence == (before?.header.sequence ?? 0) + 1)
            #expect(event.header.previous == before?.id)
            last[event.header.origin] = event
        }
    }

    @Test(arguments: SyncMethod.allCases)
    func aTraceOfForeignEventsIsSpread(method: SyncMethod) throws {
        // Another federation's events, given out of order and with doubles.
        let other = try Scenario(nodes: 4, events: 90, seed: 99).prepared().workload
        var events = Array(other.new.joined()) + other.shared
        events.append(events[3])
        let prepared = try Scenario(nodes: 6, peersPerNode: 3, trace: events).prepared()
        #expect(prepared.workload.count == 90)
        #expect(prepared.workload.new.map(\.count) == [2, 2, 2, 1, 1, 1])
        let times = prepared.workload.shared.map(\.key)
        #expect(times == times.sorted())
        let report = prepared.run(method)
        #expect(report.converged)
        #expect(report.eventBytes > 0)
    }

    @Test func logsDifferByTheNewEventsAlone() throws {
        let prepared = try Scenario(nodes: 4, events: 40, peersPerNode: 2).prepared()
        let world = prepared.world(for: .mst)
        for node in 0..<4 {
            #expect(world.log(of: node).count == 37)
            let peers = world.log(of: node).peers
            #expect(peers.map(\.node) == prepared.topology.neighbors[node].map { world.id(of: $0) })
            for (peer, index) in zip(peers, prepared.topology.neighbors[node]) {
                #expect(peer.cursor == Cursor(log: world.log(of: index).id, position: 36))
            }
        }
    }

    @Test func equalNodesPayNextToNothingByTreeAndTheListByNaive() throws {
        // One event in all, shared by all: nothing to exchange, but the sessions are held.
        func perSession(_ method: SyncMethod) throws -> Int {
            let prepared = try Scenario(nodes: 2, events: 1_000, peersPerNode: 1).prepared()
            var world = prepared.world(for: method)
            let log = world.log(of: 0)
            var equal = Simulation(world.options)
            let settings = Federation.Settings(
                isAutomatic: false, reconciler: method.reconciler)
            for index in 0..<2 {
                var copy = MemoryLog(id: world.log(of: index).id)
                var write = LogWrite()
                write.entries = log.entries
                write.peers = world.log(of: index).peers
                copy.apply(write)
                _ = equal.add(key: prepared.keys[index], log: copy, settings: settings)
            }
            equal.start(0)
            equal.start(1)
            let orders = method.orders(first: equal.id(of: 0), second: equal.id(of: 1))
            equal.schedule(.operate(equal.nextToken(), orders.first), to: 0, at: .zero)
            equal.run(until: .seconds(5)) { $0.isQuiet }
            world = equal
            #expect(world.traffic.eventBytes == 0)
            return world.traffic.bytes
        }
        #expect(try perSession(.mst) < 100)
        #expect(try perSession(.naive) > 2 * 32 * 900)
    }
}
