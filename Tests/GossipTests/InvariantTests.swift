import Core
import Testing

@testable import Gossip

/// The machine's own look at itself: it finds what is wrong, and nothing in a sound machine.
@Suite(.timeLimit(.minutes(1)))
struct InvariantTests {
    @Test func aSoundMachineBreaksNoRule() {
        let lab = Lab(peers: 6)
        for peer in 1...3 { _ = lab.dialled(by: peer) }
        lab.pass(.seconds(5))
        #expect(lab.machine.brokenRules.isEmpty)
    }

    @Test func whatIsWrongIsNamed() {
        let lab = Lab(peers: 6)
        lab.machine.passive = [lab.machine.node]
        #expect(lab.machine.brokenRules.contains("a node is its own neighbor"))
        lab.machine.slots[3] = LinkName(number: 99, isOurs: true)
        #expect(lab.machine.brokenRules.count == 2)
        var tree = OriginTree(at: .zero)
        tree.setLazy(7)
        tree.parent = 9
        lab.machine.trees[Things.node(1)] = tree
        #expect(lab.machine.brokenRules.count == 4)
    }
}
