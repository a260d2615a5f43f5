public import Core

/// Bends inputs: flipped bits, values at the edges of types, pieces cut, doubled, moved and taken
/// from other inputs. The same dice give the same inputs.
public struct Mutator: Sendable {
    private let seeds: [[UInt8]]
    private let longest: Int
    private var dice: Dice

    /// Where there are no seeds it begins with nothing.
    public init(seeds: [[UInt8]], longest: Int, dice: Dice) {
        self.seeds = seeds.isEmpty ? [[]] : seeds
        self.longest = longest
        self.dice = dice
    }

    /// The next input.
    public mutating func next() -> [UInt8] {
        var input = seeds[dice.below(seeds.count)]
        for _ in 0...dice.below(4) { bend(&input) }
        return Array(input.prefix(longest))
    }

    private static let edges: [UInt8] = [
        0x00, 0x01, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x20, 0x40, 0x5f, 0x7f, 0x80, 0x81, 0x9f,
        0xa0, 0xbf, 0xc0, 0xf4, 0xf6, 0xf7, 0xfb, 0xfe, 0xff,
    ]

    private mutating func bend(_ input: inout [UInt8]) {
        guard !input.isEmpty else { return input.append(UInt8(truncatingIfNeeded: dice.next())) }
        let place = dice.below(input.count)
        let end = min(input.count, place + 1 + dice.below(16))
        switch dice.below(9) {
        case 0: input[place] ^= 1 << UInt8(dice.below(8))
        case 1: input[place] = Self.edges[dice.below(Self.edges.count)]
        case 2: input[place] = UInt8(truncatingIfNeeded: dice.next())
        case 3: input.removeSubrange(place..<end)
        case 4: input.insert(contentsOf: input[place..<end], at: dice.below(input.count + 1))
        case 5: input.insert(Self.edges[dice.below(Self.edges.count)], at: place)
        case 6: input.removeSubrange(place...)
        case 7:
            for place in place..<end { input[place] = Self.edges[dice.below(Self.edges.count)] }
        default:
            let other = seeds[dice.below(seeds.count)]
            let start = dice.below(other.count + 1)
            input.replaceSubrange(place..<end, with: other[start...].prefix(1 + dice.below(64)))
        }
    }
}
