import Core
import Testing

@testable import Gossip

/// Each link that ends is counted once, with its cause.
@Suite(.timeLimit(.minutes(1)))
struct EndingsTests {
    private func endings(_ lab: Lab) -> LinkEndings { lab.machine.standing.endings }

    @Test func aRefusedHelloIsCountedWithItsReason() {
        let lab = Lab(peers: 60)
        let stranger = lab.dialled(by: 70)
        #expect(endings(lab).said(.notActive) == 1)
        for peer in 1...6 { lab.dialled(by: peer) }
        #expect(endings(lab).said(.full) == 1)
        lab.give(.unlinked(stranger))
        #expect(endings(lab).said(.notActive) == 1)
        #expect(endings(lab).broken == 0)
        #expect(ByeCause.allCases.allSatisfy { endings(lab).heard($0) == 0 })
    }

    @Test func whatTheOtherSideSaysIsCountedApart() throws {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        lab.pass(.seconds(2))
        lab.send(.bye(.shutdown), over: link)
        lab.give(.unlinked(link))
        #expect(endings(lab).heard(.shutdown) == 1)
        #expect(endings(lab).said(.shutdown) == 0)
        #expect(endings(lab).broken == 0)
        let last = try #require(endings(lab).last.last)
        #expect(last.node == Things.node(1))
        #expect(!last.isOutbound)
        #expect(last.side == .there)
        #expect(last.cause == .shutdown)
        #expect(last.at == lab.now)
    }

    @Test func aConnectionThatBreaksOffHasNoCause() throws {
        let lab = Lab(peers: 10)
        lab.give(.unlinked(lab.dialled(by: 1)))
        #expect(endings(lab).broken == 1)
        #expect(endings(lab).last.map(\.side) == [.nobody])
        #expect(endings(lab).last.map(\.cause) == [nil])
        lab.pass(.seconds(1))
        let dial = try #require(lab.dials.first)
        lab.give(.unlinked(dial.link))
        #expect(endings(lab).failedDials == 1)
        // One that hangs is given up, and counts once, however it ends.
        let hanging = try #require(lab.dials.first { $0.link != dial.link })
        lab.pass(.seconds(12))
        let given = endings(lab).failedDials
        #expect(given >= 2)
        lab.give(.unlinked(hanging.link))
        #expect(endings(lab).failedDials == given)
        #expect(endings(lab).broken == 1)
    }

    @Test func onlyTheLastOnesAreKeptAndNoVisitThatIsDone() {
        let lab = Lab(peers: 60)
        lab.send(.bye(.done), over: lab.dialled(by: 1, .visit))
        #expect(endings(lab).heard(.done) == 1)
        #expect(endings(lab).last.isEmpty)
        for peer in 1...40 { lab.send(.bye(.evicted), over: lab.dialled(by: peer)) }
        #expect(endings(lab).heard(.evicted) == 40)
        #expect(endings(lab).last.map(\.node) == (25...40).map(Things.node))
    }
}
