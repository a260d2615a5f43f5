import Core

/// An answer that may be longer than a message: its first bytes go with the answer, the others in
/// parts that are asked for all at once.
struct Body: Sendable {
    private let bytes: [UInt8]
    private let partBytes: Int
    /// Parts that were asked for.
    private var asked: Set<Int> = []

    /// Room for a message's kind and numbers.
    private static let headBytes = 12

    init(_ bytes: [UInt8], messageBytes: Int) {
        self.bytes = bytes
        partBytes = messageBytes - Self.headBytes
    }

    /// The answer: the length in all, and the first bytes.
    var first: [UInt8] {
        var out = [MessageKind.body.byte()]
        out.append(count: bytes.count)
        return out + bytes.prefix(partBytes)
    }

    /// The part from `offset` on; nil where no part begins there, or it was given before.
    mutating func part(at offset: Int) -> [UInt8]? {
        guard offset > 0, offset < bytes.count, offset % partBytes == 0,
            asked.insert(offset).inserted
        else { return nil }
        var out = [MessageKind.part.byte()]
        out.append(count: offset)
        return out + bytes[offset..<min(bytes.count, offset + partBytes)]
    }
}

/// A body as it comes in.
struct IncomingBody: Sendable {
    private var bytes: [UInt8]
    private let partBytes: Int
    private var missing: Set<Int> = []

    /// Begins with the first answer; nil where it does not hold together.
    init?(_ reader: inout ByteReader, most: Int) {
        guard let length = reader.readCount(), length <= most, length > 0,
            let first = reader.readBytes(reader.rest.count), first.count <= length,
            !first.isEmpty, length <= first.count * 64
        else { return nil }
        partBytes = first.count
        bytes = Array(first)
        if length > partBytes {
            bytes += Array(repeating: 0, count: length - partBytes)
            missing = Set(stride(from: partBytes, to: length, by: partBytes))
        }
    }

    /// The questions for the rest, in order.
    var questions: [[UInt8]] {
        missing.sorted().map {
            var out = [MessageKind.piece.byte()]
            out.append(count: $0)
            return out
        }
    }

    /// Takes in a part; false where it was not asked for, or is not what it should be.
    mutating func take(_ reader: inout ByteReader) -> Bool {
        guard let offset = reader.readCount(), missing.remove(offset) != nil,
            let part = reader.readBytes(min(partBytes, bytes.count - offset)), reader.isAtEnd
        else { return false }
        bytes.replaceSubrange(offset..<offset + part.count, with: part)
        return true
    }

    /// All bytes, once they are here.
    var whole: [UInt8]? { missing.isEmpty ? bytes : nil }
}

/// What a body says; docs/PROTOCOL-tree has the grammar.
enum BodyForm: UInt8 {
    case syndromes = 0, cells, list, none
}
