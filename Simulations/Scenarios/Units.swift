import Core
import SimulationKit

/// Values as scenario files write them.
enum Units {
    /// "250us", "10ms", "3s", "5min", "24h"; a sign is allowed.
    static func duration(_ text: String, _ key: String) throws(ScenarioFileError) -> Duration {
        let units: [(String, Int64)] = [
            ("us", 1), ("ms", 1_000), ("min", 60_000_000), ("s", 1_000_000), ("h", 3_600_000_000),
        ]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Int64(text.dropLast(unit.count)) else { continue }
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: factor)
            guard !isTooLarge else { break }
            return .microseconds(product)
        }
        throw ScenarioFileError(
            "\(key) = \"\(text)\" is no time, such as 250us, 10ms, 3s, 5min or 24h")
    }

    /// "10ms..50ms", or one time.
    static func range(
        _ text: String, _ key: String
    ) throws(ScenarioFileError) -> ClosedRange<Duration> {
        guard let dots = text.firstRange(of: "..") else {
            let time = try duration(text, key)
            return time...time
        }
        let low = try duration(String(text[..<dots.lowerBound]), key)
        let high = try duration(String(text[dots.upperBound...]), key)
        guard low <= high, low >= .zero else {
            throw ScenarioFileError("\(key) = \"\(text)\" ends before it begins")
        }
        return low...high
    }

    /// Either a number of nodes or a share of them; one node where neither is said.
    static func portion(nodes: Int?, share: Fraction?) throws(ScenarioFileError) -> Portion {
        switch (nodes, share?.value) {
        case (nil, nil): return .nodes(1)
        case (let nodes?, nil) where nodes >= 1: return .nodes(nodes)
        case (nil, let share?) where share > 0 && share <= 1:
            return .part(Int((share * 1000).rounded()))
        default:
            throw ScenarioFileError("either nodes = 1 or more, or share = 0.001 to 1")
        }
    }

    /// A chance from 0 to 1.
    static func chance(_ value: Fraction, _ key: String) throws(ScenarioFileError) -> Double {
        let value = value.value
        guard value >= 0, value <= 1 else {
            throw ScenarioFileError("\(key) = \(value) is no chance from 0 to 1")
        }
        return value
    }
}
