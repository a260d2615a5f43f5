import Core
import MerkleSearchTree

extension FuzzTarget {
    /// Both machines of a session: the first byte says who is under attack. Bounded answers, only
    /// keys that are held, and no equality but of equal sets.
    static let reconcile = FuzzTarget(
        name: "reconcile", longest: 4096, mutations: 1500,
        seeds: { ReconcileSamples.seeds },
        body: .plain { input in
            var feed = Feed(input)
            switch feed.below(4) {
            case 0: try attackResponder(&feed, afterHello: false)
            case 1: try attackResponder(&feed, afterHello: true)
            case 2: try attackInitiator(&feed)
            default: try bendSession(&feed)
            }
        })

    private static func attackResponder(_ feed: inout Feed, afterHello: Bool) throws {
        var responder = ReconcileSamples.responder()
        let keys = ReconcileSamples.theirs
        if afterHello {
            var initiator = ReconcileSamples.initiator()
            _ = responder.receive(initiator.start())
        }
        while !feed.isAtEnd {
            switch responder.receive(feed.piece()) {
            case .send(let answer): try checkLength(answer)
            case .deliver(let given):
                try check(given.allSatisfy(keys.contains), "a key is given that is not held")
                try check(given.count <= keys.count, "keys are given twice")
            case .failed: return
            }
        }
    }

    private static func attackInitiator(_ feed: inout Feed) throws {
        var initiator = ReconcileSamples.initiator()
        try checkLength(initiator.start())
        while !feed.isAtEnd {
            switch initiator.receive(feed.piece()) {
            case .send(let message): try checkLength(message)
            case .gather(let messages): for message in messages { try checkLength(message) }
            case .wait: break
            case .exchange(let difference):
                try check(
                    difference.have.allSatisfy(ReconcileSamples.ours.contains),
                    "a key is to be pushed that is not held")
                try check(difference.needCount >= 0, "a number of needed keys")
                for want in difference.wants { try checkLength(want) }
                try checkLength(initiator.close(received: []))
            case .done: throw Finding("equality was proved without the set")
            case .failed: return
            }
        }
    }

    /// An honest session in which some messages are bent: offset, bits, offset, bits…
    private static func bendSession(_ feed: inout Feed) throws {
        var (initiator, responder) = (ReconcileSamples.initiator(), ReconcileSamples.responder())
        var (ours, theirs) = (ReconcileSamples.ours, ReconcileSamples.theirs)
        func bend(_ message: [UInt8]) -> [UInt8] {
            guard !feed.isAtEnd, feed.byte() & 3 == 0, !message.isEmpty else { return message }
            var bent = message
            let place = (Int(feed.byte()) << 8 | Int(feed.byte())) % bent.count
            bent[place] ^= feed.byte()
            if feed.byte() & 7 == 0 { bent.removeSubrange(place...) }
            return bent
        }
        var message = initiator.start()
        let limits = ReconcileLimits.standard
        for _ in 0..<limits.messages * limits.attempts {
            guard case .send(let answer) = responder.receive(bend(message)) else { return }
            try checkLength(answer)
            switch initiator.receive(bend(answer)) {
            case .send(let next): message = next
            case .gather(let next): message = next[0]
            case .wait: throw Finding("it waits for nothing")
            case .exchange(let difference):
                try check(difference.have.allSatisfy(ours.contains), "a foreign key is pushed")
                responder.received(difference.have)
                theirs.formUnion(difference.have)
                var got: [EventKey] = []
                for want in difference.wants {
                    guard case .deliver(let keys) = responder.receive(bend(want)) else { return }
                    try check(keys.allSatisfy(theirs.contains), "a foreign key is given")
                    got += keys
                }
                ours.formUnion(got)
                message = initiator.close(received: got)
            case .done:
                try check(ours == theirs, "different sets were proved equal")
                return
            case .failed: return
            }
            try checkLength(message)
        }
        throw Finding("a session that does not end")
    }

    private static func checkLength(_ message: [UInt8]) throws(Finding) {
        try check(
            message.count <= ReconcileLimits.standard.messageBytes, "a message of \(message.count)")
    }
}

/// Two sets of a few hundred keys that differ in places, and what honest sides say about them.
enum ReconcileSamples {
    private static let all = (0..<400).map { index in
        EventKey(
            physical: 1_700_000_000_000_000 + 1000 * UInt64(index), counter: 0,
            id: Samples.id("item-\(index)"))
    }
    private static let ourIndex = ReconcileIndex(sorted: Array(all.dropFirst(7).dropLast(2)))
    private static let theirIndex = ReconcileIndex(
        sorted: all.enumerated().filter { $0.offset % 60 != 3 }.map(\.element))
    static let ours = Set(ourIndex.tree.keys)
    static let theirs = Set(theirIndex.tree.keys)

    static func initiator() -> ReconcileInitiator {
        ReconcileInitiator(index: ourIndex, salt: 0x1234_5678_9abc_def0)
    }

    static func responder() -> ReconcileResponder { ReconcileResponder(index: theirIndex) }

    /// Messages of an honest session: the initiator's at even places.
    static let messages: [[UInt8]] = {
        var (initiator, responder) = (Self.initiator(), Self.responder())
        var message = initiator.start()
        var messages: [[UInt8]] = []
        while messages.count < 100 {
            messages.append(message)
            guard case .send(let answer) = responder.receive(message) else { return messages }
            messages.append(answer)
            switch initiator.receive(answer) {
            case .send(let next): message = next
            case .gather(let next): message = next[0]
            case .exchange(let difference):
                responder.received(difference.have)
                var got: [EventKey] = []
                for want in difference.wants {
                    messages.append(want)
                    if case .deliver(let keys) = responder.receive(want) { got += keys }
                    messages.append([])
                }
                message = initiator.close(received: got)
            case .wait, .done, .failed: return messages
            }
        }
        return messages
    }()

    static let seeds: [[UInt8]] = {
        let asked = messages.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        let answered = messages.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        func seed(_ mode: Int, _ messages: some Sequence<[UInt8]>) -> [UInt8] {
            var writer = FeedWriter()
            writer.byte(mode)
            for message in messages { writer.piece(message) }
            return writer.bytes
        }
        return [
            seed(0, asked), seed(0, asked.prefix(2)), seed(1, asked.dropFirst()),
            seed(2, answered), seed(2, answered.prefix(2)), [3, 1, 1, 1, 0, 0, 5, 4, 1],
            [3, 0, 0, 2, 255, 0],
        ]
    }()
}
