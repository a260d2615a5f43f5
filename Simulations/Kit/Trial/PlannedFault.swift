import Core

/// Something that goes wrong in a scenario, once or again and again, at nodes that the seed draws.
public struct PlannedFault: Hashable, Sendable {
    /// What goes wrong.
    public enum Kind: Hashable, Sendable {
        /// Killed; back with this disk after `lasts`, or never.
        case crash(StartingDisk)
        /// Killed, and back as a backup of `at` remembers it.
        case restore
        /// Starts at `at`, with nothing of what the others hold.
        case join
        case pause
        case disconnect
        /// The drawn nodes and the others don't hear each other.
        case partition
        /// The drawn nodes are not heard by the others, and hear them.
        case mute
        case network(LinkModel)
        case slowReader(bytesPerSecond: Int)
        case clock(ClockFault)
        case disk(DiskFault)
        /// Every other operator removes the node.
        case remove
    }

    public var kind: Kind
    /// After the first counted event.
    public var at: Duration
    /// Until it is over; nil for a crash or a removal that is for good.
    public var lasts: Duration?
    public var portion: Portion
    /// Again, with other nodes, as often as fits before `until`.
    public var every: Duration?
    public var until: Duration?
    /// Whether `portion` is spread evenly over each minute instead of falling at once.
    public var isPerMinute: Bool

    public init(
        _ kind: Kind, at: Duration = .zero, lasts: Duration? = nil, portion: Portion = .nodes(1),
        every: Duration? = nil, until: Duration? = nil, isPerMinute: Bool = false
    ) {
        self.kind = kind
        self.at = at
        self.lasts = lasts
        self.portion = portion
        self.every = every
        self.until = until
        self.isPerMinute = isPerMinute
    }
}

/// What happens to which node when: a plan's faults with the nodes that the seed has drawn.
struct Timeline: Sendable {
    enum Act: Hashable, Sendable {
        case fault(Fault)
        case remove(Int)
    }

    struct Entry: Hashable, Sendable {
        /// After the first counted event.
        var at: Duration
        var act: Act
    }

    /// By time; of one instant, in the order of the plan.
    private(set) var entries: [Entry] = []
    /// Nodes that are not up at the start.
    private(set) var late: Set<Int> = []
    /// Nodes that something happens to, beside what happens to the whole network.
    private(set) var touched: Set<Int> = []
    /// How often something goes wrong: what happens to several nodes counts for each of them, what
    /// ends it not at all.
    private(set) var faultCount = 0
    /// When the last fault is over.
    var end: Duration { entries.last?.at ?? .zero }

    /// `without` names the faults of the plan that are left out, by their place; the others draw
    /// what they would have drawn.
    init(
        _ plan: ScenarioPlan, nodes: Int, honest: [Int], seeds: Seeds, without: Set<Int> = []
    ) {
        var busy: [Int: Duration] = [:]
        for (place, fault) in plan.faults.enumerated() {
            var dice = seeds.dice("fault", place)
            for at in Self.times(of: fault, nodes: honest.count) {
                let free = honest.filter { busy[$0, default: .zero] <= at }
                let count =
                    fault.isPerMinute ? 1 : fault.portion.count(of: honest.count)
                let drawn = Self.draw(count, of: free, &dice)
                guard !drawn.isEmpty else { continue }
                if let rest = fault.occupies {
                    for node in drawn { busy[node] = at + rest + .seconds(1) }
                }
                guard !without.contains(place) else { continue }
                add(fault, drawn, at: at, nodes, plan)
            }
        }
        entries = entries.enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        dropEarlyEnds(plan.link)
    }

    /// A cut, or a worse network, is over when the last one of its kind is.
    private mutating func dropEarlyEnds(_ link: LinkModel) {
        var cuts = 0
        var networks = 0
        entries.removeAll { entry in
            switch entry.act {
            case .fault(.partition), .fault(.mute): cuts += 1
            case .fault(.heal):
                cuts -= 1
                return cuts > 0
            case .fault(.network(let model)) where model == link:
                networks -= 1
                return networks > 0
            case .fault(.network): networks += 1
            default: break
            }
            return false
        }
    }

