/// Why a scenario can't run: what is wrong with what was asked for.
public enum ScenarioError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A number outside of what makes sense.
    case outOfRange(String, allowed: String)
    /// A trace without a single event.
    case emptyTrace

    public var description: String {
        switch self {
        case .outOfRange(let option, let allowed): "\(option) must be \(allowed)"
        case .emptyTrace: "the trace holds no events: export a log that has some"
        }
    }
}

extension ScenarioError {
    static func check(
        _ option: String, _ value: Int, _ range: ClosedRange<Int>
    ) throws(ScenarioError) {
        guard range.contains(value) else {
            throw .outOfRange(option, allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}
