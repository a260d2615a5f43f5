public import Core
public import Federation
import MerkleSearchTree

/// A federation in one process: many engines, a virtual network and virtual time, all from one
/// seed.
///
/// It is the second shell of the engine that the running node has: it carries out the same effects,
/// with every message encoded to bytes and decoded at the other side, a log in memory, and
/// signatures that are really verified (each once). Authentication of requests (TLS, RFC 9421) is
/// the other shell's and is not simulated: a caller is who it says it is.
///
/// Add nodes, `start` them, `schedule` inputs, `run`. A value: a copy is a fork of the world.
public struct Simulation: Sendable {
    /// What a run depends on, beside its nodes and inputs.
    public struct Options: Hashable, Sendable {
        public var seed: UInt64
        public var link: LinkModel
        public var costs: CostModel
        /// What every wall clock reads at the start.
        public var wall: WallTime
        /// Whether every report is kept for `reports`; needs memory in long runs.
        public var keepsReports: Bool

        public init(
            seed: UInt64 = 1, link: LinkModel = LinkModel(), costs: CostModel = CostModel(),
            wall: WallTime = WallTime(microseconds: 1_750_000_000_000_000),
            keepsReports: Bool = false
        ) {
            self.seed = seed
            self.link = link
            self.costs = costs
            self.wall = wall
            self.keepsReports = keepsReports
        }
    }

    /// What an engine told its operator.
    public struct KeptReport: Hashable, Sendable {
        public var node: Int
        public var time: Instant
        public var report: Report
    }

    public internal(set) var options: Options
    /// What events went where, and when; nil where nobody asked for it.
    public internal(set) var deliveries: Deliveries?
    /// What was applied, in order.
    public internal(set) var faults: [RecordedFault] = []
    /// Virtual time since the start.
    public internal(set) var now = Instant.zero
    /// By link; only links that carried something.
    public internal(set) var links: [Link: Traffic] = [:]
    /// Empty unless `Options.keepsReports`.
    public internal(set) var reports: [KeptReport] = []
    /// When each node's log reached `goal` events, nil where it has not.
    public internal(set) var reachedGoal: [Instant?] = []
    /// What is checked with each write and report; nil where nobody asked for it.
    var checks: SafetyChecks?
    /// How many events a log must hold for `reachedGoal`.
    public var goal = Int.max

    /// How much has happened: arrivals, timers, finished work and inputs, each as one.
    public internal(set) var happeningCount = 0

    var nodes: [SimulatedNode] = []
    /// Nodes that are dishonest.
    var adversaries: [Int: Adversary] = [:]
    var heap = EventHeap<Happening>()
    var calls: [UInt64: Call] = [:]
    var pipes: [UInt64: Pipe] = [:]
    var pipeCount: UInt64 = 0
    /// Microseconds.
    var pairLatencies: [Link: Int64] = [:]
    /// By node; empty until somebody asks.
    var regionOf: [Int] = []
    var mutes: [Mute] = []
    /// Directions within a burst of losses.
    var illLinks: Set<Link> = []
    var pausedNodes = 0
    /// Bytes on their way, and those that arrived where nobody wanted them.
    var inFlightBytes = 0
    var droppedBytes = 0
    var callCount: UInt64 = 0
    var orderCount: UInt64 = 0
    /// Verifications, loads and writes under way.
    var workInFlight = 0
    /// Scheduled and not yet given.
    var inputsWaiting = 0
    /// Requests without their answer or failure; streams don't count.
    var requestsInFlight = 0
    var trace = TraceHash()
    /// Nil unless `record` was called.
    var recorder: Recorder?
    var verdicts = VerdictMemo()
    var sharedEvents = SharedEvents()
    var indices: [NodeID: Int] = [:]
    let networkSeed: UInt64
    let seeds: Seeds

    public init(_ options: Options = Options()) {
        self.options = options
        seeds = Seeds(options.seed)
        networkSeed = seeds.digest("network").w0
    }
}

/// Nodes.
extension Simulation {
    /// Nodes of this world.
    public var nodeCount: Int { nodes.count }

    /// Adds a node that is not up yet, and returns its index: its address is "sim://<index>".
    public mutating func add(key: SecretKey, log: MemoryLog, settings: Settings) -> Int {
        precondition(indices[key.node] == nil, "two nodes with one key")
        indices[key.node] = nodes.count
        nodes.append(SimulatedNode(key: key, settings: settings, log: log))
        reachedGoal.append(nil)
        return nodes.count - 1
    }

