import Core
import Federation
import Gossip

/// Scenarios that nobody wrote: which faults there are, when and where, all follows from the seed
/// (swarm testing: Groce, Zhang, Eide, Chen, Regehr: Swarm Testing, ISSTA 2012, section 2: leaving
/// features out finds more than having all of them every time).
public enum Swarm {
    /// The name that stands for them where a scenario is named.
    public static let name = "swarm"

    /// The nodes of this seed's run: 2 to 16.
    public static func nodes(_ seed: UInt64) -> Int {
        var dice = Seeds(seed).dice("swarm nodes")
        return 2 + dice.below(15)
    }

    /// The plan of this seed.
    public static func plan(_ seed: UInt64) -> ScenarioPlan {
        let seeds = Seeds(seed)
        var dice = seeds.dice("swarm world")
        var plan = ScenarioPlan(name: name, summary: "what seed \(seed) draws")
        plan.topology = [.random, .random, .random, .ring, .star][dice.below(5)]
        // A node of which all want to be neighbors has room for a few.
        if plan.topology == .star { plan.gossip.mode = .auto }
        plan.registered = [128, 128, 4, 3][dice.below(4)]
        plan.gossip.activeView = 2 + dice.below(6)
        plan.link = link(&dice)
        plan.costs.store = .milliseconds([1, 5, 50][dice.below(3)])
        plan.workload.events = 20 + dice.below(100)
        plan.workload.rate = [5, 20, 50][dice.below(3)]
        plan.workload.bodyBytes = [40, 512, 4_000, 20_000][dice.below(4)]
        plan.workload.warmUp = dice.below(3)
        plan.workload.settling = .seconds([0, 5, 30][dice.below(3)])
        plan.criteria.within = .seconds(180)
        plan.criteria.needsActs = false
        let isMesh = plan.topology == .random && plan.registered == 128
        var faultDice = seeds.dice("swarm faults")
        for place in 0..<kinds.count where faultDice.below(4) == 0 {
            if case .remove = kinds[place], !isMesh { continue }
            plan.faults.append(fault(kinds[place], plan.link, &faultDice))
        }
        var adversaryDice = seeds.dice("swarm adversaries")
        if isMesh, adversaryDice.below(3) == 0 {
            let all = AdversaryKind.allCases
            let kind = all[adversaryDice.below(all.count)]
            // Several of these take minutes, and show no more than one.
            let isHeavy = kind == .flood || kind == .joinstorm
            plan.adversaries.append(PlannedAdversary(kind, isHeavy ? .nodes(1) : .part(200)))
        }
        return plan
    }

    private static let kinds: [PlannedFault.Kind] = [
        .crash(.kept), .crash(.empty), .restore, .join, .pause, .disconnect, .partition, .mute,
        .network(LinkModel()), .slowReader(bytesPerSecond: 2_000), .clock(.frozen),
        .clock(.offset(.seconds(61))), .clock(.offset(.seconds(-45))),
        .clock(.drift(partsPerMillion: 20_000)), .disk(.full), .disk(.tears), .remove,
    ]

    private static func link(_ dice: inout Dice) -> LinkModel {
        var link = LinkModel(isConstant: dice.below(2) == 0)
        link.loss = [0, 0, 0.01, 0.05, 0.2][dice.below(5)]
        return link
    }

    private static func fault(
        _ kind: PlannedFault.Kind, _ link: LinkModel, _ dice: inout Dice
    ) -> PlannedFault {
        var fault = PlannedFault(kind)
        fault.at = dice.duration(in: .zero...(.seconds(10)))
        fault.lasts = dice.duration(in: .milliseconds(50)...(.seconds(15)))
        fault.portion = [.nodes(1), .part(300), .part(500)][dice.below(3)]
        let isRepeated = dice.below(3) == 0
        switch kind {
        case .crash(.empty), .restore, .remove: fault.portion = .nodes(1)
        case .network:
            var worse = link
            worse.loss = 0.3
            fault.kind = .network(worse)
        default:
            guard isRepeated else { break }
            fault.every = dice.duration(in: .seconds(1)...(.seconds(5)))
            fault.until = fault.at + .seconds(10)
        }
        return fault
    }
}

/// Makes a failing run smaller, for as long as it fails in the same way.
public struct Shrinker {
    /// The smallest failing run so far.
    public private(set) var smallest: ReplayLine
    /// Runs that were tried.
    public private(set) var tries = 0

    private let plan: ScenarioPlan
    private let failure: String
    private let limit: Int

    /// Begins with a run that failed; `limit` runs are tried at most.
    public init(_ plan: ScenarioPlan, _ result: ScenarioResult, limit: Int = 60) {
        self.plan = plan
        self.limit = limit
        failure = result.failure ?? ""
        smallest = result.replay
        smallest.options.events = result.events
    }

    /// Goes on until nothing can be left out, or `limit` runs were tried; `isOver` ends it earlier.
    public mutating func run(
        isOver: @escaping @Sendable () -> Bool = { false },
        onTry: (ReplayLine, Bool) -> Void = { _, _ in }
    ) {
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            for candidate in candidates {
                guard tries < limit, !isOver() else { return }
                tries += 1
                let fails = stillFails(candidate, isOver)
                onTry(candidate, fails)
                guard fails else { continue }
                smallest = candidate
                isSmaller = true
                break
            }
        }
    }

    private func stillFails(
        _ replay: ReplayLine, _ isOver: @escaping @Sendable () -> Bool
    ) -> Bool {
        // What can't be run does not fail in the same way.
        guard var run = try? ScenarioRun(plan, replay.options, onProgress: { _ in !isOver() })
        else { return false }
        return run.run().failure == failure
    }

    /// Runs that are a little smaller than the smallest, the much smaller ones first.
    private var candidates: [ReplayLine] {
        var all: [ReplayLine] = []
        func add(_ change: (inout ScenarioRun.Options) -> Void) {
            var replay = smallest
            change(&replay.options)
            if replay != smallest { all.append(replay) }
        }
        let nodes = smallest.options.nodes
        let events = smallest.options.events ?? 1
        add { $0.nodes = max(2, nodes / 2) }
        add { $0.events = max(1, events / 4) }
        for place in 0..<plan.faults.count + plan.adversaries.count {
            add { $0.without.insert(place) }
        }
        add { $0.nodes = max(2, nodes - 1) }
        add { $0.events = max(1, events / 2) }
        add { $0.events = max(1, events - 1) }
        return all
    }
}
