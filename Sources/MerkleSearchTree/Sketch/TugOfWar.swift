/// Sixteen sums of signs: the squares of their differences estimate how many values differ (Alon,
/// Matias and Szegedy, "The space complexity of approximating the frequency moments", STOC 1996).
struct TugOfWar: Sendable, Equatable {
    private var sums = [Int32](repeating: 0, count: 16)

    /// On the wire: ten bits each, modulo 1024.
    static let byteCount = 20

    init() {}

    init(bytes: ArraySlice<UInt8>) {
        var reader = BitReader(bytes)
        for place in sums.indices { sums[place] = Int32(reader.read(bits: 10) ?? 0) }
    }

    mutating func add(_ sign: Int32, to bucket: Int) { sums[bucket] &+= sign }

    var bytes: [UInt8] {
        var out = BitWriter()
        for sum in sums { out.write(UInt64(truncatingIfNeeded: sum) & 1023, bits: 10) }
        return out.bytes
    }

    /// About how many values differ: the mean is right, the deviation about a third.
    func estimate(from other: TugOfWar) -> Int {
        zip(sums, other.sums).reduce(0) { sum, pair in
            let difference = Int(pair.0 &- pair.1) & 1023
            let signed = difference > 511 ? difference - 1024 : difference
            return sum + signed * signed
        }
    }
}
