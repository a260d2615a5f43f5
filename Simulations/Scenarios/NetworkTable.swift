import Core
public import SimulationKit
import TOMLKit

extension ScenarioFile {
    /// How messages are carried; what is absent is as `LinkModel` has it, with one latency for each
    /// pair of nodes.
    struct NetworkTable: Codable, Hashable {
        /// "10ms..50ms", evenly, or one time.
        var latency: String?
        /// Instead of `latency`: by percent of all messages, how long they take at most.
        var quantiles: [String: String]?
        /// Whether each message draws its own latency, and not each pair of nodes.
        var perMessage: Bool?
        var regions: RegionsTable?
        var loss: Fraction?
        var bursts: BurstsTable?
        var duplication: Fraction?
        var reordering: ReorderingTable?
        /// Bytes a second of each node; 0 for no bound.
        var up: Int?
        var down: Int?

        enum CodingKeys: String, CodingKey {
            case latency, quantiles, regions, loss, bursts, duplication, reordering, up, down
            case perMessage = "per_message"
        }
    }

    struct BurstsTable: Codable, Hashable {
        var enter: Fraction
        var leave: Fraction
        var loss: Fraction?
    }

    struct ReorderingTable: Codable, Hashable {
        var share: Fraction
        var delay: String
    }
}

/// Where nodes are, and how far from each other.
struct RegionsTable: Codable, Hashable, Sendable {
    var names: [String]
    var shares: [Int]
    /// One way, a row for each region that sends.
    var table: [[String]]
    var jitter: String?

    func regions() throws(ScenarioFileError) -> Regions {
        var rows: [[Duration]] = []
        for row in table {
            var times: [Duration] = []
            for text in row { times.append(try Units.duration(text, "regions.table")) }
            rows.append(times)
        }
        let range = try jitter.map { text throws(ScenarioFileError) in
            try Units.range(text, "regions.jitter")
        }
        guard
            let regions = Regions(
                names: names, shares: shares, table: rows,
                jitter: range.map { .uniform($0) } ?? .constant(.zero))
        else {
            throw ScenarioFileError(
                "regions need a name, a share and a row of as many times each, none negative")
        }
        return regions
    }
}

/// A file that says where nodes are: `names`, `shares`, `table` and `jitter`.
public enum RegionsFile {
    /// Reads one.
    public static func regions(_ text: String) throws(ScenarioFileError) -> Regions {
        do {
            let table = try TOMLTable(string: text)
            let decoder = TOMLDecoder(strictDecoding: true)
            return try decoder.decode(RegionsTable.self, from: table).regions()
        } catch let error as ScenarioFileError {
            throw error
        } catch let error as TOMLParseError {
            throw ScenarioFileError("line \(error.source.begin.line): \(error.description)")
        } catch {
            throw ScenarioFileError("\(error)")
        }
    }
}

extension ScenarioFile.NetworkTable {
    func set(_ link: inout LinkModel) throws(ScenarioFileError) {
        if let latency { link.latency = .uniform(try Units.range(latency, "latency")) }
        if let quantiles { link.latency = try Self.distribution(quantiles) }
        if let perMessage { link.isConstant = !perMessage }
        if let regions { link.regions = try regions.regions() }
        if let loss { link.loss = try Units.chance(loss, "loss") }
        if let bursts {
            link.bursts = BurstLoss(
                enter: try Units.chance(bursts.enter, "bursts.enter"),
                leave: try Units.chance(bursts.leave, "bursts.leave"),
                loss: try bursts.loss.map { part throws(ScenarioFileError) in
                    try Units.chance(part, "bursts.loss")
                } ?? 1)
        }
        if let duplication { link.duplication = try Units.chance(duplication, "duplication") }
        if let reordering {
            link.reordering = Reordering(
                share: try Units.chance(reordering.share, "reordering.share"),
                delay: .uniform(try Units.range(reordering.delay, "reordering.delay")))
        }
        guard up ?? 0 >= 0, down ?? 0 >= 0 else {
            throw ScenarioFileError("up and down are bytes a second, 0 or more")
        }
        if up != nil || down != nil { link.bandwidth = Bandwidth(up: up ?? 0, down: down ?? 0) }
    }

    private static func distribution(
        _ quantiles: [String: String]
    ) throws(ScenarioFileError) -> LatencyDistribution {
        var points: [LatencyDistribution.Quantile] = []
        for (percent, time) in quantiles {
            guard let percent = Double(percent), percent >= 0, percent <= 100 else {
                throw ScenarioFileError("quantiles: \(percent) is no percentage")
            }
            points.append(
                LatencyDistribution.Quantile(
                    Int((percent * 10_000).rounded()), try Units.duration(time, "quantiles")))
        }
        points.sort { $0.perMillion < $1.perMillion }
        guard let distribution = LatencyDistribution(points) else {
            throw ScenarioFileError("quantiles go from 0 to 100 percent, and ascend in both")
        }
        return distribution
    }
}
