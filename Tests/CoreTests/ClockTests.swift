import Core
import Testing

@Suite(.timeLimit(.minutes(5)))
struct HybridLogicalClockTests {
    private let noon = WallTime(microseconds: 1_700_000_000_000_000)

    private func tick(
        _ clock: inout HybridLogicalClock, _ wall: WallTime
    ) -> Result<Timestamp, ClockError> {
        Result { () throws(ClockError) in try clock.tick(wall: wall) }
    }

    @Test(arguments: Seeds.upTo(10))
    func readingsOnlyRiseWhateverTheWallClockDoes(seed: UInt64) {
        var dice = Dice(seed: seed)
        var clock = HybridLogicalClock()
        var last = Timestamp.zero
        var given = 0
        for _ in 0..<2000 {
            let wall = noon + .microseconds(dice.below(60_000_000) - 30_000_000)
            if dice.below(4) == 0 {
                clock.observe(
                    Timestamp(
                        physical: wall.microseconds + UInt64(dice.below(20_000_000)),
                        counter: UInt16(dice.below(3))))
            }
            guard case .success(let time) = tick(&clock, wall) else { continue }
            #expect(time > last, "seed \(seed)")
            #expect(time.physical <= (wall + Limits.clockAhead).microseconds, "seed \(seed)")
            #expect(clock.last == time)
            last = time
            given += 1
        }
        #expect(given > 500)
    }

    @Test func aReadingIsTheWallClocksWhereItHasMovedOn() throws {
        var clock = HybridLogicalClock()
        #expect(try clock.tick(wall: noon) == Timestamp(physical: noon.microseconds, counter: 0))
        #expect(try clock.tick(wall: noon) == Timestamp(physical: noon.microseconds, counter: 1))
        let next = noon + .microseconds(1)
        #expect(try clock.tick(wall: next) == Timestamp(physical: next.microseconds, counter: 0))
    }

    @Test func exactlySixtySecondsAheadIsTheBound() {
        let limit = (noon + .seconds(60)).microseconds
        var clock = HybridLogicalClock(last: Timestamp(physical: limit, counter: 7))
        #expect(tick(&clock, noon) == .success(Timestamp(physical: limit, counter: 8)))
        clock = HybridLogicalClock(last: Timestamp(physical: limit + 1, counter: 0))
        let expected = ClockError.wallClockBehind(by: .microseconds(60_000_001))
        #expect(tick(&clock, noon) == .failure(expected))
        #expect(clock.last == Timestamp(physical: limit + 1, counter: 0))
    }

    @Test func aFullCounterCarriesIntoTheMicroseconds() {
        var clock = HybridLogicalClock(
            last: Timestamp(physical: noon.microseconds + 5, counter: .max))
        #expect(
            tick(&clock, noon)
                == .success(Timestamp(physical: noon.microseconds + 6, counter: 0)))
    }

    @Test func aCarryDoesNotPassTheBound() {
        let limit = (noon + .seconds(60)).microseconds
        var clock = HybridLogicalClock(last: Timestamp(physical: limit, counter: .max))
        if case .success(let time) = tick(&clock, noon) { #expect(time.physical <= limit) }
        #expect(clock.last.physical <= limit)
    }

    @Test func aRestartFromWhatWasStoredNeverGoesBack() throws {
        var clock = HybridLogicalClock()
        let stored = try clock.tick(wall: noon + .seconds(30))
        var again = HybridLogicalClock(last: stored)
        #expect(try again.tick(wall: noon) > stored)
    }

    @Test func observingAnOlderReadingChangesNothing() {
        var clock = HybridLogicalClock(last: Timestamp(physical: 9, counter: 9))
        clock.observe(Timestamp(physical: 9, counter: 8))
        clock.observe(.zero)
        #expect(clock.last == Timestamp(physical: 9, counter: 9))
    }

    @Test func theLatestWallTimeIsNoCrash() {
        let end = WallTime(microseconds: .max)
        #expect((end + .seconds(60)).microseconds >= UInt64(Int64.max))
        #expect((WallTime(microseconds: 0) + .seconds(-60)).microseconds == 0)
    }
}

@Suite(.timeLimit(.minutes(5)))
struct OrderTests {
    private func key(_ dice: inout Dice) -> EventKey {
        // Few values, so that ties are common.
        func word() -> UInt64 { dice.below(2) == 0 ? UInt64(dice.below(2)) : dice.next() }
        return EventKey(
            physical: word() & Limits.integer, counter: UInt16(truncatingIfNeeded: word()),
            id: EventID(words: word(), word(), word(), word()))
    }

    @Test(arguments: Seeds.upTo(10))
    func orderIsThatOfTheBytes(seed: UInt64) {
        var dice = Dice(seed: seed)
        for _ in 0..<500 {
            let (a, b) = (key(&dice), key(&dice))
            var first: [UInt8] = []
            var second: [UInt8] = []
            a.append(to: &first)
            b.append(to: &second)
            #expect(first.count == EventKey.byteCount)
            #expect((a < b) == first.lexicographicallyPrecedes(second))
            #expect((a.id < b.id) == a.id.bytes.lexicographicallyPrecedes(b.id.bytes))
            #expect((a.time < b.time) == first[..<10].lexicographicallyPrecedes(second[..<10]))
            #expect((a == b) == (first == second))
        }
    }

    @Test func anIdentifierHas32Bytes() {
        #expect(EventID(bytes: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(EventID(bytes: [UInt8](repeating: 0, count: 33)) == nil)
        let bytes = Array(UInt8(0)..<32)
        let id = EventID(bytes: bytes)
        #expect(id?.bytes == bytes)
        #expect(id?.w0 == 0x0001_0203_0405_0607)
        #expect(id?.w3 == 0x1819_1a1b_1c1d_1e1f)
    }
}
