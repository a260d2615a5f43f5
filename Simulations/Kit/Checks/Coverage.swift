import Federation
import Gossip

/// What a run has shown to happen at all: a fault that nothing ever reacted to proves little.
public struct Coverage: Hashable, Sendable {
    /// Something that some run of a swarm must have exercised.
    public enum Mark: String, CaseIterable, Hashable, Sendable {
        case crash, restart, equivocation, alarm, refusal
        case storeFailed = "store-failed"
        case caughtUp = "caught-up"
        case neighborGained = "neighbor-gained"
        case neighborLost = "neighbor-lost"
        case graft, prune, served, duplicate, announcement
        case overflow
        case brokenPromise = "broken-promise"
        case sessionEqual = "session-equal"
        case sessionDifferent = "session-different"
        case tooEarly = "too-early"
        case overBudget = "over-budget"
    }

    private var counts = [Int](repeating: 0, count: Mark.allCases.count)

    public init() {}

    /// How often it happened.
    public func count(_ mark: Mark) -> Int { counts[Self.place(mark)] }

    /// What never happened.
    public var missing: [Mark] { Mark.allCases.filter { count($0) == 0 } }

    /// It happened so often more.
    public mutating func add(_ mark: Mark, _ count: Int = 1) { counts[Self.place(mark)] += count }

    public static func += (a: inout Coverage, b: Coverage) {
        for place in a.counts.indices { a.counts[place] += b.counts[place] }
    }

    private static func place(_ mark: Mark) -> Int {
        Mark.allCases.firstIndex(of: mark) ?? 0
    }

    mutating func note(_ report: Report) {
        switch report {
        case .equivocation: add(.equivocation)
        case .alarm: add(.alarm)
        case .refused(_, _, let code):
            add(.refusal)
            if code == .tooEarly { add(.tooEarly) }
        case .appendFailed(_, let refusal) where refusal.code == .cannotStore: add(.storeFailed)
        case .caughtUp: add(.caughtUp)
        case .neighbor(_, let isUp, _): add(isUp ? .neighborGained : .neighborLost)
        case .compared(_, let comparison):
            add(comparison.verdict == .equal ? .sessionEqual : .sessionDifferent)
        default: break
        }
    }

    /// Takes in what links have carried.
    mutating func note(_ tally: LinkTally) {
        add(.graft, tally.grafts)
        add(.prune, tally.prunes)
        add(.served, tally.served)
        add(.duplicate, tally.duplicates)
        add(.announcement, tally.announced)
        add(.overflow, tally.overflows)
        add(.brokenPromise, tally.brokenPromises)
    }
}
