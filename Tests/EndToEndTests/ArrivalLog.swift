import FederationAPI
import Foundation
import Synchronization

/// When a node's events were made and when somebody saw them who follows its log: from end to end,
/// with what it takes to store and show them.
final class ArrivalLog: Sendable {
    struct Arrival {
        var origin: String
        /// Microseconds since 1970, as are all times here.
        var made: UInt64
        var seen: UInt64
        /// Whether it was made by the node whose log was followed: no other one had a part in it.
        var isLocal = false
    }

    private let arrivals = Mutex<[Arrival]>([])

    /// A time for `delays`.
    static var now: UInt64 { UInt64(Date().timeIntervalSince1970 * 1_000_000) }

    /// Follows the log of `node` until the task is cancelled.
    func follow(_ socket: SocketClient, of node: String) async throws(SocketError) {
        try await socket.watch(since: nil) { page in
            let now = Self.now
            let come = page.events.map {
                Arrival(
                    origin: $0.origin, made: $0.time.physical, seen: now,
                    isLocal: $0.origin == node)
            }
            self.note(come)
            return !Task.isCancelled
        }
    }

    func note(_ come: [Arrival]) { arrivals.withLock { $0 += come } }

    /// How long events took that were made in `window` by others than `origins`: from node to node,
    /// or at the node that made them.
    func delays(
        in window: Range<UInt64>, without origins: Set<String> = [], local: Bool = false
    ) -> Delays {
        let all = arrivals.withLock { $0 }
        let chosen = all.filter {
            $0.isLocal == local && window.contains($0.made) && !origins.contains($0.origin)
        }
        return Delays(chosen.map { Double(max($0.seen, $0.made) - $0.made) / 1000 })
    }

    /// p99 of each slice of `window` that is `width` microseconds wide: whether something was slow
    /// at once or all the time.
    func slices(
        of width: UInt64, in window: Range<UInt64>, without origins: Set<String> = [],
        local: Bool = false
    ) -> [Double] {
        stride(from: window.lowerBound, through: window.upperBound - width, by: Int(width)).map {
            delays(in: $0..<$0 + width, without: origins, local: local).quantile(0.99)
        }
    }
}

/// Whether others are delayed while something stands still: p99 of time slices as wide as each
/// other, of which the median is taken, so that a second in which the machine had other work
/// decides nothing. Where it had other work for longer, events were slow at their own node too.
struct DelayComparison: CustomStringConvertible {
    let calm: [Double]
    let troubled: [Double]
    /// The same of events at the nodes that made them.
    var localCalm: [Double] = []
    var localTroubled: [Double] = []

    private static func median(_ values: [Double]) -> Double { Delays(values).quantile(0.5) }

    var ratio: Double { Self.median(troubled) / max(Self.median(calm), 0.001) }
    /// By how much the machine alone was slower. No more than doubled: a node that waits for
    /// another one is slow at home as well, but by much more.
    var machine: Double {
        let ratio = Self.median(localTroubled) / max(Self.median(localCalm), 0.001)
        return localCalm.isEmpty ? 1 : min(max(ratio, 1), 2)
    }
    /// In milliseconds.
    var difference: Double { Self.median(troubled) - Self.median(calm) }

    /// Within 10 %, or so few milliseconds more that the machine's own noise is as large.
    func isEqual(within noise: Double) -> Bool {
        calm.count >= 5 && troubled.count >= 5 && (ratio <= 1.1 * machine || difference <= noise)
    }

    var description: String {
        func list(_ values: [Double]) -> String {
            values.map { String(format: "%.0f", $0) }.joined(separator: " ")
        }
        return String(
            format: "p99 by slices, ms: calm %@; troubled %@; medians %.0f and %.0f, ratio %.2f; "
                + "at their own nodes medians %.0f and %.0f",
            list(calm), list(troubled), Self.median(calm), Self.median(troubled), ratio,
            Self.median(localCalm), Self.median(localTroubled))
    }
}

/// Milliseconds, ascending.
struct Delays: CustomStringConvertible {
    let milliseconds: [Double]

    init(_ milliseconds: [Double]) { self.milliseconds = milliseconds.sorted() }

    /// 0 where there are none.
    func quantile(_ part: Double) -> Double {
        guard !milliseconds.isEmpty else { return 0 }
        let place = Int((part * Double(milliseconds.count)).rounded(.up)) - 1
        return milliseconds[min(max(place, 0), milliseconds.count - 1)]
    }

    var description: String {
        String(
            format: "p50 %.0f ms, p99 %.0f ms, max %.0f ms of %d", quantile(0.5), quantile(0.99),
            quantile(1), milliseconds.count)
    }
}
