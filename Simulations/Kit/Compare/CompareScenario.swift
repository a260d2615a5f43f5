import Core
import MerkleSearchTree

/// Two logs that differ in a known way, for `federate compare`.
///
/// Item i has id SHA-256("item-<seed>-<i>") and time 1,700,000,000,000,000 + 1000 i microseconds;
/// there are `items` + `different` of them. Both sides hold all but the different ones; of these
/// the initiator holds the even ones (counted from 0), the responder the odd ones, where
/// `placement` does not say otherwise.
public struct CompareScenario: Hashable, Sendable {
    /// Where the different items stand in time, and who holds them.
    public enum Placement: String, CaseIterable, Hashable, Sendable {
        /// After all others.
        case recent
        /// At even distances: number k of d at floor((2k + 1) n / 2d) of n.
        case scattered
        /// Drawn from the seed.
        case random
        /// Half of them scattered, half recent.
        case mixed
        /// In three runs, at a quarter, half and three quarters of the time.
        case bursts
        /// Drawn from the seed, with a hundred items at each microsecond.
        case crowded
        /// After all others, all at the responder.
        case behind
        /// After all others, all at the initiator.
        case ahead
        /// Drawn from the seed, all at the responder.
        case subset
        /// After all others, `different` on each side, and both remember what they had before.
        case known
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
        _ methods: [CompareMethod] = CompareMethod.allCases, cpuClock: @escaping () -> Duration
    ) throws(ScenarioError) -> CompareReport {
        try check()
        var base = CompareBase(self)
        let pair = base.pair(self)
        return CompareReport(
            scenario: self,
            results: methods.map { CompareRun.result(of: $0, pair, salt: salt, cpuClock) })
    }

    func check() throws(ScenarioError) {
        try Scenario.check("items", items, 0...10_000_000)
        try Scenario.check("different", different, 0...1_000_000)
    }

    /// The session's salt: from the seed, so that the bytes can be had again.
    var salt: UInt64 { Seeds(seed).digest("compare").w0 }

    /// How many items there are.
    var total: Int { items + different * (placement == .known ? 2 : 1) }

    /// Whether the initiator holds the different item number `place`; else the responder does.
    func isInitiators(_ place: Int) -> Bool {
        switch placement {
        case .behind, .subset: false
        case .ahead: true
        default: place.isMultiple(of: 2)
        }
    }

    /// Numbers of the different items, strictly ascending.
    var places: [Int] {
        switch placement {
        case .recent, .behind, .ahead, .known: Array(items..<total)
        case .scattered: Self.even(different, of: total)
        case .random, .crowded, .subset: drawn
        case .mixed:
            Self.even(different - different / 2, of: items + different - different / 2)
                + (total - different / 2..<total)
        case .bursts: runs
        }
    }

    /// Around the quarters, moved on where they would overlap.
    private var runs: [Int] {
        var places: [Int] = []
        for run in 0..<3 {
            let count = different * (run + 1) / 3 - different * run / 3
            let wanted = total * (run + 1) / 4 - different / 6
            let last = total - (different - places.count)
            let start = min(max(wanted, (places.last ?? -1) + 1), last)
            places += start..<start + count
        }
        return places
    }

    private static func even(_ count: Int, of all: Int) -> [Int] {
        (0..<count).map { (2 * $0 + 1) * all / (2 * count) }
    }

    /// Floyd's sampling (Bentley and Floyd, CACM 30(9), 1987): `different` draws, no retries.
    private var drawn: [Int] {
        var dice = Seeds(seed).dice("placement")
        var chosen: Set<Int> = []
        for end in total - different..<total {
            let place = dice.below(end + 1)
            if !chosen.insert(place).inserted { chosen.insert(end) }
        }
        return chosen.sorted()
    }

    func key(_ item: Int) -> EventKey {
        let step = placement == .crowded ? item / 100 : 1_000 * item
        return EventKey(
            physical: 1_700_000_000_000_000 + UInt64(step), counter: 0,
            id: SHA256.hash(Array("item-\(seed)-\(item)".utf8)))
    }
}
