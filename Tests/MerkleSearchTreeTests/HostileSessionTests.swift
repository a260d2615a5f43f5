import Core
import Testing

@testable import MerkleSearchTree

/// What crafted events and lying peers cost, and that it is no more than stated in
/// docs/PROTOCOL-tree.md.
@Suite(.timeLimit(.minutes(5)))
struct HostileSessionTests {
    private let honest = (0..<4_000).map { item($0) }
    private let hash = SketchHash(epoch: 0)

    /// Bytes of the session, and of a descent alone over the same sets.
    private func costs(_ ours: [EventKey], _ theirs: [EventKey]) -> (session: Int, descent: Int) {
        let union = Set(ours).union(theirs)
        let session = Session(ours, theirs, limits: ReconcileLimits(attempts: 6))
        #expect(session.outcome != nil)
        #expect(session.initiatorHas == union)
        #expect(session.responderHas == union)
        let descent = Session(ours, theirs, limits: ReconcileLimits(ways: .descent))
        #expect(descent.initiatorHas == union)
        return (session.bytes, descent.bytes)
    }

    /// Two keys with one value: they cancel in every sketch that holds both. 2^12 hashes a pair.
    private func twins(_ count: Int) -> [EventKey] {
        var found: [EventKey] = []
        for number in 0..<count {
            var seen: [UInt64: EventKey] = [:]
            for step in UInt64(0)... {
                let key = EventKey(
                    physical: item(40 * number).physical + 1, counter: 0,
                    id: EventID(
                        words: UInt64(number + 77) << 40 | step, 1, UInt64(number), step))
                if let twin = seen.updateValue(key, forKey: hash.value(of: key)) {
                    found += [twin, key]
                    break
                }
            }
        }
        return found.sorted()
    }

    @Test func keysThatCancelInTheSketchAreFoundBehindIt() {
        let crafted = twins(12)
        #expect(crafted.count == 24)
        let theirs = (honest + crafted).sorted()
        let ours = honest.filter { $0.id.w0 % 100 != 3 }
        let (session, descent) = costs(ours, theirs)
        // The sketch finds the others; what is left costs a descent for the crafted ones.
        #expect(session < descent + 400 * crafted.count + 4_000)
        let alone = costs(honest, theirs)
        #expect(alone.session < 400 * crafted.count + 1_000)
    }

    /// Keys that fall on the first cell and then on none below `cells`.
    private func stallers(_ count: Int, cells: Int) -> [EventKey] {
        var found: [EventKey] = []
        var step: UInt64 = 0
        while found.count < count {
            step += 1
            let key = EventKey(
                physical: 1_700_000_000_500_001, counter: 0,
                id: EventID(words: step &* 0x9e37_79b9_7f4a_7c15, step, 0, 0))
            var mapping = hash.mapping(hash.value(of: key))
            mapping.advance()
            if mapping.index >= cells { found.append(key) }
        }
        return found.sorted()
    }

    @Test func keysThatStallThePeelingCostADescentForThemselves() {
        let crafted = stallers(30, cells: 120)
        let theirs = (honest + crafted).sorted()
        let ours = honest.filter { $0.id.w0 % 40 != 3 }
        let (session, descent) = costs(ours, theirs)
        #expect(session < descent + 12_000)
    }

    /// All at level 0 within a microsecond; and all as high as levels go.
    @Test(arguments: [UInt64.max, 0])
    func craftedLevelsMakeNeitherPagesWideNorSessionsLong(word: UInt64) {
        let crafted = (0..<3_000).map { number in
            EventKey(
                physical: item(2_000).physical + 1, counter: 0,
                id: EventID(words: word << 16 | UInt64(number), 7, 7, UInt64(number)))
        }.sorted()
        let ours = (honest + crafted).sorted()
        let theirs = ours.enumerated().filter { $0.offset % 70 != 5 }.map(\.element)
        let (session, descent) = costs(ours, theirs)
        let different = ours.count - theirs.count
        #expect(descent <= 350 * different)
        #expect(session <= 60 * different + 1_000)
    }

    @Test func junkAtTheNewestEndDoesNotCostMoreThanItself() {
        let junk = (0..<2_000).map { number in
            EventKey(
                physical: item(1_000_000).physical, counter: 0, id: item(900_000 + number).id)
        }.sorted()
        let theirs = honest + junk
        #expect(costs(honest, theirs).session < 100, "a prefix needs no names")
        let ours = honest.filter { $0.id.w0 % 100 != 3 }
        #expect(costs(ours, theirs).session < 2_000 * 20)
    }

