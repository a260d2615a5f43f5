import Core
import Testing

/// One text for one value: hex, base64url, cursors.
@Suite(.timeLimit(.minutes(5)))
struct TextTests {
    @Test func hexIsLowercaseAndWhole() {
        #expect(Hex.encode([0x00, 0x0f, 0xf0, 0xff] as [UInt8]) == "000ff0ff")
        #expect(Hex.decode("000ff0ff") == [0x00, 0x0f, 0xf0, 0xff])
        #expect(Hex.decode("") == [])
        for text in ["0", "0F", "0g", " 00", "00 ", "0x00", "٠٠", "00\u{0}", "-1", "+1"] {
            #expect(Hex.decode(text) == nil, "\(text)")
        }
    }

    @Test func anIdentifiersHexHas64Digits() {
        let hex = String(repeating: "0f", count: 32)
        #expect(EventID(hex: hex)?.hex == hex)
        #expect(EventID(hex: hex.uppercased()) == nil)
        #expect(EventID(hex: hex + "00") == nil)
        #expect(EventID(hex: String(hex.dropLast(2))) == nil)
        #expect(EventID(hex: "") == nil)
        #expect(EventID(hex: String(repeating: "é", count: 32)) == nil)
    }

    /// RFC 4648 section 10, in the alphabet of section 5 and without padding.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ])
    func base64URLIsTheStandards(_ plain: String, _ text: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == text)
        #expect(Base64URL.decode(text) == Array(plain.utf8))
    }

    @Test func base64URLUsesItsOwnAlphabet() {
        #expect(Base64URL.encode([0xfb, 0xff, 0xbf]) == "-_-_")
        #expect(Base64URL.decode("-_-_") == [0xfb, 0xff, 0xbf])
    }

    @Test(arguments: [
        "Zg==", "Zg=", "Zh", "Zm9", "A", "AAAAA", "+/+/", "Zm 9v", "Zm9v\n", "Zm8é", "=", "Zk",
    ])
    func aSecondBase64URLTextIsRefused(_ text: String) {
        #expect(Base64URL.decode(text) == nil, "\(text)")
    }

    @Test(arguments: Seeds.upTo(5))
    func randomBytesComeBackFromTheirTexts(seed: UInt64) {
        var dice = Dice(seed: seed)
        for count in 0..<100 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
            #expect(Base32.decode(Base32.encode(bytes).utf8) == bytes)
        }
    }

    @Test func everyAcceptedBase64URLTextIsTheOnlyOne() {
        let alphabet = Array("AZaz09-_+/=")
        for a in alphabet {
            for b in alphabet {
                for text in ["\(a)\(b)", "\(a)\(b)A", "A\(a)\(b)", "AA\(a)\(b)"] {
                    guard let bytes = Base64URL.decode(text) else { continue }
                    #expect(Base64URL.encode(bytes) == text)
                }
            }
        }
    }

    /// Computed by another implementation (Python) from Crockford's alphabet.
    @Test(arguments: [
        ("", ""), ("f", "CR"), ("fo", "CSQG"), ("foo", "CSQPY"), ("foob", "CSQPYRG"),
        ("fooba", "CSQPYRK1"), ("foobar", "CSQPYRK1E8"),
    ])
    func base32IsCrockfords(_ plain: String, _ text: String) {
        #expect(Base32.encode(Array(plain.utf8)) == text)
        #expect(Base32.decode(text.utf8) == Array(plain.utf8))
        #expect(Base32.decode(text.lowercased().utf8) == Array(plain.utf8))
    }

    @Test func base32ForgivesWhatPeopleMixUpAndNothingElse() {
        #expect(Base32.decode("O1iL".utf8) == Base32.decode("0111".utf8))
        for text in ["CS", "CSQH", "C", "CSQ", "CSQPYR", "CU", "C*", "C ", "C\u{e9}"] {
            #expect(Base32.decode(text.utf8) == nil, "\(text)")
        }
    }

    private let log = "000102030405060708090a0b0c0d0e0f"

    @Test(arguments: ["0", "1", "42", "9007199254740991"])
    func aCursorsTextIsReadAndWritten(_ position: String) throws {
        let cursor = try #require(Cursor("\(log).\(position)"))
        #expect(cursor.text == "\(log).\(position)")
        #expect(String(cursor.position) == position)
        #expect(cursor.log.hex == log)
    }

    @Test(arguments: [
        "", ".", "L", "L.", ".5", "L.05", "L.+5", "L.-5", "L. 5", "L.5 ", "L.5.", "L.5.6", "L.0x5",
        "L.9007199254740992", "L.18446744073709551616", "L.٥", "L,5", "X.5", "U.5", "LL.5", "L.1e3",
    ])
    func anotherTextIsNoCursor(_ shape: String) {
        let text = shape.replacing("L", with: log).replacing("U", with: log.uppercased())
            .replacing("X", with: log.dropLast())
        #expect(Cursor(text) == nil, "\(text)")
    }

    @Test func aLogIdHas16Bytes() {
        #expect(LogID(bytes: [UInt8](repeating: 1, count: 15)) == nil)
        #expect(LogID(bytes: [UInt8](repeating: 1, count: 17)) == nil)
        #expect(
            LogID(bytes: [UInt8](repeating: 1, count: 16))?.hex
                == String(repeating: "01", count: 16))
    }

    /// FIPS 180-4, "abc".
    @Test func theHashIsTheStandards() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(SHA256.hash(Array("abc".utf8), as: Digest.self).hex == expected)
        var parts = SHA256()
        parts.update("a")
        parts.update(Array("b".utf8))
        parts.update(Array("xc".utf8)[1...])
        #expect(parts.finish(as: Digest.self).hex == expected)
    }
}
