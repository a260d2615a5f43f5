import Core
import Federation
import Gossip

/// Sums over all nodes at one moment.
struct Sums {
    var tally = LinkTally()
    var received: UInt64 = 0
    var bytes = 0
    var linkBytes = 0
    var eventBytes = 0
    var messages = 0
    var rounds = 0
    var kinds: [Int]

    init(_ simulation: Simulation) {
        for node in simulation.nodes {
            tally += node.past
            received += node.pastReceived
            tally += node.engine?.gossip.tally ?? LinkTally()
            received += node.engine?.receivedEvents ?? 0
        }
        let traffic = simulation.traffic
        bytes = traffic.bytes
        linkBytes = traffic.linkBytes
        messages = traffic.messages
        rounds = traffic.roundTrips
        eventBytes = traffic.eventBytes
        kinds = Frame.Kind.allCases.map(tally.sentBytes)
    }

    static func - (a: Sums, b: Sums) -> Sums {
        var difference = a
        difference.received -= b.received
        difference.bytes -= b.bytes
        difference.linkBytes -= b.linkBytes
        difference.messages -= b.messages
        difference.rounds -= b.rounds
        difference.eventBytes -= b.eventBytes
        difference.kinds = zip(a.kinds, b.kinds).map { $0 - $1 }
        difference.tally.duplicates -= b.tally.duplicates
        difference.tally.delivered -= b.tally.delivered
        return difference
    }
}

/// What one method did with a gossip scenario.
public struct SpreadReport: Hashable, Sendable {
    public let method: SpreadMethod
    /// Events that arrived, for each that was new, minus one (relative message redundancy, as in
    /// the Plumtree paper).
    public let rmr: Double
    public let p50: Duration
    public let p99: Duration
    public let max: Duration
    /// How often an event was passed on on its longest way; 0 where nothing is passed on.
    public let lastHopMean: Double
    public let lastHopMax: Int
    /// Part of all events that was at each node that is up, 15 s after the last event or the end of
    /// the fault.
    public let deliveredFraction: Double
    /// When all had all after that; nil where they never had.
    public let settled: Duration?
    /// Bytes put on the wire for each event that was new somewhere; HTTP and TLS are not in them.
    public let bytesPerDelivery: Double
    /// The encoded size of an event, on average.
    public let eventBytes: Double
    /// By kind of frame, as nodes composed them; what was composed for a link that broke at that
    /// moment is in its kind and in no other sum. "http" is what went as requests and answers.
    public let bytesByKind: [(name: String, bytes: Int)]
    public let deliveries: Int
    /// Requests, answers, pages and chunks of links that were put on the wire.
    public let messages: Int
    /// Requests that were answered in time; what links carry counts none.
    public let rounds: Int
    public let traceHash: String
    public var wallTime: Duration?

    /// `sums` and `deliveries` are of one moment.
    init(
        _ method: SpreadMethod, _ simulation: Simulation, _ sums: Sums,
        _ deliveries: Deliveries?, fraction: Double, settled: Duration?
    ) {
        self.method = method
        let sorted = (deliveries?.latencies ?? []).sorted()
        func quantile(_ part: Double) -> Duration {
            sorted.isEmpty ? .zero : sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))]
        }
        p50 = quantile(0.5)
        p99 = quantile(0.99)
        max = sorted.last ?? .zero
        let count = sorted.count
        self.deliveries = count
        let payloads = Int(sums.received) + sums.tally.duplicates
        rmr = count == 0 ? 0 : Double(payloads) / Double(count) - 1
        let hops = (deliveries?.lines.values.map(\.lastHop) ?? [])
        lastHopMax = hops.max() ?? 0
        lastHopMean = hops.isEmpty ? 0 : Double(hops.reduce(0, +)) / Double(hops.count)
        deliveredFraction = fraction
        self.settled = settled
        bytesPerDelivery = count == 0 ? 0 : Double(sums.bytes) / Double(count)
        let sizes = simulation.log(of: 0).entries.suffix(50).map(\.event.encodedSize)
        eventBytes = sizes.isEmpty ? 0 : Double(sizes.reduce(0, +)) / Double(sizes.count)
        bytesByKind =
            zip(Frame.Kind.allCases, sums.kinds).map { ($0.name, $1) }
            + [("http", sums.bytes - sums.linkBytes)]
        messages = sums.messages
        rounds = sums.rounds
        traceHash = simulation.traceHash.hex
    }

    public static func == (a: Self, b: Self) -> Bool { a.traceHash == b.traceHash }
    public func hash(into hasher: inout Hasher) { hasher.combine(traceHash) }
}

extension SpreadReport {
    /// The fields that every run has.
    func write(to json: inout JSONWriter) {
        func milliseconds(_ duration: Duration) -> String {
            Text.decimal(duration.microseconds / 100, places: 1)
        }
        json.field("rmr", number: Text.fixed(rmr, 4))
        json.object("latencyMilliseconds") { json in
            json.field("p50", number: milliseconds(p50))
            json.field("p99", number: milliseconds(p99))
            json.field("max", number: milliseconds(max))
        }
        json.object("lastHop") { json in
            json.field("mean", number: Text.fixed(lastHopMean, 2))
            json.field("max", lastHopMax)
        }
        json.field("deliveredFraction", number: Text.fixed(deliveredFraction, 6))
        json.field("settledSeconds", number: settled.map { Text.seconds($0, places: 3) })
        json.field("messages", messages)
        json.field("rounds", rounds)
        json.field("bytesPerDelivery", number: Text.fixed(bytesPerDelivery, 1))
        json.field("eventBytes", number: Text.fixed(eventBytes, 1))
        json.object("bytesByKind") { json in
            for kind in bytesByKind { json.field(kind.name, kind.bytes) }
        }
    }
}
