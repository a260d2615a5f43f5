public import Core

/// A check that did not hold.
public struct Finding: Hashable, Sendable {
    /// What must hold; the numbers are those of docs/SIMULATIONS.md.
    public enum Check: String, Hashable, Sendable, CaseIterable {
        case signed = "S1"
        case kept = "S2"
        case chained = "S3"
        case rooted = "S4"
        case oneRoot = "S5"
        case views = "S6"
        case bounds = "S7"
        case clocks = "S8"
        case once = "S9"
        case accounted = "S10"
        case converged = "L1"
        case connected = "L2"
        case neighbors = "L3"
        case settled = "L4"
        case quiet = "L5"
        case explained = "L6"

        /// What must hold, in one line.
        public var summary: String {
            switch self {
            case .signed: "every stored event is what its origin signed, and its origin is admitted"
            case .kept: "no acknowledged event is lost by a node whose disk is sound"
            case .chained: "every stored event follows the one that it names"
            case .rooted: "a tree's root is the root of the events held"
            case .oneRoot: "equal sets have equal roots, different sets different ones"
            case .views: "views keep their shape, and neighbors agree that they are"
            case .bounds: "every queue and table keeps its bound"
            case .clocks: "what follows an event is later; nothing is taken from the future"
            case .once: "no event is stored twice by one node"
            case .accounted: "bytes sent are received, lost, or under way"
            case .converged: "every honest node that is up holds everything in time"
            case .connected: "neighbors connect all of them, in time"
            case .neighbors: "none of them stays without a neighbor"
            case .settled: "nothing is waited for that never comes"
            case .quiet: "when all is done, only timers run"
            case .explained: "whatever is missing somewhere is explained by a recorded fault"
            }
        }
    }

    public var check: Check
    /// Nil where it concerns more than one.
    public var node: Int?
    /// Virtual time since the start.
    public var time: Instant
    public var text: String
}

extension Finding: CustomStringConvertible {
    public var description: String {
        let place = node.map { "node \($0), " } ?? ""
        let seconds = Text.seconds(time - .zero, places: 3)
        return "\(check.rawValue) (\(check.summary)): \(place)at \(seconds) s: \(text)"
    }
}
