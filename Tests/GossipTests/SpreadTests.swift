import Core
import Testing

@testable import Gossip

@Suite(.timeLimit(.minutes(1)))
struct SpreadTests {
    private func events(_ frames: [Frame]) -> Int {
        frames.count { if case .event = $0 { true } else { false } }
    }

    private func packed(_ frames: [Frame], _ wanted: (Frame) -> [UInt8]?) -> [[UInt8]] {
        frames.compactMap(wanted)
    }

    private func grafts(_ frames: [Frame]) -> [[UInt8]] {
        frames.compactMap { if case .graft(let bytes) = $0 { bytes } else { nil } }
    }

    private func announcements(_ frames: [Frame]) -> [[UInt8]] {
        frames.compactMap { if case .announce(let bytes) = $0 { bytes } else { nil } }
    }

    @Test func anOwnEventGoesToEveryNeighborOnce() {
        let lab = Lab(peers: 10)
        let links = (1...3).map { lab.dialled(by: $0) }
        lab.post(Things.event(0, 1))
        lab.pass(.seconds(1))
        for link in links {
            let frames = lab.frames(link)
            #expect(events(frames) == 1)
            #expect(announcements(frames).isEmpty)
        }
    }

    @Test func anEventGoesOnOnlyWhenItIsValidAndNotBackToWhoSentIt() {
        let lab = Lab(peers: 10)
        let links = (1...3).map { lab.dialled(by: $0) }
        for link in links { _ = lab.frames(link) }
        lab.sendEvent(Things.event(5, 1), over: links[0])
        #expect(events(lab.frames(links[1])) == 0)
        lab.acceptAll()
        #expect(events(lab.frames(links[0])) == 0)
        #expect(events(lab.frames(links[1])) == 1)
        #expect(events(lab.frames(links[2])) == 1)
    }

    @Test func aSecondCopyIsPrunedAndItsSenderOnlyToldFromThenOn() {
        let lab = Lab(peers: 10)
        let links = (1...3).map { lab.dialled(by: $0) }
        lab.sendEvent(Things.event(5, 1), over: links[0])
        lab.acceptAll()
        for link in links { _ = lab.frames(link) }
        lab.sendEvent(Things.event(5, 1), over: links[1])
        #expect(lab.frames(links[1]).contains { if case .prune = $0 { true } else { false } })
        lab.sendEvent(Things.event(5, 2), over: links[0])
        lab.acceptAll()
        #expect(events(lab.frames(links[1])) == 0)
        #expect(events(lab.frames(links[2])) == 1)
        lab.pass(.milliseconds(30))
        #expect(announcements(lab.frames(links[1])).count == 1)
        #expect(announcements(lab.frames(links[2])).isEmpty)
    }

    @Test func aCopyThatComesWhileTheFirstIsLookedAtIsADuplicate() {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        _ = lab.takeEffects()
        lab.sendEvent(Things.event(5, 1), over: links[0])
        lab.sendEvent(Things.event(5, 1), over: links[1])
        let takes = lab.takeEffects().count { if case .take = $0 { true } else { false } }
        #expect(takes == 1)
        #expect(lab.machine.tally.duplicates == 1)
    }

    @Test func aForgedCopyKeepsNoHonestOneOutAndBlamesOnlyItsSender() throws {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        let good = Things.event(5, 1)
        let forged = try Event(
            headerBytes: good.headerBytes, signature: [UInt8](repeating: 3, count: 64),
            body: good.body)
        lab.sendEvent(forged, over: links[0])
        lab.sendEvent(good, over: links[1])
        lab.give(.dropped([forged], from: Things.node(1), isInvalid: true))
        lab.give(.accepted([good], from: Things.node(2), isLate: false))
        #expect(lab.frames(links[0]).contains(.bye(.invalidEvent)))
        #expect(lab.neighbors == [Things.node(2)])
        #expect(lab.machine.tally.delivered == 1)
    }

    @Test func whatIsAnnouncedAndDoesNotComeIsAskedForAfterAWhile() throws {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        lab.announce(5, 1...3, over: links[0])
        lab.pass(.milliseconds(100))
        #expect(grafts(lab.frames(links[0])).isEmpty)
        lab.pass(.milliseconds(500))
        let asked = try #require(grafts(lab.frames(links[0])).first)
        let ranges = try lab.ranges(asked, over: links[0])
        #expect(ranges == [PlaceRange(origin: Things.node(5), from: 1, count: 3)])
    }

