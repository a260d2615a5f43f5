import Core
import Testing

@testable import Federation

@Suite(.timeLimit(.minutes(1)))
struct TokenBucketTests {
    let rate = Rate(burst: 10, perSecond: 2)

    func at(_ seconds: Double) -> Instant { Instant(microseconds: Int64(seconds * 1e6)) }

    @Test func aBucketHoldsItsBurstAndFillsAtItsRate() {
        var bucket = TokenBucket()
        for _ in 0..<10 {
            #expect(bucket.wait(for: 1, rate, at: at(5)) == nil)
            bucket.take(1, rate, at: at(5))
        }
        #expect(bucket.wait(for: 1, rate, at: at(5)) == .milliseconds(500))
        #expect(bucket.wait(for: 4, rate, at: at(5)) == .seconds(2))
        #expect(bucket.wait(for: 1, rate, at: at(5.4)) == .milliseconds(100))
        #expect(bucket.wait(for: 1, rate, at: at(5.5)) == nil)
        #expect(bucket.wait(for: 10, rate, at: at(10)) == nil)
        #expect(bucket.wait(for: 10, rate, at: at(9.999999)) == .microseconds(1))
    }

    @Test func aCostBeyondTheBurstIsTheWholeBucket() {
        var bucket = TokenBucket()
        #expect(bucket.wait(for: .max, rate, at: .zero) == nil)
        bucket.take(.max, rate, at: .zero)
        #expect(bucket.wait(for: .max, rate, at: .zero) == .seconds(5))
        #expect(bucket.wait(for: 0, rate, at: .zero) == nil)
        #expect(bucket.wait(for: -7, rate, at: .zero) == nil)
        bucket.take(-7, rate, at: .zero)
        #expect(bucket.wait(for: 1, rate, at: .zero) == .milliseconds(500))
    }

    @Test func whatWasDoneAlreadyIsOwedAndPaidBeforeAnythingElse() {
        var bucket = TokenBucket()
        #expect(bucket.owe(10, rate, at: at(1)) == nil)
        #expect(bucket.owe(6, rate, at: at(1)) == .seconds(3))
        #expect(bucket.wait(for: 1, rate, at: at(1)) == .milliseconds(3500))
        #expect(bucket.wait(for: 1, rate, at: at(4.5)) == nil)
        // No more than a burst, however much it was; and what is taken meanwhile pays nothing back.
        bucket = TokenBucket()
        for _ in 0..<5 { _ = bucket.owe(.max, rate, at: at(1)) }
        bucket.take(1, rate, at: at(1))
        #expect(bucket.owe(0, rate, at: at(1)) == nil)
        #expect(bucket.wait(for: 1, rate, at: at(1)) == .milliseconds(5500))
    }

    @Test func timeThatRunsBackwardsOrFarAheadHarmsNothing() {
        var bucket = TokenBucket()
        bucket.take(10, rate, at: at(100))
        #expect(bucket.wait(for: 1, rate, at: at(50)) == .milliseconds(500))
        bucket.take(1, rate, at: at(50))
        #expect(bucket.wait(for: 1, rate, at: at(100.5)) == nil)
        let end = Instant(microseconds: .max)
        #expect(bucket.wait(for: 10, Rate(burst: 10, perSecond: 1 << 30), at: end) == nil)
    }

    @Test func whatIsGivenBackIsNeverMoreThanWasSpent() {
        var bucket = TokenBucket()
        bucket.take(4, rate, at: .zero)
        bucket.giveBack(.max)
        bucket.giveBack(-3)
        for _ in 0..<10 { bucket.take(1, rate, at: .zero) }
        #expect(bucket.wait(for: 1, rate, at: .zero) == .milliseconds(500))
        bucket.giveBack(3)
        #expect(bucket.wait(for: 3, rate, at: .zero) == nil)
        #expect(bucket.wait(for: 4, rate, at: .zero) == .milliseconds(500))
    }

