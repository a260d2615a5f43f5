import Testing

/// The measure by which `GossipTests` says that nobody was delayed.
@Suite(.timeLimit(.minutes(1)))
struct ArrivalLogTests {
    private static let second: UInt64 = 1_000_000

    /// Events each 10 ms for 20 s, half of them of another origin; of the second half of the time
    /// each takes `more` milliseconds longer, and the other origin's take a minute.
    private func comparison(
        _ delay: UInt64, more: UInt64, burst: UInt64 = 0, localMore: UInt64 = 0
    ) -> DelayComparison {
        let log = ArrivalLog()
        for number in 0..<2000 as Range<UInt64> {
            let made = number * 10_000
            let isLate = number >= 1000
            let isBurst = isLate && number % 1000 < 200
            let further = isLate ? more + (isBurst ? burst : 0) : 0
            let seen = made + (delay + further + number % 10) * 1000
            log.note([ArrivalLog.Arrival(origin: "a", made: made, seen: seen)])
            let other = isLate ? made + 60 * Self.second : seen
            log.note([ArrivalLog.Arrival(origin: "b", made: made, seen: other)])
            let home = made + (20 + (isLate ? localMore : 0)) * 1000
            log.note([ArrivalLog.Arrival(origin: "c", made: made, seen: home, isLocal: true)])
        }
        return DelayComparison(
            calm: log.slices(of: Self.second, in: 0..<10 * Self.second),
            troubled: log.slices(
                of: Self.second, in: 10 * Self.second..<20 * Self.second, without: ["b"]),
            localCalm: log.slices(of: Self.second, in: 0..<10 * Self.second, local: true),
            localTroubled: log.slices(
                of: Self.second, in: 10 * Self.second..<20 * Self.second, local: true))
    }

    @Test func equalDelaysAreEqualAndTheStoppedOnesOwnDoNotCount() {
        let comparison = comparison(40, more: 0)
        #expect(comparison.calm == comparison.troubled)
        #expect(comparison.calm.count == 10)
        #expect(comparison.isEqual(within: 0))
    }

    @Test func whoeverWaitsIsSeen() {
        #expect(!comparison(400, more: 100).isEqual(within: 50))
        #expect(!comparison(40, more: 9000).isEqual(within: 500))
        #expect(comparison(400, more: 30).isEqual(within: 0))
        #expect(comparison(40, more: 30).isEqual(within: 50))
        #expect(!comparison(40, more: 30).isEqual(within: 20))
    }

    @Test func twoBadSecondsDecideNothing() {
        #expect(comparison(40, more: 0, burst: 2000).isEqual(within: 0))
    }

    @Test func aMachineThatBecomesSlowerIsNoDelayByOthers() {
        #expect(comparison(100, more: 60, localMore: 12).isEqual(within: 0))
        #expect(!comparison(100, more: 60, localMore: 2).isEqual(within: 0))
        // Whoever waits for others is slow at home as well.
        #expect(!comparison(100, more: 5000, localMore: 5000).isEqual(within: 500))
    }

    @Test func withoutMeasurementsNothingIsSaid() {
        #expect(!DelayComparison(calm: [], troubled: []).isEqual(within: 500))
        #expect(!DelayComparison(calm: [1, 1], troubled: [1, 1]).isEqual(within: 500))
    }
}