    @Test func whatCameMeanwhileIsNotAskedFor() {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        lab.announce(5, 1...1, over: links[0])
        lab.sendEvent(Things.event(5, 1), over: links[1])
        lab.acceptAll()
        lab.pass(.seconds(5))
        #expect(lab.machine.tally.grafts == 0)
        #expect(lab.machine.standing.missing == 0)
    }

    @Test func theAskedOneThatStaysSilentIsFollowedByTheNext() {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        for link in links { lab.announce(5, 1...1, over: link) }
        lab.pass(.milliseconds(300))
        #expect(grafts(lab.frames(links[0])).count == 1)
        lab.pass(.milliseconds(300))
        #expect(grafts(lab.frames(links[1])).count == 1)
    }

    @Test func whatNobodySendsIsLeftToASession() {
        let settings = GossipSettings(
            mode: .on, reconcileEvery: .seconds(86_400), redialEvery: .seconds(86_400))
        let lab = Lab(peers: 10, settings)
        let link = lab.dialled(by: 1)
        _ = lab.takeEffects()
        lab.announce(5, 1...1, over: link)
        for _ in 0..<20 {
            lab.pass(.milliseconds(500))
            lab.send(.pong(0), over: link)
        }
        #expect(lab.machine.tally.grafts == GossipLimits.graftTries)
        #expect(lab.effects.contains(.reconcile(Things.node(1))))
        #expect(lab.machine.missing.isEmpty)
        #expect(lab.machine.links[link]?.missing == 0)
    }

