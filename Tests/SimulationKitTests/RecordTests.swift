import Core
import Federation
import Foundation
import Gossip
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct RecordTests {
    private static let label = RunLabel(scenario: "test", seed: 1)

    /// Five nodes that stream, twenty events in two seconds, a loss of a tenth.
    private func world(recorded options: RecordOptions?) -> Simulation {
        var world = World.federation(5, seed: 3, link: LinkModel(loss: 0.1))
        world.post("before", at: 0, time: .seconds(1))
        world.run(until: .seconds(30))
        if let options { world.record(options) }
        for number in 0..<20 {
            world.post("\(number)", at: number % 5, time: .seconds(30 + Double(number) / 10))
        }
        world.run(until: .seconds(100))
        return world
    }

    @Test func aRecordChangesNothing() {
        #expect(world(recorded: RecordOptions()).traceHash == world(recorded: nil).traceHash)
    }

    @Test func oneSeedGivesOneRecord() throws {
        let first = try #require(world(recorded: RecordOptions()).runRecord(Self.label))
        let second = try #require(
            world(recorded: RecordOptions()).runRecord(Self.label, wallTime: .seconds(1)))
        #expect(first.json() == second.json())
        #expect(first.json() != second.json(withWallTime: true))
        let parsed = try JSONSerialization.jsonObject(with: Data(first.json().utf8))
        let keys = try #require(parsed as? [String: Any])
        #expect(keys["events"] as? Int == 21)
    }

    @Test func whatWasBeforeIsLeftOut() throws {
        let world = world(recorded: RecordOptions())
        let record = try #require(world.runRecord(Self.label))
        // Twenty events at four nodes each; "before" is not among them.
        #expect(record.latencies.count == 80)
        #expect(record.catchUp.count == 0)
        #expect(record.figures.map(\.delivered) == [16, 16, 16, 16, 16])
        #expect(record.events == 21)
        #expect(record.duration == .seconds(70))
        #expect(record.bytes.all < world.traffic.bytes)
        #expect(record.figures.reduce(0) { $0 + $1.bytesUp } == record.bytes.all)
        #expect(record.figures.reduce(0) { $0 + $1.bytesDown } == record.bytes.all)
    }

    @Test(arguments: [8, 20, 1_000])
    func samplesAreBoundedAndAscend(bound: Int) throws {
        let world = world(recorded: RecordOptions(every: .milliseconds(1), samples: bound))
        let record = try #require(world.runRecord(Self.label))
        #expect(record.samples.count <= bound + 1)
        #expect(record.samples.count >= min(bound, 400) / 4)
        let times = record.samples.map(\.time)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        let bytes = record.samples.map(\.bytes.all)
        #expect(bytes == bytes.sorted())
        #expect(bytes.last == record.bytes.all)
        #expect(record.samples[0].complete == 5)
        #expect(record.samples.last?.complete == 5)
        #expect(record.samples.last?.share == 1)
        #expect(record.samples.contains { $0.complete < 5 && $0.share < 1 })
    }

    @Test func manyNodesGetFewerSamplesAndNoMesh() throws {
        let few = RecordOptions(nodes: 50)
        #expect((few.samples, few.spreads) == (160, 10))
        let many = RecordOptions(nodes: 1_000)
        #expect((many.samples, many.spreads) == (40, 2))
        var mesh = World.federation(30, isAutomatic: false)
        mesh.record()
        #expect(mesh.runRecord(Self.label)?.json().contains(#""registered":[],"#) == true)
        var ring = World.federation(30, isAutomatic: false) { a, b in
            [1, 29].contains(abs(a - b))
        }
        ring.record()
        let json = try #require(ring.runRecord(Self.label)?.json())
        #expect(json.contains(#""registered":[[1,29],[0,2],[1,3],"#))
    }

    @Test func theSpreadOfASampleOfEventsIsKept() throws {
        let world = world(recorded: RecordOptions(spreads: 6))
        let record = try #require(world.runRecord(Self.label))
        #expect(record.spreads.count == 6)
        for spread in record.spreads {
            let origin = try #require(spread.origin)
            // Each of the others, once, after its birth, from somebody that held it by then.
            #expect(
                Set(spread.arrivals.map(\.node)) == Set(0..<5).subtracting([origin]))
            #expect(spread.arrivals.count == 4)
            var held = [origin: spread.born]
            for arrival in spread.arrivals {
                let from = try #require(arrival.from)
                let since = try #require(held[from])
                #expect(since < arrival.time)
                held[arrival.node] = arrival.time
            }
        }
    }

    @Test func gossipTellsHopsAndNeighbors() throws {
        var world = World.federation(12, seed: 2) { _, _ in true }
        for node in 0..<12 {
            world.schedule(
                .operate(world.nextToken(), .setGossip(GossipSettings(mode: .on, activeView: 4))),
                to: node, at: .zero)
        }
        world.run(until: .seconds(40))
        world.record()
        for number in 0..<24 {
            world.post("\(number)", at: number % 12, time: .seconds(40 + Double(number) / 10))
        }
        world.run(until: .seconds(80))
        let record = try #require(world.runRecord(Self.label))
        let hops = record.spreads.flatMap(\.arrivals).compactMap(\.hop)
        #expect(hops.count == 10 * 11)
        #expect(hops.contains { $0 > 1 })
        let first = record.neighborChanges.filter { $0.time == .zero && $0.isUp }
        #expect(Set(first.map(\.node)) == Set(0..<12))
        #expect(record.bytes[.trees] > 0)
        #expect(record.bytes[.membership] > 0)
        #expect(world.isProvenEqual)
    }

    @Test func faultsAreMarkedWithTheirNodes() throws {
        var world = World.federation(4, isAutomatic: false)
        world.apply(.crash(3))
        world.run(until: .seconds(1))
        world.record()
        world.schedule(.start(3, from: .kept), at: .seconds(2))
        world.schedule(.start(3, from: .kept), at: .seconds(3))
        world.schedule(.partition([0, 1, 0, 1]), at: .seconds(4))
        world.schedule(.heal, at: .seconds(5))
        world.run(until: .seconds(10))
        let record = try #require(world.runRecord(Self.label))
        // The second start had no effect, the crash was before.
        #expect(
            record.faults == [
                RunRecord.Fault(time: .seconds(1), kind: "start", nodes: [3]),
                RunRecord.Fault(time: .seconds(3), kind: "partition", nodes: [1, 3]),
                RunRecord.Fault(time: .seconds(4), kind: "heal", nodes: []),
            ])
        #expect(record.samples.first?.held[3] == -1)
        #expect(record.samples.last?.held[3] != -1)
        #expect(record.dishonest.isEmpty)
    }

    @Test func aWorldThatNobodyComparedIsNotProvenEqual() {
        var world = World.federation(3, isAutomatic: false)
        world.record()
        world.run(until: .seconds(60))
        #expect(!world.isProvenEqual)
        world.schedule(
            .operate(world.nextToken(), .reconcile(world.id(of: 1))), to: 0, at: .seconds(60))
        world.run(until: .seconds(70))
        // The third one was in no session.
        #expect(!world.isProvenEqual)
        world.schedule(
            .operate(world.nextToken(), .reconcile(world.id(of: 2))), to: 0, at: .seconds(70))
        world.run(until: .seconds(80))
        #expect(world.isProvenEqual)
    }
}

@Suite(.timeLimit(.minutes(5)))
struct LatencyHistogramTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func quantilesAreThoseOfTheSortedListWithinTheWidthOfABucket(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        var histogram = LatencyHistogram()
        // Over seven decades, as latencies of a run with faults are.
        let micros = (0..<5_000).map { _ in Int64(1 << dice.below(24) + dice.below(1_000)) }
        for latency in micros { histogram.note(.microseconds(latency)) }
        let sorted = micros.sorted()
        for part in [0.001, 0.1, 0.5, 0.9, 0.99, 1] {
            let exact = sorted[max(0, Int((part * 5_000).rounded(.up)) - 1)]
            let quantile = try #require(histogram.quantile(part)).microseconds
            #expect(quantile >= exact)
            #expect(Double(quantile) <= Double(exact) * 1.016 + 1)
        }
        #expect(histogram.longest.microseconds == sorted.last)
        #expect(histogram.bars.reduce(0) { $0 + $1.count } == 5_000)
        let starts = histogram.bars.map(\.from)
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func nothingHasNoQuantile() {
        #expect(LatencyHistogram().quantile(0.5) == nil)
        #expect(LatencyHistogram().bars.isEmpty)
    }
}
