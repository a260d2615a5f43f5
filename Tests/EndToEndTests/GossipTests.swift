import FederationAPI
import Foundation
import Testing

/// Gossip between real processes on loopback, with what operators and machines do to them.
@Suite(.timeLimit(.minutes(15)), .serialized)
struct GossipTests {
    /// What `FEDERATE_GOSSIP_EVENTS` says; the full test has 10,000.
    private static let events =
        ProcessInfo.processInfo.environment["FEDERATE_GOSSIP_EVENTS"].flatMap { Int($0) } ?? 2000
    /// How long a node stands still.
    private static let stop: Duration = .seconds(events > 2000 ? 30 : 10)

    /// The times of what was done to the nodes, for `ArrivalLog`.
    private struct Course {
        var calm: Range<UInt64>
        /// One stands still, all others run.
        var stopped: Range<UInt64>
        /// From the kills, while that one still stands, until all were back.
        var killed: Range<UInt64>
    }

    @Test func twelveNodesStayEqualThroughKillsAndAStop() async throws {
        let fleet = try await Fleet(of: 12, view: 4)
        let nodes = fleet.nodes
        try await fleet.waitForNeighbors(2)
        print("12 nodes, \(Self.events) events (FEDERATE_GOSSIP_EVENTS), a stop of \(Self.stop)")
        let share = Self.events / nodes.count + 1
        let posters = nodes.map { Poster(to: $0, each: Self.stop * 3 / share) }
        let log = ArrivalLog()
        // Followers cost what they measure, so there are few; nothing is done to these nodes.
        let followers = try [nodes[0], nodes[3], nodes[6]].map { node in
            let id = try node.node()
            return Task { [socket = node.socket] in try await log.follow(socket, of: id) }
        }
        defer { for follower in followers { follower.cancel() } }
        let course = try await withThrowingTaskGroup(of: Void.self) { group in
            for poster in posters { group.addTask { try await poster.run() } }
            // On a slow machine the trouble may take longer than the posts: they go on until then.
            let course = try await trouble(fleet, stopped: nodes[1], killed: [nodes[5], nodes[9]])
            for poster in posters { poster.end(after: share) }
            try await group.waitForAll()
            return course
        }
        let end = ContinuousClock.now
        try await fleet.waitUntilAllEqual()
        print("all equal \(ContinuousClock.now - end) after the last post")
        try expectAllHeld(posters, fleet)
        try report(log, course, stopped: nodes[1].node(), killed: [nodes[5], nodes[9]])
        // Also those that were killed find their place again.
        try await fleet.waitForNeighbors(2)
        print("2 neighbors or more at each \(ContinuousClock.now - end) after the last post")
        try expectFewDuplicates(fleet)
    }

    /// Stops one node for a while, kills others meanwhile, and starts them again.
    private func trouble(
        _ fleet: Fleet, stopped: NodeUnderTest, killed: [NodeUnderTest]
    ) async throws -> Course {
        // The first events of each origin go to all neighbors: no tree is known yet.
        try await goOn(fleet.nodes[0])
        let start = ArrivalLog.now
        try await Task.sleep(for: Self.stop)  // as long as the stop, to compare both
        let stopping = ArrivalLog.now
        try show("before the stop", fleet.nodes)
        stopped.suspend()
        let stop = ArrivalLog.now
        // How long it stands still is what is tested.
        try await Task.sleep(for: Self.stop * 2 / 3)
        let kill = ArrivalLog.now
        for node in killed { node.kill() }
        try await Task.sleep(for: Self.stop / 3)  // the rest of the stop
        let others = fleet.nodes.filter { node in
            !([stopped] + killed).contains { $0 === node }
        }
        try show("at the end of the stop", others)
        stopped.resume()
        try await goOn(fleet.nodes[0])
        for node in killed { try await node.start() }
        return Course(calm: start..<stopping, stopped: stop..<kill, killed: kill..<ArrivalLog.now)
    }

    /// Waits until a node has a twentieth of all events more than now.
    private func goOn(_ node: NodeUnderTest) async throws {
        let count = try await node.status().eventCount
        try await eventually("further events come", within: .seconds(90)) {
            let now = try await node.status().eventCount
            return now > count + UInt64(Self.events / 20) ? true : nil
        }
    }

