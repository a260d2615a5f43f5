import Core
import Testing

@Suite(.timeLimit(.minutes(5)))
struct CBORReaderTests {
    /// What reading `hex` as one whole item throws; nil where it is accepted.
    private func refusal(_ hex: String) -> CBORError? {
        refusal(Hex.decode(hex) ?? [])
    }

    private func refusal(_ bytes: [UInt8]) -> CBORError? {
        var reader = CBORReader(bytes)
        do throws(CBORError) {
            let item = try reader.item()
            try reader.finish()
            return Array(item) == bytes ? nil : .trailing
        } catch {
            return error
        }
    }

    /// RFC 8949 appendix A: what stands in it and is part of the format.
    private static let accepted: Set<String> = [
        "00", "01", "0a", "17", "1818", "1819", "1864", "1903e8", "1a000f4240",
        "1b000000e8d4a51000", "20", "29", "3863", "3903e7", "f4", "f5", "f6", "40", "4401020304",
        "60", "6161", "6449455446", "62225c", "62c3bc", "63e6b0b4", "64f0908591", "80",
        "83010203", "8301820203820405",
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819", "a0", "a26161016162820203",
        "826161a161626163", "a56161614161626142616361436164614461656145",
    ]

    private struct Vector: Decodable { var hex: String }

    @Test(.enabled(if: Vectors.arePresent, "no ../shared/vectors beside the package"))
    func theVectorsOfTheStandardAreReadOrRefused() throws {
        let vectors = try Vectors.load("cbor/appendix_a.json", as: [Vector].self)
        #expect(vectors.count == 82)
        #expect(Set(vectors.map(\.hex)).isSuperset(of: Self.accepted))
        for vector in vectors {
            let isAccepted = refusal(vector.hex) == nil
            #expect(isAccepted == Self.accepted.contains(vector.hex), "\(vector.hex)")
            guard isAccepted, let bytes = Hex.decode(vector.hex), let again = rewritten(bytes)
            else { continue }
            #expect(Hex.encode(again) == vector.hex)
        }
    }

    @Test(arguments: [
        // Heads longer than they need to be, of every type and width.
        "1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff", "1b0000000000000000",
        "1b00000000ffffffff", "3800", "380a", "390001", "5800", "580161", "590001aa", "7800",
        "780161", "790001aa", "5a0000000100", "9800", "980101", "990001f6", "9a00000000", "b800",
        "b90001616101", "9b0000000000000000",
        // Indefinite lengths, and what ends them.
        "5fff", "5f4101ff", "7fff", "7f6161ff", "9fff", "9f01ff", "bfff", "bf616101ff", "ff", "1f",
        "3f",
        // Reserved heads.
        "1c", "1d", "1e", "3c", "5c", "7d", "9e", "bc",
    ])
    func aSecondEncodingIsRefused(_ hex: String) {
        #expect([.notShortest, .wrongType].contains(refusal(hex)), "\(hex)")
    }

    @Test(arguments: [
        "c001", "c11a514b67b0", "d81800", "d9d9f700", "f93c00", "fa47c35000", "fb3ff199999999999a",
        "f7", "e0", "f0", "f3", "f800", "f814", "f818", "f820", "f8ff", "fc", "fd", "fe",
    ])
    func tagsFloatsAndSimpleValuesAreRefused(_ hex: String) {
        #expect(refusal(hex) == .wrongType, "\(hex)")
    }

    @Test(arguments: [
        "61ff", "62c328", "63e28228", "64f0288cbc", "63eda080", "62c080", "64f4908080",
    ])
    func textThatIsNotUTF8IsRefused(_ hex: String) {
        #expect(refusal(hex) == .notUTF8, "\(hex)")
    }

    @Test func integersEndAtTwoToThe53() {
        #expect(refusal("1b001fffffffffffff") == nil)
        #expect(refusal("1b0020000000000000") == .outOfRange)
        #expect(refusal("1bffffffffffffffff") == .outOfRange)
        #expect(refusal("3b001ffffffffffffe") == nil)
        #expect(refusal("3b001fffffffffffff") == .outOfRange)
        #expect(refusal("3bffffffffffffffff") == .outOfRange)
    }

    @Test(arguments: [
        ("a2616201616101", "descending"), ("a2616101616101", "double"),
        ("a2626161016162", "longer first"), ("a10101", "an integer"), ("a1416101", "bytes"),
        ("a1f601", "null"), ("a3616101616301616201", "the last one"),
    ])
    func keysThatAreUnsortedDoubledOrNoTextAreRefused(_ hex: String, _ why: String) {
        #expect(refusal(hex) == .unsortedKeys, "\(why)")
    }

    @Test func aShorterKeyComesFirst() {
        #expect(refusal("a261620162616101") == nil)
    }

    @Test func bytesAfterTheItemAreRefused() {
        for hex in ["0000", "f6f6", "8000", "a000", "4000"] {
            #expect(refusal(hex) == .trailing, "\(hex)")
        }
    }

    @Test func nothingIsNoItem() {
        #expect(refusal("") == .truncated)
    }

