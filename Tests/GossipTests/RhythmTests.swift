import Core
import Testing

@testable import Gossip

/// What a machine does of itself from time to time, and when it becomes a neighbor.
@Suite(.timeLimit(.minutes(1)))
struct RhythmTests {
    private static let day: Duration = .seconds(86_400)

    /// Neighbors 1 to 3 of twenty peers, who answer every ping.
    private func lab(_ settings: GossipSettings) -> (Lab, [LinkName]) {
        let lab = Lab(peers: 20, settings)
        let links = (1...3).map { lab.dialled(by: $0) }
        return (lab, links)
    }

    private func live(_ lab: Lab, _ links: [LinkName], for time: Int) {
        for _ in 0..<time {
            lab.pass(.seconds(1))
            for link in links {
                lab.send(.pong(lab.machine.links[link]?.pingNumber ?? 0), over: link)
            }
        }
    }

    private func count(_ frames: [Frame], _ isWanted: (Frame) -> Bool) -> Int {
        frames.count(where: isWanted)
    }

    @Test func aRandomNeighborsLogIsComparedEveryTenSecondsOrSo() {
        let (lab, links) = lab(GossipSettings(mode: .on, redialEvery: Self.day))
        _ = lab.takeEffects()
        live(lab, links, for: 600)
        let sessions = lab.effects.count { if case .reconcile = $0 { true } else { false } }
        #expect((40...120).contains(sessions))
        let nodes = Set(
            lab.effects.compactMap { if case .reconcile(let n) = $0 { n } else { nil } })
        #expect(nodes.count == 3)
    }

    @Test func whoDialledComparesAtOnceTheOtherSideDoesNot() throws {
        let lab = Lab(peers: 20)
        lab.dialled(by: 1)
        #expect(!lab.effects.contains(.reconcile(Things.node(1))))
        lab.pass(.seconds(1))
        let dial = try #require(lab.dials.first)
        lab.welcome(dial.link, dial.node)
        #expect(lab.effects.contains(.reconcile(dial.node)))
    }

    @Test func aNewNeighborIsOnlyToldOfOriginsThatComeFromSomebody() {
        let (lab, links) = lab(GossipSettings(mode: .on))
        lab.sendEvent(Things.event(5, 1), over: links[0])
        lab.acceptAll()
        let new = lab.dialled(by: 4)
        _ = lab.frames(new)
        lab.sendEvent(Things.event(5, 2), over: links[0])
        lab.acceptAll()
        // Of an origin that nobody hands over yet it is sent the first event.
        lab.sendEvent(Things.event(6, 1), over: links[0])
        lab.acceptAll()
        lab.pass(.milliseconds(30))
        let frames = lab.frames(new)
        #expect(count(frames) { if case .event = $0 { true } else { false } } == 1)
        #expect(count(frames) { if case .announce = $0 { true } else { false } } == 1)
    }

    @Test func viewsAreExchangedAndAnsweredSeldom() {
        let (lab, links) = lab(GossipSettings(mode: .on, redialEvery: Self.day))
        live(lab, links, for: 300)
        let asked = links.reduce(0) { sum, link in
            sum + count(lab.frames(link)) { if case .shuffle = $0 { true } else { false } }
        }
        #expect((8...13).contains(asked))
        for _ in 0..<10 { lab.send(.shuffle([]), over: links[0]) }
        #expect(
            count(lab.frames(links[0])) { if case .shuffleReply = $0 { true } else { false } } <= 1)
    }

    @Test func anAnswerToNoShuffleTeachesNothing() {
        let (lab, links) = lab(GossipSettings(mode: .on))
        let before = lab.machine.passive
        lab.send(.shuffleReply([Things.node(9), Things.node(10)]), over: links[0])
        #expect(lab.machine.passive == before)
    }

    @Test func theNeighborThatBroughtLeastIsReplaced() {
        let settings = GossipSettings(
            mode: .on, activeView: 3, redialEvery: Self.day, rotateEvery: .seconds(60))
        let (lab, links) = lab(settings)
        for sequence in 1...3 as ClosedRange<UInt64> {
            lab.sendEvent(Things.event(5, sequence), over: links[0])
            lab.sendEvent(Things.event(6, sequence), over: links[2])
            lab.acceptAll()
        }
        live(lab, links, for: 75)
        #expect(lab.frames(links[1]).contains(.bye(.evicted)))
        #expect(!lab.frames(links[0]).contains(.bye(.evicted)))
        #expect(!lab.frames(links[2]).contains(.bye(.evicted)))
    }

    @Test func nobodyIsReplacedWhereNeighborsAreFew() {
        let settings = GossipSettings(
            mode: .on, activeView: 6, redialEvery: Self.day, rotateEvery: .seconds(60))
        let (lab, links) = lab(settings)
        live(lab, links, for: 200)
        #expect(lab.neighbors.count >= 3)
        for link in links { #expect(!lab.frames(link).contains(.bye(.evicted))) }
    }

    @Test func aRegisteredPeerIsVisitedEveryHalfMinuteOrSo() {
        let (lab, links) = lab(GossipSettings(mode: .on, activeView: 3))
        live(lab, links, for: 5)
        _ = lab.takeEffects()
        var visits = 0
        for _ in 0..<600 {
            live(lab, links, for: 1)
            for dial in lab.dials {
                visits += lab.machine.dials[dial.link]?.purpose == .visit ? 1 : 0
                lab.give(.unlinked(dial.link))
            }
            _ = lab.takeEffects()
        }
        #expect((13...40).contains(visits))
    }

    @Test func autoRestsAgainWhereFewPeersAreLeft() {
        let lab = Lab(peers: 9, GossipSettings(mode: .auto))
        #expect(lab.machine.isOn)
        lab.give(.registry((1...7).map(Things.node).sorted()))
        #expect(lab.machine.isOn)
        lab.give(.registry((1...6).map(Things.node).sorted()))
        #expect(!lab.machine.isOn)
        lab.give(.registry((1...8).map(Things.node).sorted()))
        #expect(!lab.machine.isOn)
    }

    @Test func aFullQueueOfControlEndsTheLinkAndOneOfMessagesTakesNoMore() {
        let (lab, links) = lab(GossipSettings(mode: .on))
        lab.isStuck = Set(links)
        lab.post(Things.event(0, 1))
        for number in 0..<300 as Range<UInt64> { lab.send(.ping(number), over: links[0]) }
        #expect(!lab.neighbors.contains(Things.node(1)))
        var wanted: [GossipEffect] = []
        var sent = 0
        for number in 0..<20 as Range<UInt64> {
            let isSent = lab.machine.send(
                .answer(number: number, CBORBytes.string(1 << 20)), eventBytes: 0, over: links[1],
                into: &wanted)
            sent += isSent ? 1 : 0
        }
        #expect((1...6).contains(sent))
        #expect(lab.neighbors.contains(Things.node(2)))
    }

    @Test func announcementsThatFindNoRoomAreASessionsWork() {
        let (lab, links) = lab(GossipSettings(mode: .on))
        lab.isStuck = [links[0]]
        lab.post(Things.event(0, 1))
        // Every second place: none joins another's entry.
        for sequence in stride(from: UInt64(3), through: 12_000, by: 2) {
            let event = Things.event(0, sequence)
            lab.give(.stored([StoredEvent(event: event, way: .found, sender: nil)]))
        }
        #expect(lab.machine.links[links[0]]?.isDegraded == true)
        _ = lab.takeEffects()
        lab.isStuck = []
        lab.give(.written(links[0]))
        lab.pass(.milliseconds(100))
        #expect(lab.effects.contains(.reconcile(Things.node(1))))
    }
}
