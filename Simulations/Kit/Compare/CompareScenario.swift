import Core
import Federation
import MerkleSearchTree

/// One pair of logs that differ in a known way, for `federate compare`.
///
/// Item i has id SHA-256("item-<seed>-<i>") and time 1,700,000,000,000,000 + 1000 i microseconds;
/// there are `items` + `different` of them. Both sides hold all but the different ones; of these
/// the initiator holds the even ones (counted from 0), the responder the odd ones.
public struct CompareScenario: Hashable, Sendable {
    /// Where the different items stand in time.
    public enum Placement: String, CaseIterable, Hashable, Sendable {
        /// After all others.
        case recent
        /// At even distances: number k of d at floor((2k + 1) n / 2d) of n.
        case scattered
        /// Drawn from the seed.
        case random
    }

    /// Items that both hold, 0 to 10,000,000.
    public var items: Int
    /// Items that one side holds, 0 to 1,000,000.
    public var different: Int
    public var placement: Placement
    public var seed: UInt64

    public init(items: Int, different: Int, placement: Placement, seed: UInt64 = 1) {
        self.items = items
        self.different = different
        self.placement = placement
        self.seed = seed
    }

    /// Runs one session by each method, with every message as bytes.
    ///
    /// `cpuClock` reads the processor time used so far by the calling thread. Throws where a number
    /// is outside of its bounds.
    public func run(
        cpuClock: @escaping () -> Duration
    ) throws(ScenarioError) -> CompareReport {
        try Scenario.check("items", items, 0...10_000_000)
        try Scenario.check("different", different, 0...1_000_000)
        let pair = KeyPair(self)
        let methods: [(String, any Reconciler)] = [
            ("mst", TreeReconciler()), ("naive", NaiveReconciler()),
        ]
        return CompareReport(
            scenario: self,
            results: methods.map { name, reconciler in
                var run = CompareRun(pair, reconciler, salt: saltSource, cpuClock)
                return run.result(named: name)
            })
    }

    /// The first word of the session's salt: from the seed, so that the bytes can be had again.
    private var saltSource: UInt64 { Seeds(seed).digest("compare").w0 }
}

/// What the two sides hold.
struct KeyPair {
    /// Ascending.
    let initiator: [EventKey]
    let responder: [EventKey]
    /// What only one side holds, ascending.
    let onlyInitiator: [EventKey]
    let onlyResponder: [EventKey]

    init(_ scenario: CompareScenario) {
        let places = Self.places(scenario)
        var sides: [EventKey] = []
        var (first, second) = ([EventKey](), [EventKey]())
        var (onlyFirst, onlySecond) = ([EventKey](), [EventKey]())
        sides.reserveCapacity(scenario.items + scenario.different)
        var next = 0
        for item in 0..<scenario.items + scenario.different {
            let key = Self.key(item, seed: scenario.seed)
            guard next < places.count, places[next] == item else {
                first.append(key)
                second.append(key)
                continue
            }
            if next.isMultiple(of: 2) {
                first.append(key)
                onlyFirst.append(key)
            } else {
                second.append(key)
                onlySecond.append(key)
            }
            next += 1
        }
        initiator = first
        responder = second
        onlyInitiator = onlyFirst
        onlyResponder = onlySecond
    }

    static func key(_ item: Int, seed: UInt64) -> EventKey {
        EventKey(
            physical: 1_700_000_000_000_000 + 1_000 * UInt64(item), counter: 0,
            id: SHA256.hash(Array("item-\(seed)-\(item)".utf8)))
    }

    /// Places of the different items, strictly ascending.
    static func places(_ scenario: CompareScenario) -> [Int] {
        let (different, all) = (scenario.different, scenario.items + scenario.different)
        switch scenario.placement {
        case .recent: return Array(scenario.items..<all)
        case .scattered:
            return (0..<different).map { (2 * $0 + 1) * all / (2 * different) }
        case .random:
            // Floyd's sampling (Bentley and Floyd, CACM 30(9), 1987): `different` draws, no
            // retries.
            var dice = Seeds(scenario.seed).dice("placement")
            var chosen: Set<Int> = []
            for end in all - different..<all {
                let place = dice.below(end + 1)
                if !chosen.insert(place).inserted { chosen.insert(end) }
            }
            return chosen.sorted()
        }
    }
}
