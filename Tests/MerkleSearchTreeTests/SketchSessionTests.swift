import Core
import Testing

@testable import MerkleSearchTree

/// Sessions in which sketches and lists find the difference.
@Suite(.timeLimit(.minutes(5)))
struct SketchSessionTests {
    private func sides(_ count: Int, lacking: Set<Int>) -> (ours: [EventKey], theirs: [EventKey]) {
        var turn = false
        var (ours, theirs): ([EventKey], [EventKey]) = ([], [])
        for number in 0..<count {
            let key = item(number)
            guard lacking.contains(number) else {
                ours.append(key)
                theirs.append(key)
                continue
            }
            turn.toggle()
            if turn { ours.append(key) } else { theirs.append(key) }
        }
        return (ours, theirs)
    }

    private func check(_ session: Session, _ ours: [EventKey], _ theirs: [EventKey]) {
        #expect(session.outcome != nil)
        let have = session.differences.flatMap(\.have)
        let delivered = session.differences.flatMap(\.delivered)
        #expect(have.sorted() == Set(ours).subtracting(theirs).sorted())
        // A truncated value may name keys that we have.
        #expect(
            Set(delivered).subtracting(ours).sorted() == Set(theirs).subtracting(ours).sorted())
        #expect(session.initiatorHas == session.responderHas)
    }

    @Test(arguments: [1, 3, 10, 11, 30, 90, 200, 700])
    func scatteredDifferencesAreFoundBySketch(count: Int) {
        let lacking = Set((0..<count).map { (2 * $0 + 1) * 20_000 / (2 * count) })
        let (ours, theirs) = sides(20_000, lacking: lacking)
        for salt: UInt64 in 1...3 {
            let session = Session(ours, theirs, salt: salt)
            check(session, ours, theirs)
            #expect(session.outcome?.method == .sketch)
            #expect(session.roundTrips <= (count <= 10 ? 1 : 3))
            #expect(session.outcome?.attempts == 1)
        }
    }

    @Test(arguments: [1, 10, 100, 1_000, 5_000])
    func newestDifferencesAreFoundByList(count: Int) {
        let (ours, theirs) = sides(20_000, lacking: Set(20_000 - count..<20_000))
        let session = Session(ours, theirs)
        check(session, ours, theirs)
        #expect(session.roundTrips <= (count <= 100 ? 1 : 2))
    }

    @Test func denseSuffixAndScatteredRest() {
        let scattered = (0..<500).map { $0 * 37 + 5 }
        let (ours, theirs) = sides(20_000, lacking: Set(scattered + (19_500..<20_000)))
        let session = Session(ours, theirs)
        check(session, ours, theirs)
        #expect(session.outcome?.method == .sketch)
        let spread = Set((0..<1_000).map { $0 * 20 })
        let (a, b) = sides(20_000, lacking: spread)
        #expect(session.bytes < Session(a, b).bytes * 3 / 4)
    }

    @Test func whatIsKnownToBothIsNotSaidAgain() {
        let keys = (0..<5_000).map { item($0) }
        let first = Session(keys, Array(keys.dropLast(30)))
        let commons = first.commons
        #expect(commons.0 == commons.1)
        let again = Session(keys, keys, commons: commons)
        #expect(again.bytes == 14 + 5)
        var dice = Dice(3)
        var news = (0..<60).map { item(10_000 + $0) }
        news.shuffle(using: &dice)
        let ours = (keys + news[..<20]).sorted()
        let theirs = (keys + news[10..<40]).sorted()
        let session = Session(ours, theirs, commons: again.commons)
        check(session, ours, theirs)
        #expect(session.outcome?.method == .known)
        #expect(session.roundTrips == 1)
        #expect(session.bytes <= 30 + 5 * 50)
    }

    @Test func aRootThatOneSideForgotCostsOneRoundTrip() {
        let keys = (0..<5_000).map { item($0) }
        let first = Session(keys, keys)
        let more = keys + [item(7_000)]
        let session = Session(more, keys, commons: (first.commons.0, nil))
        check(session, more, keys)
        #expect(session.roundTrips == 2)
        // Keys that have left the tree can't be named from it.
        let fewer = Session(Array(keys.dropFirst()), keys, commons: first.commons)
        check(fewer, Array(keys.dropFirst()), keys)
    }

    @Test func whatIsKnownToBothUpToACutoffIsNotSaidAgain() {
        func time(_ number: Int) -> Timestamp {
            Timestamp(physical: item(number).physical, counter: 0)
        }
        let keys = (0..<5_000).map { item($0) }
        let first = Session(keys, keys, cutoffs: (time(4_000), nil))
        #expect(first.commons.0 == first.commons.1)
        #expect(first.commons.0?.tree.count == 4_001)
        // What is later is not looked at, whoever has it.
        let again = Session(
            keys, Array(keys.dropLast(30)), commons: first.commons, cutoffs: (time(4_050), nil))
        #expect(again.messages.count == 2)
        #expect(again.bytes <= 14 + 5 + 11)
        #expect(again.outcome?.cutoff == time(4_050))
        #expect(again.commons.0?.tree.count == 4_051)
        let ours = keys.filter { $0 != keys[4_060] && $0 != keys[4_200] }
        let theirs = keys.filter { $0 != keys[4_070] && $0 != keys[4_300] }
        let session = Session(
            ours, theirs, commons: again.commons, cutoffs: (time(4_100), time(4_150)))
        #expect(session.outcome?.method == .known)
        #expect(session.differences.flatMap(\.delivered) == [keys[4_060]])
        #expect(session.differences.flatMap(\.have) == [keys[4_070]])
        // A hello where the responder's cutoff is lower, or where a list would be long.
        for cutoffs in [(time(4_100), time(4_090)), (time(4_200), nil)]
            as [(Timestamp?, Timestamp?)]
        {
            let session = Session(ours, theirs, commons: again.commons, cutoffs: cutoffs)
            #expect(session.outcome?.cutoff == (cutoffs.1 ?? cutoffs.0))
            #expect(session.outcome?.method != .known)
            #expect(session.differences.flatMap(\.delivered).contains(keys[4_060]))
            #expect(session.differences.flatMap(\.have).contains(keys[4_070]))
        }
    }

    @Test func longAnswersCostOneRoundTripMore() {
        let (ours, theirs) = sides(60_000, lacking: Set((0..<3_000).map { $0 * 20 }))
        let whole = Session(ours, theirs, limits: ReconcileLimits(messageBytes: 1 << 20))
        let parts = Session(ours, theirs, limits: ReconcileLimits(messageBytes: 4_096))
        check(whole, ours, theirs)
        check(parts, ours, theirs)
        #expect(whole.roundTrips == 2)
        #expect(parts.roundTrips == 3)
        #expect(parts.longest <= 4_096)
    }

    @Test(arguments: 1...20)
    func collidingShortIDsAreRepaired(seed: UInt64) {
        var limits = ReconcileLimits(attempts: 60)
        limits.margin = 0
        let (ours, theirs) = sides(3_000, lacking: Set(2_900..<3_000))
        let session = Session(ours, theirs, salt: seed, limits: limits)
        check(session, ours, theirs)
    }
}
