import FederationAPI
import Foundation
import Testing

/// Gossip switched while events come.
extension GossipTests {
    @Test func turningGossipOffAndOnLosesNothing() async throws {
        let fleet = try await Fleet(of: 4, view: 4)
        let (switched, other) = (fleet.nodes[0], fleet.nodes[1])
        try await fleet.waitForNeighbors(2)
        let before = try await fleet.waitUntilAllEqual()
        let posters = fleet.nodes.map { Poster(to: $0, each: .milliseconds(40)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for poster in posters { group.addTask { try await poster.run() } }
            defer { for poster in posters { poster.end() } }
            try await expectExchange(switched, other)
            try await turn(switched, "off")
            #expect(try other.gossip().isOn)
            try await expectExchange(switched, other)
            try await turn(switched, "on")
            try await eventually("it has neighbors again", within: .seconds(90)) {
                try switched.gossip().neighbors.count >= 2 ? true : nil
            }
            try await expectExchange(switched, other)
            for poster in posters { poster.end() }
            try await group.waitForAll()
        }
        let after = try await fleet.waitUntilAllEqual()
        try expectNothingElse(posters, fleet, before: before.eventCount, after: after.eventCount)
    }

    private func turn(_ node: NodeUnderTest, _ mode: String) async throws {
        let result = try node.run(["gossip", mode])
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 1, "\(result.output)")
        let view = try await eventually("gossip is \(mode)") {
            let view = try node.gossip()
            return view.mode == mode && (mode == "on" || view.neighbors.isEmpty) ? view : nil
        }
        #expect(view.isOn == (mode == "on"))
    }

    /// An event of each comes to the other, and so do others that are posted meanwhile.
    private func expectExchange(_ a: NodeUnderTest, _ b: NodeUnderTest) async throws {
        for (from, to) in [(a, b), (b, a)] {
            let receipts: [PostReceipt] = try await from.socket.send(
                "POST", "/api/federation/events", body: [PostDraft(kind: "probe", body: "probe")])
            let id = try #require(receipts.first?.id)
            try await eventually("an event of one comes to the other") {
                let view: ExplainView = try await to.socket.get("/api/federation/explain/\(id)")
                return view.state == "stored" ? true : nil
            }
        }
        for node in [a, b] {
            let count = try await node.status().eventCount
            try await eventually("further events come") {
                try await node.status().eventCount > count + 40 ? true : nil
            }
        }
    }

    /// Each node holds what was acknowledged and what was there, once, and nothing else.
    private func expectNothingElse(
        _ posters: [Poster], _ fleet: Fleet, before: UInt64, after: UInt64
    ) throws {
        let acknowledged = posters.flatMap(\.posted.ids)
        #expect(posters.allSatisfy { $0.posted.unanswered == 0 && $0.posted.ids.count > 30 })
        // Six probes: three times there and back.
        #expect(after == before + UInt64(acknowledged.count) + 6)
        for node in fleet.nodes {
            let held = try node.held()
            #expect(
                held.filter { $0.kind == "message.post" }.map(\.id).sorted()
                    == acknowledged.sorted())
            for (_, chain) in Dictionary(grouping: held, by: \.origin) {
                #expect(chain.map(\.sequence).sorted() == Array(1...UInt64(chain.count)))
            }
        }
        print("\(acknowledged.count) events posted while gossip went off and on")
    }
}
