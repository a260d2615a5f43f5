import Core

/// The first byte of every message: the kind in the high four bits, flags in the low four.
enum MessageKind: UInt8 {
    case hello = 1, equal, prefix, spine, descent, want, close, closed, differs

    /// A cutoff follows.
    static let hasCutoff: UInt8 = 1
    /// The sides' contexts differ.
    static let contextDiffers: UInt8 = 2

    func byte(flags: UInt8 = 0) -> UInt8 { rawValue << 4 | flags }
}

/// Reads whole bytes; every read fails with nil at the end.
struct ByteReader {
    let kind: MessageKind
    let flags: UInt8
    private(set) var rest: ArraySlice<UInt8>

    init?(_ message: [UInt8]) {
        guard let first = message.first, let kind = MessageKind(rawValue: first >> 4),
            first & 15 <= 3
        else { return nil }
        self.kind = kind
        flags = first & 15
        rest = message.dropFirst()
    }

    mutating func readByte() -> UInt8? { rest.popFirst() }

    mutating func readWord() -> UInt64? {
        guard rest.count >= 8 else { return nil }
        var word: UInt64 = 0
        for _ in 0..<8 { word = word << 8 | UInt64(rest.removeFirst()) }
        return word
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

    mutating func append(_ cutoff: Timestamp) {
        append(varint: cutoff.physical)
        append(varint: UInt64(cutoff.counter))
    }
}

extension MerkleSearchTree {
    /// The keys of events up to `cutoff`, all of them where it is nil.
    func upTo(_ cutoff: Timestamp?) -> MerkleSearchTree {
        guard let cutoff else { return self }
        return prefix(upTo: EventKey(time: cutoff.next, id: .zero))
    }
}

/// Fingerprints of all keys but the last 0, 1, 2, 4, 8 ...: the boundaries need no bytes, since
/// they are ranks.
enum Spine {
    static let bits = 16

    /// How many of the first keys each entry covers, of `count`.
    static func covered(of count: Int) -> [Int] {
        guard count > 0 else { return [] }
        var covered = [count]
        var suffix = 1
        while suffix < count {
            covered.append(count - suffix)
            suffix *= 2
        }
        return covered
    }
}
