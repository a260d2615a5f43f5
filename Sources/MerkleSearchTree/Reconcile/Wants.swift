import Core

/// What the initiator asks for, in as many messages as it fills.
struct Wants {
    /// Places in the responder's lists, ascending.
    var places: [Int] = []
    /// Whole values of keys in the responder's sketch, ascending, and how many of their bits are
    /// sent.
    var values: [UInt64] = []
    var valueBits = 48
    /// What need not be named.
    var gifts = false

    /// Bits that tell one of `count` keys from the others, but for one in 128.
    static func valueBits(_ count: Int) -> Int { max(24, min(48, bitsToCount(count) + 7)) }

    /// The messages, none where nothing is wanted.
    func messages(bytes: Int) -> [[UInt8]] {
        // A place or a value costs at most about 64 bits.
        let most = bytes / 9
        var messages: [[UInt8]] = []
        var rest = self
        while rest.gifts || !rest.places.isEmpty || !rest.values.isEmpty {
            var part = rest
            part.places = Array(rest.places.prefix(most))
            part.values = Array(rest.values.prefix(most - part.places.count))
            messages.append(part.encoded)
            rest.places.removeFirst(part.places.count)
            rest.values.removeFirst(part.values.count)
            rest.gifts = false
        }
        return messages
    }

    private var encoded: [UInt8] {
        var flags: MessageFlags = []
        if !places.isEmpty { flags.insert(.places) }
        if !values.isEmpty { flags.insert(.values) }
        if gifts { flags.insert(.gifts) }
        var out = BitWriter([MessageKind.want.byte(flags)])
        if !places.isEmpty { writePlaces(into: &out) }
        if !values.isEmpty { writeValues(into: &out) }
        return out.bytes
    }

    /// The places, or those between that are not meant, whichever are fewer.
    private func writePlaces(into out: inout BitWriter) {
        let base = places[0]
        let length = places[places.count - 1] + 1 - base
        let isComplement = places.count > length / 2
        out.write(isComplement ? 1 : 0, bits: 1)
        out.writeGamma(base)
        out.writeGamma(length)
        var chosen = places.map { $0 - base }
        if isComplement { chosen = Self.complement(of: chosen, below: length) }
        out.writeAscending(chosen, below: length)
    }

    private func writeValues(into out: inout BitWriter) {
        var short: [UInt64] = []
        for value in values.map({ $0 >> UInt64(48 - valueBits) }) where short.last != value {
            short.append(value)
        }
        out.writeGamma(short.count)
        let low = valueBits - bitsToCount(short.count)
        var before: UInt64 = 0
        for value in short {
            out.writeRice(value - before, low: low)
            before = value
        }
    }

    static func complement(of numbers: [Int], below bound: Int) -> [Int] {
        var others: [Int] = []
        var next = 0
        for number in numbers {
            others += next..<number
            next = number + 1
        }
        return others + (next..<bound)
    }
}

/// Reading.
extension Wants {
    /// Nil where the message is not a want over `ordinals` listed places. `values` are the bits
    /// that were sent.
    init?(_ message: ByteReader, ordinals: Int, valueBits: Int) {
        guard message.flags != [] else { return nil }
        var reader = BitReader(message.rest)
        self.valueBits = valueBits
        gifts = message.flags.contains(.gifts)
        if message.flags.contains(.places) {
            guard let places = Self.readPlaces(&reader, ordinals) else { return nil }
            self.places = places
        }
        if message.flags.contains(.values) {
            guard let values = Self.readValues(&reader, valueBits) else { return nil }
            self.values = values
        }
        guard reader.isAtEnd else { return nil }
    }

    private static func readPlaces(_ reader: inout BitReader, _ ordinals: Int) -> [Int]? {
        guard let isComplement = reader.readFlag(), let base = reader.readGamma(),
            let length = reader.readGamma(), base + length <= ordinals,
            let chosen = reader.readAscending(below: length)
        else { return nil }
        return (isComplement ? complement(of: chosen, below: length) : chosen).map { $0 + base }
    }

    private static func readValues(_ reader: inout BitReader, _ bits: Int) -> [UInt64]? {
        guard let count = reader.readGamma(), count > 0, count <= reader.remainingBits,
            bitsToCount(count) <= bits
        else { return nil }
        let low = bits - bitsToCount(count)
        var values: [UInt64] = []
        var value: UInt64 = 0
        for place in 0..<count {
            guard let gap = reader.readRice(low: low, below: 1 << UInt64(bits) - value),
                gap > 0 || place == 0
            else { return nil }
            value += gap
            values.append(value)
        }
        return values
    }
}