    @Test(arguments: Seeds.upTo(20)) func aBucketAgreesWithAListOfAllThatWasTaken(_ seed: UInt64) {
        var dice = Dice(seed: seed)
        var bucket = TokenBucket()
        // The model recounts from the start, in fractions.
        var taken: [(time: Double, cost: Double)] = []
        var now = 0.0
        for _ in 0..<500 {
            now += Double(dice.below(2_000_000)) / 1e6
            let cost = Double(1 + dice.below(4))
            var level = 10.0
            var last = 0.0
            for entry in taken {
                level = min(10, level + (entry.time - last) * 2) - entry.cost
                last = entry.time
            }
            level = min(10, level + (now - last) * 2)
            // At the very edge the model's fractions may round either way.
            guard abs(level - cost) > 1e-6 else { continue }
            let wait = bucket.wait(for: Int64(cost), rate, at: at(now))
            #expect((wait == nil) == (level >= cost))
            guard wait == nil else { continue }
            bucket.take(Int64(cost), rate, at: at(now))
            taken.append((now, cost))
        }
        #expect(taken.count > 100)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct BudgetTests {
    func at(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }

    @Test func aPeerThatKeepsToItsRateIsNeverRefused() {
        var budget = Budget()
        for second: Int64 in 0..<600 {
            for _ in 0..<100 {
                #expect(budget.charge(.live, bytes: 80_000, at: at(second)) == nil)
            }
            for _ in 0..<200 {
                #expect(budget.charge(.catchUp, bytes: 160_000, at: at(second)) == nil)
            }
        }
    }

    @Test func catchingUpLeavesTheLiveBudgetAlone() {
        var budget = Budget()
        while budget.charge(.catchUp, at: .zero) == nil {}
        #expect(budget.charge(.catchUp, at: .zero) == .milliseconds(5))
        for _ in 0..<1000 { #expect(budget.charge(.live, at: .zero) == nil) }
        #expect(budget.charge(.live, at: .zero) == .milliseconds(10))
    }

    @Test func aRefusedChargeTakesNothing() {
        var budget = Budget()
        while budget.charge(.live, requests: 0, bytes: 4 << 20, at: .zero) == nil {}
        let before = budget
        #expect(budget.charge(.live, bytes: 4 << 20, verifications: 5, at: .zero) == .seconds(0.5))
        #expect(budget == before)
    }

    @Test func aPeerThatWasAwayForWeeksCatchesUp() {
        var budget = Budget()
        var wait = Duration.zero
        // A million new events of 1 KiB in pages of 1,000, eight pages under way at a time.
        for page: Int64 in 0..<1000 {
            var now = Instant(microseconds: page * 100_000)
            while let more = budget.charge(
                .catchUp, bytes: 1_024_000, verifications: 1000, at: now + wait)
            {
                wait += more
                now = Instant(microseconds: page * 100_000)
            }
            if page >= 8 { budget.refund(verifications: 1000) }
        }
        #expect(wait == .zero)
    }

    @Test func onlyVerificationsThatBroughtNothingDrain() {
        var budget = Budget()
        for _ in 0..<1000 {
            #expect(budget.charge(.live, requests: 0, verifications: 1000, at: .zero) == nil)
            budget.refund(verifications: 1000)
        }
        for _ in 0..<16 {
            #expect(budget.charge(.live, requests: 0, verifications: 1000, at: .zero) == nil)
        }
        // In both classes: a signature costs the same wherever it came from.
        for kind in Budget.Class.allCases {
            #expect(budget.charge(kind, requests: 0, verifications: 1000, at: .zero) == .seconds(5))
            #expect(budget.charge(kind, requests: 0, at: .zero) == nil)
        }
    }

    @Test func everyRequestHasItsClass() {
        let catchUp: [Request] = [
            .pull(since: nil), .stream(since: nil), .reconcile(session: 1, message: []),
            .fetch(session: 1, message: []),
        ]
        for request in catchUp { #expect(Budget.Class(request) == .catchUp) }
        for request: Request in [.status, .ownRecord, .leave, .bodies([]), .push(Batch([]))] {
            #expect(Budget.Class(request) == .live)
        }
    }
}
