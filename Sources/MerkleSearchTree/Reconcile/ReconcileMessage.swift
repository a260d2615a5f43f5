import Core

/// What a message is: the high five bits of its first byte.
enum MessageKind: UInt8 {
    case hello = 1
    case known, equal, list, sketch, descend, unknown
    case size, enumerate, extend, body, piece, part
    case descent, want, close, closed, differs

    /// The flags that the kind may have: the low three bits of the first byte.
    var flags: MessageFlags {
        switch self {
        case .hello: [.cutoff, .spine, .noSketch]
        case .known, .unknown: .cutoff
        case .size: .suffixes
        case .want: [.places, .values, .gifts]
        case .differs: .summary
        default: []
        }
    }

    func byte(_ flags: MessageFlags = []) -> UInt8 { rawValue << 3 | flags.rawValue }
}

/// Each kind gives the three bits meanings of its own.
struct MessageFlags: OptionSet {
    let rawValue: UInt8

    /// A cutoff follows.
    static let cutoff = MessageFlags(rawValue: 1)
    /// The spine follows.
    static let spine = MessageFlags(rawValue: 2)
    /// The sender has no sketch, or wants none.
    static let noSketch = MessageFlags(rawValue: 4)
    /// Parities of newest keys follow.
    static let suffixes = MessageFlags(rawValue: 1)
    /// A summary follows.
    static let summary = MessageFlags(rawValue: 1)
    /// Keys by their places in lists.
    static let places = MessageFlags(rawValue: 1)
    /// Keys by their values in a sketch.
    static let values = MessageFlags(rawValue: 2)
    /// Keys that need not be named.
    static let gifts = MessageFlags(rawValue: 4)
}

/// Reads whole bytes; every read fails with nil at the end.
struct ByteReader {
    let kind: MessageKind
    let flags: MessageFlags
    private(set) var rest: ArraySlice<UInt8>

    init?(_ message: [UInt8]) {
        guard let first = message.first, let kind = MessageKind(rawValue: first >> 3)
        else { return nil }
        let flags = MessageFlags(rawValue: first & 7)
        guard kind.flags.isSuperset(of: flags) else { return nil }
        self.kind = kind
        self.flags = flags
        rest = message.dropFirst()
    }

    /// Reads what is not a message of its own.
    init(body: ArraySlice<UInt8>) {
        kind = .body
        flags = []
        rest = body
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func readByte() -> UInt8? { rest.popFirst() }

    /// A number of `count` bytes, at most 8.
    mutating func read(bytes count: Int) -> UInt64? {
        guard rest.count >= count else { return nil }
        var number: UInt64 = 0
        for byte in rest.prefix(count) { number = number << 8 | UInt64(byte) }
        rest = rest.dropFirst(count)
        return number
    }

    mutating func readWord() -> UInt64? { read(bytes: 8) }

    mutating func readBytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// An unsigned LEB128 number in its shortest form.
    mutating func readVarint() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = readByte() else { return nil }
            if shift == 63, byte > 1 { return nil }
            number |= UInt64(byte & 127) << shift
            if byte < 128 { return byte == 0 && shift > 0 ? nil : number }
        }
        return nil
    }

    /// A number of keys: at most 2^48, so that sums cannot overflow.
    mutating func readCount() -> Int? {
        guard let count = readVarint(), count <= 1 << 48 else { return nil }
        return Int(count)
    }

    mutating func readCutoff() -> Timestamp? {
        guard let physical = readVarint(), let counter = readVarint(), counter <= UInt16.max,
            physical < 1 << 63
        else { return nil }
        return Timestamp(physical: physical, counter: UInt16(counter))
    }
}

extension [UInt8] {
    mutating func append(varint number: UInt64) {
        var rest = number
        while rest > 127 {
            append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    mutating func append(count: Int) { append(varint: UInt64(count)) }

    /// The lowest `count` bytes of a number, the highest first.
    mutating func append(_ number: UInt64, bytes count: Int) {
        for place in (0..<count).reversed() { append(UInt8(number >> UInt64(place * 8) & 255)) }
    }

    mutating func append(_ cutoff: Timestamp) {
        append(varint: cutoff.physical)
        append(varint: UInt64(cutoff.counter))
    }
}
