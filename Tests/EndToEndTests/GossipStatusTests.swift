import FederationAPI
import Foundation
import Testing

/// What a node says of gossip: the same wherever it is asked, and what an operator must see.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct GossipStatusTests {
    @Test func statusAndGossipStatusSayTheSame() async throws {
        let fleet = try await Fleet(of: 4, view: 4)
        try await fleet.waitForNeighbors(3)
        for node in fleet.nodes { try await post(10, of: 100, to: node) }
        try await fleet.waitUntilAllEqual()
        for node in fleet.nodes {
            let view = try await expectTheSame(node)
            #expect(view.isOn)
            #expect(view.neighbors.count == 3)
            #expect(view.origins == 4)
            for neighbor in view.neighbors {
                #expect(neighbor.eagerOrigins + neighbor.lazyOrigins == view.origins)
            }
            // Each other origin's events come from somebody.
            #expect(view.neighbors.reduce(0) { $0 + $1.parentOf } == 3)
            #expect(view.delivered > 0 && view.hops.mean >= 1 && view.hops.max >= 1)
            let lines = try node.run(["gossip", "status"]).output.split(separator: "\n")
            for neighbor in view.neighbors {
                #expect(lines.contains { $0.hasPrefix("neighbor   \(neighbor.node.prefix(10))") })
            }
            #expect(lines.contains { $0.hasPrefix("trees      of 4 origins") })
            #expect(lines.contains { $0.hasPrefix("ended      ") })
        }
    }

    @Test func aNeighborThatReadsNothingIsShownAsDegradedAndThenWhyItsLinkEnded() async throws {
        // So that large events are pushed, which fill a queue before the link is given up.
        let fleet = try await Fleet(of: 2, view: 2, settings: ["eager_bytes = 131072"])
        let (watching, stopped) = (fleet.nodes[0], fleet.nodes[1])
        try await fleet.waitForNeighbors(1)
        let calm = try await expectTheSame(watching)
        #expect(calm.neighbors.map(\.isDegraded) == [false])
        #expect(calm.overflows == 0)
        let node = try stopped.node()
        stopped.suspend()
        // Less than a queue holds at once, until the kernel's buffers are full; within the 9 s of a
        // silent link.
        var degraded: GossipView.Neighbor?
        for _ in 0..<40 where degraded == nil {
            try await post(10, of: 60_000, to: watching)
            degraded = try await watching.status().gossip?.neighbors.first { $0.isDegraded }
        }
        #expect(degraded?.overflows ?? 0 > 0)
        #expect(degraded?.queuedBytes ?? 0 > 0)
        let text = try watching.run(["gossip", "status"]).output
        #expect(text.contains("DEGRADED"), "\(text)")
        #expect(text.contains("1 links degraded now"), "\(text)")
        let ending = try await eventually("the link is given up, and why is said") {
            try await watching.status().gossip?.endings.last.first { $0.cause == "silent" }
        }
        #expect(ending.node == node)
        #expect(ending.endedBy == "here")
        stopped.resume()
        try await fleet.waitUntilAllEqual()
        let after = try await expectTheSame(watching)
        #expect(after.overflows > 0)
        #expect(after.endings.here["silent"] ?? 0 > 0)
        let shown = try watching.run(["gossip", "status"]).output
        #expect(shown.contains("silent, by this node"), "\(shown)")
    }

    /// `/status` and `gossip status --json` between two moments at which nothing has changed.
    private func expectTheSame(_ node: NodeUnderTest) async throws -> GossipView {
        let (whole, part) = try await eventually("nothing changes for a moment") {
            let before = try await node.status().gossip
            let shown = try node.gossip()
            let after = try await node.status().gossip
            return before == after ? before.map { ($0, shown) } : nil
        }
        #expect(whole == part)
        return part
    }

    private func post(_ count: Int, of bytes: Int, to node: NodeUnderTest) async throws {
        let drafts = (0..<count).map {
            PostDraft(body: "\($0) \(String(repeating: "x", count: bytes))")
        }
        let _: [PostReceipt] = try await node.socket.send(
            "POST", "/api/federation/events", body: drafts)
    }
}
