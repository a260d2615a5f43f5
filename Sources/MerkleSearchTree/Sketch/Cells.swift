import Core

/// Cells of a rateless IBLT: in each the XOR of the values that fall on it and of their checks.
struct Cells: Sendable, Equatable {
    private(set) var sums: [UInt64]
    private(set) var checks: [UInt32]
    /// The number of the first cell here.
    let first: Int

    /// A cell on the wire: sum (6 bytes) and checks (3).
    static let byteCount = 9

    init(count: Int) {
        sums = Array(repeating: 0, count: count)
        checks = Array(repeating: 0, count: count)
        first = 0
    }

    private init(first: Int, sums: [UInt64], checks: [UInt32]) {
        (self.first, self.sums, self.checks) = (first, sums, checks)
    }

    var count: Int { sums.count }

    /// Adds a value, or takes it out.
    mutating func toggle(_ value: UInt64, _ hash: SketchHash) {
        let check = hash.check(value)
        var mapping = hash.mapping(value)
        while mapping.index < first { mapping.advance() }
        while mapping.index < first + sums.count {
            sums[mapping.index - first] ^= value
            checks[mapping.index - first] ^= check
            mapping.advance()
        }
    }

    subscript(range: Range<Int>) -> Cells {
        Cells(first: range.lowerBound, sums: Array(sums[range]), checks: Array(checks[range]))
    }

    /// Both by XOR; the other one's bytes are those of as many cells.
    func difference(from bytes: ArraySlice<UInt8>) -> Cells {
        var cells = self
        var place = bytes.startIndex
        for cell in sums.indices {
            var (sum, check): (UInt64, UInt32) = (0, 0)
            for byte in bytes[place..<place + 6] { sum = sum << 8 | UInt64(byte) }
            for byte in bytes[(place + 6)..<(place + 9)] { check = check << 8 | UInt32(byte) }
            cells.sums[cell] ^= sum
            cells.checks[cell] ^= check
            place += Self.byteCount
        }
        return cells
    }

    var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(count * Self.byteCount)
        for cell in sums.indices {
            out.append(sums[cell], bytes: 6)
            out.append(UInt64(checks[cell]), bytes: 3)
        }
        return out
    }
}
