import Core
import MerkleSearchTree
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(1)))
struct NaiveReconcilerTests {
    /// Two sets, drawn: each key is in both, in the first or in the second.
    private func sets(_ count: Int, seed: UInt64) -> (a: [EventKey], b: [EventKey]) {
        var dice = Dice(seed: seed)
        let scenario = CompareScenario(
            items: count, different: 0, placement: .recent, seed: seed)
        let keys = (0..<count).map(scenario.key)
        var sets: (a: [EventKey], b: [EventKey]) = ([], [])
        for key in keys {
            let fate = dice.below(10)
            if fate != 0 { sets.a.append(key) }
            if fate != 1 { sets.b.append(key) }
        }
        return sets
    }

    @Test(arguments: [0, 1, 2, 17, 300, 70_000])
    func bothSidesFindTheTrueDifference(count: Int) {
        let (a, b) = sets(count, seed: UInt64(count))
        var initiator = NaiveInitiator(tree: MerkleSearchTree(sorted: a))
        var responder = NaiveResponder(tree: MerkleSearchTree(sorted: b))
        var message = initiator.start()
        var have: [EventKey] = []
        var came: [EventKey] = []
        var bytes = 0
        for _ in 0..<100 {
            guard case .send(let answer) = responder.receive(message) else { break }
            bytes += message.count + answer.count
            let step = initiator.receive(answer)
            if case .send(let next) = step { message = next }
            if case .exchange(let difference) = step {
                have = difference.have
                responder.received(have)
                if let want = difference.wants.first,
                    case .deliver(let keys) = responder.receive(want)
                {
                    came = keys
                }
                #expect(difference.needCount == came.count)
                message = initiator.close(received: came)
            }
            if case .done = step {
                #expect(Set(have) == Set(a).subtracting(b))
                #expect(Set(came) == Set(b).subtracting(a))
                #expect(bytes >= 32 * (a.count + b.count) + 66)
                #expect(bytes <= 32 * (a.count + b.count) + 66 + 20)
                return
            }
        }
        Issue.record("the session did not end")
    }

    @Test func aLossIsFoundAndMendedByStartingOver() {
        let (a, b) = sets(100, seed: 3)
        var initiator = NaiveInitiator(tree: MerkleSearchTree(sorted: a))
        var responder = NaiveResponder(tree: MerkleSearchTree(sorted: b))
        guard case .send(let list) = responder.receive(initiator.start()),
            case .exchange(let first) = initiator.receive(list)
        else {
            Issue.record("no difference")
            return
        }
        // One of the pushed events did not get through.
        responder.received(Array(first.have.dropFirst()))
        guard let want = first.wants.first, case .deliver(let keys) = responder.receive(want),
            case .send(let root) = responder.receive(initiator.close(received: keys)),
            case .send(let again) = initiator.receive(root),
            case .send(let second) = responder.receive(again),
            case .exchange(let difference) = initiator.receive(second)
        else {
            Issue.record("not started over")
            return
        }
        #expect(difference.have == [first.have[0]])
        #expect(difference.wants.isEmpty)
    }

    @Test func garbageIsRefused() {
        var responder = NaiveResponder(tree: MerkleSearchTree())
        for bytes in [[], [9], [0, 1, 2], [2, 0], [4, 1]] as [[UInt8]] {
            #expect(NaiveMessage(bytes) == nil)
            guard case .failed = responder.receive(bytes) else {
                Issue.record("taken: \(bytes)")
                continue
            }
        }
    }
}
