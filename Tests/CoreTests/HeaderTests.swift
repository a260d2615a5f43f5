import Core
import Testing

/// Every bound of the header's grammar.
@Suite(.timeLimit(.minutes(5)))
struct HeaderTests {
    /// The fields of a valid header, each of which a test replaces by something else.
    private static let fields: [Item] = [
        .unsigned(1), id(1), .data([]), .unsigned(2), id(2),
        .array([.unsigned(1_700_000_000_000_000), .unsigned(0)]), .array([id(3), id(4)]),
        .array([.unsigned(1), .text("assistant-1")]), .null, .text("message.post"), .unsigned(5),
        id(9),
    ]

    private static func id(_ byte: UInt8) -> Item { .data([UInt8](repeating: byte, count: 32)) }

    private static func ids(_ bytes: [UInt8]) -> Item { .array(bytes.map { id($0) }) }

    private static func data(_ count: Int) -> Item { .data([UInt8](repeating: 7, count: count)) }

    private static func text(_ count: Int) -> Item { .text(String(repeating: "a", count: count)) }

    private static func with(_ changes: [Int: Item], extra: [Item] = []) -> [UInt8] {
        Item.array(fields.enumerated().map { changes[$0] ?? $1 } + extra).encoded
    }

    @Test func theStartingPointIsValid() throws {
        let header = try Header(decoding: Self.with([:]))
        #expect(header.encoded() == Self.with([:]))
        #expect(header.sequence == 2)
        #expect(header.parents.count == 2)
    }

    private static let valid: [[Int: Item]] = [
        [2: data(32)], [2: data(1)],
        [3: .unsigned(1), 4: .null], [3: .unsigned(Limits.integer)],
        [5: .array([.unsigned(0), .unsigned(65_535)])],
        [5: .array([.unsigned(Limits.integer), .unsigned(0)])],
        [6: ids([])], [6: ids(Array(1...16))],
        [7: .array([.unsigned(0), .text("a")])], [7: .array([.unsigned(2), text(64)])],
        [7: .array([.unsigned(1), .text("a-z_0.9")])],
        [8: .array([id(5), .unsigned(0), data(16), data(64)])],
        [9: text(1)], [9: text(64)], [9: .text("é.水")],
        [10: .unsigned(0)], [10: .unsigned(65_536)],
    ]

    @Test(arguments: valid.indices)
    func aFieldAtItsBoundIsAccepted(_ place: Int) throws {
        let bytes = Self.with(Self.valid[place])
        #expect(try Header(decoding: bytes).encoded() == bytes)
    }

    private static let invalid: [(String, [Int: Item])] = [
        ("version 0", [0: .unsigned(0)]), ("version as text", [0: .text("1")]),
        ("version 2 without a new field", [0: .unsigned(2)]),
        ("origin too short", [1: data(31)]), ("origin too long", [1: data(33)]),
        ("scope of 33 bytes", [2: data(33)]), ("scope as text", [2: text(4)]),
        ("scope null", [2: .null]),
        ("sequence 0", [3: .unsigned(0), 4: .null]),
        ("sequence 0 with previous", [3: .unsigned(0)]),
        ("sequence 2^53", [3: .unsigned(1 << 53)]), ("sequence negative", [3: .negative(0)]),
        ("previous at 1", [3: .unsigned(1)]), ("no previous at 2", [4: .null]),
        ("previous too short", [4: data(31)]),
        ("time without counter", [5: .array([.unsigned(5)])]),
        ("time of three", [5: .array([.unsigned(5), .unsigned(5), .unsigned(5)])]),
        ("time as a number", [5: .unsigned(5)]),
        ("counter 65536", [5: .array([.unsigned(5), .unsigned(65_536)])]),
        ("time 2^53", [5: .array([.unsigned(1 << 53), .unsigned(0)])]),
        ("time negative", [5: .array([.negative(5), .unsigned(0)])]),
        ("17 parents", [6: ids(Array(1...17))]), ("parents unsorted", [6: ids([2, 1])]),
        ("parents doubled", [6: ids([2, 2])]), ("parents unsorted late", [6: ids([1, 3, 2])]),
        ("parents null", [6: .null]), ("parent too short", [6: .array([data(31)])]),
        ("role 3", [7: .array([.unsigned(3), .text("a")])]),
        ("role 256", [7: .array([.unsigned(256), .text("a")])]),
        ("role as text", [7: .array([.text("ai"), .text("a")])]),
        ("no author name", [7: .array([.unsigned(1), .text("")])]),
        ("author of 65", [7: .array([.unsigned(1), text(65)])]),
        ("capital", [7: .array([.unsigned(1), .text("Assistant")])]),
        ("space", [7: .array([.unsigned(1), .text("a b")])]),
        ("slash", [7: .array([.unsigned(1), .text("a/b")])]),
        ("umlaut", [7: .array([.unsigned(1), .text("ä")])]),
        ("control", [7: .array([.unsigned(1), .text("a\u{0}")])]),
        ("author of three", [7: .array([.unsigned(1), .text("a"), .null])]),
        ("author null", [7: .null]),
        ("proof of three", [8: .array([id(5), .unsigned(0), data(16)])]),
        ("proof nonce 15", [8: .array([id(5), .unsigned(0), data(15), data(64)])]),
        ("proof signature 65", [8: .array([id(5), .unsigned(0), data(16), data(65)])]),
        ("proof time 2^53", [8: .array([id(5), .unsigned(1 << 53), data(16), data(64)])]),
        ("proof false", [8: .boolean(false)]), ("proof empty", [8: .array([])]),
        ("kind empty", [9: .text("")]), ("kind of 65", [9: text(65)]), ("kind bytes", [9: data(4)]),
        ("body of 65537", [10: .unsigned(65_537)]), ("body negative", [10: .negative(0)]),
        ("hash too short", [11: data(31)]), ("hash null", [11: .null]),
    ]

