import Core
import Federation
import Gossip

/// One run of a scenario: a safety phase with all that goes wrong, and a liveness phase in which
/// the honest nodes that are up must become equal.
///
/// Its course: links settle, each origin posts what is not counted, then events come at the
/// scenario's rate while its faults do; when both are over, everything that can heal is healed.
public struct ScenarioRun: Sendable {
    /// What distinguishes one run from another.
    public struct Options: Hashable, Sendable {
        public var nodes: Int
        /// Events that are counted; nil for as many as the scenario says.
        public var events: Int?
        public var seed: UInt64
        public var method: SpreadMethod
        /// Faults, and behind them adversaries, that are left out, by their place in the plan.
        public var without: Set<Int>
        /// Whether what a page shows is kept: it takes memory and some time.
        public var isRecorded = false

        public init(
            nodes: Int = 50, events: Int? = nil, seed: UInt64 = 1, method: SpreadMethod = .gossip,
            without: Set<Int> = []
        ) {
            self.nodes = nodes
            self.events = events
            self.seed = seed
            self.method = method
            self.without = without
        }
    }

    /// How far a run is, for whoever waits.
    public struct Progress: Sendable {
        public var time: Duration
        public var posted: Int
        public var events: Int
        /// Nodes that hold as many events as the one that holds most, of those that are up.
        public var equalNodes: Int
        public var nodesUp: Int
        public var happenings: Int
    }

    /// Between two looks at everything.
    static let period: Duration = .milliseconds(100)
    /// What was not counted has spread by then.
    private static let pause: Duration = .seconds(5)
    /// How long a run goes on that has missed its time, to say when it would have been done.
    private static let patience: Duration = .seconds(300)
    /// How long it is looked at whether a federation that is done comes to rest.
    private static let rest: Duration = .seconds(10)

    let plan: ScenarioPlan
    let options: Options
    let events: Int
    var simulation: Simulation
    let timeline: Timeline
    let honest: [Int]
    let adversaries: [(node: Int, kind: AdversaryKind)]
    /// Nodes whose deliveries say nothing about the others.
    private let apart: Set<Int>
    private var standing = StandingChecks()
    private var dice: Dice
    private var lookAt: Instant
    private var nextAct = 0
    private var posted = 0
    /// When the first counted event is posted.
    private(set) var begin = Instant.zero
    var removed: Set<Int> = []
    private(set) var removedAt: [Int: Instant] = [:]
    private var cuts = 0
    private var isStopped = false
    /// Nodes that have joined late or come back empty, with what they had been sent until then.
    var arrivals: [Int: (received: Int, held: Int)] = [:]
    /// When every node that was up had a neighbor, since the start.
    private(set) var neighborsAt: Duration?
    private let onProgress: @Sendable (Progress) -> Bool

    /// Prepares a run. Throws where a number is outside of its bounds.
    ///
    /// `onProgress` is called every 100 ms of virtual time; false ends the run there.
    public init(
        _ plan: ScenarioPlan, _ options: Options,
        onProgress: @escaping @Sendable (Progress) -> Bool = { _ in true }
    ) throws(ScenarioError) {
        try self.init(plan, options, apart: nil, onProgress: onProgress)
    }

    private init(
        _ plan: ScenarioPlan, _ options: Options, apart: Set<Int>?,
        onProgress: @escaping @Sendable (Progress) -> Bool
    ) throws(ScenarioError) {
        try Self.check(plan, options)
        self.plan = plan
        self.options = options
        self.onProgress = onProgress
        let seeds = Seeds(options.seed)
        events = options.events ?? plan.workload.events
        dice = seeds.dice("faults")
        adversaries = Self.adversaries(plan, options, seeds)
        let dishonest = Set(adversaries.map(\.node))
        honest = (0..<options.nodes).filter { !dishonest.contains($0) }
        timeline = Timeline(
            plan, nodes: options.nodes, honest: honest, seeds: seeds, without: options.without)
        self.apart = apart ?? timeline.touched.union(dishonest)
        simulation = Self.world(plan, options, seeds, late: timeline.late)
        lookAt = simulation.now + Self.period
    }

