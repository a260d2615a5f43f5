import Core
import Testing

@testable import Discovery

@Suite(.timeLimit(.minutes(1)))
struct DiscoveryMachineTests {
    private let lost = AvahiFailure(action: "talking to Avahi", code: -23, message: "gone")

    @Test func withoutABusItTriesAgainAtDoublingWaits() {
        var script = Script()
        script.start()
        var waits: [Duration] = []
        for _ in 0..<10 {
            script.tell([.began, .failed(lost)])
            let start = script.now
            guard let due = script.machine.nextDeadline else { break }
            waits.append(due - start)
            #expect(script.wait(due - start) == [.connect])
            #expect(script.machine.nextDeadline == nil)
        }
        #expect(
            waits.map(\.microseconds)
                == [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
                .map { $0 * 1_000 })
        #expect(!script.machine.state.isAvailable)
    }

    @Test func successMakesTheNextWaitShortAgain() {
        var script = Script()
        script.start()
        for _ in 0..<6 {
            script.tell([.began, .failed(lost)])
            _ = script.wait(.seconds(60))
        }
        script.tell([.began, .running(host: "h"), .published(name: "n"), .failed(lost)])
        #expect(script.machine.nextDeadline == script.now + .milliseconds(250))
    }

    @Test func oneClientFailsOnceHoweverManyOfItsPartsFail() {
        var script = Script.running()
        #expect(script.tell([.failed(lost), .failed(lost), .failed(lost)]).count == 1)
        #expect(script.wait(.seconds(100)) == [.connect])
        // Still the earlier client: `began` has not come.
        #expect(script.tell([.failed(lost)]) == [])
        #expect(script.wait(.seconds(100)) == [])
    }

    @Test func aDaemonThatIsNotThereIsSaidAndWaitedForWithoutRetries() {
        var script = Script()
        script.start()
        let changes = script.tell([.began, .waitingForDaemon])
        #expect(changes == [.state(.unavailable(reason: DiscoveryMachine.noDaemon))])
        #expect(script.machine.nextDeadline == nil)
        #expect(script.tell([.running(host: "h")]) == [.state(.running(host: "h"))])
    }

    @Test func aRestartedDaemonKeepsWhoIsSeenAgainAndSweepsTheOthers() throws {
        var script = Script.running()
        let records = try (1...3).map { try resolution(node(UInt64($0)), "10.0.0.\($0)") }
        script.tell(
            records.indices.map { .resolved(key("s\($0)"), records[$0]) } + [.failed(lost)])
        #expect(script.wait(.seconds(3_600)) == [.connect])
        #expect(script.machine.table.candidates.count == 3)
        #expect(
            script.tell([
                .began, .running(host: "h"), .published(name: "n"),
                .resolved(key("s1 #2"), records[1]), .resolved(key("s2"), records[2]),
            ]) == [.state(.running(host: "h")), .state(.published(name: "n"))])
        #expect(
            script.wait(DiscoveryLimits.sweepAfter) == [.report(.vanished(node(1)))])
        #expect(script.machine.nextDeadline == nil)
        #expect(script.machine.table.candidates.map(\.node) == [node(2), node(3)])
    }

    @Test func aDaemonThatDiesBeforeTheSweepPutsItOff() throws {
        var script = Script.running()
        script.tell([.resolved(key("s"), try resolution(node(1), "10.0.0.1")), .failed(lost)])
        _ = script.wait(.seconds(1))
        script.tell([.began, .running(host: "h"), .failed(lost)])
        #expect(script.wait(.seconds(1)) == [.connect])
        script.tell([.began])
        #expect(script.wait(.seconds(3_600)) == [])
        script.tell([.running(host: "h")])
        #expect(script.wait(.seconds(3_600)) == [.report(.vanished(node(1)))])
    }

    @Test func anOverflowSeesTheLANAfresh() throws {
        var script = Script.running()
        script.tell([.resolved(key("s"), try resolution(node(1), "10.0.0.1")), .overflowed])
        #expect(script.wait(.seconds(1)) == [.connect])
        script.tell([.began, .running(host: "h")])
        #expect(script.wait(.seconds(60)) == [.report(.vanished(node(1)))])
    }

    @Test func anOverflowThatSwallowedTheBeginningStillHeals() {
        var script = Script()
        script.start()
        script.tell([.overflowed])
        #expect(script.wait(.seconds(1)) == [.connect])
    }

    @Test func ourOwnIdentifierIsNoCandidate() throws {
        var script = Script.running(own: node(5))
        #expect(script.tell([.resolved(key("x"), try resolution(node(5), "10.0.0.1"))]) == [])
        #expect(script.refusals == [.ownIdentifier])
        var browser = Script.running(own: nil)
        browser.tell([.resolved(key("x"), try resolution(node(5), "10.0.0.1"))])
        #expect(browser.machine.table.candidates.map(\.node) == [node(5)])
    }

    @Test func aRecordThatTurnsBadNoLongerCounts() throws {
        var script = Script.running()
        script.tell([.resolved(key("s"), try resolution(node(1), "10.0.0.1"))])
        var bad = try resolution(node(1), "10.0.0.1")
        bad.text = [[0xff, 0xfe], []]
        #expect(script.tell([.resolved(key("s"), bad)]) == [.vanished(node(1))])
        #expect(script.refusals == [.wrongTextVersion])
        script.tell([.resolved(key("s"), try resolution(node(1), "10.0.0.1"))])
        #expect(script.tell([.refused(key("s"), .oversizeText)]) == [.vanished(node(1))])
    }

    @Test(arguments: ["0.0.0.0", "127.0.0.1", "224.0.0.1", "::1", "::", "ff02::1", "::ffff:a00:1"])
    func anAddressThatNoNeighborHasIsRefused(address: String) throws {
        var script = Script.running()
        #expect(script.tell([.resolved(key("s"), try resolution(node(1), address))]) == [])
        #expect(script.refusals == [.uselessAddress])
    }

    @Test func portZeroIsRefusedAndLoopbackIsForThisHostOnly() throws {
        var script = Script.running()
        script.tell([.resolved(key("s"), try resolution(node(1), "10.0.0.1", port: 0))])
        #expect(script.refusals == [.uselessAddress])
        script.tell([.resolved(key("s"), try resolution(node(1), "127.0.0.1", isLocal: true))])
        #expect(script.machine.table.candidates.map(\.node) == [node(1)])
    }

    @Test func eachStateReadsAsASentence() {
        let failure = DiscoveryState.unavailable(reason: lost.description).description
        #expect(
            failure
                == "discovery is unavailable: talking to Avahi failed: gone (-23); "
                + "trying again by itself")
    }
}
