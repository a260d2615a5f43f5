import Core

/// Where nodes are, and how long a message needs from region to region.
public struct Regions: Hashable, Sendable {
    public let names: [String]
    /// How many nodes of each region, in proportion: [3, 1] puts three of four nodes into the first
    /// one. Whole numbers from 0, not all 0.
    public let shares: [Int]
    /// One way, `table[from][to]`; the diagonal is within a region.
    public let table: [[Duration]]
    /// What comes on top, drawn for each message, or once for each pair of nodes where
    /// `LinkModel.isConstant`.
    public var jitter: LatencyDistribution

    /// Microseconds, row by row.
    private let flat: [Int]

    /// Nil unless there is a name, a share and a row of as many latencies, none negative, for each
    /// region.
    public init?(
        names: [String], shares: [Int], table: [[Duration]],
        jitter: LatencyDistribution = .constant(.zero)
    ) {
        guard !names.isEmpty, shares.count == names.count, table.count == names.count,
            shares.allSatisfy({ $0 >= 0 }), shares.contains(where: { $0 > 0 }),
            table.allSatisfy({ $0.count == names.count && $0.allSatisfy { $0 >= .zero } })
        else { return nil }
        self.names = names
        self.shares = shares
        self.table = table
        self.jitter = jitter
        flat = table.flatMap { $0.map { Int($0.microseconds) } }
    }

    /// The region of the node with this index, where regions are dealt in proportion: any number of
    /// first nodes has each region's share, to less than one node. The same for all seeds.
    func regions(count: Int) -> [Int] {
        let sum = shares.reduce(0, +)
        var dealt = [Int](repeating: 0, count: shares.count)
        return (0..<count).map { index in
            // The one that is furthest behind its share; of equal ones the first.
            var best = 0
            for region in shares.indices {
                let debt = shares[region] * (index + 1) - dealt[region] * sum
                let bestDebt = shares[best] * (index + 1) - dealt[best] * sum
                if debt > bestDebt { best = region }
            }
            dealt[best] += 1
            return best
        }
    }

    /// Microseconds, one way.
    func latency(from: Int, to: Int) -> Int { flat[from * names.count + to] }
}
