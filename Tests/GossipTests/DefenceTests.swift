import Core
import Testing

@testable import Gossip

/// What hostile or stalled neighbors try, and what honest ones must not be blamed for.
@Suite(.timeLimit(.minutes(1)))
struct DefenceTests {
    private func grafts(_ frames: [Frame]) -> [[UInt8]] {
        frames.compactMap { if case .graft(let bytes) = $0 { bytes } else { nil } }
    }

    @Test func tinyPiecesOfMessagesAreOfNoProtocol() {
        let lab = Lab(peers: 10)
        let (first, second) = (lab.dialled(by: 1), lab.dialled(by: 2))
        lab.send(.part(isEnd: false, [1]), over: first)
        #expect(lab.frames(first).last == .bye(.malformed))
        let piece = [UInt8](repeating: 0, count: GossipLimits.partBytes)
        for _ in 0..<10 { lab.send(.part(isEnd: false, piece), over: second) }
        #expect(lab.machine.links[second]?.message.count == 10 * GossipLimits.partBytes)
        lab.send(.part(isEnd: false, []), over: second)
        #expect(lab.frames(second).last == .bye(.malformed))
        #expect(lab.machine.links[second]?.message.isEmpty == true)
    }

    @Test func messagesOfAllLinksTogetherAreBounded() {
        let lab = Lab(peers: 40, GossipSettings(mode: .on, activeView: 24))
        lab.pass(.seconds(1))
        var links: [LinkName] = []
        for _ in 0..<4 {
            for dial in lab.dials { lab.welcome(dial.link, dial.node) }
            lab.pass(.seconds(3))
        }
        for peer in 1...40
        where lab.machine.links.keys.allSatisfy({
            lab.machine.links[$0]?.node != Things.node(peer)
        }) { lab.dialled(by: peer) }
        links = lab.machine.neighborLinks
        let piece = [UInt8](repeating: 0, count: GossipLimits.partBytes)
        for link in links { for _ in 0..<255 { lab.send(.part(isEnd: false, piece), over: link) } }
        let held = { lab.machine.links.values.reduce(0) { $0 + $1.message.count } }
        #expect(links.count * 255 * GossipLimits.partBytes > GossipLimits.messagesOfAll)
        lab.pass(.seconds(2))
        #expect(held() <= GossipLimits.messagesOfAll)
        #expect(lab.machine.neighborLinks.count < links.count)
    }

