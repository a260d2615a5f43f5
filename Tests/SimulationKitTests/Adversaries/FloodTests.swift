import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// Too much of something, or the same again.
@Suite(.timeLimit(.minutes(5)))
struct FloodTests {
    @Test func aFloodOfValidEventsDelaysNoOthersAndFillsNoQueue() throws {
        var stage = try Stage(8)
        stage.corrupt(last: 1, .flood)
        let start = stage.world.now
        stage.post(for: 4)
        #expect(stage.p99(since: start) < stage.calm * 2)
        stage.settle()
        stage.expectTheHonestUnharmed()
        // It is admitted, and within the budget of its bytes: all of it is kept.
        let acts = stage.world.adversaryActs(of: 7)
        #expect(acts > 800)
        #expect(stage.world.log(of: 0).count > acts)
    }

    @Test func phantomsFillNothingAndWhoAnnouncesThemIsLetGo() throws {
        var stage = try Stage()
        stage.corrupt(last: 3, .ihave)
        let start = stage.world.now
        stage.post(for: 8)
        #expect(stage.p99(since: start) < stage.calm * 2)
        #expect(stage.endings(.brokenPromises) > 0)
        #expect(stage.linkTimes(since: start).allSatisfy { $0 < .seconds(2) })
        for node in stage.world.honestNodes {
            #expect(stage.badNeighbors(of: node).bad == 0)
            #expect(stage.world.engine(of: node)?.gossip.standing.missing == 0)
        }
        stage.settle()
        stage.expectTheHonestUnharmed()
    }

    @Test func whoAsksForEverythingAgainAndAgainGetsItsShare() throws {
        var stage = try Stage()
        stage.post(for: 8, bytes: 6000)
        let before = stage.world.links
        stage.corrupt(last: 2, .graft)
        let start = stage.world.now
        stage.post(for: 8)
        for node in stage.world.honestNodes {
            for bad in 10..<12 {
                let link = Link(from: node, to: bad)
                let sent =
                    (stage.world.links[link]?.bytes ?? 0) - (before[link]?.bytes ?? 0)
                // 4 MiB at once and 1 MiB a second; one answer may go over it.
                #expect(sent < 14 << 20)
            }
        }
        #expect(stage.tally(\.unserved) > 1000)
        #expect(stage.p99(since: start) < .seconds(1))
        stage.settle()
        stage.expectTheHonestUnharmed()
    }

    @Test func whatIsSentAgainChangesNothing() throws {
        var stage = try Stage()
        stage.corrupt(last: 3, .replay)
        let start = stage.world.now
        let (prunes, duplicates) = (stage.tally(\.prunes), stage.tally(\.duplicates))
        stage.post(for: 8)
        #expect(stage.p99(since: start) < .seconds(1))
        // One prune a second for each origin and neighbor, not one for each copy.
        let links = stage.world.honestNodes.reduce(0) { $0 + stage.badNeighbors(of: $1).all }
        #expect(stage.tally(\.duplicates) - duplicates > 10_000)
        #expect(stage.tally(\.prunes) - prunes <= 9 * 12 * links)
        #expect(stage.tally(\.prunes) - prunes < (stage.tally(\.duplicates) - duplicates) / 5)
        stage.settle()
        stage.expectTheHonestUnharmed()
        #expect(stage.world.log(of: 0).count == 12 + 80)
    }

    @Test func aStormOfIdentitiesChangesNoView() throws {
        var stage = try Stage()
        stage.corrupt(last: 1, .joinstorm)
        let start = stage.world.now
        stage.post(for: 4)
        #expect(stage.p99(since: start) < stage.calm * 2)
        for node in stage.world.honestNodes {
            let engine = stage.world.engine(of: node)
            #expect(engine?.held.pendingPeers == 256)
            #expect(engine?.peerRecords.count { $0.state == .active } == 11)
            #expect(engine?.refusals[.tooManyPeers] ?? 0 > 0)
        }
        stage.settle()
        stage.expectTheHonestUnharmed()
    }
}
