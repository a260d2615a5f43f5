import CGalois
import Core
import Foundation
import Testing

@testable import MerkleSearchTree

@Suite(.timeLimit(.minutes(5)))
struct SketchTests {
    private let hash = SketchHash(epoch: 20_000)

    private func values(_ count: Int, _ dice: inout Dice) -> [UInt64] {
        var values: Set<UInt64> = []
        while values.count < count { values.insert(max(1, dice.next() >> 16)) }
        return values.sorted()
    }

    /// Bit by bit, as the definition has it.
    private func product(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var (sum, shifted) = (UInt64(0), a)
        for bit in 0..<48 {
            if b >> UInt64(bit) & 1 == 1 { sum ^= shifted }
            shifted <<= 1
            if shifted >> 48 == 1 { shifted ^= 1 << 48 | 0b10_1101 }
        }
        return sum
    }

    @Test func productsAreThoseOfTheDefinitionByBothWays() {
        var dice = Dice(1)
        for _ in 0..<2_000 {
            let (a, b) = (dice.next() >> 16, dice.next() >> 16)
            let expected = product(a, b)
            #expect(galois_multiply(a, b) == expected)
            #expect(galois_multiply_portable(a, b) == expected)
        }
        let element = dice.next() >> 16
        #expect(galois_multiply(element, PinSketch.inverse(element)) == 1)
    }

