import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
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

    @Test func lostMessagesAreCountedAsSentAndAsLost() {
        func traffic(loss: Double) -> Traffic {
            var world = World.federation(
                6, isAutomatic: false, link: LinkModel(loss: loss), reconciler: NaiveReconciler())
            for round in 0..<5 {
                for node in 0..<6 {
                    let other = world.id(of: (node + 1) % 6)
                    world.schedule(
                        .operate(world.nextToken(), .reconcile(other)), to: node,
                        at: .seconds(Double(round * 20)))
                }
            }
            world.run(until: .seconds(200)) { $0.isQuiet }
            return world.traffic
        }
        let clean = traffic(loss: 0)
        let lossy = traffic(loss: 0.3)
        #expect(clean.lostMessages == 0)
        #expect(clean.lostBytes == 0)
        #expect(clean.messages == 2 * clean.roundTrips)
        #expect(lossy.lostMessages > 0)
        #expect(lossy.lostBytes < lossy.bytes)
        // Each request is answered, lost, or its answer is: no message is unaccounted for.
        let answered = 2 * lossy.roundTrips
        #expect(lossy.messages - answered >= lossy.lostMessages)
        #expect(lossy.messages - answered <= 2 * lossy.lostMessages)
    }

    @Test func naivePaysTheWholeListInEverySession() throws {
        let divergence = Divergence.new(perMille: 100)
        let prepared = try Scenario(nodes: 4, events: 200, peersPerNode: 2).prepared([divergence])
        let record = prepared.run(.naive, divergence).record
        let sessions = try #require(record.outcome).sessions
        // At least the shared part of both lists; at most everything, and little else.
        #expect(record.bytes.overhead >= sessions * 2 * 32 * 180)
        #expect(record.bytes.overhead <= sessions * (2 * 32 * 208 + 400))
    }

    @Test func noMethodMovesFewerEventsThanMustTravel() throws {
        let divergence = Divergence.new(perMille: 100)
        let prepared = try Scenario(nodes: 8, events: 160, peersPerNode: 3).prepared([divergence])
        for method in SyncMethod.allCases {
            let record = prepared.run(method, divergence).record
            let outcome = try #require(record.outcome)
            #expect(outcome.isEqual)
            // 16 events of 40 to 400 bytes of text and some 200 bytes around it, to seven nodes.
            #expect((16 * 7 * 240...16 * 7 * 700).contains(outcome.neededEventBytes))
            #expect(record.bytes[.events] >= outcome.neededEventBytes)
        }
    }

    @Test func theBytesOfARunAreThoseByKindAndThoseOfTheNodes() throws {
        let divergence = Divergence.new(perMille: 500)
        let prepared = try Scenario(nodes: 8, events: 40, peersPerNode: 3).prepared([divergence])
        for method in SyncMethod.allCases {
            let record = prepared.run(method, divergence).record
            let sum = ByteSums.Kind.allCases.reduce(0) { $0 + record.bytes[$1] }
            #expect(sum == record.bytes.all)
            #expect(record.figures.reduce(0) { $0 + $1.bytesUp } == sum)
            #expect(record.figures.reduce(0) { $0 + $1.delivered } == 20 * 7)
            #expect((record.bytes[.trees] > 0) == (method == .gossipMST))
        }
    }
}
