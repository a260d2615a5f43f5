import Core

/// 65,536 bits, each the parity of how many values fall on it.
struct ParityBitmap: Sendable, Equatable {
    /// Bit i is bit i % 64 of word i / 64.
    private var words = [UInt64](repeating: 0, count: 1024)

    init() {}

    init(_ keys: [EventKey], _ hash: SketchHash) {
        for key in keys { toggle(hash.place(hash.value(of: key)).parity) }
    }

    mutating func toggle(_ place: Int) { words[place >> 6] ^= 1 << UInt64(place & 63) }

    /// The parities of the places modulo 2^`power`, 6 to 16: bit i is bit i % 8, from the lowest,
    /// of byte i / 8.
    func folded(to power: Int) -> [UInt8] {
        let count = 1 << (power - 6)
        var folded = [UInt64](repeating: 0, count: count)
        for place in words.indices { folded[place & (count - 1)] ^= words[place] }
        return folded.flatMap { word in (0..<8).map { UInt8(word >> UInt64($0 * 8) & 255) } }
    }
}
