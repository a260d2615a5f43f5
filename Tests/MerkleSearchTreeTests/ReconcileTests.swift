import Core
import Testing

@testable import MerkleSearchTree

@Suite(.timeLimit(.minutes(5)))
struct ReconcileTests {
    /// Two sets: of `count` keys each side holds what the dice give it.
    private func sets(_ seed: UInt64) -> (ours: [EventKey], theirs: [EventKey]) {
        var dice = Dice(seed)
        let sizes = [0, 1, 2, 5, 40, 300, 1500, 5000]
        let count = sizes[Int(seed) % sizes.count]
        let times: UInt64 = [1, 3, 1 << 20, 1 << 50][Int(seed / 8) % 4]
        let keys = randomKeys(count, &dice, times: times)
        let (onlyOurs, onlyTheirs) = (dice.next() % 101, dice.next() % 101)
        let scarcity: UInt64 = [1, 10, 100][Int(seed) % 3]
        var (ours, theirs): ([EventKey], [EventKey]) = ([], [])
        for key in keys {
            let roll = dice.next() % (100 * scarcity)
            if roll >= onlyTheirs / 2 { ours.append(key) }
            if roll < onlyTheirs / 2 || roll >= onlyTheirs / 2 + onlyOurs / 2 { theirs.append(key) }
        }
        return (ours, theirs)
    }

    /// Each want is paid once: a repeated one would order the whole tree again and again.
    @Test(arguments: [3, 20, 400])
    func aRepeatedWantIsRefused(distance: Int) throws {
        let theirs = (0..<3000).map { item($0) }
        let ours = theirs.enumerated().filter { $0.offset % distance != 1 }.map(\.element)
        var initiator = ReconcileInitiator(index: ReconcileIndex(sorted: ours), salt: 1)
        var responder = ReconcileResponder(index: ReconcileIndex(sorted: theirs))
        var questions = [initiator.start()]
        var wants: [[UInt8]] = []
        while wants.isEmpty {
            for question in questions {
                guard case .send(let answer) = responder.receive(question) else { break }
                switch initiator.receive(answer) {
                case .send(let next): questions = [next]
                case .gather(let next): questions = next
                case .wait: break
                case .exchange(let difference): wants = difference.wants
                case .done, .failed:
                    Issue.record("the sets differ")
                    return
                }
            }
        }
        let want = try #require(wants.first)
        guard case .deliver(let keys) = responder.receive(want) else {
            Issue.record("a first want is answered")
            return
        }
        #expect(keys.count == theirs.count - ours.count)
        #expect(responder.receive(want) == .failed(.unexpected))
    }

