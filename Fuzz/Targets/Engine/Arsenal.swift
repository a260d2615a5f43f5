import Core
import Federation

/// What a hostile peer may hand over: valid events, and events that break one rule each.
enum Arsenal {
    /// The node under siege, and who comes to it.
    static let own = Samples.key(2)
    static let hostile = Samples.key(1)
    static let quiet = Samples.key(5)
    static let pending = Samples.key(3)
    static let removed = Samples.key(4)
    static let stranger = Samples.key(6)
    static let nodes = [hostile, quiet, pending, removed, stranger, own].map(\.node)

    static let events: [Event] = {
        let wall = Samples.wall.microseconds
        let third = Samples.key(9)
        let minute: UInt64 = 60_000_000
        let chains =
            Samples.chain(1, 8) + Samples.chain(9, 4)
            // Our own past, back from a peer after a restore.
            + Samples.chain(2, 3)
        let odd = [
            // Another event at a place that is taken, and one far beyond a gap.
            Samples.event(hostile, 2, kind: "message.other"),
            Samples.event(own, 2, kind: "message.other"),
            Samples.event(hostile, Limits.integer), Samples.event(own, Limits.integer),
            // From the future: soon due, due in an hour, never due.
            Samples.event(third, 20, at: wall + 2 * minute),
            Samples.event(own, 9, at: wall + 2 * minute),
            Samples.event(third, 21, at: wall + 60 * minute),
            Samples.event(third, 22, at: Limits.integer - 100),
            Samples.event(third, 23, at: 0),
            Samples.event(third, 30, scope: [1]),
        ]
        return chains + odd + (chains + odd).prefix(6).map(Samples.withoutBody) + broken
    }()

    /// The first event with another's body, another's signature, and with one bit turned.
    private static let broken: [Event] = {
        let (first, second) = (Samples.chain(9, 2)[0], Samples.chain(9, 2)[1])
        var wrongBody = first
        wrongBody.body = second.body
        var turned = first.signature
        turned[40] ^= 1
        let forged = [second.signature, turned].compactMap { signature in
            attempt { () throws(CBORError) in
                try Event(headerBytes: first.headerBytes, signature: signature, body: first.body)
            }
        }
        return [wrongBody] + forged
    }()

    static func draft(_ number: Int) -> Draft {
        Draft(
            author: Samples.author(.ai, "assistant"), kind: "message.post",
            body: [UInt8](repeating: 7, count: number), parents: [Samples.id("parent")])
    }
}
