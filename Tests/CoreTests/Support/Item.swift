import Core

/// A CBOR item with an encoder of its own, so that reader and writer are not compared with each
/// other.
indirect enum Item: Equatable {
    case unsigned(UInt64)
    /// -1 - n.
    case negative(UInt64)
    case data([UInt8])
    case text(String)
    case array([Item])
    /// Keys in their order.
    case map([(String, Item)])
    case boolean(Bool)
    case null

    static func == (a: Item, b: Item) -> Bool { a.encoded == b.encoded }

    var encoded: [UInt8] {
        switch self {
        case .unsigned(let value): Self.head(0, value)
        case .negative(let value): Self.head(1, value)
        case .data(let bytes): Self.head(2, UInt64(bytes.count)) + bytes
        case .text(let text): Self.head(3, UInt64(text.utf8.count)) + text.utf8
        case .array(let items): Self.head(4, UInt64(items.count)) + items.flatMap(\.encoded)
        case .map(let pairs):
            Self.head(5, UInt64(pairs.count))
                + pairs.flatMap { Item.text($0.0).encoded + $0.1.encoded }
        case .boolean(let value): [value ? 0xf5 : 0xf4]
        case .null: [0xf6]
        }
    }

    /// The shortest head, or one of `width` bytes of argument.
    static func head(_ major: UInt8, _ value: UInt64, width: Int? = nil) -> [UInt8] {
        let least =
            value < 24 ? 0 : value < 1 << 8 ? 1 : value < 1 << 16 ? 2 : value < 1 << 32 ? 4 : 8
        let width = width ?? least
        guard width > 0 else { return [major << 5 | UInt8(value)] }
        let short: [Int: UInt8] = [1: 24, 2: 25, 4: 26, 8: 27]
        let bytes = (0..<width).reversed().map {
            UInt8(truncatingIfNeeded: value >> (8 * UInt64($0)))
        }
        return [major << 5 | (short[width] ?? 31)] + bytes
    }

    /// A random item that the format allows, at most `depth` deep.
    static func random(_ dice: inout Dice, depth: Int) -> Item {
        switch dice.below(depth > 1 ? 8 : 6) {
        case 0: .unsigned(integer(&dice))
        case 1: .negative(min(integer(&dice), 1 << 53 - 2))
        case 2: .data((0..<dice.below(40)).map { _ in UInt8(truncatingIfNeeded: dice.next()) })
        case 3: .text(text(&dice))
        case 4: .boolean(dice.below(2) == 0)
        case 5: .null
        case 6: .array((0..<dice.below(5)).map { _ in random(&dice, depth: depth - 1) })
        default: map(&dice, depth: depth)
        }
    }

    private static func map(_ dice: inout Dice, depth: Int) -> Item {
        let keys = (0..<dice.below(5)).map { _ in text(&dice) }
        let unique = Dictionary(grouping: keys) { Item.text($0).encoded }
        // Bytewise order of the encoded keys, RFC 8949 section 4.2.1.
        let sorted = unique.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return .map(sorted.map { ($0.value[0], random(&dice, depth: depth - 1)) })
    }

    private static func integer(_ dice: inout Dice) -> UInt64 {
        dice.next() >> UInt64(11 + dice.below(53))
    }

    private static func text(_ dice: inout Dice) -> String {
        let letters = Array("aä水𐅑 z\u{0}\"")
        return String((0..<dice.below(9)).map { _ in letters[dice.below(letters.count)] })
    }
}

/// Reads one item by the typed calls and writes it with the writer; nil where it holds what the
/// writer can't write.
func rewritten(_ bytes: [UInt8]) -> [UInt8]? {
    var reader = CBORReader(bytes)
    var writer = CBORWriter()
    guard copy(&reader, &writer), reader.isAtEnd else { return nil }
    return writer.bytes
}

private func copy(_ reader: inout CBORReader, _ writer: inout CBORWriter) -> Bool {
    func attempt<Value>(_ read: (inout CBORReader) throws(CBORError) -> Value) -> Value? {
        var copy = reader
        guard
            case .success(let value) = Result(catching: { () throws(CBORError) in try read(&copy) })
        else { return nil }
        reader = copy
        return value
    }
    if let value = attempt({ r throws(CBORError) in try r.unsigned() }) {
        writer.unsigned(value)
    } else if let value = attempt({ r throws(CBORError) in try r.data(0...1000) }) {
        writer.data(value)
    } else if let value = attempt({ r throws(CBORError) in try r.text(0...1000) }) {
        writer.text(value)
    } else if let value = attempt({ r throws(CBORError) in try r.boolean() }) {
        writer.boolean(value)
    } else if attempt({ r throws(CBORError) in try r.null() }) == true {
        writer.null()
    } else if let count = attempt({ r throws(CBORError) in try r.array(0...1000) }) {
        writer.array(count)
        for _ in 0..<count where !copy(&reader, &writer) { return false }
    } else {
        return false
    }
    return true
}
