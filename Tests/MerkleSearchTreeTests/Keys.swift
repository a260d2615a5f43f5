import Core

/// SplitMix64: small, and the same everywhere.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// The published workload: item i of `seed`, a millisecond after the one before.
func item(_ index: Int, seed: String = "1") -> EventKey {
    EventKey(
        physical: 1_700_000_000_000_000 + 1000 * UInt64(index), counter: 0,
        id: SHA256.hash(Array("item-\(seed)-\(index)".utf8)))
}

/// A key with leading zero digits in its id now and then more than chance gives, and times that
/// often collide.
func randomKey(_ dice: inout Dice, times: UInt64) -> EventKey {
    var word = dice.next()
    switch dice.next() % 12 {
    case 0: word >>= 8
    case 1: word >>= 20
    case 2: word = 0
    default: break
    }
    return EventKey(
        physical: dice.next() % times, counter: UInt16(dice.next() % 3),
        id: EventID(words: word, dice.next(), 0, 0))
}

func randomKeys(_ count: Int, _ dice: inout Dice, times: UInt64 = 1 << 40) -> [EventKey] {
    var keys: Set<EventKey> = []
    while keys.count < count { keys.insert(randomKey(&dice, times: times)) }
    return keys.sorted()
}
