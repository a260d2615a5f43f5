import Core
import MerkleSearchTree

/// Small sets of every kind, each session checked against plain sets: equal times, shared prefixes
/// of ids, keys of high levels, all densities.
public enum RandomCases {
    /// What went wrong, or nil where all `count` sessions were exact; `seed` names the first one.
    public static func firstFailure(_ count: Int, seed: UInt64) -> String? {
        for number in 0..<UInt64(count) {
            let pair = pair(seed + number)
            let result = CompareRun.result(of: .ours, pair, salt: seed + number) { .zero }
            if !result.isExact {
                return "case \(seed + number): \(pair.onlyInitiator.count) and "
                    + "\(pair.onlyResponder.count) keys on one side only were not found exactly"
            }
        }
        return nil
    }

    private static func pair(_ seed: UInt64) -> ComparePair {
        var dice = Seeds(seed).dice("case")
        let count = dice.below(50) == 0 ? dice.below(4_000) : dice.below(60)
        let keys = keys(count, &dice)
        var (initiator, responder): ([EventKey], [EventKey]) = ([], [])
        var (onlyInitiator, onlyResponder): ([EventKey], [EventKey]) = ([], [])
        let (one, other) = (dice.below(101), dice.below(101))
        let scarcity = [1, 1, 10, 100][dice.below(4)]
        for key in keys {
            let roll = dice.below(200 * scarcity)
            if roll < one {
                onlyInitiator.append(key)
            } else if roll < one + other {
                onlyResponder.append(key)
            }
            if !(one..<one + other).contains(roll) { initiator.append(key) }
            if roll >= one { responder.append(key) }
        }
        return ComparePair(
            initiator: ReconcileIndex(sorted: initiator),
            responder: ReconcileIndex(sorted: responder), onlyInitiator: onlyInitiator,
            onlyResponder: onlyResponder)
    }

    private static func keys(_ count: Int, _ dice: inout Dice) -> [EventKey] {
        let times = [1, 3, 1_000, 1 << 40][dice.below(4)]
        var keys: Set<EventKey> = []
        while keys.count < count {
            var word = dice.next()
            // Ids that somebody has ground for.
            switch dice.below(10) {
            case 0: word >>= 12
            case 1: word |= 0xfff0_0000_0000_0000
            default: break
            }
            keys.insert(
                EventKey(
                    physical: UInt64(dice.below(times)), counter: UInt16(dice.below(3)),
                    id: EventID(words: word, dice.next(), 0, 0)))
        }
        return keys.sorted()
    }
}