    private static func check(
        _ plan: ScenarioPlan, _ options: Options
    ) throws(ScenarioError) {
        try ScenarioError.check("nodes", options.nodes, 2...1_000)
        try ScenarioError.check("events", options.events ?? 1, 1...1_000_000)
        try ScenarioError.check("rate", plan.workload.rate, 1...10_000)
        try ScenarioError.check("body_bytes", plan.workload.bodyBytes, 1...Limits.bodyBytes)
        try ScenarioError.check("large_bytes", plan.workload.largeBytes, 1...Limits.bodyBytes)
        try ScenarioError.check("registered", plan.registered, 1...1_000)
        try ScenarioError.check("active_view", plan.gossip.activeView, GossipLimits.activeViews)
        try ScenarioError.check("origins", plan.workload.origins, 1...1_000_000)
        try ScenarioError.check("warm_up", plan.workload.warmUp, 0...1_000)
        try ScenarioError.check("shared", plan.workload.shared, 0...1_000_000)
        try ScenarioError.check("workload's events", plan.workload.events, 1...1_000_000)
        guard (0...0.9).contains(plan.link.loss) else {
            throw .outOfRange("loss", allowed: "0 to 0.9")
        }
    }

    /// Dishonest nodes, never all: two stay honest where there are three nodes.
    private static func adversaries(
        _ plan: ScenarioPlan, _ options: Options, _ seeds: Seeds
    ) -> [(node: Int, kind: AdversaryKind)] {
        var dice = seeds.dice("dishonest")
        var nodes = Array(0..<options.nodes)
        for place in nodes.indices.dropLast() {
            nodes.swapAt(place, place + dice.below(nodes.count - place))
        }
        var drawn: [(node: Int, kind: AdversaryKind)] = []
        for (place, planned) in plan.adversaries.enumerated() {
            let count = planned.portion.count(of: options.nodes)
            let room = max(0, options.nodes - 2 - drawn.count)
            let taken = nodes.prefix(min(count, room))
            nodes.removeFirst(taken.count)
            guard !options.without.contains(plan.faults.count + place) else { continue }
            drawn += taken.map { ($0, planned.kind) }
        }
        return drawn
    }
}

/// Its course.
extension ScenarioRun {
    /// Runs it to its end.
    public mutating func run() -> ScenarioResult {
        var result = runOnce()
        if let factor = plan.criteria.calmFactor, !isStopped {
            if let criterion = compareWithCalm(factor) {
                result.criteria.append(criterion)
            } else {
                result.isCut = true
            }
        }
        result.fillRecord()
        return result
    }

    /// p99 at nodes that nothing happens to, beside that of the same nodes where nothing happens at
    /// all.
    /// Nil where that run was ended early.
    private func compareWithCalm(_ factor: Double) -> ScenarioResult.Criterion? {
        var options = options
        options.without = Set(0..<plan.faults.count + plan.adversaries.count)
        options.isRecorded = false
        var calm: Duration?
        // Its options were checked before.
        if var run = try? ScenarioRun(plan, options, apart: apart, onProgress: onProgress) {
            guard !run.runOnce().isCut else { return nil }
            calm = run.untouchedP99
        }
        var ratio: Double?
        if let calm, let p99 = untouchedP99 {
            ratio = Double(p99.microseconds) / Double(max(1, calm.microseconds))
        }
        return ScenarioResult.Criterion(
            name: "p99 of others by calm", limit: Text.fixed(factor, 2),
            value: ratio.map { Text.fixed($0, 2) } ?? "none",
            isMet: ratio.map { $0 <= factor } ?? false)
    }

    /// Nil where there are no others.
    var untouchedP99: Duration? {
        let sorted = (simulation.deliveries?.untouched ?? []).sorted()
        return sorted.isEmpty ? nil : sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
    }