    @Test(arguments: invalid.indices)
    func aFieldBeyondItsBoundIsRefused(_ place: Int) {
        let (name, changes) = Self.invalid[place]
        #expect(throws: CBORError.self, "\(name)") {
            _ = try Header(decoding: Self.with(changes))
        }
    }

    @Test func aKindIsCountedInBytes() {
        #expect(throws: Never.self) {
            _ = try Header(decoding: Self.with([9: .text(String(repeating: "é", count: 32))]))
        }
        #expect(throws: CBORError.self) {
            _ = try Header(decoding: Self.with([9: .text(String(repeating: "é", count: 33))]))
        }
    }

    @Test func versionOneHasNoFurtherFields() {
        #expect(throws: CBORError.self) { _ = try Header(decoding: Self.with([:], extra: [.null])) }
        let short = Item.array(Array(Self.fields.dropLast())).encoded
        #expect(throws: CBORError.self) { _ = try Header(decoding: short) }
    }

    @Test func aLaterVersionAppendsFields() throws {
        let extra: [Item] = [.map([("a", .negative(4))]), .array([.text("x"), .data([1])])]
        let header = try Header(decoding: Self.with([0: .unsigned(2)], extra: extra))
        #expect(header.version == 2)
        #expect(header.bodyLength == 5)
        let far = try Header(
            decoding: Self.with([0: .unsigned(Limits.integer)], extra: [.boolean(true)]))
        #expect(far.version == Limits.integer)
    }

    @Test func aLaterVersionsFieldsAreCanonicalToo() {
        func refused(_ extra: [UInt8]) -> Bool {
            let whole = Self.with([0: .unsigned(2)], extra: [.null])
            let bytes = Array(whole.dropLast()) + extra
            return attempt({ try Header(decoding: bytes) }) == nil
        }
        #expect(!refused([0x00]))
        #expect(refused([0x18, 0x00]))
        #expect(refused([0x9f, 0xff]))
        #expect(refused([0xf7]))
        #expect(refused([0xc0, 0x00]))
        #expect(refused([0x00, 0x00]))
        #expect(refused([]))
        // The header's own array is the first of eight levels.
        #expect(!refused([UInt8](repeating: 0x81, count: 6) + [0x00]))
        #expect(refused([UInt8](repeating: 0x81, count: 7) + [0x00]))
    }

    @Test func aHeaderOf4096BytesIsTheLongest() {
        func bytes(_ room: Int) -> [UInt8] {
            Self.with([0: .unsigned(2)], extra: [Self.data(room)])
        }
        let rest = bytes(1000).count - 1000
        #expect(bytes(4096 - rest).count == 4096)
        #expect(attempt({ try Header(decoding: bytes(4096 - rest)) }) != nil)
        #expect(attempt({ try Header(decoding: bytes(4097 - rest)) }) == nil)
    }

    @Test func everyTruncationIsRefused() {
        let bytes = Self.with([:])
        for end in bytes.indices {
            #expect(attempt({ try Header(decoding: Array(bytes[..<end])) }) == nil, "\(end)")
        }
        #expect(attempt({ try Header(decoding: bytes + [0x00]) }) == nil)
    }

    @Test(arguments: ["node:a", "ai:assistant-1", "human:anna.b_c"])
    func anAuthorsTextIsReadAndWritten(_ text: String) throws {
        #expect(try #require(Author(text)).description == text)
    }

    @Test(arguments: ["", "ai", "ai:", ":a", "AI:a", "robot:a", "ai:a:b", "ai:A", "ai: a", "ai:ä"])
    func anotherTextIsNoAuthor(_ text: String) {
        #expect(Author(text) == nil)
    }
}