    private static func times(of fault: PlannedFault, nodes: Int) -> [Duration] {
        var period = fault.every
        if fault.isPerMinute {
            let count = max(1, fault.portion.count(of: nodes))
            period = .microseconds(60_000_000 / Int64(count))
        }
        guard let period, period > .zero, let until = fault.until else { return [fault.at] }
        var times: [Duration] = []
        var at = fault.at
        while at < until {
            times.append(at)
            at += period
        }
        return times
    }

    private static func draw(_ count: Int, of nodes: [Int], _ dice: inout Dice) -> [Int] {
        var nodes = nodes
        for place in 0..<min(count, nodes.count) {
            nodes.swapAt(place, place + dice.below(nodes.count - place))
        }
        return nodes.prefix(count).sorted()
    }

    private mutating func add(
        _ fault: PlannedFault, _ drawn: [Int], at: Duration, _ nodes: Int, _ plan: ScenarioPlan
    ) {
        let (begin, end) = fault.acts(drawn, of: nodes, plan)
        if fault.isOfNodes { touched.formUnion(drawn) }
        faultCount += fault.isOfNodes ? drawn.count : 1
        if case .join = fault.kind { late.formUnion(drawn) }
        entries += begin.map { Entry(at: at, act: $0) }
        if let lasts = fault.lasts { entries += end.map { Entry(at: at + lasts, act: $0) } }
    }
}

extension PlannedFault {
    /// Whether it happens to nodes rather than between them.
    fileprivate var isOfNodes: Bool {
        switch kind {
        case .partition, .network: false
        default: true
        }
    }

    /// For how long a node that it happens to is spared of faults that take it away; nil for those
    /// that leave it where it is.
    fileprivate var occupies: Duration? {
        switch kind {
        case .partition, .mute, .network, .clock, .disk, .slowReader: nil
        case .disconnect, .join: .zero
        case .crash, .restore, .pause, .remove: lasts ?? .seconds(1 << 40)
        }
    }

    /// What begins it, and what ends it.
    fileprivate func acts(
        _ drawn: [Int], of nodes: Int, _ plan: ScenarioPlan
    ) -> (begin: [Timeline.Act], end: [Timeline.Act]) {
        func each(_ fault: (Int) -> Fault) -> [Timeline.Act] { drawn.map { .fault(fault($0)) } }
        let others = (0..<nodes).filter { !drawn.contains($0) }
        switch kind {
        case .crash(let disk):
            return (each { .crash($0) }, each { .start($0, from: disk) })
        case .restore:
            let back = drawn.flatMap {
                [Timeline.Act.fault(.crash($0)), .fault(.start($0, from: .backup))]
            }
            return (each { .backUp($0) }, back)
        case .join: return (each { .start($0, from: .kept) }, [])
        case .pause: return (each { .pause($0) }, each { .resume($0) })
        case .disconnect: return (each { .disconnect($0) }, [])
        case .partition:
            let sides = (0..<nodes).map { drawn.contains($0) ? 1 : 0 }
            return ([.fault(.partition(sides))], [.fault(.heal)])
        case .mute: return ([.fault(.mute(from: drawn, to: others))], [.fault(.heal)])
        case .network(let link): return ([.fault(.network(link))], [.fault(.network(plan.link))])
        case .slowReader(let pace):
            return (
                each { .slowReader($0, bytesPerSecond: pace) },
                each { .slowReader($0, bytesPerSecond: nil) }
            )
        case .clock(let clock): return (each { .clock($0, clock) }, each { .clock($0, .right) })
        case .disk(let disk): return (each { .disk($0, disk) }, each { .disk($0, nil) })
        case .remove: return (drawn.map { .remove($0) }, [])
        }
    }
}
