/// What a session may cost, and what the best of the others need for the same pair.
///
/// The others' figures were measured on 2026-11-23 with items and placements as here, at a million
/// items, seed 1: negentropy 1.0 (C++, protocol 1; all messages both ways), and rateless IBLT with
/// 8-byte symbols (Go; with as many symbols as are just enough, with no message before).
public struct CompareTarget: Hashable, Sendable {
    public let bytes: Int
    public let roundTrips: Int
    public let negentropyBytes: Int?
    public let ratelessBytes: Int?

    private init(_ bytes: Int, _ roundTrips: Int, _ negentropy: Int? = nil, _ rateless: Int? = nil)
    {
        self.bytes = bytes
        self.roundTrips = roundTrips
        negentropyBytes = negentropy
        ratelessBytes = rateless
    }

    /// The answer is longer than a message of 64 KiB: its further parts, asked for at once, take
    /// one round trip more.
    private static let inParts = 3

    /// Above ten scattered differences, a run in a few hundred needs a third round trip.
    private static let slackOfMean = 0.02

    /// Whether the means over the seeds keep to it, and every run was exact.
    public func isMet(by row: CompareTable.Row) -> Bool {
        row.isExact && row.meanBytes <= Double(bytes)
            && row.meanRoundTrips <= Double(roundTrips) + Self.slackOfMean
    }

    /// The target of a row, where there is one.
    public static func of(_ row: CompareTable.Row) -> CompareTarget? {
        guard row.method == .ours else { return nil }
        switch row.placement {
        case .known where row.different == 0: return Self(25, 1, 355)
        case .known: return Self(30 + 5 * row.different, 1)
        case .behind: return Self(row.different == 0 ? 90 : 100, 1)
        default: break
        }
        guard row.items == 1_000_000 else { return nil }
        switch row.placement {
        case .recent: return recent[row.different]
        case .scattered, .random: return scattered[row.different]
        default: return nil
        }
    }

    private static let recent: [Int: Self] = [
        0: Self(90, 1, 355, 18), 1: Self(100, 1, 2_411, 26), 10: Self(118, 1, 2_379, 294),
        100: Self(265, 1, 5_298, 2_789), 1_000: Self(1_450, 2, 34_667, 27_621),
        10_000: Self(25_000, 2, 332_969, 272_320),
    ]

    private static let scattered: [Int: Self] = [
        0: Self(90, 1, 355, 18), 1: Self(200, 1, 2_419, 26), 10: Self(220, 1, 20_563, 329),
        100: Self(2_400, 2, 172_702, 2_753), 1_000: Self(17_800, 2, 1_414_877, 28_446),
        10_000: Self(158_000, inParts, 11_435_031, 271_249),
    ]

    /// What fills the whole table of targets.
    public static let grids: [CompareTable.Grid] = [
        CompareTable.Grid(items: [10_000, 100_000, 1_000_000]),
        CompareTable.Grid(
            items: [1_000_000], different: [0, 1, 10, 100, 1_000], placements: [.known]),
        CompareTable.Grid(
            items: [1_000_000], different: [1, 100, 10_000], placements: [.behind, .ahead]),
        CompareTable.Grid(items: [0], different: [1_000_000], placements: [.behind], seeds: 1...1),
        CompareTable.Grid(
            items: [1_000_000], different: [100, 1_000, 10_000],
            placements: [.mixed, .bursts, .subset], seeds: 1...3),
        CompareTable.Grid(
            items: [100_000], different: [1, 10, 100, 1_000, 10_000], placements: [.crowded],
            seeds: 1...3),
    ]

    /// The same for a look in seconds.
    public static let smallGrids: [CompareTable.Grid] = [
        CompareTable.Grid(
            items: [10_000], different: [0, 1, 10, 100, 1_000],
            placements: CompareScenario.Placement.allCases, seeds: 1...2)
    ]
}
