import Core
import Testing

/// Codes of another implementation (Python), every mistake that a person makes, and random bytes.
@Suite(.timeLimit(.minutes(3)))
struct InviteCodeTests {
    private static let one =
        "FED1:GP0PWC9S68Q30BHJ5RVKMDSM6GSNG803M43VZWYE22Z1TW6X33KMQG4SCZJDCC4VMM6NY7EWGSJ14N9HQ140"
        + "00820C20A1G7A08124GK2GAHC5RR34D1P70X3RFHMTT9T8059WXEH0"
    private static let two =
        "FED1:GP178VKFCHJJWSBRC5PQ0V355SQQ4SST6GT36WJV68R30C9TCHH3GEHT6XEKMDSM6GSNG87A99P67RMWA85B"
        + "XXAGFC9JXHFSJN3QDBNYQSXS4GGYX9MH8HPJ5H4FZZZZZZZZZZZZA000000000000000000000000001P00ZZZZZ"
        + "ZZZZZZB6AS5C"

    private func invite(
        _ endpoints: [String], seed: [UInt8] = Array(0..<32), invite: [UInt8] = Array(0..<8),
        secret: [UInt8] = Array(16..<32), expires: UInt64 = 1_800_000_000
    ) throws -> InviteCode? {
        InviteCode(
            endpoints: endpoints, node: try #require(SecretKey(seed: seed)).node, invite: invite,
            secret: secret, expires: expires)
    }

    private func problem(_ text: some StringProtocol) -> InviteCodeError? {
        do throws(InviteCodeError) {
            _ = try InviteCode(text)
            return nil
        } catch {
            return error
        }
    }