    private mutating func runOnce() -> ScenarioResult {
        for index in 0..<options.nodes where !timeline.late.contains(index) {
            simulation.start(index)
        }
        for (node, kind) in adversaries {
            simulation.corrupt(node, kind, victim: honest.first)
        }
        simulation.checks?.dishonest = Set(adversaries.map(\.node))
        go(until: .zero + plan.workload.settling)
        warmUp()
        simulation.watchDeliveries(except: apart)
        if options.isRecorded { simulation.record() }
        let before = Sums(simulation)
        begin = simulation.now
        postAndHarm()
        // The last event is only on its way to its node.
        go(until: simulation.now + gap)
        heal()
        let healed = simulation.now
        goUntilEqual(until: healed + plan.criteria.within)
        let judgement = Judgement(self, healed: healed, sums: Sums(simulation) - before)
        if !judgement.isEqual { goUntilEqual(until: healed + Self.patience) }
        let settled = isEqual ? simulation.now - healed : nil
        let happenings = simulation.happeningCount
        go(until: simulation.now + Self.rest)
        if settled != nil, !isEqual, adversaries.isEmpty, !isStopped {
            simulation.find(.converged, nil, "all were equal, and are no longer")
        }
        return judgement.result(
            of: &self, settled: settled, restless: simulation.happeningCount - happenings,
            isCut: isStopped)
    }

    private mutating func warmUp() {
        guard plan.workload.warmUp > 0 else { return }
        for place in 0..<origins * plan.workload.warmUp {
            post(place)
            go(until: simulation.now + gap)
        }
        go(until: simulation.now + Self.pause)
    }

    /// Posts and acts, each at its time, until both are over.
    private mutating func postAndHarm() {
        let end = begin + max(plan.workload.lasts ?? timeline.end, timeline.end)
        var postAt = begin
        var turn = 0
        while !isStopped, posted < events || simulation.now < end || hasActs {
            let actAt = hasActs ? begin + timeline.entries[nextAct].at : Instant.distant
            let mayPost = posted < events || postAt < end
            go(until: min(actAt, mayPost ? postAt : max(end, actAt == .distant ? end : actAt)))
            while hasActs, begin + timeline.entries[nextAct].at <= simulation.now {
                carryOut(timeline.entries[nextAct].act)
                nextAct += 1
            }
            guard mayPost, postAt <= simulation.now else { continue }
            if posted < events || turn % 4 == 0 {
                post(turn)
                posted += 1
            }
            turn += 1
            postAt = postAt + gap
        }
    }

    /// Between two events.
    private var gap: Duration { .microseconds(1_000_000 / Int64(plan.workload.rate)) }

    private var hasActs: Bool { nextAct < timeline.entries.count }

    private mutating func carryOut(_ act: Timeline.Act) {
        switch act {
        case .remove(let node): remove(node)
        case .fault(let fault): apply(fault)
        }
    }

    private mutating func apply(_ fault: Fault) {
        switch fault {
        case .crash(let node):
            guard simulation.isUp(node) else { return }
            simulation.cover(.crash)
        case .start(let node, _):
            guard !simulation.isUp(node) else { return }
            simulation.cover(.restart)
        case .partition, .mute: cuts += 1
        case .heal: cuts = 0
        default: break
        }
        simulation.apply(fault)
        if case .start(let node, let disk) = fault {
            simulation.forgetLost(by: node)
            if disk != .kept || timeline.late.contains(node) { noteArrival(of: node) }
        }
        if case .clock(let node, _) = fault { simulation.noteClock(of: node) }
    }

    private mutating func noteArrival(of node: Int) {
        arrivals[node] = (simulation.traffic(of: node).receivedBytes, simulation.logBytes(of: node))
    }

    /// Every other operator removes the node.
    private mutating func remove(_ node: Int) {
        removed.insert(node)
        removedAt[node] = simulation.now
        for index in 0..<options.nodes where index != node && simulation.isUp(index) {
            simulation.schedule(
                .operate(simulation.nextToken(), .remove(simulation.id(of: node))), to: index,
                at: simulation.now)
        }
    }

