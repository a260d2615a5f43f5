import Core
import Testing

@testable import Gossip

@Suite(.timeLimit(.minutes(1)))
struct ViewsTests {
    private func isBye(_ frame: Frame, _ cause: ByeCause) -> Bool { frame == .bye(cause) }

    @Test func upToEightNodesEveryPeerBecomesANeighbor() {
        let lab = Lab(peers: 7)
        for _ in 0..<20 {
            lab.pass(.seconds(1))
            for dial in lab.dials { lab.welcome(dial.link, dial.node) }
        }
        #expect(Set(lab.neighbors) == Set((1...7).map(Things.node)))
    }

    @Test func aNodeDialsHalfOfItsNeighborsItself() {
        let lab = Lab(peers: 40)
        lab.pass(.seconds(1))
        #expect(lab.dials.count == 3)
    }

    @Test func whoeverIsNotRegisteredNeverBecomesANeighbor() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 15, .urgent)
        #expect(lab.frames(link).last == .bye(.notActive))
        #expect(lab.neighbors.isEmpty)
        lab.send(.shuffle([Things.node(15), Things.node(3)]), over: lab.dialled(by: 1))
        #expect(lab.machine.standing.passive == [Things.node(3)])
    }

    @Test func colludingPeersNeverTakeThePlacesThatANodeChose() {
        let lab = Lab(peers: 250)
        lab.pass(.seconds(1))
        for dial in lab.dials { lab.welcome(dial.link, dial.node) }
        let chosen = Set(lab.neighbors)
        #expect(chosen.count == 3)
        for peer in 1...60 where !chosen.contains(Things.node(peer)) {
            lab.pass(.seconds(6))
            for neighbor in lab.machine.links.values where neighbor.slot != nil {
                lab.send(.pong(neighbor.pingNumber), over: neighbor.name)
            }
            lab.dialled(by: peer, .urgent)
        }
        #expect(chosen.isSubset(of: lab.neighbors))
        #expect(lab.neighbors.count <= 8)
    }

    @Test func whereOthersHaveTakenEveryPlaceANodeStillChoosesItsHalf() {
        let lab = Lab(peers: 60)
        for peer in 1...8 { lab.dialled(by: peer) }
        #expect(lab.neighbors.count == 5)
        lab.pass(.seconds(1))
        for dial in lab.dials { lab.welcome(dial.link, dial.node) }
        #expect(lab.machine.neighborLinks.count { $0.isOurs } >= 3)
        #expect(lab.neighbors.count <= 8)
    }

    @Test func anUrgentPeerTakesThePlaceOfOneThatDialledAndSeldom() {
        let lab = Lab(peers: 60)
        for peer in 1...5 { lab.dialled(by: peer) }
        #expect(lab.neighbors.count == 5)
        let full = lab.dialled(by: 20)
        #expect(lab.frames(full).last == .bye(.full))
        let urgent = lab.dialled(by: 21, .urgent)
        #expect(lab.frames(urgent) == [.welcome(version: 1)])
        #expect(lab.neighbors.count == 5)
        let again = lab.dialled(by: 22, .urgent)
        #expect(lab.frames(again).last == .bye(.full))
    }

    @Test func ofTwoDialsAtOnceThatOfTheLowerKeyStays() {
        for peer in 1...6 {
            let lab = Lab(peers: 6)
            lab.pass(.seconds(1))
            guard let dial = lab.dials.first(where: { $0.node == Things.node(peer) }) else {
                continue
            }
            let theirs = lab.dialled(by: peer)
            lab.welcome(dial.link, dial.node)
            let stays = Things.node(0) < Things.node(peer) ? dial.link : theirs
            #expect(lab.machine.linkOf[Things.node(peer)] == stays)
            #expect(lab.neighbors.count { $0 == Things.node(peer) } == 1)
        }
    }

    @Test func aPeerThatLostItsLinkMayDialAnew() {
        let lab = Lab(peers: 10)
        let old = lab.dialled(by: 1)
        lab.pass(.seconds(4))
        let new = lab.dialled(by: 1)
        #expect(lab.machine.linkOf[Things.node(1)] == new)
        #expect(lab.frames(old).contains(.bye(.duplicate)))
    }

    @Test func aSilentNeighborIsAskedForASignOfLifeAndThenLeft() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        lab.pass(.seconds(4))
        #expect(lab.frames(link).contains { if case .ping = $0 { true } else { false } })
        lab.pass(.seconds(7))
        #expect(lab.neighbors.isEmpty)
        #expect(lab.frames(link).contains(.bye(.silent)))
    }

    @Test func aNeighborThatAnswersStays() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        for _ in 0..<30 {
            lab.pass(.seconds(1))
            for case .ping(let number) in lab.frames(link) { lab.send(.pong(number), over: link) }
        }
        #expect(lab.neighbors == [Things.node(1)])
    }

    @Test func aVisitThatFoundADifferenceStaysAndOneThatFoundNoneLeaves() throws {
        for wereEqual in [true, false] {
            var settings = GossipSettings(mode: .on, activeView: 2)
            settings.redialEvery = .seconds(5)
            let lab = Lab(peers: 30, settings)
            for peer in 1...2 { lab.dialled(by: peer) }
            var visit: (link: LinkName, node: NodeID)?
            for _ in 0..<8 where visit == nil {
                lab.pass(.seconds(1))
                visit = lab.dials.first { lab.machine.dials[$0.link]?.purpose == .visit }
            }
            guard let visit else { return #expect(Bool(false), "no visit") }
            lab.welcome(visit.link, visit.node)
            #expect(lab.effects.contains(.reconcile(visit.node)))
            _ = lab.frames(visit.link)
            var wanted: [GossipEffect] = []
            lab.machine.reconciled(
                with: visit.node, wereEqual: wereEqual, at: lab.now, into: &wanted)
            let bytes: [[UInt8]] = wanted.compactMap {
                if case .transmit(visit.link, let bytes) = $0 { bytes } else { nil }
            }
            let frame = try Frame(decoding: Array((bytes.first ?? []).dropFirst(4)))
            #expect(frame == (wereEqual ? .bye(.done) : .hello(versions: [1], .urgent)))
        }
    }

    @Test func aNodeThatDoesNotGossipSaysSo() {
        let lab = Lab(peers: 30, GossipSettings(mode: .off))
        let link = lab.dialled(by: 1)
        #expect(lab.frames(link) == [.bye(.off)])
        lab.pass(.seconds(60))
        #expect(lab.dials.isEmpty)
    }

    @Test func autoRestsUpToEightPeersAndTakesLinksAllTheSame() {
        let lab = Lab(peers: 8, GossipSettings(mode: .auto))
        lab.pass(.seconds(60))
        #expect(lab.dials.isEmpty)
        lab.dialled(by: 1)
        #expect(lab.neighbors == [Things.node(1)])
        lab.give(.registry((1...9).map(Things.node).sorted()))
        lab.pass(.seconds(1))
        #expect(!lab.dials.isEmpty)
    }

    @Test func whoIsNoPeerAnyMoreLosesItsLink() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        lab.give(.registry((2...10).map(Things.node).sorted()))
        #expect(lab.frames(link).contains(.bye(.notActive)))
        #expect(lab.neighbors.isEmpty)
    }

    @Test(arguments: [
        Frame.welcome(version: 1), .event(hop: 1, [1]), .announce([1]), .ping(1),
    ])
    func beforeTheHelloNothingElseIsTaken(_ frame: Frame) {
        let lab = Lab(peers: 10)
        let link = LinkName(number: 99, isOurs: false)
        lab.give(.linked(link, Things.node(1)))
        lab.send(frame, over: link)
        #expect(lab.frames(link) == [.bye(.malformed)])
        // And it is left alone for a while.
        let next = lab.dialled(by: 1)
        #expect(lab.frames(next) == [.bye(.overload)])
    }

    @Test func shutdownTellsEveryNeighbor() {
        let lab = Lab(peers: 10)
        let links = (1...3).map { lab.dialled(by: $0) }
        lab.give(.shutdown)
        for link in links { #expect(lab.frames(link).last == .bye(.shutdown)) }
        #expect(lab.machine.nextDeadline == nil)
    }
}
