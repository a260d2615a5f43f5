import Core

/// What the fate of one message is drawn from.
///
/// It depends on the seed, on who sends to whom, and on how many messages there were before it on
/// that way, on nothing else: what goes wrong between two nodes leaves the draws of all others as
/// they were, and so does a feature that is switched on those of the other features.
struct Luck: Hashable, Sendable {
    /// What is drawn; each has a generator of its own.
    enum Feature: UInt64 {
        case latency = 1
        case loss, bursts, duplication, reordering
    }

    private let word: UInt64

    /// The luck of message `number` from node to node.
    init(_ seed: UInt64, _ link: Link, _ number: UInt64) {
        let way = Self.mix(UInt64(link.from) << 32 | UInt64(link.to))
        word = Self.mix((seed ^ way) &+ number &* Self.step)
    }

    /// Of what is never carried.
    static let none = Luck(word: 0)

    private init(word: UInt64) { self.word = word }

    /// The luck of what belongs to it: an answer, page `number` of a stream, a try.
    func next(_ number: UInt64) -> Luck {
        Luck(word: Self.mix(word ^ (number &+ 1) &* Self.step))
    }

    func dice(_ feature: Feature) -> Dice {
        Dice(seed: word &+ feature.rawValue &* Self.step &* Self.step)
    }

    private static let step: UInt64 = 0xd134_2543_de82_ef95

    private static func mix(_ word: UInt64) -> UInt64 {
        var dice = Dice(seed: word)
        return dice.next()
    }
}
