import Core
import Testing

@Suite(.timeLimit(.minutes(5)))
struct RandomnessTests {
    private func seed(_ byte: UInt64) -> Digest { Digest(words: byte, 0, 0, 0) }

    @Test func oneSeedGivesOneStreamOfSecrets() {
        var a = Secrets(seed: seed(1))
        var b = Secrets(seed: seed(1))
        var other = Secrets(seed: seed(2))
        for count in [1, 8, 16, 32, 256] {
            let drawn = a.draw(count)
            #expect(drawn.count == count)
            #expect(drawn == b.draw(count))
            if count > 1 { #expect(drawn != other.draw(count)) }
        }
        #expect(a == b)
    }

    @Test func secretsNeverRepeat() {
        var secrets = Secrets(seed: seed(3))
        var seen: Set<[UInt8]> = []
        for _ in 0..<5000 { seen.insert(secrets.draw(16)) }
        for _ in 0..<5000 { seen.insert(secrets.draw(32)) }
        #expect(seen.count == 10_000)
        // A longer draw does not contain the shorter one before it, either.
        #expect(Set(seen.map { Array($0.prefix(16)) }).count == 10_000)
    }

    @Test func aCopyGoesItsOwnWay() {
        var a = Secrets(seed: seed(4))
        var b = a
        let first = a.word()
        #expect(b.word() == first)
        #expect(a.word() != first)
    }

    @Test func theSystemsSecretsDiffer() {
        var a = Secrets.system()
        var b = Secrets.system()
        #expect(a.draw(32) != b.draw(32))
        #expect(LogID.fresh(&a) != LogID.fresh(&a))
        #expect(Secrets.system(count: 16) != Secrets.system(count: 16))
        #expect(Secrets.system(count: 0) == [])
    }

    /// The published outputs of SplitMix64 for the seed 1234567.
    @Test func diceAreSplitMix() {
        var dice = Dice(seed: 1_234_567)
        #expect(dice.next() == 6_457_827_717_110_365_317)
        #expect(dice.next() == 3_203_168_211_198_807_973)
        #expect(dice.next() == 9_817_491_932_198_370_423)
    }

    @Test(arguments: [1, 2, 3, 6, 100, 1_000_003])
    func diceStayBelowTheirBound(_ bound: Int) {
        var dice = Dice(seed: 5)
        var seen: Set<Int> = []
        for _ in 0..<2000 {
            let value = dice.below(bound)
            #expect((0..<bound).contains(value))
            seen.insert(value)
        }
        if bound <= 100 { #expect(seen.count == bound) }
    }

    @Test func durationsStayInTheirRange() {
        var dice = Dice(seed: 6)
        let range = Duration.milliseconds(10)...Duration.milliseconds(50)
        let drawn = (0..<2000).map { _ in dice.duration(in: range) }
        #expect(drawn.allSatisfy(range.contains))
        #expect(Set(drawn).count > 1000)
        #expect(dice.duration(in: .seconds(1) ... .seconds(1)) == .seconds(1))
    }
}
