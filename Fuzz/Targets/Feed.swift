/// Takes an input apart: numbers and pieces for targets that want more than one string of bytes.
/// At its end it gives zeros and empty pieces.
struct Feed {
    private(set) var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) { rest = input[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// A number below `bound`, which is 1 to 256.
    mutating func below(_ bound: Int) -> Int { Int(byte()) % bound }

    mutating func word() -> UInt64 {
        (0..<8).reduce(UInt64(0)) { word, _ in word << 8 | UInt64(byte()) }
    }

    /// A piece with its length in two bytes before it; shorter where the input ends.
    mutating func piece() -> [UInt8] {
        let count = Int(byte()) << 8 | Int(byte())
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// What is left.
    mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }
}

/// Puts together what `Feed` takes apart.
struct FeedWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: Int) { bytes.append(UInt8(truncatingIfNeeded: value)) }

    mutating func piece(_ piece: some Collection<UInt8>) {
        byte(piece.count >> 8)
        byte(piece.count)
        bytes += piece
    }

    mutating func piece(_ text: String) { piece(Array(text.utf8)) }
}
