import Core
import Testing

@testable import MerkleSearchTree

@Suite(.timeLimit(.minutes(5)))
struct FuzzTests {
    private let keys = (0..<1200).map { item($0) }

    private func machines() -> (ReconcileInitiator, ReconcileResponder) {
        (
            ReconcileInitiator(index: ReconcileIndex(sorted: Array(keys.dropFirst(9))), salt: 4),
            ReconcileResponder(
                index: ReconcileIndex(
                    sorted: keys.enumerated().filter { $0.offset % 50 != 3 }.map(\.element)))
        )
    }

    @Test(arguments: 1...40)
    func randomBytesAreRefusedAndNeverMeanEqual(seed: UInt64) {
        var dice = Dice(seed)
        for _ in 0..<60 {
            var (initiator, responder) = machines()
            var hello = initiator.start()
            if dice.next() % 2 == 0 { _ = responder.receive(hello) }
            hello = (0..<Int(dice.next() % 120)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            if !hello.isEmpty {
                hello[0] = UInt8(1 + dice.next() % 18) << 3 | UInt8(dice.next() % 8)
            }
            if case .send(let answer) = responder.receive(hello) {
                #expect(answer.count <= 65_536)
                #expect(answer.first.map { $0 >> 3 } != MessageKind.equal.rawValue)
            }
            if case .done = initiator.receive(hello) {
                Issue.record("random bytes proved equality")
            }
        }
    }

    @Test(arguments: 1...60)
    func aFlippedBitNeverCrashesNorProvesAWrongEquality(seed: UInt64) {
        var dice = Dice(seed)
        for _ in 0..<8 {
            var (initiator, responder) = machines()
            var (ours, theirs) = (Set(keys.dropFirst(9)), Set<EventKey>())
            theirs = Set(keys.enumerated().filter { $0.offset % 50 != 3 }.map(\.element))
            let victim = Int(dice.next() % 12)
            var turn = 0
            func pass(_ message: [UInt8]) -> [UInt8] {
                defer { turn += 1 }
                guard turn == victim, !message.isEmpty else { return message }
                var bent = message
                let bit = Int(dice.next() % UInt64(message.count * 8))
                bent[bit / 8] ^= 1 << UInt8(bit % 8)
                return bent
            }
            var message = initiator.start()
            talk: for _ in 0..<200 {
                guard case .send(let answer) = responder.receive(pass(message)) else { break }
                switch initiator.receive(pass(answer)) {
                case .send(let next): message = next
                case .gather, .wait: break talk
                case .exchange(let difference):
                    #expect(difference.have.allSatisfy(ours.contains))
                    responder.received(difference.have)
                    theirs.formUnion(difference.have)
                    var got: [EventKey] = []
                    for want in difference.wants {
                        guard case .deliver(let keys) = responder.receive(pass(want)) else {
                            break talk
                        }
                        #expect(keys.allSatisfy(theirs.contains))
                        got += keys
                    }
                    ours.formUnion(got)
                    message = initiator.close(received: got)
                case .done:
                    #expect(ours == theirs)
                    break talk
                case .failed: break talk
                }
            }
        }
    }

    @Test func aMessageBeyondTheLimitIsRefused() {
        var (_, responder) = machines()
        let reply = responder.receive([UInt8](repeating: 0x08, count: 65_537))
        #expect(reply == .failed(.tooLarge))
    }

    @Test func messagesOutOfTurnAreRefused() {
        var (initiator, responder) = machines()
        let reply = responder.receive([MessageKind.piece.byte(), 1])
        #expect(reply == .failed(.unexpected))
        _ = initiator.start()
        let early = initiator.receive([MessageKind.closed.byte()])
        #expect(early == .failed(.unexpected))
        let empty = initiator.receive([])
        #expect(empty == .failed(.malformed))
    }
}
