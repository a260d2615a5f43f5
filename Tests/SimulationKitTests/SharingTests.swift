import Core
import Testing

@testable import SimulationKit

/// What nodes of one process share to save time and memory must never change what one of them sees.
@Suite(.timeLimit(.minutes(2)))
struct SharingTests {
    private static let key = Seeds(1).key(0)

    private static func event(_ number: Int, body: [UInt8]? = nil) throws -> Event {
        let text = body ?? Array("number \(number)".utf8)
        let body = Body(salt: [UInt8](repeating: 3, count: Limits.saltBytes), bytes: text)
        let header = Header(
            origin: key.node, sequence: 1, previous: nil,
            time: Timestamp(physical: UInt64(1_750_000_000_000_000 + number), counter: 0),
            author: try #require(Author(role: .ai, name: "x")), kind: "message.post",
            bodyLength: text.count, bodyHash: body.hash)
        return Event(signing: header, body: body, with: key)
    }

    private static func entries(_ events: [Event]) -> [LogEntry] {
        events.enumerated().map {
            LogEntry(position: UInt64($0.offset + 1), event: $0.element, sender: nil)
        }
    }

    @Test func whatDiffersIsNotShared() throws {
        var shared = SharedEvents()
        let event = try Self.event(1)
        var first = Self.entries([event])
        shared.share(&first)
        var bodiless = event
        bodiless.body = nil
        let resigned = try Event(
            headerBytes: event.headerBytes, signature: [UInt8](repeating: 1, count: 64),
            body: event.body)
        for other in [bodiless, resigned] {
            var entries = Self.entries([other])
            shared.share(&entries)
            #expect(entries[0].event == other)
        }
        #expect(first[0].event == event)
    }

    @Test func aVerdictIsTheSameAfterItWasForgotten() throws {
        var memo = VerdictMemo()
        let good = try Self.event(1)
        let bad = try Event(
            headerBytes: good.headerBytes, signature: [UInt8](repeating: 1, count: 64),
            body: good.body)
        for _ in 0..<2 {
            let isGood = memo.isSigned(good)
            #expect(isGood)
            let isBadSigned = memo.isSigned(bad)
            #expect(!isBadSigned)
        }
        #expect(memo.count == 2)
    }
}