    /// Ends what still goes wrong, but for who is gone for good.
    private mutating func heal() {
        guard !isStopped else { return }
        if cuts > 0 { apply(.heal) }
        if simulation.options.link != plan.link { apply(.network(plan.link)) }
        // Who signs on and on would keep the others from ever being equal.
        for (node, kind) in adversaries where kind.signsOnAndOn { simulation.reform(node) }
    }

    private mutating func goUntilEqual(until end: Instant) {
        while !isStopped, simulation.now < end, !isEqual {
            go(until: min(end, simulation.now + Self.period))
        }
    }

    /// Lets time pass, and looks at everything every 100 ms.
    mutating func go(until end: Instant) {
        while !isStopped, simulation.now < end {
            simulation.run(until: min(end, lookAt))
            guard simulation.now >= lookAt else { continue }
            lookAt = simulation.now + Self.period
            noteNeighbors()
            standing.look(at: &simulation, honest: honest, isCut: cuts > 0)
            isStopped = !onProgress(progress)
        }
    }

    private mutating func noteNeighbors() {
        guard neighborsAt == nil, core.allSatisfy({ simulation.hasNeighbor($0) }) else { return }
        neighborsAt = simulation.now - .zero
    }

    private var progress: Progress {
        let up = core
        let most = up.map { simulation.eventCount(of: $0) }.max() ?? 0
        return Progress(
            time: simulation.now - .zero, posted: posted, events: events,
            equalNodes: up.count { simulation.eventCount(of: $0) == most }, nodesUp: up.count,
            happenings: simulation.happeningCount)
    }
}

/// Posting.
extension ScenarioRun {
    /// Nodes that post.
    var origins: Int { min(plan.workload.origins, options.nodes) }

    private mutating func post(_ turn: Int) {
        var node = turn % origins
        var tries = 0
        while !simulation.isUp(node), tries < options.nodes {
            node = dice.below(options.nodes)
            tries += 1
        }
        guard let author = Author(role: .ai, name: "writer") else { return }
        let workload = plan.workload
        let isLarge = workload.largeEvery > 0 && turn % workload.largeEvery == 0
        let body = [UInt8](
            repeating: UInt8(turn % 251),
            count: isLarge ? workload.largeBytes : workload.bodyBytes)
        let token = simulation.nextToken()
        simulation.willPost(token, at: node)
        simulation.schedule(
            .append(token, [Draft(author: author, kind: "message.post", body: body)]), to: node,
            at: simulation.now)
    }
}

/// Who must be equal.
extension ScenarioRun {
    /// Honest nodes that are up and that nobody removed.
    var core: [Int] {
        honest.filter { simulation.isUp($0) && !removed.contains($0) }
    }

    /// Whether all of them hold the same.
    var isEqual: Bool {
        let core = core
        guard let first = core.first else { return false }
        let count = simulation.eventCount(of: first)
        if core.allSatisfy({ simulation.eventCount(of: $0) == count }) {
            let root = simulation.root(of: first)
            if core.allSatisfy({ simulation.root(of: $0) == root }) { return true }
        }
        let gone = gone
        guard !gone.isEmpty else { return false }
        let held = held(by: first, without: gone)
        return core.dropFirst().allSatisfy { self.held(by: $0, without: gone) == held }
    }
}

extension ScenarioRun {
    /// Origins that some honest node has removed, or that have told it that they leave: each node
    /// draws that line at another moment, so what they have signed need not be the same everywhere.
    var gone: Set<NodeID> {
        guard !removed.isEmpty || !adversaries.isEmpty else { return [] }
        var gone = Set(removed.map { simulation.id(of: $0) })
        for node in core {
            for peer in simulation.nodes[node].log.peers where peer.state == .removed {
                gone.insert(peer.node)
            }
        }
        return gone
    }

    /// What a node holds of all other origins.
    func held(by node: Int, without gone: Set<NodeID>) -> Set<EventID> {
        let entries = simulation.nodes[node].log.entries
        return Set(
            entries.lazy.filter { !gone.contains($0.event.header.origin) }.map(\.event.id))
    }
}

extension Instant {
    /// Later than anything.
    static var distant: Instant { Instant(microseconds: .max) }
}