    @Test func whatALinkThatHasSaidGoodbyeHeldCountsNoMore() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        let piece = [UInt8](repeating: 0, count: GossipLimits.partBytes)
        for _ in 0..<200 { lab.send(.part(isEnd: false, piece), over: link) }
        lab.isStuck = [link]
        #expect(lab.machine.links[link]?.message.isEmpty == false)
        lab.send(.bye(.done), over: link)
        #expect(lab.machine.links[link]?.message.isEmpty == true)
        #expect(lab.machine.links[link]?.phase == .closing)
    }

    @Test func whatAPausedLinkCouldNotSendIsNoBrokenPromise() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        lab.give(.paused(link, true))
        for sequence in 1...40 as ClosedRange<UInt64> {
            lab.announce(5, sequence...sequence, over: link)
            lab.pass(.milliseconds(100))
        }
        #expect(lab.machine.tally.brokenPromises == 0)
        #expect(lab.machine.tally.grafts == 0)
        lab.give(.paused(link, false))
        lab.send(.pong(0), over: link)
        lab.pass(.seconds(3))
        // Read again, it is asked, and does not answer.
        #expect(lab.machine.tally.grafts > 0)
        #expect(lab.machine.tally.brokenPromises > 0)
    }

    @Test func whatIsBeingLookedAtIsNotAskedForAgain() {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        lab.sendEvent(Things.event(5, 1), over: links[0])
        lab.announce(5, 1...1, over: links[1])
        lab.pass(.seconds(8))
        #expect(lab.machine.tally.grafts == 0)
    }

    @Test func missingEventsAreCountedForWhoAnnouncedThemFirst() {
        let lab = Lab(peers: 10)
        let links = (1...3).map { lab.dialled(by: $0) }
        for link in links { lab.announce(5, 1...1, over: link) }
        lab.give(.unlinked(links[1]))
        #expect(lab.machine.links[links[0]]?.missing == 1)
        lab.give(.unlinked(links[0]))
        #expect(lab.machine.links[links[2]]?.missing == 1)
        lab.sendEvent(Things.event(5, 1), over: links[2])
        lab.acceptAll()
        #expect(lab.machine.links[links[2]]?.missing == 0)
        #expect(lab.machine.brokenRules.isEmpty)
    }

    @Test func aWrongBodyUnderAGenuineSignatureKeepsTheRealOneNotOut() throws {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        _ = lab.takeEffects()
        let good = Things.event(5, 1)
        let other = Body(
            salt: [UInt8](repeating: 1, count: 16), bytes: [UInt8](repeating: 9, count: 20))
        let changed = try Event(
            headerBytes: good.headerBytes, signature: good.signature, body: other)
        lab.sendEvent(changed, over: links[0])
        lab.sendEvent(good, over: links[1])
        let taken = lab.takeEffects().compactMap {
            if case .take(let events, _) = $0 { events.first?.body } else { nil }
        }
        #expect(taken == [other, good.body])
        #expect(!lab.frames(links[1]).contains { if case .prune = $0 { true } else { false } })
    }

    @Test func copiesOfHeldEventsForgiveNoBrokenPromise() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        lab.sendEvent(Things.event(6, 1), over: link)
        lab.acceptAll()
        for round in 0..<60 as Range<UInt64> where lab.neighbors.count == 1 {
            lab.announce(5, round * 3 + 1...round * 3 + 1, over: link)
            lab.pass(.milliseconds(700))
            for _ in 0..<4 { lab.sendEvent(Things.event(6, 1), over: link) }
        }
        #expect(lab.frames(link).contains(.bye(.brokenPromises)))
    }

    @Test func whatComesLateIsForgiven() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        for sequence in 1...40 as ClosedRange<UInt64> {
            lab.announce(5, sequence...sequence, over: link)
            // Asked for, and sent after the next look.
            lab.pass(.milliseconds(700))
            lab.sendEvent(Things.event(5, sequence), over: link)
            lab.acceptAll()
        }
        #expect(lab.machine.tally.brokenPromises > Int(GossipLimits.brokenPromises))
        #expect(lab.neighbors == [Things.node(1)])
    }

    @Test func whoSaysFirstThatAnEventIsLargeDelaysNoRepair() {
        let lab = Lab(peers: 10)
        let (liar, honest) = (lab.dialled(by: 1), lab.dialled(by: 2))
        let large = PlaceRange(origin: Things.node(5), from: 1, count: 1, isLarge: true)
        lab.send(.announce(lab.packed([large], over: liar)), over: liar)
        lab.pass(.milliseconds(10))
        lab.announce(5, 1...1, over: honest)
        _ = lab.frames(honest)
        lab.pass(.milliseconds(700))
        #expect(grafts(lab.frames(honest)).count == 1)
    }

    @Test func prunesOfManyOriginsGoInFramesThatTheOtherSideTakes() throws {
        var outbox = Outbox()
        for number in 0..<GossipLimits.origins {
            let digest: Digest = SHA256.hash(Array("origin \(number)".utf8))
            outbox.prune(try #require(NodeID(bytes: digest.bytes)))
        }
        var tally = LinkTally()
        var buffer = FrameBuffer()
        var table = OriginTable()
        var pruned = 0
        buffer.append(outbox.chunk(withAnnouncements: false, &tally))
        while let bytes = try buffer.next() {
            guard case .prune(let packed) = try Frame(decoding: bytes) else { continue }
            pruned += try table.read(packed).count
        }
        #expect(pruned == GossipLimits.origins)
    }

    @Test func whereGossipEndsDialsEndToo() {
        let lab = Lab(peers: 10)
        lab.pass(.seconds(1))
        let dials = lab.dials
        #expect(!dials.isEmpty)
        lab.give(.settings(GossipSettings(mode: .off)))
        for dial in dials { lab.welcome(dial.link, dial.node) }
        #expect(lab.neighbors.isEmpty)
        #expect(lab.machine.links.isEmpty)
        #expect(lab.machine.brokenRules.isEmpty)
    }

    @Test func aNeighborThatStandsStillLosesItsOriginsAtOnce() throws {
        let lab = Lab(peers: 10)
        let links = (1...3).map { lab.dialled(by: $0) }
        for origin in 5...8 {
            lab.sendEvent(Things.event(origin, 1), over: links[0])
            lab.acceptAll()
            lab.announce(origin, 1...1, over: links[1])
        }
        lab.pass(.milliseconds(400))
        for link in links { _ = lab.frames(link) }
        // The parent says nothing more; others tell of one origin's next event.
        lab.announce(5, 2...2, over: links[1])
        lab.send(.ping(1), over: links[2])
        _ = lab.frames(links[2])
        lab.pass(.milliseconds(400))
        for link in links[1...2] {
            let origins = try grafts(lab.frames(link)).flatMap { try lab.ranges($0, over: link) }
                .map(\.origin)
            #expect(Set(origins) == Set((5...8).map(Things.node)))
        }
        #expect(grafts(lab.frames(links[0])).isEmpty)
        #expect(lab.neighbors.count == 3)
    }

    @Test func whereSeveralAreSilentOnlyWhoeverToldNextIsAsked() throws {
        let lab = Lab(peers: 10)
        let links = (1...4).map { lab.dialled(by: $0) }
        for origin in 5...6 {
            lab.sendEvent(Things.event(origin, 1), over: links[0])
            lab.acceptAll()
            lab.announce(origin, 1...1, over: links[1])
        }
        lab.pass(.milliseconds(400))
        for link in links { _ = lab.frames(link) }
        lab.announce(5, 2...2, over: links[1])
        lab.pass(.milliseconds(400))
        #expect(!grafts(lab.frames(links[1])).isEmpty)
        #expect(grafts(lab.frames(links[2])).isEmpty && grafts(lab.frames(links[3])).isEmpty)
    }

    @Test func aParentThatSendsOtherThingsIsNotSuspected() {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        for origin in 5...6 {
            lab.sendEvent(Things.event(origin, 1), over: links[0])
            lab.acceptAll()
        }
        for link in links { _ = lab.frames(link) }
        lab.announce(5, 2...2, over: links[1])
        lab.send(.ping(1), over: links[0])
        lab.pass(.milliseconds(450))
        #expect(lab.machine.tally.grafts == 1)
        #expect(lab.machine.trees[Things.node(6)]?.parent == 0)
    }
}
