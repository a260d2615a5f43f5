/// Why bytes are not the one encoding of a value.
public enum CBORError: String, Error, Sendable {
    /// The bytes end inside an item.
    case truncated
    /// Bytes follow the last item.
    case trailing
    /// A head that is longer than it needs to be, or an indefinite length.
    case notShortest = "not-shortest"
    /// Another type than the grammar has here, or a float, a tag or an undefined simple value.
    case wrongType = "wrong-type"
    /// An integer beyond 2^53-1, or a length or value outside of the grammar's bounds.
    case outOfRange = "out-of-range"
    /// Text that is not UTF-8.
    case notUTF8 = "not-utf8"
    /// Nested deeper than `Limits.depth`.
    case tooDeep = "too-deep"
    /// Map keys that are not text, or not in strictly ascending bytewise order.
    case unsortedKeys = "unsorted-keys"
}

/// Reads RFC 8949 section 4.2.1 deterministic CBOR and refuses every second encoding of a value.
///
/// A reader never reads past its bytes and allocates no more than they hold: a length is checked
/// against what is left before anything is copied.
public struct CBORReader: Sendable {
    private let bytes: [UInt8]
    private let end: Int
    /// Offset of the next unread byte.
    public private(set) var position: Int

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        end = bytes.count
        position = 0
    }

    /// Whether everything was read.
    public var isAtEnd: Bool { position == end }

    /// Throws `trailing` unless everything was read.
    public func finish() throws(CBORError) {
        guard isAtEnd else { throw .trailing }
    }

    /// An unsigned integer in `range`.
    public mutating func unsigned(
        in range: ClosedRange<UInt64> = 0...Limits.integer
    ) throws(CBORError) -> UInt64 {
        let value = try head(major: 0)
        guard range.contains(value) else { throw .outOfRange }
        return value
    }

    /// The count of an array's elements, within `range`.
    public mutating func array(_ range: ClosedRange<Int>) throws(CBORError) -> Int {
        let count = try head(major: 4)
        guard count <= UInt64(range.upperBound), range.contains(Int(count)) else {
            throw .outOfRange
        }
        return Int(count)
    }

    /// Reads the head of an array of exactly `count` elements.
    public mutating func array(exactly count: Int) throws(CBORError) {
        _ = try array(count...count)
    }

    /// A byte string whose length is in `range`.
    public mutating func data(_ range: ClosedRange<Int>) throws(CBORError) -> [UInt8] {
        Array(bytes[try string(major: 2, range)])
    }

    /// A 32-byte string.
    public mutating func identifier<Tag>(
        as: Identifier<Tag>.Type = Identifier<Tag>.self
    ) throws(CBORError) -> Identifier<Tag> {
        let place = try string(major: 2, 32...32)
        guard let value = Identifier<Tag>(bytes: bytes[place]) else { throw .outOfRange }
        return value
    }

    /// A text whose length in bytes is in `range`.
    public mutating func text(_ range: ClosedRange<Int>) throws(CBORError) -> String {
        let place = try string(major: 3, range)
        guard let text = String(validating: bytes[place], as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    /// True or false.
    public mutating func boolean() throws(CBORError) -> Bool {
        switch try peek() {
        case 0xf4: position += 1
        case 0xf5:
            position += 1
            return true
        default: throw .wrongType
        }
        return false
    }

    /// True, and the null read, where a null is next.
    public mutating func null() throws(CBORError) -> Bool {
        guard try peek() == 0xf6 else { return false }
        position += 1
        return true
    }

    /// Null as nil, anything else by `body`.
    public mutating func optional<Value>(
        _ body: (inout CBORReader) throws(CBORError) -> Value
    ) throws(CBORError) -> Value? {
        try null() ? nil : try body(&self)
    }

    /// Checks one whole item of any kind that the format allows, and passes it; returns its bytes.
    public mutating func item(depth: Int = 1) throws(CBORError) -> ArraySlice<UInt8> {
        let start = position
        guard depth <= Limits.depth else { throw .tooDeep }
        switch try peek() >> 5 {
        case 0: _ = try unsigned()
        case 1: guard try head(major: 1) < Limits.integer else { throw .outOfRange }
        case 2: _ = try string(major: 2, 0...end)
        case 3: _ = try text(0...end)
        case 4:
            for _ in 0..<(try array(0...end)) { _ = try item(depth: depth + 1) }
        case 5: try map(depth: depth)
        case 7: if try null() == false { _ = try boolean() }
        default: throw .wrongType
        }
        return bytes[start..<position]
    }

    private mutating func map(depth: Int) throws(CBORError) {
        let count = try head(major: 5)
        guard count <= UInt64(end) else { throw .outOfRange }
        var last: ArraySlice<UInt8>?
        for _ in 0..<count {
            guard try peek() >> 5 == 3 else { throw .unsortedKeys }
            let key = try item(depth: depth + 1)
            if let last, !last.lexicographicallyPrecedes(key) { throw .unsortedKeys }
            last = key
            _ = try item(depth: depth + 1)
        }
    }

    private func peek() throws(CBORError) -> UInt8 {
        guard position < end else { throw .truncated }
        return bytes[position]
    }

    private mutating func string(
        major: UInt8, _ range: ClosedRange<Int>
    ) throws(CBORError) -> Range<Int> {
        let count = try head(major: major)
        guard count <= UInt64(range.upperBound), range.contains(Int(count)) else {
            throw .outOfRange
        }
        guard Int(count) <= end - position else { throw .truncated }
        defer { position += Int(count) }
        return position..<position + Int(count)
    }

    private mutating func head(major: UInt8) throws(CBORError) -> UInt64 {
        let first = try peek()
        guard first >> 5 == major else { throw .wrongType }
        let short = first & 31
        guard short >= 24 else {
            position += 1
            return UInt64(short)
        }
        guard short <= 27 else { throw .notShortest }
        let width = 1 << Int(short - 24)
        guard end - position > width else { throw .truncated }
        var value: UInt64 = 0
        for offset in 1...width { value = value << 8 | UInt64(bytes[position + offset]) }
        let least: UInt64 = width == 1 ? 24 : 1 << (UInt64(width) * 4)
        guard value >= least else { throw .notShortest }
        position += 1 + width
        return value
    }
}
