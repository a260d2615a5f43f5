import FederationAPI
import Testing

@testable import node

/// What `federate gossip status` prints of a view.
@Suite(.timeLimit(.minutes(1)))
struct GossipTextTests {
    private func neighbor(_ digit: Character, isDegraded: Bool) -> GossipView.Neighbor {
        GossipView.Neighbor(
            node: String(repeating: digit, count: 64), label: "node \(digit)", isOutbound: true,
            isDegraded: isDegraded, roundTripMilliseconds: 1.25, queuedBytes: isDegraded ? 7000 : 0,
            sentBytes: 120, receivedBytes: 340, delivered: 12, duplicates: 3, eagerOrigins: 4,
            lazyOrigins: 8, parentOf: 5, overflows: isDegraded ? 2 : 0)
    }

    private func view(passive: Int = 0) -> GossipView {
        let ending = GossipView.Ending(
            node: String(repeating: "c", count: 64), label: "node c", isOutbound: false,
            endedBy: "here", cause: "silent", secondsAgo: 9)
        var broken = ending
        broken.endedBy = "nobody"
        broken.cause = nil
        return GossipView(
            mode: "auto", isOn: true, target: 6,
            neighbors: [neighbor("a", isDegraded: false), neighbor("b", isDegraded: true)],
            passive: (0..<passive).map { String(repeating: "\($0 % 10)", count: 64) }, visits: 1,
            origins: 12, missing: 0, delivered: 24, duplicates: 6,
            latencyMilliseconds: .init(p50: 12, p99: 40, count: 24),
            hops: .init(mean: 1.5, max: 3), grafts: 1, prunes: 2, overflows: 2, brokenPromises: 0,
            unserved: 9,
            endings: .init(
                here: ["silent": 1, "full": 2], there: ["shutdown": 3], broken: 4, failedDials: 5,
                last: [ending, broken]),
            bytesByKind: ["event": 100, "announce": 20])
    }

    @Test func viewsTreesQueuesAndCausesAreThere() {
        #expect(
            view(passive: 1).lines == [
                "gossip     auto, on: 2 neighbors of 6 aimed at, 1 peers in reserve",
                "neighbor   aaaaaaaaaa  node a  dialled  1.2 ms  hands us 5 origins, is sent 4, "
                    + "is told of 8  12 new, 3 duplicates",
                "           sent 120 bytes, received 340",
                "neighbor   bbbbbbbbbb  node b  dialled  1.2 ms  hands us 5 origins, is sent 4, "
                    + "is told of 8  12 new, 3 duplicates  "
                    + "DEGRADED: reads too slowly, is only told",
                "           sent 120 bytes, received 340, 7000 bytes waiting, 2 full queues",
                "reserve    0000000000",
                "trees      of 12 origins; 0 events announced and missing",
                "events     24 new, 6 duplicates (0.250 for each new one)",
                "latency    p50 12 ms, p99 40 ms, by the clocks of origin and node",
                "hops       1.5 on average, 3 at most",
                "repairs    1 grafts, 2 prunes, 0 broken promises",
                "queues     2 were full, 1 links degraded now; 9 events asked for beyond a share",
                "visits     1 now",
                "sent       announce 20, event 100 bytes",
                "ended      by this node: 2 full, 1 silent; by others: 3 shutdown; "
                    + "4 broke off, 5 dials failed",
                "           cccccccccc  node c  dialled us  silent, by this node  9 s ago",
                "           cccccccccc  node c  dialled us  broke off  9 s ago",
            ])
    }

    @Test func aLongReserveIsNamedInRowsTheLastAliveFirst() {
        let rows = view(passive: 20).lines.filter { $0.contains("0000000000") }
        #expect(rows.count == 2)
        let first = view(passive: 20).lines.first { $0.hasPrefix("reserve") }
        #expect(first?.split(separator: " ").count == 9)
        #expect(first?.split(separator: " ")[1] == "9999999999")
    }
}
