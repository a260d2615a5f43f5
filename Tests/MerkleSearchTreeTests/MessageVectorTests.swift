import Core
import Foundation
import Testing

@testable import MerkleSearchTree

/// Whole sessions, message by message, so that another implementation can check its own:
/// `UPDATE_FIXTURES=1` writes them anew.
@Suite(.timeLimit(.minutes(1)))
struct MessageVectorTests {
    /// Items that one side lacks: numbers 0, 1, 2 … by turns the responder's and the initiator's.
    private func sides(_ count: Int, every distance: Int, from first: Int = 0) -> (
        ours: [EventKey], theirs: [EventKey]
    ) {
        var (ours, theirs): ([EventKey], [EventKey]) = ([], [])
        var turn = false
        for number in 0..<count {
            let isCommon = number < first || (number - first) % distance != 0
            if !isCommon { turn.toggle() }
            if isCommon || turn { ours.append(item(number)) }
            if isCommon || !turn { theirs.append(item(number)) }
        }
        return (ours, theirs)
    }

    private var sessions: [(name: String, session: Session)] {
        let (few, many, some) = (
            sides(600, every: 200, from: 7), sides(600, every: 30), sides(600, every: 5)
        )
        let newest = sides(600, every: 2, from: 590)
        let equal = Session(some.ours, some.ours, salt: 1)
        return [
            ("equal", equal), ("newest", Session(newest.ours, newest.theirs, salt: 2)),
            ("few", Session(few.ours, few.theirs, salt: 3)),
            ("syndromes", Session(many.ours, many.theirs, salt: 4)),
            ("cells", Session(some.ours, some.theirs, salt: 5)),
            (
                "known",
                Session(
                    some.ours + [item(700), item(702)], some.ours + [item(701)],
                    commons: equal.commons)
            ),
            (
                "descent",
                Session(few.ours, few.theirs, salt: 6, limits: ReconcileLimits(ways: .descent))
            ),
        ]
    }

    @Test func messagesAreThoseOfTheFixture() throws {
        let lines = sessions.flatMap { name, session in
            session.messages.map { message in
                "\(name) " + message.map { String(format: "%02x", $0) }.joined()
            }
        }
        if ProcessInfo.processInfo.environment["UPDATE_FIXTURES"] != nil {
            let head = "# session, message: the initiator's and the responder's by turns\n"
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Fixtures/messages.txt")
            try (head + lines.joined(separator: "\n") + "\n")
                .write(to: file, atomically: true, encoding: .utf8)
            return
        }
        #expect(try Fixture.lines("messages") == lines)
        #expect(sessions.allSatisfy { $0.session.outcome != nil })
    }
}