    /// Starts a node, or starts it again, from what its disk holds.
    public mutating func start(_ index: Int) {
        precondition(!nodes[index].isUp, "the node is up")
        nodes[index].life += 1
        let place = index << 16 | nodes[index].life
        nodes[index].engine = Engine(
            key: nodes[index].key, state: nodes[index].log.state,
            settings: nodes[index].settings, dice: seeds.dice("engine", place),
            secrets: seeds.secrets("engine", place))
        nodes[index].isUp = true
        nodes[index].wakeAt = nil
        nodes[index].busyUntil = now
        nodes[index].diskUntil = now
        trace.add(.restarted, node: index, at: now)
        noteGoal(index)
        deliver([], to: index)
    }

    public func id(of index: Int) -> NodeID { nodes[index].key.node }
    /// A node's log.
    public func log(of index: Int) -> MemoryLog { nodes[index].log }
    /// Nil while the node is down.
    public func engine(of index: Int) -> Engine? { nodes[index].engine }
    /// Root of a node's tree; while it is down, of what its disk holds.
    public func root(of index: Int) -> Digest {
        nodes[index].engine?.root ?? MerkleSearchTree(sorted: nodes[index].log.state.keys).root
    }
    /// Whether a node runs.
    public func isUp(_ index: Int) -> Bool { nodes[index].isUp }
}

/// Time.
extension Simulation {
    /// Gives `input` to a node at `time`, or now where that has passed; a node that is down then
    /// misses it.
    public mutating func schedule(_ input: Input, to index: Int, at time: Instant) {
        inputsWaiting += 1
        heap.push(.input(index, input), at: max(now, time))
    }

    /// A token for an input, never used twice.
    public mutating func nextToken() -> Token {
        orderCount += 1
        return Token(number: orderCount)
    }

    /// Lets everything happen up to `end`, and time pass until then; stops as soon as `isDone` says
    /// so.
    public mutating func run(
        until end: Instant, unless isDone: (Simulation) -> Bool = { _ in false }
    ) {
        while let next = heap.nextTime, next <= end {
            if isDone(self) { return }
            step()
        }
        guard !isDone(self), end > now else { return }
        takeSamples(before: end)
        now = end
    }

    /// Whether nothing is on its way: no input that was scheduled, no request without its answer,
    /// no work at any node. Streams may be open and timers running.
    public var isQuiet: Bool { inputsWaiting == 0 && workInFlight == 0 && requestsInFlight == 0 }

    /// SHA-256 over all messages, losses, writes, crashes and starts so far, with their times.
    public var traceHash: Digest { trace.value }

    /// The sum over `links`.
    public var traffic: Traffic {
        links.values.reduce(into: Traffic()) { $0 += $1 }
    }

    private mutating func step() {
        guard let (time, happening) = heap.pop() else { return }
        if let due = recorder?.sampleAt, due < time { takeSamples(before: time) }
        now = time
        happeningCount += 1
        if pausedNodes > 0, holdsBack(happening) { return }
        switch happening {
        case .request(let call, let bytes): arrive(call, bytes)
        case .answer(let call, let bytes): answer(call, bytes)
        case .failed(let call, let failure): fail(call, failure)
        case .ended(let call, let end): self.end(call, end)
        case .pump(let call): pump(call)
        case .abandoned(let call, let node):
            deliver([.abandoned(Exchange(number: call))], to: node)
        case .dialled(let pipe): dialled(pipe)
        case .dialFailed(let node, let life, let name, let failure):
            guard nodes[node].life == life else { return }
            deliver([.unlinked(name, failure)], to: node)
        case .opened(let pipe): opened(pipe)
        case .chunk(let pipe, let end, let bytes): chunk(bytes, of: pipe, at: end)
        case .unlinked(let pipe, let end): unlinked(pipe, at: end)
        case .verified(let node, let life, let token, let verdicts):
            verified(node, life, token, verdicts)
        case .loaded(let node, let life, let token, let query):
            loaded(node, life, token, query)
        case .durable(let node, let life, let token, let write):
            durable(node, life, token, write)
        case .wake(let node, let life): wake(node, life: life)
        case .handed(let node, let life, let inputs):
            guard nodes[node].life == life else { return }
            deliver(inputs, to: node)
        case .queued(let node, let bytes, let happening): queue(happening, bytes, at: node)
        case .dialExpired(let pipe): dialExpired(pipe)
        case .act(let node): act(node)
        case .rolledBack(let node): rollBack(node)
        case .fault(let fault):
            inputsWaiting -= 1
            apply(fault)
        case .input(let node, let input):
            inputsWaiting -= 1
            deliver([input], to: node)
        }
    }
}