    /// Every acknowledged event is on every node, and each chain is whole.
    private func expectAllHeld(_ posters: [Poster], _ fleet: Fleet) throws {
        let posted = posters.map(\.posted)
        let acknowledged = Set(posted.flatMap(\.ids))
        #expect(acknowledged.count == posted.reduce(0) { $0 + $1.ids.count })
        for node in fleet.nodes {
            let held = try node.held()
            #expect(acknowledged.subtracting(held.map(\.id)).isEmpty)
            for (_, chain) in Dictionary(grouping: held, by: \.origin) {
                #expect(chain.map(\.sequence).sorted() == Array(1...UInt64(chain.count)))
            }
        }
        let unanswered = posted.reduce(0) { $0 + $1.unanswered }
        print("\(acknowledged.count) acknowledged, \(unanswered) posts without an answer")
    }

    /// Others' events must come as soon while one node stands still as while all run.
    private func report(
        _ log: ArrivalLog, _ course: Course, stopped: String, killed: [NodeUnderTest]
    ) throws {
        let troubled = try Set([stopped] + killed.map { try $0.node() })
        print("seen by followers: \(log.delays(in: course.calm))")
        print("  with a stopped node: \(log.delays(in: course.stopped, without: [stopped]))")
        print(
            "  with two killed too, until all were back, of the others: "
                + "\(log.delays(in: course.killed, without: troubled))")
        let width = UInt64(Self.stop.components.seconds) * 1_000_000 / 15
        // As late as possible and as many: nodes that have just started are slower.
        func calm(local: Bool) -> [Double] {
            log.slices(of: width, in: course.calm, local: local).suffix(10)
        }
        let comparison = DelayComparison(
            calm: calm(local: false),
            troubled: log.slices(of: width, in: course.stopped, without: [stopped]),
            localCalm: calm(local: true),
            localTroubled: log.slices(of: width, in: course.stopped, local: true))
        print("  \(comparison)")
        #expect(
            log.delays(in: course.stopped, without: [stopped]).milliseconds.count
                > Self.events / 20)
        // The short test shares the machine with others; whoever waited for the stopped node would
        // wait for seconds.
        #expect(comparison.isEqual(within: Self.events > 2000 ? 50 : 500), "\(comparison)")
    }

    private func expectFewDuplicates(_ fleet: Fleet) throws {
        let views = try show("at the end", fleet.nodes)
        let delivered = views.reduce(0) { $0 + $1.delivered }
        let duplicates = views.reduce(0) { $0 + $1.duplicates }
        // Else gossip carried nothing, and few duplicates prove nothing.
        #expect(delivered > Self.events * fleet.nodes.count / 2)
        #expect(Double(duplicates) < 0.6 * Double(delivered))
        #expect(views.allSatisfy { $0.isOn })
    }

    /// Prints what the nodes say of themselves, since each was started.
    @discardableResult
    private func show(_ when: String, _ nodes: [NodeUnderTest]) throws -> [GossipView] {
        let views = try nodes.map { try $0.gossip() }
        let delivered = views.reduce(0) { $0 + $1.delivered }
        let duplicates = views.reduce(0) { $0 + $1.duplicates }
        let p50 = Delays(views.compactMap(\.latencyMilliseconds.p50))
        let p99 = Delays(views.compactMap(\.latencyMilliseconds.p99))
        let neighbors = views.map { "\($0.neighbors.count)" }.joined(separator: " ")
        let ratio = Double(duplicates) / Double(max(delivered, 1))
        print(
            String(
                format: "%@: %d delivered, %d duplicates (%.3f), p50 %.0f ms (worst node %.0f), "
                    + "p99 %.0f ms (worst node %.0f), neighbors %@, grafts %d, overflows %d",
                when, delivered, duplicates, ratio, p50.quantile(0.5), p50.quantile(1),
                p99.quantile(0.5), p99.quantile(1), neighbors,
                views.reduce(0) { $0 + $1.grafts }, views.reduce(0) { $0 + $1.overflows }))
        return views
    }
}