    @Test func aNeighborThatBreaksEveryPromiseIsLetGo() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        for round in 0..<40 where lab.neighbors.count == 1 {
            lab.announce(5, UInt64(round * 3 + 1)...UInt64(round * 3 + 3), over: link)
            lab.pass(.milliseconds(700))
        }
        #expect(lab.frames(link).contains(.bye(.brokenPromises)))
        #expect(lab.neighbors.isEmpty)
    }

    @Test func aFloodOfPhantomsFillsNothingAndALargeGapIsASessionsWork() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        _ = lab.takeEffects()
        for round in 0..<200 as Range<UInt64> {
            let from = round * 60 + 1
            lab.announce(5, from...from + 59, over: link)
        }
        #expect(lab.machine.missing.count <= GossipLimits.missingOfOne)
        lab.announce(6, 1...5000, over: link)
        #expect(lab.effects.contains(.reconcile(Things.node(1))))
        #expect(lab.machine.missing.keys.allSatisfy { $0.origin != Things.node(6) })
    }

    /// Places that were asked for by these frames.
    private func wanted(_ frames: [Frame], _ lab: Lab, _ link: LinkName) throws -> Int {
        let packed = frames.compactMap { if case .want(let bytes) = $0 { bytes } else { nil } }
        return try packed.reduce(0) { sum, bytes in
            sum + Int(try lab.ranges(bytes, over: link).reduce(0) { $0 + $1.count })
        }
    }

    @Test func aLongRowIsAskedForAWindowAtATimeAsItComes() throws {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        _ = lab.takeEffects()
        lab.announce(5, 1...1000, over: link)
        #expect(lab.machine.missing.count == GossipLimits.window)
        lab.pass(.milliseconds(500))
        #expect(try wanted(lab.frames(link), lab, link) == GossipLimits.window)
        for sequence in 1...50 as ClosedRange<UInt64> {
            lab.sendEvent(Things.event(5, sequence), over: link)
        }
        lab.acceptAll()
        lab.pass(.milliseconds(20))
        let frames = lab.frames(link)
        #expect(grafts(frames).isEmpty)
        #expect(try wanted(frames, lab, link) == 50)
        #expect(lab.machine.brokenRules.isEmpty)
        #expect(!lab.effects.contains(.reconcile(Things.node(1))))
    }

    @Test func largeEventsAreAskedForAFewAtATime() throws {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        for sequence in 1...40 as ClosedRange<UInt64> {
            let range = PlaceRange(
                origin: Things.node(5), from: sequence, count: 1, isLarge: true)
            lab.send(.announce(lab.packed([range], over: link)), over: link)
        }
        lab.pass(.milliseconds(20))
        #expect(try wanted(lab.frames(link), lab, link) == 8)
        lab.sendEvent(Things.event(5, 1, bytes: 20_000), over: link)
        lab.acceptAll()
        lab.pass(.milliseconds(20))
        #expect(try wanted(lab.frames(link), lab, link) == 1)
    }

    @Test func aRowThatIsMadeUpKeepsNothingAway() {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        lab.announce(5, 1...1000, over: links[0])
        lab.pass(.milliseconds(300))
        lab.announce(5, 1...1, over: links[1])
        lab.pass(.milliseconds(600))
        #expect(!grafts(lab.frames(links[1])).isEmpty)
    }

    @Test func moreRowsThanThereIsRoomForAreASessionsWork() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        _ = lab.takeEffects()
        for place in 0..<GossipLimits.rows as Range<Int> {
            let from = UInt64(place * 200 + 1)
            lab.announce(5, from...from + 99, over: link)
        }
        #expect(!lab.effects.contains(.reconcile(Things.node(1))))
        for place in 0..<3 as Range<Int> {
            let from = UInt64(place * 200 + 1)
            lab.announce(6, from...from + 99, over: link)
        }
        #expect(lab.effects.contains(.reconcile(Things.node(1))))
        #expect(lab.effects.contains(.reconcileLater(Things.node(1))))
        #expect(lab.machine.brokenRules.isEmpty)
    }

    @Test func whatANeighborHasNotHadCostsNothingOfItsShare() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        var served = 0
        for sequence in 1...200 as ClosedRange<UInt64> {
            let event = Things.event(0, sequence, bytes: 60_000)
            lab.post(event)
            let range = PlaceRange(origin: Things.node(0), from: sequence, count: 1)
            lab.send(.want(lab.packed([range], over: link)), over: link)
            for case .serve(let link, _) in lab.takeEffects() {
                served += 1
                lab.give(.served(link, [event]))
            }
            _ = lab.frames(link)
        }
        #expect(served == 200)
        #expect(lab.machine.tally.unserved == 0)
    }

    @Test func whoIsLostAsAParentIsReplacedByWhoeverToldNext() throws {
        let lab = Lab(peers: 10)
        let links = (1...3).map { lab.dialled(by: $0) }
        lab.sendEvent(Things.event(5, 1), over: links[0])
        lab.acceptAll()
        lab.announce(5, 1...1, over: links[2])
        for link in links { _ = lab.frames(link) }
        lab.give(.unlinked(links[0]))
        let asked = try #require(grafts(lab.frames(links[2])).first)
        #expect(try lab.ranges(asked, over: links[2]).first?.count == 0)
        #expect(grafts(lab.frames(links[1])).isEmpty)
    }

    @Test func aGraftIsServedFromTheLogAndMakesTheNeighborAChild() {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        lab.sendEvent(Things.event(5, 1), over: links[0])
        lab.acceptAll()
        lab.sendEvent(Things.event(5, 1), over: links[1])
        _ = lab.frames(links[1])
        let range = PlaceRange(origin: Things.node(5), from: 1, count: 1)
        lab.send(.graft(lab.packed([range], over: links[1])), over: links[1])
        #expect(lab.effects.contains(.serve(links[1], [range])))
        lab.give(.served(links[1], [Things.event(5, 1)]))
        #expect(events(lab.frames(links[1])) == 1)
        lab.sendEvent(Things.event(5, 2), over: links[0])
        lab.acceptAll()
        #expect(events(lab.frames(links[1])) == 1)
    }

    @Test func whoAsksForMoreThanItsShareIsNotServed() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        let range = PlaceRange(origin: Things.node(5), from: 1, count: 256)
        var served = 0
        let large = Things.event(5, 1, bytes: 60_000)
        for _ in 0..<200 {
            lab.send(.want(lab.packed([range], over: link)), over: link)
            for case .serve(let link, _) in lab.takeEffects() {
                served += 1
                lab.give(.served(link, [large]))
            }
            _ = lab.frames(link)
        }
        #expect(served < 80)
        #expect(lab.machine.tally.unserved > 100)
    }

    @Test func aLargeEventIsAnnouncedAndAskedForAtOnce() throws {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        lab.post(Things.event(0, 1, bytes: 20_000))
        for link in links {
            let frames = lab.frames(link)
            #expect(events(frames) == 0)
            let told = try #require(announcements(frames).first)
            #expect(try lab.ranges(told, over: link).first?.isLarge == true)
        }
        let range = PlaceRange(origin: Things.node(5), from: 1, count: 1, isLarge: true)
        lab.send(.announce(lab.packed([range], over: links[0])), over: links[0])
        lab.pass(.milliseconds(1))
        #expect(lab.frames(links[0]).contains { if case .want = $0 { true } else { false } })
    }

    @Test func aNeighborThatReadsNothingIsOnlyToldAndThenComparedWith() {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        for link in links { _ = lab.frames(link) }
        lab.isStuck = [links[0]]
        for sequence in 1...400 as ClosedRange<UInt64> {
            lab.post(Things.event(0, sequence, bytes: 500))
        }
        let stuck = lab.machine.links[links[0]]
        #expect(stuck?.isDegraded == true)
        #expect((stuck?.outbox.bytes ?? .max) < 2 << 20)
        #expect(events(lab.frames(links[1])) == 400)
        _ = lab.takeEffects()
        lab.isStuck = []
        lab.give(.written(links[0]))
        lab.pass(.milliseconds(50))
        #expect(lab.machine.links[links[0]]?.isDegraded == false)
        #expect(lab.effects.contains(.reconcile(Things.node(1))))
    }

    @Test func anEventGoesRoundOnlyOnceWhileTheDiskRefusesIt() {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        for link in links { _ = lab.frames(link) }
        let event = Things.event(5, 1)
        for round in 0..<3 {
            lab.sendEvent(event, over: links[round % 2])
            lab.give(.accepted([event], from: Things.node(round % 2 + 1), isLate: false))
            lab.give(.dropped([event], from: Things.node(round % 2 + 1), isInvalid: false))
        }
        #expect(events(lab.frames(links[0])) + events(lab.frames(links[1])) <= 1)
        #expect(lab.machine.coming.isEmpty)
        #expect(lab.machine.comingPlaces.isEmpty)
    }

    @Test func evidenceOfTwoEventsForOnePlaceGoesToEverybody() {
        let lab = Lab(peers: 10)
        let links = (1...3).map { lab.dialled(by: $0) }
        for link in links { _ = lab.frames(link) }
        lab.give(.proof([Things.event(5, 1), Things.event(5, 1, bytes: 21)]))
        for link in links { #expect(events(lab.frames(link)) == 2) }
    }

    @Test func aCopyWithoutItsBodyKeepsOutNoneThatHasIt() throws {
        let lab = Lab(peers: 10)
        let links = (1...2).map { lab.dialled(by: $0) }
        _ = lab.takeEffects()
        let whole = Things.event(5, 1)
        let bare = try Event(
            headerBytes: whole.headerBytes, signature: whole.signature, body: nil)
        lab.sendEvent(bare, over: links[0])
        #expect(lab.takeEffects().isEmpty)
        lab.sendEvent(whole, over: links[1])
        #expect(lab.takeEffects() == [.take([whole], from: Things.node(2))])
    }

    @Test func manyGraftsAtOnceOrderFewReads() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        _ = lab.takeEffects()
        let range = PlaceRange(origin: Things.node(5), from: 1, count: 256)
        var bytes: [UInt8] = []
        for _ in 0..<5000 {
            FrameBuffer.write(Frame.want(lab.packed([range], over: link)).encoded(), to: &bytes)
        }
        lab.give(.received(link, bytes))
        let reads = lab.takeEffects().count { if case .serve = $0 { true } else { false } }
        #expect((1...GossipLimits.serving).contains(reads))
    }

    @Test func oneLargeRepairThatDoesNotComeAtOnceBreaksOnePromise() {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        for round in 0..<10 as Range<UInt64> {
            lab.announce(5, round * 60 + 1...round * 60 + 60, over: link)
        }
        lab.pass(.seconds(1))
        #expect(lab.neighbors.count == 1)
        #expect(lab.machine.tally.brokenPromises <= 3)
    }

    @Test func questionsTravelInPiecesBetweenWhichEventsGo() throws {
        let lab = Lab(peers: 10)
        let link = lab.dialled(by: 1)
        _ = lab.frames(link)
        let question = CBORBytes.string(200_000)
        var wanted: [GossipEffect] = []
        lab.isStuck = [link]
        let isSent = lab.machine.send(
            .ask(number: 1, question), eventBytes: 0, over: link, into: &wanted)
        #expect(isSent)
        lab.post(Things.event(0, 1))
        lab.isStuck = []
        var all: [Frame] = []
        for case .transmit(_, let bytes) in wanted {
            var buffer = FrameBuffer()
            buffer.append(bytes)
            while let frame = try buffer.next() { all.append(try Frame(decoding: frame)) }
        }
        lab.give(.written(link))
        all += lab.frames(link)
        let place = all.firstIndex { if case .event = $0 { true } else { false } }
        let last = all.lastIndex { if case .part(true, _) = $0 { true } else { false } }
        #expect(try #require(place) < #require(last))
        let message = all.reduce(into: [UInt8]()) { sum, frame in
            if case .part(_, let bytes) = frame { sum += bytes }
        }
        #expect(try LinkMessage(decoding: message) == .ask(number: 1, question))
    }
}

/// A byte string as one item of CBOR.
enum CBORBytes {
    static func string(_ count: Int) -> [UInt8] {
        var writer = CBORWriter()
        writer.data([UInt8](repeating: 5, count: count))
        return writer.bytes
    }
}