    @Test func eightLevelsAreReadAndNineRefused() {
        let deepest = [UInt8](repeating: 0x81, count: 7) + [0x00]
        #expect(refusal(deepest) == nil)
        #expect(refusal([0x81] + deepest) == .tooDeep)
        let maps = Array([[UInt8]](repeating: [0xa1, 0x61, 0x61], count: 7).joined()) + [0x00]
        #expect(refusal(maps) == nil)
        #expect(refusal([0xa1, 0x61, 0x61] + maps) == .tooDeep)
    }

    @Test func aDepthBombDoesNotExhaustTheStack() {
        #expect(refusal([UInt8](repeating: 0x81, count: 4 << 20)) == .tooDeep)
        let maps = Array([[UInt8]](repeating: [0xa1, 0x60], count: 1 << 20).joined())
        #expect(refusal(maps) == .tooDeep)
    }

    @Test(arguments: [
        "5b7fffffffffffffff", "5bffffffffffffffff", "7b7fffffffffffffff", "7bffffffffffffffff",
        "9b7fffffffffffffff", "9bffffffffffffffff", "bb7fffffffffffffff", "bbffffffffffffffff",
        "5affffffff", "7affffffff", "9affffffff", "baffffffff", "820099ffff", "5b8000000000000000",
    ])
    func aLengthBombIsRefusedWithoutReadingOn(_ hex: String) {
        #expect([.truncated, .outOfRange].contains(refusal(hex)), "\(hex)")
    }

    @Test func typedReadsRefuseOtherTypesAndBounds() {
        func error<Value>(
            _ hex: String, _ read: (inout CBORReader) throws(CBORError) -> Value
        ) -> CBORError? {
            var reader = CBORReader(Hex.decode(hex) ?? [])
            do throws(CBORError) { _ = try read(&reader) } catch { return error }
            return nil
        }
        #expect(error("41aa") { r throws(CBORError) in try r.unsigned() } == .wrongType)
        #expect(error("05") { r throws(CBORError) in try r.unsigned(in: 6...9) } == .outOfRange)
        #expect(error("0a") { r throws(CBORError) in try r.unsigned(in: 6...9) } == .outOfRange)
        #expect(error("07") { r throws(CBORError) in try r.unsigned(in: 6...9) } == nil)
        #expect(error("42aaaa") { r throws(CBORError) in try r.data(0...1) } == .outOfRange)
        #expect(error("42aaaa") { r throws(CBORError) in try r.data(3...4) } == .outOfRange)
        #expect(error("42aa") { r throws(CBORError) in try r.data(2...2) } == .truncated)
        #expect(error("42aaaa") { r throws(CBORError) in try r.text(0...9) } == .wrongType)
        #expect(error("83010203") { r throws(CBORError) in try r.array(exactly: 2) } == .outOfRange)
        #expect(
            error("5820aa") { r throws(CBORError) in try r.identifier(as: EventID.self) }
                == .truncated)
        #expect(
            error("581faa") { r throws(CBORError) in try r.identifier(as: EventID.self) }
                == .outOfRange)
        #expect(error("f6") { r throws(CBORError) in try r.boolean() } == .wrongType)
        #expect(error("") { r throws(CBORError) in try r.null() } == .truncated)
    }

    @Test func anOptionalIsItsValueOrNull() throws {
        var reader = CBORReader([0xf6, 0x07, 0xf5])
        #expect(try reader.optional { r throws(CBORError) in try r.unsigned() } == nil)
        #expect(try reader.optional { r throws(CBORError) in try r.unsigned() } == 7)
        #expect(try reader.boolean())
        try reader.finish()
    }

    @Test(arguments: Seeds.upTo(20))
    func randomItemsAreReadAndWrittenIdentically(seed: UInt64) {
        var dice = Dice(seed: seed)
        for round in 0..<300 {
            let bytes = Item.random(&dice, depth: 7).encoded
            #expect(refusal(bytes) == nil, "seed \(seed), round \(round): \(Hex.encode(bytes))")
            guard let again = rewritten(bytes) else { continue }
            #expect(again == bytes, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: Seeds.upTo(10))
    func anItemCutAnywhereIsTruncated(seed: UInt64) {
        var dice = Dice(seed: seed)
        for round in 0..<100 {
            let bytes = Item.random(&dice, depth: 5).encoded
            for end in bytes.indices {
                let why = "seed \(seed), round \(round), \(Hex.encode(bytes)) cut at \(end)"
                // A count above the bytes that are left may be refused before they are missed.
                #expect(
                    [.truncated, .outOfRange].contains(refusal(Array(bytes[..<end]))), "\(why)")
            }
        }
    }

    @Test(arguments: Seeds.upTo(20))
    func whateverIsAcceptedHasOneEncoding(seed: UInt64) {
        var dice = Dice(seed: seed)
        var accepted = 0
        for _ in 0..<3000 {
            var bytes = Item.random(&dice, depth: 4).encoded
            for _ in 0...dice.below(3) {
                let place = dice.below(bytes.count)
                bytes[place] = UInt8(truncatingIfNeeded: dice.next())
            }
            guard refusal(bytes) == nil else { continue }
            accepted += 1
            guard let again = rewritten(bytes) else { continue }
            #expect(again == bytes, "seed \(seed): \(Hex.encode(bytes))")
        }
        #expect(accepted > 100)
    }
}
