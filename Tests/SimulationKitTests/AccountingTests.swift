import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(2)))
struct AccountingTests {
    @Test func theSizeOfAnEventIsThatOfItsEncoding() throws {
        var dice = Dice(seed: 1)
        let key = Seeds(1).key(0)
        for length in [0, 1, 23, 24, 255, 256, 4_000, 65_535, 65_536] {
            let body = Body(
                salt: [UInt8](repeating: 1, count: 16),
                bytes: (0..<length).map { _ in UInt8(dice.below(256)) })
            let parents = (0..<dice.below(17)).map { EventID(words: UInt64($0), 0, 0, 0) }
            let header = Header(
                origin: key.node, sequence: 1, previous: nil, time: Timestamp.zero.next,
                parents: parents, author: Author(role: .node, name: "n")!, kind: "k",
                bodyLength: length, bodyHash: body.hash)
            var event = Event(signing: header, body: body, with: key)
            #expect(event.encodedSize == event.encoded().count)
            event.body = nil
            #expect(event.encodedSize == event.encoded().count)
        }
    }

    @Test func everyByteIsCountedOnceAndOnItsLink() throws {
        var world = World.federation(2, isAutomatic: false)
        for number in 0..<5 { world.post("event \(number)", at: 1, time: .zero) }
        world.run(until: .seconds(1))
        world.schedule(
            .operate(world.nextToken(), .pull(world.id(of: 1), fromStart: true)), to: 0,
            at: .seconds(1))
        world.run(until: .seconds(5)) { $0.isQuiet }

        let events = world.log(of: 1).entries.map(\.event)
        let page = Page(
            next: Cursor(log: world.log(of: 1).id, position: 5), isEnd: true,
            events: Batch(events))
        let request = try #require(world.links[Link(from: 0, to: 1)])
        let response = try #require(world.links[Link(from: 1, to: 0)])
        #expect(request.bytes == Request.pull(since: nil).encoded().count)
        #expect(request.eventBytes == 0)
        #expect(request.roundTrips == 1)
        #expect(response.bytes == Response.page(page).encoded().count)
        #expect(response.eventBytes == events.reduce(0) { $0 + $1.encoded().count })
        #expect(response.roundTrips == 0)
        #expect(world.traffic.messages == 2)
        #expect(world.traffic.bytes == request.bytes + response.bytes)
        #expect(world.traffic.lostMessages == 0)
    }

    @Test func lostMessagesAreCountedAsSentAndAsLost() throws {
        let clean = try Scenario(nodes: 6, events: 60, peersPerNode: 3).prepared().run(.naive)
        let lossy = try Scenario(nodes: 6, events: 60, peersPerNode: 3, loss: 0.3).prepared()
            .run(.naive)
        #expect(clean.traffic.lostMessages == 0)
        #expect(clean.traffic.lostBytes == 0)
        #expect(clean.messages == 2 * clean.roundTrips)
        #expect(lossy.traffic.lostMessages > 0)
        #expect(lossy.traffic.lostBytes < lossy.traffic.bytes)
        // Each request is answered, lost, or its answer is: no message is unaccounted for.
        let answered = 2 * lossy.roundTrips
        #expect(lossy.messages - answered >= lossy.traffic.lostMessages)
        #expect(lossy.messages - answered <= 2 * lossy.traffic.lostMessages)
    }

    @Test func naivePaysTheWholeListInEverySession() throws {
        let prepared = try Scenario(nodes: 4, events: 200, peersPerNode: 2).prepared()
        let report = prepared.run(.naive)
        // At least the shared part of both lists; at most everything, and little else.
        #expect(report.overheadBytes >= report.sessions * 2 * 32 * 180)
        #expect(report.overheadBytes <= report.sessions * (2 * 32 * 200 + 400))
        #expect(report.converged)
    }

    @Test func noMethodMovesFewerEventsThanMustTravel() throws {
        let prepared = try Scenario(nodes: 8, events: 160, peersPerNode: 3).prepared()
        let needed = prepared.workload.newBytes * 7
        for method in SyncMethod.allCases {
            let report = prepared.run(method)
            #expect(report.converged)
            #expect(report.eventBytes >= needed)
        }
        // pull-all moves whole logs, both ways, again and again.
        let all = prepared.run(.pullAll)
        let log = prepared.workload.shared.reduce(0) { $0 + $1.encodedSize }
        // Less a few that find another pull from the same peer under way.
        #expect(all.eventBytes >= all.sessions * 2 * log * 9 / 10)
    }
}
