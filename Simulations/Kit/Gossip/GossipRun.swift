import Core
import Federation
import Gossip

/// One run of one method.
struct GossipRun {
    let scenario: GossipScenario
    let method: SpreadMethod
    private var simulation: Simulation
    private var dice: Dice
    /// When each node that is down comes back.
    private var back: [(node: Int, at: Instant)] = []

    /// Links are made and views settle before anything is posted.
    private static let settling: Duration = .seconds(40)
    /// What came before is not counted from here on.
    private static let pause: Duration = .seconds(5)
    /// What must be everywhere by then.
    static let deadline: Duration = .seconds(15)
    /// Longer than anything heals.
    private static let patience: Duration = .seconds(120)

    init(_ scenario: GossipScenario, _ method: SpreadMethod) {
        self.scenario = scenario
        self.method = method
        let seeds = Seeds(scenario.seed)
        dice = seeds.dice("faults")
        simulation = Self.world(scenario, method, seeds)
    }

    static func world(
        _ scenario: GossipScenario, _ method: SpreadMethod, _ seeds: Seeds
    ) -> Simulation {
        let options = Simulation.Options(
            seed: scenario.seed, link: LinkModel(isConstant: true),
            costs: CostModel(store: .milliseconds(1)))
        var simulation = Simulation(options)
        let keys = (0..<scenario.nodes).map { seeds.key($0) }
        let degree = method == .push ? scenario.nodes : scenario.registered
        var topologyDice = seeds.dice("topology")
        let topology = Topology(nodes: scenario.nodes, degree: degree, dice: &topologyDice)
        let origins = Set(keys.map(\.node))
        var settings = Settings(policy: Policy(origins: origins))
        settings.pushesOnly = method == .push
        settings.gossip = GossipSettings(
            mode: method == .push ? .off : .on, activeView: scenario.activeView,
            spread: method == .flood ? .flood : .trees)
        var secrets = seeds.secrets("logs")
        for index in keys.indices {
            var log = MemoryLog(id: LogID.fresh(&secrets))
            var write = LogWrite()
            write.peers = topology.neighbors[index].map { peer in
                PeerRecord(
                    node: keys[peer].node, state: .active, approval: .byOperator,
                    isApprovedThere: true, endpoints: ["sim://\(peer)"], label: "node \(peer)",
                    since: options.wall.microseconds)
            }
            log.apply(write)
            _ = simulation.add(key: keys[index], log: log, settings: settings)
        }
        for index in keys.indices { simulation.start(index) }
        return simulation
    }

    /// Runs it to its end.
    mutating func run() -> SpreadReport {
        simulation.run(until: .zero + Self.settling)
        post(scenario.origins * 3)
        simulation.run(until: simulation.now + Self.pause)
        simulation.watchDeliveries()
        let before = Sums(simulation)
        let end = begin()
        post(scenario.events, until: end)
        if case .partition = scenario.fault { simulation.heal() }
        revive(until: .max)
        let healed = max(simulation.now, end)
        simulation.run(until: healed + Self.deadline) { Self.isEverywhere($0) }
        let fraction = Self.fraction(simulation)
        let sums = Sums(simulation) - before
        simulation.run(until: healed + Self.patience) { Self.isEverywhere($0) }
        let isComplete = Self.isEverywhere(simulation)
        return SpreadReport(
            method, simulation, sums, fraction: fraction,
            settled: isComplete ? max(.zero, simulation.now - healed) : nil)
    }

    /// Starts the fault; says until when events are posted at least.
    private mutating func begin() -> Instant {
        let now = simulation.now
        switch scenario.fault {
        case .none: return now
        case .loss(let part):
            simulation.set(loss: part)
            return now
        case .churn: return now + .seconds(60)
        case .crash(let percent):
            let gone = draw(scenario.nodes * percent / 100)
            for node in gone { simulation.crash(node) }
            return now
        case .partition(let seconds):
            simulation.partition(sides: (0..<scenario.nodes).map { $0 % 2 })
            return now + .seconds(seconds)
        }
    }

    private mutating func draw(_ count: Int) -> [Int] {
        var nodes = Array(0..<scenario.nodes)
        for place in 0..<min(count, nodes.count) {
            nodes.swapAt(place, place + dice.below(nodes.count - place))
        }
        return Array(nodes.prefix(count))
    }

    /// Has events posted by nodes that are up, at the scenario's rate.
    private mutating func post(_ count: Int, until end: Instant? = nil) {
        let gap = Duration.microseconds(1_000_000 / Int64(scenario.rate))
        var posted = 0
        while posted < count || end.map({ simulation.now < $0 }) ?? false {
            let origin = origin(posted)
            if posted < count || posted % 4 == 0 {
                let body = [UInt8](repeating: UInt8(posted % 251), count: scenario.bodyBytes)
                guard let author = Author(role: .ai, name: "writer") else { return }
                let draft = Draft(author: author, kind: "message.post", body: body)
                let token = simulation.nextToken()
                simulation.schedule(.append(token, [draft]), to: origin, at: simulation.now)
            }
            posted += 1
            let next = simulation.now + gap
            churn(gap)
            revive(until: next)
            simulation.run(until: next)
        }
    }

    private mutating func origin(_ place: Int) -> Int {
        var node = place % scenario.origins
        while !simulation.isUp(node) { node = dice.below(scenario.nodes) }
        return node
    }

    private mutating func churn(_ gap: Duration) {
        guard case .churn(let percent) = scenario.fault, simulation.deliveries != nil else {
            return
        }
        // Nodes a minute, as a chance for this gap.
        let perMinute = scenario.nodes * percent / 100
        let chance = Int64(perMinute) * gap.microseconds
        guard Int64(dice.below(60_000_000)) < chance else { return }
        let node = dice.below(scenario.nodes)
        guard simulation.isUp(node) else { return }
        simulation.crash(node)
        back.append((node, simulation.now + .seconds(20)))
    }

    private mutating func revive(until end: Instant) {
        for (node, at) in back where at <= end || end == .max {
            if end == .max { simulation.run(until: max(simulation.now, at)) }
            if !simulation.isUp(node) { simulation.start(node) }
        }
        back.removeAll { $0.at <= end || end == .max }
    }

    private static func up(_ simulation: Simulation) -> [Int] {
        (0..<simulation.nodeCount).filter { simulation.isUp($0) }
    }

    private static func isEverywhere(_ simulation: Simulation) -> Bool {
        let up = up(simulation)
        guard let first = up.first else { return false }
        let root = simulation.root(of: first)
        return up.allSatisfy { simulation.root(of: $0) == root }
    }

    /// Events at nodes that are up, of all that any of them holds.
    private static func fraction(_ simulation: Simulation) -> Double {
        let up = up(simulation)
        var all: Set<EventID> = []
        for node in up { all.formUnion(simulation.log(of: node).entries.map(\.event.id)) }
        guard !all.isEmpty, !up.isEmpty else { return 0 }
        let held = up.reduce(0) { $0 + simulation.log(of: $1).count }
        return Double(held) / Double(all.count * up.count)
    }
}

extension Instant {
    fileprivate static var max: Instant { Instant(microseconds: .max) }
}