    @Test func itIsThatOfTheVectors() throws {
        let one = try #require(try invite(["https://192.0.2.7:7443"]))
        #expect(one.text == Self.one)
        #expect(try InviteCode(Self.one) == one)
        let two = try #require(
            try invite(
                ["https://node.example.org:443", "https://[2001:db8::7]:7443"],
                seed: [UInt8](repeating: 7, count: 32), invite: [UInt8](repeating: 0xff, count: 8),
                secret: [UInt8](repeating: 0, count: 16), expires: Limits.integer))
        #expect(two.text == Self.two)
        #expect(try InviteCode(Self.two) == two)
    }

    @Test func whatPeopleDoToATextIsForgiven() throws {
        let code = try InviteCode(Self.one)
        #expect(try InviteCode(Self.one.lowercased()) == code)
        #expect(try InviteCode("  \(Self.one)\r\n") == code)
        let wrapped = Self.one.enumerated().map { $0 % 20 == 19 ? "\($1)\n" : "\($1)" }.joined()
        #expect(try InviteCode(wrapped) == code)
        let grouped = Self.one.enumerated().map { $0 % 5 == 4 ? "\($1)-" : "\($1)" }.joined()
        #expect(try InviteCode(grouped) == code)
        let confused = Self.one.dropFirst(5).replacing("0", with: "o").replacing("1", with: "L")
        #expect(try InviteCode("FED1:" + confused) == code)
    }

    @Test func whatIsNoCodeIsSaidSo() {
        let texts = [
            "", "FED1", "FED:", "https://example.org", String(Self.one.dropFirst()), "FED0:AAAA",
            "FEDX:AAAA", "F\u{445}D1:AAAA", String(repeating: "A", count: 9000),
        ]
        for text in texts { #expect(problem(text) == .notACode, "\(text)") }
        #expect(problem("FED2:" + Self.one.dropFirst(5)) == .newerVersion)
        #expect(problem("FED1:") == .mistyped)
    }

    /// Each place, each other character; two that changed places; one missing, one doubled.
    @Test func everyTypingMistakeIsFound() {
        let characters = Array(Self.one)
        let alphabet = Array("0179AGHZU*é")
        for place in 5..<characters.count {
            for other in alphabet where other != characters[place] {
                var changed = characters
                changed[place] = other
                #expect(problem(String(changed)) == .mistyped, "\(place) \(other)")
            }
            var shorter = characters
            shorter.remove(at: place)
            #expect(problem(String(shorter)) == .mistyped)
            var longer = characters
            longer.insert(characters[place], at: place)
            #expect(problem(String(longer)) == .mistyped)
            if place > 5, characters[place] != characters[place - 1] {
                var swapped = characters
                swapped.swapAt(place, place - 1)
                #expect(problem(String(swapped)) == .mistyped)
            }
            #expect(problem(String(characters[..<place])) == .mistyped)
        }
    }

    @Test func expiryIsApartFromMistakes() throws {
        let code = try InviteCode(Self.one)
        #expect(throws: Never.self) {
            try code.check(at: WallTime(microseconds: 1_799_999_999_999_999))
        }
        #expect(throws: InviteCodeError.expired(at: 1_800_000_000)) {
            try code.check(at: WallTime(microseconds: 1_800_000_000_000_000))
        }
    }

    @Test func partsOutsideOfTheirBoundsMakeNoCode() throws {
        let long = "https://" + String(repeating: "a", count: 292)
        #expect(try invite([long, long, long, long]) != nil)
        let bad: [[String]] = [
            [], [long + "a"], [long, long, long, long, long], ["http://a:1"], ["https://"],
            ["https://a b"], ["https://a\u{1b}[2J"], ["https://é"], ["a:1"], ["https://a/b"],
        ]
        for endpoints in bad { #expect(try invite(endpoints) == nil, "\(endpoints)") }
        #expect(try invite(["https://a:1"], invite: [1]) == nil)
        #expect(try invite(["https://a:1"], secret: []) == nil)
        #expect(try invite(["https://a:1"], expires: Limits.integer + 1) == nil)
    }

    /// A right check over a wrong grammar: whoever made it erred, not whoever typed it.
    @Test(arguments: [
        Item.array([]),
        .array([.array([]), .data([]), .data([]), .data([]), .unsigned(0)]),
        content(endpoints: [.text("")]), content(endpoints: [.text("a b")]),
        content(endpoints: [.text("https://a")]), content(endpoints: [.data([97])]),
        content(endpoints: []), content(endpoints: [Item](repeating: .text("a"), count: 5)),
        content(invite: 7), content(secret: 17), content(expires: .null),
        content(expires: .unsigned(1 << 53)),
    ])
    func aBrokenCodeIsNotATypingMistake(_ item: Item) {
        #expect(problem(Self.text(of: item.encoded)) == .malformed)
    }

    @Test func bytesAfterTheContentAreRefused() {
        let content = Self.content().encoded
        #expect(problem(Self.text(of: content)) == nil)
        #expect(problem(Self.text(of: content + [0])) == .malformed)
    }

    @Test(arguments: Seeds.upTo(20))
    func whateverIsReadIsWrittenTheSame(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let letters = Array(Self.one.utf8) + Array(" -\nol*é".utf8)
        for _ in 0..<500 {
            var text = Array(Self.one.utf8)
            for _ in 0..<dice.below(4) {
                text[dice.below(text.count)] = letters[dice.below(letters.count)]
            }
            let string = String(decoding: text, as: UTF8.self)
            guard let code = attempt({ try InviteCode(string) }) else { continue }
            #expect(try InviteCode(code.text) == code)
            #expect(code.text == Self.one)
        }
        for _ in 0..<500 {
            let bytes = (0..<dice.below(120)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            #expect(attempt({ try InviteCode(Self.text(of: bytes)) }) == nil)
        }
    }

    @Test func theSecretIsNotPrinted() throws {
        let code = try InviteCode(Self.one)
        for text in ["\(code)", String(reflecting: code)] {
            #expect(text == "invite 0001020304050607 of 03a107bff3")
        }
    }

    private static func content(
        endpoints: [Item] = [.text("a:1")], invite: Int = 8, secret: Int = 16,
        expires: Item = .unsigned(1)
    ) -> Item {
        .array([
            .array(endpoints), .data([UInt8](repeating: 1, count: 32)),
            .data([UInt8](repeating: 2, count: invite)),
            .data([UInt8](repeating: 3, count: secret)), expires,
        ])
    }

    private static func text(of content: [UInt8]) -> String {
        let preimage = Array("teambook-invite-v1\0".utf8) + content
        let check = SHA256.hash(preimage, as: Digest.self).bytes[..<4]
        return "FED1:" + Base32.encode(content + check)
    }
}
