import Core
import MerkleSearchTree

/// What the two sides hold.
struct ComparePair {
    let initiator: ReconcileIndex
    let responder: ReconcileIndex
    /// What only one side holds, ascending.
    let onlyInitiator: [EventKey]
    let onlyResponder: [EventKey]
    /// What both remember from a session before.
    var commons: (initiator: CommonRoot?, responder: CommonRoot?) = (nil, nil)
}

/// The items of one seed, from which the sides of several scenarios are made: a million keys are
/// hashed and sketched once.
struct CompareBase {
    private var index: ReconcileIndex
    private var all: [EventKey]

    init(_ scenario: CompareScenario) {
        all = (0..<scenario.total).map(scenario.key)
        index = ReconcileIndex(sorted: all.sorted())
    }

    /// The two sides of a scenario with the same seed and kind of times; items that the base lacks
    /// are added to it.
    mutating func pair(_ scenario: CompareScenario) -> ComparePair {
        if all.count < scenario.total {
            let more = (all.count..<scenario.total).map(scenario.key)
            all += more
            index.insert(contentsOf: more)
        }
        var (onlyInitiator, onlyResponder): ([EventKey], [EventKey]) = ([], [])
        for (number, place) in scenario.places.enumerated() {
            if scenario.isInitiators(number) {
                onlyInitiator.append(all[place])
            } else {
                onlyResponder.append(all[place])
            }
        }
        let beyond = all[scenario.total...]
        let pair = ComparePair(
            initiator: without(onlyResponder, beyond), responder: without(onlyInitiator, beyond),
            onlyInitiator: onlyInitiator.sorted(), onlyResponder: onlyResponder.sorted())
        return scenario.placement == .known ? remembering(pair) : pair
    }

    private func without(_ keys: [EventKey], _ beyond: ArraySlice<EventKey>) -> ReconcileIndex {
        var index = index
        index.remove(contentsOf: Set(keys + beyond))
        return index
    }

    /// Both have just proven that they hold what both hold.
    private func remembering(_ pair: ComparePair) -> ComparePair {
        var common = pair.initiator
        common.remove(contentsOf: Set(pair.onlyInitiator))
        var initiator = ReconcileInitiator(index: common, salt: 1)
        var responder = ReconcileResponder(index: common)
        if case .send(let answer) = responder.receive(initiator.start()) {
            _ = initiator.receive(answer)
        }
        var pair = pair
        pair.commons = (initiator.common, responder.common)
        return pair
    }
}
