import Core
import Gossip
import Testing

@testable import Federation

/// One engine whose neighbors' frames the test writes by hand.
final class LinkLab {
    let node: Node
    private var buffers: [LinkName: FrameBuffer] = [:]
    private var messages: [LinkName: [UInt8]] = [:]
    private var lastLink: UInt64 = 0
    /// Frames that came over each link since they were last taken.
    private var frames: [LinkName: [Frame]] = [:]
    /// Links that the engine reads on.
    private(set) var readable: Set<LinkName> = []

    init(peers: ClosedRange<UInt8>) {
        var settings = Settings.automatic
        settings.gossip = GossipSettings(mode: .on)
        node = Node(1, peers: peers.map { .active($0) }, settings: settings)
    }

    /// A peer dials.
    func dialled(
        by peer: UInt8, _ purpose: LinkPurpose = .neighbor, versions: [UInt64] = [1]
    ) -> LinkName {
        lastLink += 1
        let link = LinkName(number: lastLink, isOurs: false)
        node.give(.linked(link, Caller(node: Node.key(peer).node)))
        settle()
        send(.hello(versions: versions, purpose), over: link)
        return link
    }

    static func bytes(_ frame: Frame) -> [UInt8] {
        var bytes: [UInt8] = []
        FrameBuffer.write(frame.encoded(), to: &bytes)
        return bytes
    }

    func send(_ frame: Frame, over link: LinkName) { send(Self.bytes(frame), over: link) }

    func send(_ bytes: [UInt8], over link: LinkName) {
        readable.remove(link)
        node.give(.received(link, bytes))
        settle()
    }

    /// Carries out what concerns links.
    func settle() {
        var hasMore = true
        while hasMore {
            hasMore = false
            for effect in node.take() {
                switch effect {
                case .transmit(let link, let bytes):
                    keep(bytes, of: link)
                    hasMore = true
                    node.give(.written(link))
                case .read(let link): readable.insert(link)
                case .link(let link, _):
                    hasMore = true
                    node.give(.unlinked(link, .unreachable("nobody listens")))
                default: others.append(effect)
                }
            }
        }
    }

    /// What is no link's.
    private(set) var others: [Effect] = []

    /// Whose streams are open.
    var streamed: Set<NodeID> {
        Set(
            others.compactMap {
                if case .open(_, let destination, _) = $0 { destination.node } else { nil }
            })
    }

    private func keep(_ bytes: [UInt8], of link: LinkName) {
        buffers[link, default: FrameBuffer()].append(bytes)
        do {
            while let frame = try buffers[link]?.next() {
                frames[link, default: []].append(try Frame(decoding: frame))
            }
        } catch {
            Issue.record("the engine sent what is no frame: \(error)")
        }
    }

    func takeFrames(_ link: LinkName) -> [Frame] { frames.removeValue(forKey: link) ?? [] }

    /// Lets time pass.
    func pass(_ time: Duration) {
        node.sleep(time)
        settle()
    }

    /// Answers pings; hands out the numbers of the questions that came.
    func questions(_ link: LinkName) throws -> [UInt64] {
        var numbers: [UInt64] = []
        for frame in takeFrames(link) {
            switch frame {
            case .ping(let number): send(.pong(number), over: link)
            case .part(let isEnd, let bytes):
                messages[link, default: []] += bytes
                guard isEnd, let whole = messages.removeValue(forKey: link) else { continue }
                if case .ask(let number, _) = try LinkMessage(decoding: whole) {
                    numbers.append(number)
                }
            default: break
            }
        }
        return numbers
    }

    /// Says no to a question: its session ends.
    func refuse(_ number: UInt64, over link: LinkName) {
        let answer = Response.refused(Refusal(.sessionGone)).encoded()
        send(
            .part(isEnd: true, LinkMessage.answer(number: number, answer).encoded()), over: link)
    }
}

/// What a link costs and whom it keeps waiting.
@Suite(.timeLimit(.minutes(2)))
struct LinkTests {
    /// A visitor whose burst is used up, with frames that are cheap to look at.
    private func drained() -> (LinkLab, LinkName) {
        let lab = LinkLab(peers: 2...4)
        let link = lab.dialled(by: 2, .visit)
        let large = LinkLab.bytes(.event(hop: 1, [UInt8](repeating: 1, count: 65_536)))
        for _ in 0..<1100 where lab.readable.contains(link) { lab.send(large, over: link) }
        #expect(!lab.readable.contains(link))
        while !lab.readable.contains(link) { lab.pass(.milliseconds(10)) }
        return (lab, link)
    }

