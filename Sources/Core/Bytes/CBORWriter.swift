/// Appends RFC 8949 section 4.2.1 deterministic CBOR: shortest heads, definite lengths, nothing
/// else is possible.
public struct CBORWriter: Sendable {
    public private(set) var bytes: [UInt8]

    public init(capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// An unsigned integer (major type 0).
    public mutating func unsigned(_ value: UInt64) { head(major: 0, value) }
    /// An unsigned integer; `value` is not negative.
    public mutating func unsigned(_ value: Int) { head(major: 0, UInt64(value)) }
    /// The head of an array; its `count` elements follow.
    public mutating func array(_ count: Int) { head(major: 4, UInt64(count)) }
    /// Null.
    public mutating func null() { bytes.append(0xf6) }
    /// True or false.
    public mutating func boolean(_ value: Bool) { bytes.append(value ? 0xf5 : 0xf4) }

    /// A byte string.
    public mutating func data(_ value: some Collection<UInt8>) {
        head(major: 2, UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A byte string of the 32 bytes.
    public mutating func data<Tag>(_ value: Identifier<Tag>) {
        head(major: 2, 32)
        value.append(to: &bytes)
    }

    /// A text string.
    public mutating func text(_ value: String) {
        head(major: 3, UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// Writes `value` with `body`, or null where there is none.
    public mutating func optional<Value>(
        _ value: Value?, _ body: (inout CBORWriter, Value) -> Void
    ) {
        if let value { body(&self, value) } else { null() }
    }

    /// Appends an item that is already encoded.
    public mutating func encoded(_ item: some Collection<UInt8>) { bytes.append(contentsOf: item) }

    private mutating func head(major: UInt8, _ value: UInt64) {
        let type = major << 5
        switch value {
        case 0..<24: bytes.append(type | UInt8(value))
        case ..<0x100:
            bytes.append(type | 24)
            bytes.append(UInt8(value))
        case ..<0x1_0000:
            bytes.append(type | 25)
            bytes.append(UInt8(value >> 8))
            bytes.append(UInt8(truncatingIfNeeded: value))
        case ..<0x1_0000_0000:
            bytes.append(type | 26)
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        default:
            bytes.append(type | 27)
            bytes.append(bigEndian: value)
        }
    }
}
