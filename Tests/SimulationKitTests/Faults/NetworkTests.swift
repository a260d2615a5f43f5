import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct NetworkTests {
    /// A node that pulls from another one every ten seconds, and nothing else: how long each pull
    /// took; nil where nothing came.
    private func pulls(_ link: LinkModel, count: Int = 60) -> [Duration?] {
        var world = World.federation(2, isAutomatic: false, link: link)
        var tokens: [Token: Int] = [:]
        for number in 0..<count {
            let token = world.nextToken()
            tokens[token] = number
            world.schedule(
                .operate(token, .pull(world.id(of: 1), fromStart: true)), to: 0,
                at: .seconds(Double(number) * 10))
        }
        world.run(until: .seconds(Double(count) * 10))
        #expect(world.accounting.isBalanced)
        #expect(world.accounting.inFlight == 0)
        var times = [Duration?](repeating: nil, count: count)
        for kept in world.reports where kept.node == 0 {
            guard case .operation(let token, .synced) = kept.report, let number = tokens[token]
            else { continue }
            times[number] = kept.time - Instant.seconds(Double(number) * 10)
        }
        return times
    }

    @Test func aFaultThatIsSwitchedOnLeavesTheLatenciesOfWhatGetsThrough() {
        let calm = pulls(LinkModel())
        #expect(calm.allSatisfy { $0 != nil })
        #expect(Set(calm).count > 50)
        #expect(pulls(LinkModel(duplication: 0.5)) == calm)
        #expect(pulls(LinkModel(bandwidth: Bandwidth(up: 1 << 40, down: 1 << 40))) != calm)
        let bursts = BurstLoss(enter: 0.1, leave: 0.3)
        for link in [
            LinkModel(loss: 0.2), LinkModel(bursts: bursts),
            LinkModel(loss: 0.1, bursts: bursts, duplication: 0.3),
        ] {
            let times = pulls(link)
            let lost = times.count { $0 == nil }
            #expect((5...40).contains(lost))
            for (time, before) in zip(times, calm) where time != nil { #expect(time == before) }
        }
    }

    @Test func lossesStayTheSameWhenOthersAreAdded() {
        let lossy = pulls(LinkModel(loss: 0.2)).map { $0 == nil }
        #expect(pulls(LinkModel(loss: 0.2, duplication: 0.5)).map { $0 == nil } == lossy)
        let late = Reordering(share: 0.3)
        #expect(pulls(LinkModel(loss: 0.2, reordering: late)).map { $0 == nil } == lossy)
        // More losses take in those of fewer.
        let more = pulls(LinkModel(loss: 0.4)).map { $0 == nil }
        #expect(zip(lossy, more).allSatisfy { !$0 || $1 })
    }

    @Test func someMessagesAreLateEnoughToBeOvertaken() {
        let calm = pulls(LinkModel())
        let late = Reordering(share: 0.2, delay: .constant(.milliseconds(300)))
        let delays = zip(pulls(LinkModel(reordering: late)), calm).map { pair in
            pair.0.flatMap { time in pair.1.map { time - $0 } }
        }
        let kinds: Set<Duration?> = [.zero, .milliseconds(300), .milliseconds(600)]
        #expect(Set(delays).isSubset(of: kinds))
        // Each pull has two messages: 0.36 of them are late.
        #expect((10...35).contains(delays.count { $0 != .zero }))
    }

    @Test func aRequestThatComesTwiceIsAnsweredTwiceAndChangesNothing() {
        var world = World.federation(5, link: LinkModel(duplication: 1))
        for number in 0..<20 {
            world.post("\(number)", at: number % 5, time: .seconds(Double(number) * 0.3))
        }
        world.run(until: .seconds(60)) { $0.hasOneRoot && $0.log(of: 0).count == 20 }
        #expect(world.hasOneRoot)
        #expect(world.traffic.lostMessages > 20)
        for node in 0..<5 {
            #expect(world.log(of: node).count == 20)
            #expect(world.log(of: node).equivocations.isEmpty)
            #expect(world.log(of: node).alarms.isEmpty)
        }
        world.run(until: .seconds(120))
        #expect(world.accounting.isBalanced)
    }

    @Test func lossesComeInBurstsOfTheLengthThatWasAskedFor() {
        let link = LinkModel(bursts: BurstLoss(enter: 0.02, leave: 0.2))
        var world = World.federation(2, isAutomatic: false, link: link)
        let way = Link(from: 0, to: 1)
        let losses = (1...50_000 as ClosedRange<UInt64>).map { number in
            world.isLost(on: way, Luck(1, way, number))
        }
        let lost = losses.count { $0 }
        let bursts = zip([false] + losses, losses).count { !$0 && $1 }
        // 0.02 / 0.22 of all, 5 at a time.
        #expect((4_000...5_100).contains(lost))
        #expect((4.5...5.5).contains(Double(lost) / Double(bursts)))
        // The other direction has a state of its own.
        #expect(world.illLinks.isSubset(of: [way]))
    }

    @Test(arguments: [false, true])
    func burstsDelayWhatLinksCarryAndLoseNothing(hasLinks: Bool) {
        let link = LinkModel(bursts: BurstLoss(enter: 0.05, leave: 0.3, loss: 0.8))
        var world = Simulation.federation(of: 6, hasLinks: hasLinks, link: link)
        for number in 0..<30 {
            world.post("\(number)", at: number % 6, time: world.now + .milliseconds(100))
        }
        world.run(until: world.now + .seconds(300)) { $0.hasOneRoot && $0.log(of: 0).count == 36 }
        #expect(world.hasOneRoot)
        #expect(world.log(of: 0).count == 36)
        #expect(world.accounting.isBalanced)
    }
}

@Suite(.timeLimit(.minutes(2)))
struct BandwidthTests {
    private static let body = String(repeating: "x", count: 20_000)
    /// Work of both nodes for a page of one event: to load, to verify, to store.
    private static let work = Duration.microseconds(200 + 60 + 2_000)

    /// Nodes 0 and 2 pull a large event from node 1.
    private func world(_ bandwidth: Bandwidth, readers: [Int]) -> Simulation {
        let link = LinkModel(
            latency: .constant(.milliseconds(10)), bandwidth: bandwidth, timeout: .seconds(60))
        var world = World.federation(3, isAutomatic: false, link: link)
        world.post(Self.body, at: 1, time: .zero)
        for reader in readers {
            world.schedule(
                .operate(world.nextToken(), .pull(world.id(of: 1), fromStart: true)), to: reader,
                at: .seconds(1))
        }
        world.goal = 1
        return world
    }

    private func micro(_ bytes: Int, _ pace: Int) -> Duration {
        .microseconds(Bandwidth.time(bytes, at: pace))
    }

    @Test func aMessageTakesAsLongAsItsBytes() throws {
        for bandwidth in [
            Bandwidth(up: 10_000), Bandwidth(down: 5_000), Bandwidth(up: 20_000, down: 7_000),
        ] {
            var world = world(bandwidth, readers: [0])
            world.run(until: .seconds(20))
            let request = try #require(world.links[Link(from: 0, to: 1)]).bytes
            let answer = try #require(world.links[Link(from: 1, to: 0)]).bytes
            var time = Duration.milliseconds(20) + Self.work
            for bytes in [request, answer] {
                time += micro(bytes, bandwidth.up) + micro(bytes, bandwidth.down)
            }
            #expect(world.reachedGoal[0] == Instant.seconds(1) + time)
        }
    }

    @Test func whatIsSentAtOnceWaitsInLine() throws {
        var world = world(Bandwidth(up: 10_000), readers: [0, 2])
        world.run(until: .seconds(20))
        let answer = try #require(world.links[Link(from: 1, to: 0)]).bytes
        let first = try #require(world.reachedGoal[0])
        let second = try #require(world.reachedGoal[2])
        #expect(second - first == micro(answer, 10_000))
        let line = world.traffic(of: 1)
        #expect(line.uplinkWait == micro(answer, 10_000))
        #expect(abs(line.uplinkHighWater - 2 * answer) <= 2)
        #expect(line.sentBytes == 2 * answer)
        #expect(world.traffic(of: 0).uplinkWait == .zero)
    }

    @Test func aNodeCanHaveALineOfItsOwn() throws {
        var world = world(.unbounded, readers: [0, 2])
        world.apply(.bandwidth(2, Bandwidth(down: 1_000)))
        world.run(until: .seconds(60))
        let answer = try #require(world.links[Link(from: 1, to: 2)]).bytes
        let first = try #require(world.reachedGoal[0])
        let second = try #require(world.reachedGoal[2])
        #expect(second - first == micro(answer, 1_000))
    }

    @Test func aNarrowLineHoldsNeighborsUpAndLosesNothing() {
        var world = Simulation.federation(of: 6, hasLinks: true)
        world.apply(.bandwidth(3, Bandwidth(up: 50_000, down: 50_000)))
        for number in 0..<100 {
            world.post(
                "\(number)" + String(repeating: "x", count: 2_000), at: number % 6,
                time: world.now + .milliseconds(Int64(number) * 20))
        }
        world.run(until: world.now + .seconds(2))
        #expect(world.log(of: 3).count < 90)
        #expect(world.accounting.inFlight > 0)
        world.run(until: world.now + .seconds(120)) { $0.hasOneRoot && $0.isQuiet }
        #expect(world.log(of: 3).count == 106)
        #expect(world.hasOneRoot)
        #expect(world.traffic(of: 3).uplinkHighWater > 0)
        #expect(world.accounting.isBalanced)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct LatencyTests {
    @Test func drawsFollowTheQuantiles() throws {
        let measured = try #require(
            LatencyDistribution([
                .init(0, .milliseconds(5)), .init(500_000, .milliseconds(10)),
                .init(900_000, .milliseconds(40)), .init(1_000_000, .milliseconds(400)),
            ]))
        var dice = Dice(seed: 1)
        let draws = (0..<100_000).map { _ in measured.draw(&dice) }.sorted()
        #expect(draws[0] >= 5_000)
        #expect(draws[99_999] <= 400_000)
        #expect((9_900...10_100).contains(draws[50_000]))
        #expect((7_400...7_600).contains(draws[25_000]))
        #expect((39_000...42_000).contains(draws[90_000]))
    }

    @Test func whatIsNoDistributionIsNone() {
        typealias Quantiles = [LatencyDistribution.Quantile]
        for quantiles: Quantiles in [
            [], [.init(0, .zero)], [.init(1, .zero), .init(1_000_000, .zero)],
            [.init(0, .zero), .init(999_999, .zero)],
            [.init(0, .seconds(2)), .init(1_000_000, .seconds(1))],
            [.init(0, .seconds(-1)), .init(1_000_000, .seconds(1))],
            [.init(0, .zero), .init(0, .zero), .init(1_000_000, .zero)],
        ] {
            #expect(LatencyDistribution(quantiles) == nil)
        }
    }

    @Test func nodesAreDealtToRegionsInProportion() throws {
        let regions = try #require(
            Regions(
                names: ["eu", "us", "ap"], shares: [3, 2, 1],
                table: [
                    [.milliseconds(5), .milliseconds(45), .milliseconds(110)],
                    [.milliseconds(45), .milliseconds(8), .milliseconds(80)],
                    [.milliseconds(110), .milliseconds(80), .milliseconds(15)],
                ]))
        let dealt = regions.regions(count: 60)
        #expect((0..<3).map { region in dealt.count { $0 == region } } == [30, 20, 10])
        #expect(regions.regions(count: 7) == Array(dealt.prefix(7)))
        var world = World.federation(12, link: LinkModel(regions: regions))
        #expect((0..<12).allSatisfy { world.region(of: $0) == regions.names[dealt[$0]] })
        for (from, to) in [(0, 0), (0, 1), (1, 2)] {
            let nodes = (
                try #require(dealt.firstIndex(of: from)), try #require(dealt.lastIndex(of: to))
            )
            let link = Link(from: nodes.0, to: nodes.1 % 12)
            guard dealt[link.to] == to else { continue }
            let expected = Int64(regions.latency(from: from, to: to))
            #expect(world.latency(of: link, Luck(1, link, 1)) == expected)
        }
        world.post("across the world", at: 0, time: .seconds(1))
        world.goal = 1
        world.run(until: .seconds(20)) { $0.reachedGoal.allSatisfy { $0 != nil } }
        let isEverywhere = world.hasOneRoot
        #expect(isEverywhere)
    }

    @Test func aSlowPairStaysSlowInAnotherNetwork() {
        let link = LinkModel(isConstant: true)
        var world = World.federation(10, link: link)
        let ways = (1..<10).map { Link(from: 0, to: $0) }
        let before = ways.map { world.latency(of: $0, Luck(1, $0, 1)) }
        #expect(before == ways.map { world.latency(of: $0, Luck(1, $0, 2)) })
        var slower = link
        slower.latency = .uniform(.milliseconds(100)...(.milliseconds(500)))
        world.apply(.network(slower))
        let after = ways.map { world.latency(of: $0, Luck(1, $0, 1)) }
        #expect(after.allSatisfy { $0 >= 100_000 })
        let places = Array(ways.indices)
        #expect(
            places.sorted { before[$0] < before[$1] } == places.sorted { after[$0] < after[$1] })
    }
}
