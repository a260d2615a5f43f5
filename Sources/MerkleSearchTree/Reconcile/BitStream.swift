/// Bits, most significant first, the last byte filled up with zeros.
struct BitWriter {
    private(set) var bytes: [UInt8]
    private var free = 0

    init(_ head: [UInt8] = []) { bytes = head }

    var bitCount: Int { bytes.count * 8 - free }

    /// Appends the lowest `count` bits of `value`; `count` is at most 64.
    mutating func write(_ value: UInt64, bits count: Int) {
        var left = count
        while left > 0 {
            if free == 0 {
                bytes.append(0)
                free = 8
            }
            let take = min(left, free)
            let piece = UInt8(value >> UInt64(left - take) & (1 << UInt64(take) - 1))
            bytes[bytes.count - 1] |= piece << UInt8(free - take)
            free -= take
            left -= take
        }
    }

    /// Appends a varint; only whole bytes stand before it.
    mutating func append(count: Int) { bytes.append(count: count) }

    /// Elias gamma of `value + 1`: about 2 log2(value + 1) + 1 bits.
    mutating func writeGamma(_ value: Int) {
        let number = UInt64(value) + 1
        let length = 64 - number.leadingZeroBitCount
        write(0, bits: length - 1)
        write(number, bits: length)
    }

    /// Golomb-Rice: the part above the lowest `low` bits in unary, then those bits.
    mutating func writeRice(_ value: UInt64, low: Int) {
        var high = value >> UInt64(low)
        while high > 0 {
            let ones = min(high, 63)
            write(.max, bits: Int(ones))
            high -= ones
        }
        write(0, bits: 1)
        write(value, bits: low)
    }
}

/// Reads what `BitWriter` wrote. Every read fails with nil at the end of the bytes.
struct BitReader {
    private let bytes: ArraySlice<UInt8>
    private var place: Int
    private var left = 8

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    /// Nothing but the zeros that fill up the last byte is left.
    var isAtEnd: Bool {
        if place == bytes.endIndex { return true }
        return place == bytes.endIndex - 1 && left < 8 && bytes[place] & (1 << UInt8(left) - 1) == 0
    }

    var remainingBits: Int { (bytes.endIndex - place) * 8 - (8 - left) }

    mutating func read(bits count: Int) -> UInt64? {
        guard count <= remainingBits else { return nil }
        var value: UInt64 = 0
        var missing = count
        while missing > 0 {
            let take = min(missing, left)
            let piece = bytes[place] >> UInt8(left - take) & UInt8(1 << UInt64(take) - 1)
            value = value << UInt64(take) | UInt64(piece)
            missing -= take
            left -= take
            if left == 0 {
                place += 1
                left = 8
            }
        }
        return value
    }

    mutating func readFlag() -> Bool? { read(bits: 1).map { $0 == 1 } }

    /// At most 2^48: no count of ours is larger, and none so small overflows in a sum.
    mutating func readGamma() -> Int? {
        var zeros = 0
        while let bit = read(bits: 1), bit == 0 {
            zeros += 1
            guard zeros <= 48 else { return nil }
        }
        guard let rest = read(bits: zeros) else { return nil }
        return Int(1 << UInt64(zeros) | rest) - 1
    }

    /// A Rice-coded value below `bound`.
    mutating func readRice(low: Int, below bound: UInt64) -> UInt64? {
        var high: UInt64 = 0
        while let bit = read(bits: 1) {
            if bit == 1 {
                high += 1
                guard high << UInt64(low) < bound else { return nil }
                continue
            }
            guard let rest = read(bits: low) else { return nil }
            let value = high << UInt64(low) | rest
            return value < bound ? value : nil
        }
        return nil
    }
}

/// The least bits that can hold the numbers below `count`.
func bitsToCount(_ count: Int) -> Int {
    count <= 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount
}

/// Ascending numbers as Rice-coded gaps, for which the mean gap chooses the parameter.
extension BitWriter {
    mutating func writeAscending(_ numbers: [Int], below bound: Int) {
        writeGamma(numbers.count)
        guard !numbers.isEmpty else { return }
        let low = Self.gapBits(count: numbers.count, below: bound)
        var next = 0
        for number in numbers {
            writeRice(UInt64(number - next), low: low)
            next = number + 1
        }
    }

    static func gapBits(count: Int, below bound: Int) -> Int {
        max(0, bitsToCount(bound / max(count, 1)) - 1)
    }
}

extension BitReader {
    mutating func readAscending(below bound: Int) -> [Int]? {
        guard let count = readGamma(), count <= bound, count <= remainingBits else { return nil }
        let low = BitWriter.gapBits(count: count, below: bound)
        var numbers: [Int] = []
        var next = 0
        for _ in 0..<count {
            guard next < bound,
                let gap = readRice(low: low, below: UInt64(bound - next))
            else { return nil }
            numbers.append(next + Int(gap))
            next += Int(gap) + 1
        }
        return numbers
    }
}
