import FederationAPI
import Foundation

/// What `federate gossip status` prints.
extension GossipView {
    /// How things stand, in a line.
    var headline: String {
        "gossip     \(mode)\(isOn ? ", on" : ", resting"): \(neighbors.count) neighbors of "
            + "\(target) aimed at, \(passive.count) peers in reserve"
    }

    /// All of it.
    var lines: [String] {
        [headline] + neighbors.flatMap(\.lines) + reserveLines + treeLines + linkLines
    }

    private var reserveLines: [String] {
        let names = passive.reversed().map { String($0.prefix(10)) }
        let rows = stride(from: 0, to: names.count, by: 8).map { start in
            names[start..<min(start + 8, names.count)].joined(separator: " ")
        }
        return rows.enumerated().map { ($0 == 0 ? "reserve    " : "           ") + $1 }
    }

    private var treeLines: [String] {
        var lines = ["trees      of \(origins) origins; \(missing) events announced and missing"]
        let ratio = String(format: "%.3f", duplicatesRatio)
        lines.append(
            "events     \(delivered) new, \(duplicates) duplicates (\(ratio) for each new one)")
        if let p50 = latencyMilliseconds.p50, let p99 = latencyMilliseconds.p99 {
            lines.append(
                String(
                    format: "latency    p50 %.0f ms, p99 %.0f ms, by the clocks of origin and node",
                    p50, p99))
        }
        lines.append(
            String(format: "hops       %.1f on average, %d at most", hops.mean, hops.max))
        lines.append(
            "repairs    \(grafts) grafts, \(prunes) prunes, \(brokenPromises) broken promises")
        return lines
    }

    private var linkLines: [String] {
        let degraded = neighbors.count(where: \.isDegraded)
        let kinds = bytesByKind.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return [
            "queues     \(overflows) were full, \(degraded) links degraded now; \(unserved) events "
                + "asked for beyond a share",
            "visits     \(visits) now",
            "sent       \(kinds.joined(separator: ", ")) bytes",
        ] + endings.lines
    }
}

extension GossipView.Neighbor {
    fileprivate var lines: [String] {
        var parts = [String(node.prefix(10)), label]
        parts.append(isOutbound ? "dialled" : "dialled us")
        if let time = roundTripMilliseconds { parts.append(String(format: "%.1f ms", time)) }
        parts.append(
            "hands us \(parentOf) origins, is sent \(eagerOrigins), is told of \(lazyOrigins)")
        parts.append("\(delivered) new, \(duplicates) duplicates")
        if isDegraded { parts.append("DEGRADED: reads too slowly, is only told") }
        var carried = "           sent \(sentBytes) bytes, received \(receivedBytes)"
        let rest = [
            (queuedBytes, "bytes waiting"), (overflows, "full queues"),
            (unserved, "events asked for beyond its share"), (brokenPromises, "broken promises"),
        ]
        for (count, what) in rest where count > 0 { carried += ", \(count) \(what)" }
        return ["neighbor   " + parts.filter { !$0.isEmpty }.joined(separator: "  "), carried]
    }
}

extension GossipView.Endings {
    fileprivate var lines: [String] {
        var parts: [String] = []
        if !here.isEmpty { parts.append("by this node: \(Self.text(here))") }
        if !there.isEmpty { parts.append("by others: \(Self.text(there))") }
        parts.append("\(broken) broke off, \(failedDials) dials failed")
        return ["ended      " + parts.joined(separator: "; ")] + last.map(\.line)
    }

    private static func text(_ counts: [String: Int]) -> String {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
}

extension GossipView.Ending {
    fileprivate var line: String {
        let end =
            switch (cause, endedBy) {
            case (let cause?, "here"): "\(cause), by this node"
            case (let cause?, _): "\(cause), by it"
            case (nil, _): "broke off"
            }
        let parts = [String(node.prefix(10)), label, isOutbound ? "dialled" : "dialled us", end]
        return "           " + parts.filter { !$0.isEmpty }.joined(separator: "  ")
            + "  \(secondsAgo) s ago"
    }
}
