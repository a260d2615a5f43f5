public import Core

/// Places in a row of one origin's chain.
public struct PlaceRange: Hashable, Sendable {
    public var origin: NodeID
    /// The first sequence, from 1.
    public var from: UInt64
    /// 0 names the origin alone.
    public var count: UInt64
    /// How often the events were passed on on their way to whoever announces them.
    public var hop: UInt8
    /// They are sent only to whoever asks.
    public var isLarge: Bool

    public init(
        origin: NodeID, from: UInt64, count: UInt64, hop: UInt8 = 0, isLarge: Bool = false
    ) {
        self.origin = origin
        self.from = from
        self.count = count
        self.hop = hop
        self.isLarge = isLarge
    }
}

/// Why packed places can't be read.
package enum PackedError: Error {
    case malformed
}

/// One direction of a link's memory of origins: each is named by its key once, then by a number.
///
/// Packed places are entries in a row, to the end of the bytes: number of the origin (varint; 0: a
/// key of 32 bytes follows, which gets the next number, from 1), first sequence (varint), count
/// (varint), hop (one byte: 7 bits, and 128 where the events are large). Varints are LEB128 in the
/// shortest form. An entry takes 4 to 9 bytes where its key would take 32.
///
/// Used as the frame is put on the wire, so a frame that was dropped before names nothing.
package struct OriginTable: Hashable, Sendable {
    /// What this side has named.
    private var numbers: [NodeID: UInt16] = [:]
    /// What the other side has named, by number.
    private var names: [NodeID] = []

    package init() {}

    /// The same, as its reader has it too. O(n log n)
    package var readable: OriginTable {
        var table = self
        table.names = numbers.sorted { $0.value < $1.value }.map(\.key)
        return table
    }

    /// Appends one entry.
    package mutating func write(_ range: PlaceRange, to bytes: inout [UInt8]) {
        if let number = numbers[range.origin] {
            bytes.append(leb: UInt64(number))
        } else {
            bytes.append(0)
            range.origin.append(to: &bytes)
            if numbers.count < GossipLimits.origins {
                numbers[range.origin] = UInt16(numbers.count + 1)
            }
        }
        bytes.append(leb: range.from)
        bytes.append(leb: range.count)
        bytes.append(min(range.hop, 127) | (range.isLarge ? 128 : 0))
    }

    /// Reads all entries; throws where they are not of the grammar.
    package mutating func read(_ bytes: [UInt8]) throws(PackedError) -> [PlaceRange] {
        var ranges: [PlaceRange] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let origin = try readOrigin(&rest)
            let from = try rest.popLEB()
            let count = try rest.popLEB()
            guard from <= Limits.integer, count <= Limits.integer, count == 0 || from >= 1,
                let last = rest.popFirst()
            else { throw .malformed }
            ranges.append(
                PlaceRange(
                    origin: origin, from: from, count: count, hop: last & 127,
                    isLarge: last & 128 != 0))
        }
        return ranges
    }

    private mutating func readOrigin(_ rest: inout ArraySlice<UInt8>) throws(PackedError) -> NodeID
    {
        let number = try rest.popLEB()
        guard number == 0 else {
            guard number <= UInt64(names.count) else { throw .malformed }
            return names[Int(number) - 1]
        }
        guard rest.count >= 32, let origin = NodeID(bytes: rest.prefix(32)) else {
            throw .malformed
        }
        rest = rest.dropFirst(32)
        if names.count < GossipLimits.origins { names.append(origin) }
        return origin
    }
}

extension [UInt8] {
    fileprivate mutating func append(leb value: UInt64) {
        var rest = value
        while rest >= 128 {
            append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}

extension ArraySlice<UInt8> {
    /// Takes one varint off; only the shortest form is taken.
    fileprivate mutating func popLEB() throws(PackedError) -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<8 {
            guard let byte = popFirst() else { throw .malformed }
            value |= UInt64(byte & 127) << (7 * UInt64(place))
            guard byte >= 128 else {
                if byte == 0, place > 0 { throw .malformed }
                return value
            }
        }
        throw .malformed
    }
}
