import Core
import Federation

/// How much `Simulation.record` keeps.
public struct RecordOptions: Hashable, Sendable {
    /// First distance of two samples; it doubles whenever there are too many.
    public var every: Duration
    /// Samples at most, at least 8.
    public var samples: Int
    /// Events whose way is kept.
    public var spreads: Int

    public init(every: Duration = .milliseconds(5), samples: Int = 160, spreads: Int = 10) {
        self.every = every
        self.samples = max(8, samples)
        self.spreads = spreads
    }

    /// What fits for so many nodes: both kinds have an entry for each of them.
    init(nodes: Int) {
        self.init(
            samples: max(40, min(160, 8_000 / max(1, nodes))),
            spreads: max(2, min(10, 1_000 / max(1, nodes))))
    }
}

/// What a simulation notes for its record while it runs.
struct Recorder: Sendable {
    /// Changes of neighbors that are kept: about a day of a thousand nodes at rest.
    private static let changes = 20_000

    let options: RecordOptions
    let start: Instant
    /// What had been before.
    var bytesBefore = ByteSums()
    var figuresBefore: [RunRecord.NodeFigures] = []
    var trafficBefore = Traffic()
    var happeningsBefore = 0
    var faultsBefore = 0
    var registered: [[Int]] = []

    private(set) var samples: [RunRecord.Sample] = []
    /// When the next one is due.
    private(set) var sampleAt: Instant
    private var every: Duration
    /// Whether events moved, or nodes came or went, since the last sample.
    private var hasNews = true
    private var lives = 0
    /// Until when nothing had changed since the last sample.
    private var restedUntil: Instant?
    private(set) var latencies = LatencyHistogram()
    private(set) var catchUp = LatencyHistogram()
    private(set) var neighborChanges: [RunRecord.NeighborChange] = []
    /// Different events so far.
    var eventCount = 0
    /// As many events every node held when the record began, at least.
    var heldByAll = 0
    /// Events that not all nodes hold yet.
    private var young: [EventID: Youth] = [:]
    private var spreads: [Spread] = []
    /// The root that a node's last session has shown to be the same on both sides.
    private(set) var provenRoots: [Digest?]

    private struct Youth {
        var born: Instant
        var holders = 1
    }

    private struct Spread {
        var id: EventID
        var spread: RunRecord.EventSpread
    }

    init(_ options: RecordOptions, nodes: Int, at start: Instant) {
        self.options = options
        self.start = start
        sampleAt = start
        every = options.every
        provenRoots = [Digest?](repeating: nil, count: nodes)
    }

    /// In the order of their births.
    var eventSpreads: [RunRecord.EventSpread] {
        spreads.map(\.spread).sorted { ($0.born, $0.id) < ($1.born, $1.id) }
    }
}

/// Samples: none while nothing changes, so that the bound serves the times that matter.
extension Recorder {
    mutating func add(_ sample: RunRecord.Sample) {
        if let restedUntil, var still = samples.last, still.time < restedUntil - start {
            still.time = restedUntil - start
            if still.time < sample.time { samples.append(still) }
        }
        restedUntil = nil
        hasNews = false
        samples.append(sample)
        if samples.count > options.samples {
            samples = samples.indices.filter { $0 % 2 == 0 }.map { samples[$0] }
            every = every * 2
        }
        sampleAt = start + sample.time + every
    }

    /// Whether a sample that is due before `time` would show what the last one did; `lives` counts
    /// all starts and crashes.
    mutating func rests(until time: Instant, lives: Int) -> Bool {
        if lives != self.lives { hasNews = true }
        self.lives = lives
        guard !hasNews, sampleAt < time else { return false }
        let steps = (time - sampleAt).microseconds / every.microseconds
        restedUntil = sampleAt + every * Int(steps)
        sampleAt = sampleAt + every * Int(steps + 1)
        return true
    }
}

/// Events.
extension Recorder {
    /// An event has become durable at the node that wrote it.
    mutating func bear(_ id: EventID, by node: Int, at now: Instant, nodes: Int) {
        hasNews = true
        eventCount += 1
        if nodes > 1 { young[id] = Youth(born: now) }
        consider(id, origin: node, born: now - start)
    }

    /// An event has become durable at another one.
    mutating func arrive(
        _ id: EventID, origin: Int?, at node: Int, from: Int?, now: Instant, nodes: Int
    ) {
        hasNews = true
        if let youth = young[id] {
            latencies.note(now - youth.born)
            // Whoever loses it and gets it back counts as catching up.
            if youth.holders + 1 >= nodes {
                young[id] = nil
            } else {
                young[id]?.holders += 1
            }
        } else {
            catchUp.note(now - start)
            consider(id, origin: origin, born: .zero)
        }
        guard let place = spreads.firstIndex(where: { $0.id == id }) else { return }
        spreads[place].spread.arrivals.append(
            RunRecord.EventSpread.Arrival(node: node, time: now - start, from: from, hop: nil))
    }

    mutating func note(hop: Int, of id: EventID, at node: Int) {
        guard let place = spreads.firstIndex(where: { $0.id == id }) else { return }
        let arrivals = spreads[place].spread.arrivals
        guard let last = arrivals.lastIndex(where: { $0.node == node }) else { return }
        spreads[place].spread.arrivals[last].hop = hop
    }

    /// The sample is those with the smallest ids: even over all events, and no dice are needed.
    private mutating func consider(_ id: EventID, origin: Int?, born: Duration) {
        guard !spreads.contains(where: { $0.id == id }) else { return }
        if spreads.count >= options.spreads {
            guard let last = spreads.indices.max(by: { spreads[$0].id < spreads[$1].id }),
                id < spreads[last].id
            else { return }
            spreads.remove(at: last)
        }
        spreads.append(
            Spread(
                id: id,
                spread: RunRecord.EventSpread(
                    id: id.hex, origin: origin, born: born, arrivals: [])))
    }
}

/// Neighbors and proofs.
extension Recorder {
    mutating func note(_ neighbor: Int, of node: Int, isUp: Bool, at now: Instant) {
        guard neighborChanges.count < Self.changes else { return }
        neighborChanges.append(
            RunRecord.NeighborChange(
                time: now - start, node: node, neighbor: neighbor, isUp: isUp))
    }

    mutating func prove(_ root: Digest, of nodes: [Int]) {
        for node in nodes { provenRoots[node] = root }
    }
}
