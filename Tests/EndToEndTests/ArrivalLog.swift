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
    }

    private let arrivals = Mutex<[Arrival]>([])

    /// A time for `delays`.
    static var now: UInt64 { UInt64(Date().timeIntervalSince1970 * 1_000_000) }

    /// Follows a node until the task is cancelled.
    func follow(_ socket: SocketClient) async throws(SocketError) {
        try await socket.watch(since: nil) { page in
            let now = Self.now
            let come = page.events.map {
                Arrival(origin: $0.origin, made: $0.time.physical, seen: now)
            }
            self.arrivals.withLock { $0 += come }
            return !Task.isCancelled
        }
    }

    /// How long events took that were made in `window` by others than `origin`.
    func delays(in window: Range<UInt64>, without origin: String? = nil) -> Delays {
        let all = arrivals.withLock { $0 }
        return Delays(
            all.filter { window.contains($0.made) && $0.origin != origin }
                .map { Double(max($0.seen, $0.made) - $0.made) / 1000 })
    }

    /// p99 by tenths of `window`: whether something was slow at once or all the time.
    func course(in window: Range<UInt64>, without origin: String? = nil) -> String {
        let part = UInt64(window.count) / 10
        let quantiles = (0..<10 as Range<UInt64>).map { number in
            let start = window.lowerBound + number * part
            return delays(in: start..<start + part, without: origin).quantile(0.99)
        }
        return "p99 by tenths "
            + quantiles.map { String(format: "%.0f", $0) }.joined(separator: " ")
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