    @Test func oddPowersAreAddedWhateverTheCount() {
        var dice = Dice(2)
        for count in [1, 2, 3, 4, 5, 10, 63, 64] {
            let value = dice.next() >> 16
            var sums = [UInt64](repeating: 0, count: count)
            PinSketch.toggle(value, in: &sums)
            var power = value
            for sum in sums {
                #expect(sum == power)
                power = product(product(power, value), value)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 9, 10, 33, 64])
    func syndromesTellAsManyValuesAsThereAreOfThem(count: Int) {
        var dice = Dice(UInt64(count))
        for number in 0...min(count, 12) {
            let wanted = values(number == 12 ? count : number, &dice)
            var sums = [UInt64](repeating: 0, count: count)
            for value in wanted { PinSketch.toggle(value, in: &sums) }
            #expect(PinSketch.decode(sums) == wanted)
        }
    }

    @Test func sumsOfTooManyValuesAndGarbageTellNothing() {
        var dice = Dice(5)
        for count in 1...24 {
            var sums = [UInt64](repeating: 0, count: count)
            for value in values(count * 2 + 3, &dice) { PinSketch.toggle(value, in: &sums) }
            let found = PinSketch.decode(sums)
            // With few sums a smaller set may have the same ones; the proof catches it.
            if count > 8 { #expect(found == nil) }
            _ = PinSketch.decode((0..<count).map { _ in dice.next() >> 16 })
            _ = PinSketch.decode((0..<count).map { _ in dice.next() })
            _ = PinSketch.decode((0..<count).map { _ in 1 })
        }
    }

    @Test(arguments: [0, 1, 2, 10, 100, 1_000, 2_000])
    func cellsTellTheirValuesAndGoOnWhereTheyStood(count: Int) {
        var dice = Dice(UInt64(count) + 77)
        let wanted = values(count, &dice)
        let all = count * 3 / 2 + 60
        var cells = Cells(count: all)
        for value in wanted { cells.toggle(value, hash) }
        var decoder = CellDecoder(hash: hash)
        var (found, sent) = ([UInt64]?.none, 0)
        while found == nil, sent < all {
            let next = min(all, sent + max(1, count / 5))
            decoder.add(cells[sent..<next])
            sent = next
            found = sent < count ? nil : decoder.decode(rescue: [])
        }
        #expect(found == wanted)
        #expect(count < 100 || sent < count * 8 / 5)
    }

    @Test func syndromesExplainWhatCellsLeaveOver() {
        var dice = Dice(9)
        var rescued = 0
        for _ in 0..<200 {
            let wanted = values(12, &dice)
            var cells = Cells(count: 14)
            var sums = [UInt64](repeating: 0, count: 10)
            for value in wanted {
                cells.toggle(value, hash)
                PinSketch.toggle(value, in: &sums)
            }
            var decoder = CellDecoder(hash: hash)
            decoder.add(cells[0..<14])
            if decoder.decode(rescue: []) != nil { continue }
            if let found = decoder.decode(rescue: sums) {
                rescued += 1
                #expect(found == wanted)
            }
        }
        #expect(rescued > 20)
    }

    @Test func garbageCellsEndWithNothing() {
        var dice = Dice(4)
        for _ in 0..<50 {
            var cells = Cells(count: 300)
            for _ in 0..<300 { cells.toggle(dice.next() >> 16, SketchHash(epoch: 1)) }
            var decoder = CellDecoder(hash: hash)
            decoder.add(cells[0..<300])
            #expect(decoder.decode(rescue: []) == nil)
        }
    }

    @Test func foldingIsLinear() {
        var dice = Dice(6)
        let keys = randomKeys(500, &dice)
        let (a, b) = (
            ParityBitmap(Array(keys[..<300]), hash), ParityBitmap(Array(keys[200...]), hash)
        )
        let both = ParityBitmap(Array(keys[..<200] + keys[300...]), hash)
        for power in 6...16 {
            let sum = zip(a.folded(to: power), b.folded(to: power)).map { $0 ^ $1 }
            #expect(sum == both.folded(to: power))
            #expect(sum.count * 8 == 1 << power)
        }
    }

    @Test func logarithmsAreThoseOfTheLibrary() {
        for step in 1...2_000 {
            let number = Double(step) / 2_000
            #expect(abs(DifferenceEstimate.logarithm(number) - log(number)) < 1e-12)
        }
    }

    /// Over many sets: the estimates are right on average, and the sizes suffice all but rarely.
    @Test(arguments: [20, 100, 700])
    func estimatesAreRightOnAverageAndSizesSuffice(count: Int) {
        var dice = Dice(UInt64(count))
        var (sum, small) = (0, 0)
        let rounds = 120
        for _ in 0..<rounds {
            let keys = randomKeys(count, &dice, times: 1 << 50)
            var (first, second) = (TugOfWar(), TugOfWar())
            for (number, key) in keys.enumerated() {
                let place = hash.place(hash.value(of: key))
                if number % 2 == 0 {
                    first.add(place.sign, to: place.bucket)
                } else {
                    second.add(place.sign, to: place.bucket)
                }
            }
            sum += first.estimate(from: TugOfWar(bytes: second.bytes[...]))
            let power = Sizing.power(for: count)
            let estimate = DifferenceEstimate(
                ParityBitmap(keys, hash).folded(to: power), ParityBitmap().folded(to: power))
            if (estimate.syndromeCount ?? .max) < count || estimate.cellCount < count { small += 1 }
        }
        #expect(abs(sum / rounds - count) < count / 5)
        #expect(small <= 2)
    }

    @Test func wantsAreReadAsTheyWereWritten() throws {
        var dice = Dice(8)
        for places in [[], [3], [0, 1, 2], [0, 2, 4, 5, 6, 7, 8, 90], Array(5..<3_000)] {
            for count in [0, 1, 700] {
                let want = Wants(
                    places: places, values: values(count, &dice), valueBits: 30,
                    gifts: count == 1)
                var (gotPlaces, gotValues, gifts) = ([Int](), [UInt64](), false)
                for message in want.messages(bytes: 2_048) {
                    #expect(message.count <= 2_048)
                    let reader = try #require(ByteReader(message))
                    let part = try #require(Wants(reader, ordinals: 3_000, valueBits: 30))
                    gotPlaces += part.places
                    gotValues += part.values
                    gifts = gifts || part.gifts
                }
                #expect(gotPlaces == places)
                #expect(gotValues == Set(want.values.map { $0 >> 18 }).sorted())
                #expect(gifts == want.gifts)
            }
        }
    }

    @Test func partsComeInAnyOrderAndLiesAreRefused() throws {
        let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var body = Body(bytes, messageBytes: 1_012)
        var first = try #require(ByteReader(body.first))
        let begun = IncomingBody(&first, most: 10_000)
        var incoming = try #require(begun)
        #expect(incoming.questions.count == 4)
        for question in incoming.questions.reversed() {
            var reader = try #require(ByteReader(question))
            let offset = reader.readCount() ?? 0
            let part = body.part(at: offset) ?? []
            let again = body.part(at: offset)
            #expect(again == nil, "each part is given once")
            var answer = try #require(ByteReader(part))
            #expect(incoming.whole == nil)
            let isTaken = incoming.take(&answer)
            #expect(isTaken)
            var repeated = try #require(ByteReader(part))
            let isTakenTwice = incoming.take(&repeated)
            #expect(!isTakenTwice)
        }
        #expect(incoming.whole == bytes)
        for offset in [17, 1 << 40, -1] {
            let part = body.part(at: offset)
            #expect(part == nil)
        }
        var whole = try #require(ByteReader(body.first))
        let tooLong = IncomingBody(&whole, most: 4_999)
        #expect(tooLong == nil)
        var none = try #require(ByteReader([MessageKind.body.byte(), 5]))
        let empty = IncomingBody(&none, most: 4_999)
        #expect(empty == nil)
    }

    @Test func valuesAndCellsAreThoseOfTheFixture() throws {
        for line in try Fixture.lines("sketch") {
            let words = line.split(separator: " ").map(String.init)
            let (epoch, number) = (UInt64(words[0]) ?? 0, Int(words[1]) ?? 0)
            #expect(vector(epoch, number) == words[2...].joined(separator: " "))
        }
    }

    private func vector(_ epoch: UInt64, _ number: Int) -> String {
        let hash = SketchHash(epoch: epoch)
        let value = hash.value(of: item(number))
        let place = hash.place(value)
        var (mapping, cells) = (hash.mapping(value), [Int]())
        for _ in 0..<6 {
            cells.append(mapping.index)
            mapping.advance()
        }
        var sums = [UInt64](repeating: 0, count: 3)
        PinSketch.toggle(value, in: &sums)
        let hex = ([value, UInt64(hash.check(value))] + sums).map { String($0, radix: 16) }
        let list = cells.map(String.init).joined(separator: ",")
        return "\(hex[0]) \(hex[1]) \(place.parity) \(place.bucket) \(place.sign) \(list) "
            + hex[2...].joined(separator: ",")
    }
}