    /// Whatever a responder says: a step, bounded, and no equality that is not so.
    @Test(arguments: 1...20)
    func aLyingResponderIsFoundOut(seed: UInt64) {
        var dice = Dice(seed)
        let ours = ReconcileIndex(sorted: honest)
        let theirs = ReconcileIndex(sorted: honest.filter { $0.id.w0 % 9 != 1 })
        for kind in UInt8(0)...31 {
            var initiator = ReconcileInitiator(index: ours, salt: seed)
            var responder = ReconcileResponder(index: theirs)
            var message = initiator.start()
            for turn in 0..<6 {
                guard case .send(var answer) = responder.receive(message) else { break }
                if turn == Int(dice.next() % 3) {
                    answer = lie(kind, answer, &dice)
                }
                switch initiator.receive(answer) {
                case .send(let next): message = next
                case .gather(let next):
                    #expect(next.count <= 64)
                    message = next[0]
                case .exchange(let difference):
                    #expect(difference.have.allSatisfy { honest.contains($0) })
                    message = initiator.close(received: [])
                case .done: Issue.record("an equality that is not so")
                case .wait, .failed: break
                }
            }
        }
    }

    private func lie(_ kind: UInt8, _ answer: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var lie = answer
        switch dice.next() % 3 {
        case 0: lie = [kind << 3 | UInt8(dice.next() % 8)] + answer.dropFirst()
        case 1:
            for _ in 0..<4 where !lie.isEmpty {
                lie[Int(dice.next() % UInt64(lie.count))] = UInt8(dice.next() & 255)
            }
        default:
            lie = [kind << 3]
            for _ in 0..<Int(dice.next() % 200) { lie.append(UInt8(dice.next() & 255)) }
        }
        return lie
    }

    /// Each question that orders work has its number of answers.
    @Test func repeatedQuestionsAreRefused() {
        let theirs = honest.filter { $0.id.w0 % 9 != 1 }
        let size = Sizing(parity: [UInt8](repeating: 0x55, count: 512), suffixes: []).encoded
        var extend = [MessageKind.extend.byte()]
        extend.append(count: 1_024)
        let questions: [(message: [UInt8], answers: Int)] = [
            (size, 1), ([MessageKind.enumerate.byte(), 9], 1),
            ([MessageKind.piece.byte(), 64], 0), (extend, 0),
            ([MessageKind.enumerate.byte(), 200], 0), ([MessageKind.size.byte(), 17], 0),
            ([MessageKind.size.byte(), 5], 0), ([MessageKind.want.byte(.values), 0], 0),
            ([MessageKind.want.byte(), 0], 0),
        ]
        for question in questions {
            var initiator = ReconcileInitiator(index: ReconcileIndex(sorted: honest), salt: 3)
            var responder = ReconcileResponder(index: ReconcileIndex(sorted: theirs))
            _ = responder.receive(initiator.start())
            var answers = 0
            for _ in 0..<20 {
                guard case .send(let answer) = responder.receive(question.message) else { break }
                #expect(answer.count <= 65_536)
                answers += 1
            }
            #expect(answers == question.answers, "\(question.message.prefix(3))")
        }
    }

    /// All that can be ordered in one session, as answers: a body, its parts once, extensions.
    @Test func whatOneSessionOrdersIsBounded() {
        let many = (0..<70_000).map { item($0) }
        var responder = ReconcileResponder(index: ReconcileIndex(sorted: many))
        var initiator = ReconcileInitiator(index: ReconcileIndex(sorted: honest), salt: 3)
        _ = responder.receive(initiator.start())
        var bytes = 0
        var ordered: [[UInt8]] = [[MessageKind.enumerate.byte(), 40]]
        while let question = ordered.popLast() {
            guard case .send(let answer) = responder.receive(question) else { break }
            bytes += answer.count
            guard var reader = ByteReader(answer), reader.kind == .body,
                let incoming = IncomingBody(&reader, most: 1 << 22)
            else { continue }
            ordered += incoming.questions + incoming.questions
        }
        #expect(bytes <= ReconcileLimits.standard.bodyBytes + 1_024)
        // A list of more than a body holds is not made at all.
        var strict = ReconcileResponder(
            index: ReconcileIndex(sorted: many), limits: ReconcileLimits(bodyBytes: 10_000))
        _ = strict.receive(initiator.start())
        let reply = strict.receive([MessageKind.enumerate.byte(), 40])
        #expect(reply == .send([MessageKind.body.byte(), 1, BodyForm.none.rawValue]))
    }

    @Test func aSketchOfAnUnknownDayLeadsToADescent() {
        let theirs = ReconcileIndex(
            sorted: honest.filter { $0.id.w0 % 9 != 1 }, epochs: [5])
        let session = Session(ReconcileIndex(sorted: honest, epochs: [9]), theirs)
        #expect(session.outcome?.method == .descent)
        #expect(session.responderHas == Set(honest))
        #expect(session.outcome?.attempts == 1)
    }

    /// A node whose sketch is still in the making descends, on whichever side it is.
    @Test(arguments: [true, false])
    func aSideWithoutASketchDescends(isInitiator: Bool) {
        let some = honest.filter { $0.id.w0 % 9 != 1 }
        let bare = ReconcileIndex.unprepared(MerkleSearchTree(sorted: some))
        let whole = ReconcileIndex(sorted: honest)
        let session = isInitiator ? Session(bare, whole) : Session(whole, bare)
        #expect(session.outcome?.method == .descent)
        #expect(session.initiatorHas == Set(honest))
        #expect(session.responderHas == Set(honest))
    }
}