    @Test(arguments: 1...160)
    func bothSidesEndWithTheUnionAndMoveJustTheDifference(seed: UInt64) throws {
        let (ours, theirs) = sets(seed)
        let session = Session(ours, theirs, salt: seed)
        let union = Set(ours).union(theirs)
        #expect(session.failure == nil)
        #expect(session.outcome != nil)
        #expect(session.initiatorHas == union)
        #expect(session.responderHas == union)
        #expect(session.longest <= 65_536)
        let have = session.differences.flatMap(\.have)
        let delivered = session.differences.flatMap(\.delivered)
        #expect(have.sorted() == Set(ours).subtracting(theirs).sorted())
        // A truncated value may name keys that we have.
        #expect(
            Set(delivered).subtracting(ours).sorted() == Set(theirs).subtracting(ours).sorted())
        #expect(session.differences.allSatisfy { $0.needCount <= $0.delivered.count })
    }

    @Test(arguments: 1...6)
    func shortMessagesCarryLongWork(seed: UInt64) {
        var dice = Dice(seed)
        let keys = randomKeys(9_000, &dice, times: seed % 2 == 0 ? 1 : 1 << 40)
        let ours = keys.filter { _ in dice.next() % 4 != 0 }
        let theirs = keys.filter { _ in dice.next() % 4 != 0 }
        let limits = ReconcileLimits(messageBytes: 2_048, openRanges: 300)
        let session = Session(ours, theirs, salt: seed, limits: limits)
        #expect(session.outcome != nil)
        #expect(session.longest <= 2_048)
        #expect(session.initiatorHas == Set(ours).union(theirs))
        #expect(session.responderHas == session.initiatorHas)
    }

    @Test func disjointAndOneSidedSetsAreExact() {
        let keys = (0..<6000).map { item($0) }
        let cases: [([EventKey], [EventKey])] = [
            ([], keys), (keys, []), (Array(keys[..<3000]), Array(keys[3000...])),
            (keys.filter { $0.id.w0 & 1 == 0 }, keys.filter { $0.id.w0 & 1 == 1 }),
            (Array(keys[..<3]), keys), (keys, Array(keys[4000..<4003])),
            (Vector.lowest(3000), Array(Vector.lowest(3100).dropFirst(60))),
        ]
        for (ours, theirs) in cases {
            let session = Session(ours, theirs)
            #expect(session.outcome != nil)
            #expect(session.initiatorHas == Set(ours).union(theirs))
            #expect(session.responderHas == session.initiatorHas)
        }
        #expect(Session([], keys).bytes <= 80, "a fresh replica needs no ids")
    }

    @Test(arguments: 1...12)
    func collidingFingerprintsAreCaughtAndTheNextSaltSucceeds(seed: UInt64) {
        var limits = ReconcileLimits(attempts: 60, ways: .descent)
        limits.fingerprintBits = 3
        let keys = (0..<4000).map { item($0) }
        let ours = keys.enumerated().filter { $0.offset % 200 != 7 }.map(\.element)
        let theirs = keys.enumerated().filter { $0.offset % 200 != 107 }.map(\.element)
        let session = Session(ours, theirs, salt: seed, limits: limits)
        #expect((session.outcome?.attempts ?? 0) > 1)
        #expect(session.initiatorHas == Set(keys))
        #expect(session.responderHas == Set(keys))
    }

    @Test func eventsThatNeverArriveEndInNotEqual() {
        let keys = (0..<500).map { item($0) }
        let session = Session(keys, Array(keys.dropLast(3)), pushes: false)
        #expect(session.failure == .notEqual(attempts: 3))
        #expect(session.outcome == nil)
    }

    @Test func keysAfterTheLowerCutoffAreLeftOut() {
        let keys = (0..<2000).map { item($0) }
        let early = Timestamp(physical: item(1000).physical, counter: 0)
        let late = Timestamp(physical: item(1500).physical, counter: 0)
        let ours = keys.filter { $0 != keys[900] && $0 != keys[1200] }
        let theirs = keys.filter { $0 != keys[300] && $0 != keys[1700] }
        for cutoffs in [(early, late), (late, early), (nil, early), (early, nil)]
            as [(Timestamp?, Timestamp?)]
        {
            let session = Session(ours, theirs, cutoffs: cutoffs)
            #expect(session.outcome?.cutoff == early)
            #expect(session.differences.flatMap(\.delivered) == [keys[900]])
            #expect(session.differences.flatMap(\.have) == [keys[300]])
        }
    }

    @Test func equalSetsNeedOneRoundTripAndAHello() {
        let keys = (0..<3000).map { item($0) }
        let session = Session(keys, keys)
        #expect(session.roundTrips == 1)
        #expect(session.bytes == 19 + 12 * 3 + 5)
        #expect(session.outcome?.attempts == 1)
    }

    @Test func bytesAndRoundTripsAreThoseOfTheFixture() throws {
        for line in try Fixture.lines("sessions") {
            let words = line.split(separator: " ").map(String.init)
            let (count, different) = (Int(words[0]) ?? 0, Int(words[1]) ?? 0)
            let (ours, theirs) = workload(count, different, words[2])
            let session = Session(ours, theirs, salt: 1)
            let method = session.outcome?.method.rawValue ?? ""
            let figures = "\(session.bytes) \(session.roundTrips) \(method)"
            #expect(words[3...].joined(separator: " ") == figures, "\(words[0...2])")
        }
    }

    private func workload(
        _ count: Int, _ different: Int, _ placement: String
    ) -> (ours: [EventKey], theirs: [EventKey]) {
        let total = count + different
        var owner: [Int: Int] = [:]
        for k in 0..<different {
            owner[placement == "recent" ? count + k : (2 * k + 1) * total / (2 * different)] = k
        }
        var (ours, theirs): ([EventKey], [EventKey]) = ([], [])
        for index in 0..<total {
            let key = item(index)
            let k = owner[index]
            if k.map({ $0 % 2 == 0 }) ?? true { ours.append(key) }
            if k.map({ $0 % 2 == 1 }) ?? true { theirs.append(key) }
        }
        return (ours, theirs)
    }
}