    /// How much of this a peer gets read within a second.
    private func sent(_ piece: [UInt8]) -> Int {
        let (lab, link) = drained()
        var count = 0
        for _ in 0..<100 {
            while lab.readable.contains(link), count < 3000 {
                lab.send(piece, over: link)
                count += 1
            }
            lab.pass(.milliseconds(10))
        }
        return count
    }

    @Test func aFloodOfTinyFramesIsPacedByTheirNumber() {
        let pong = LinkLab.bytes(.pong(1))
        let piece = [[UInt8]](repeating: pong, count: 1000).flatMap { $0 }
        let frames = sent(piece) * 1000
        // 8 MiB a second, each counted as 64 bytes.
        #expect(frames <= (8 << 20) / 64 + 2000)
        #expect(frames >= (8 << 20) / 64 / 2)
    }

    @Test func whatWasReadBeyondTheShareIsPaidFor() {
        let piece = LinkLab.bytes(.event(hop: 1, [UInt8](repeating: 1, count: 65_536)))
        let bytes = sent(piece) * piece.count
        #expect(bytes <= 8 << 20 + 2 * piece.count)
        #expect(bytes >= 4 << 20)
    }

    @Test(arguments: [true, false])
    func whoSpeaksAnotherVersionIsReadAsAStream(_ isDiallersWord: Bool) {
        let lab = LinkLab(peers: 2...4)
        lab.pass(.seconds(1))
        let peer = Node.key(2).node
        #expect(!lab.streamed.contains(peer))
        if isDiallersWord {
            let link = lab.dialled(by: 2, versions: [7])
            #expect(lab.takeFrames(link).contains(.bye(.version)))
        } else {
            lab.send(.bye(.version), over: lab.dialled(by: 2))
        }
        lab.pass(.seconds(1))
        #expect(lab.streamed.contains(peer))
    }

    @Test(arguments: [.overload, .malformed, .invalidEvent, .brokenPromises] as [ByeCause])
    func whoeverRefusesUsALinkIsReadAsAStream(_ cause: ByeCause) {
        let lab = LinkLab(peers: 2...4)
        let link = lab.dialled(by: 2)
        lab.send(.bye(cause), over: link)
        lab.pass(.seconds(1))
        #expect(lab.streamed == [Node.key(2).node])
        // Until there is a link again.
        lab.pass(.seconds(200))
        let again = lab.dialled(by: 2)
        #expect(!lab.node.engine.usesStreams(with: Node.key(2).node))
        #expect(lab.takeFrames(again).contains(.welcome(version: 1)))
    }

    @Test func whoGetsNoLinkIsReadAsAStreamWhereNobodyElseIsLeft() {
        let lab = LinkLab(peers: 2...3)
        let (bad, good) = (lab.dialled(by: 2), lab.dialled(by: 3))
        lab.send(.welcome(version: 1), over: bad)
        lab.pass(.seconds(5))
        #expect(!lab.streamed.contains(Node.key(2).node))
        lab.send(.bye(.shutdown), over: good)
        for _ in 0..<10 { lab.pass(.seconds(1)) }
        #expect(lab.streamed.contains(Node.key(2).node))
    }

    @Test func neighborsThatAnswerSlowlyKeepNobodyFromAnother() throws {
        let lab = LinkLab(peers: 2...7)
        let slow = (2...6 as ClosedRange<UInt8>).map { lab.dialled(by: $0) }
        var open: [(link: LinkName, number: UInt64, since: Instant)] = []
        var asked: [Instant] = []
        var good: LinkName?
        for second in 0..<180 {
            if second == 5 { good = lab.dialled(by: 7) }
            for _ in 0..<4 {
                lab.pass(.milliseconds(250))
                for link in slow {
                    for number in try lab.questions(link) {
                        open.append((link, number, lab.node.now))
                    }
                }
                for late in open where lab.node.now - late.since >= .seconds(29) {
                    lab.refuse(late.number, over: late.link)
                }
                open.removeAll { lab.node.now - $0.since >= .seconds(29) }
                guard let good else { continue }
                for number in try lab.questions(good) {
                    asked.append(lab.node.now)
                    lab.refuse(number, over: good)
                }
            }
            // Far ahead: what a session is to bring.
            guard second % 2 == 0 else { continue }
            for link in slow {
                var table = OriginTable()
                var packed: [UInt8] = []
                let far = PlaceRange(origin: Node.key(20).node, from: 1, count: 1 << 30)
                table.write(far, to: &packed)
                lab.send(.announce(packed), over: link)
            }
        }
        let later = asked.filter { $0 >= Instant.zero + .seconds(45) }
        let gaps = zip(later, later.dropFirst()).map { $1 - $0 }
        // As where nobody is slow: somebody is compared with every 5 to 15 s.
        #expect(try #require(gaps.max()) <= .seconds(16))
        #expect(lab.node.now - (try #require(later.last)) <= .seconds(16))
    }
}
