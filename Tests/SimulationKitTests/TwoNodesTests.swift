import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(2)))
struct TwoNodesTests {
    @Test func aPullBringsThePeersLogInOrder() {
        var world = World.federation(2, isAutomatic: false)
        for number in 0..<20 {
            world.post("event \(number)", at: 1, time: .seconds(0.1))
        }
        world.run(until: .seconds(1))
        #expect(world.log(of: 1).count == 20)
        #expect(world.log(of: 0).count == 0)

        let token = world.nextToken()
        let peer = world.id(of: 1)
        world.schedule(.operate(token, .pull(peer, fromStart: false)), to: 0, at: .seconds(1))
        world.run(until: .seconds(5)) { $0.isQuiet }
        #expect(
            world.log(of: 0).entries.map(\.event) == world.log(of: 1).entries.map(\.event))
        #expect(world.log(of: 0).entries.allSatisfy { $0.sender == peer })
        #expect(world.hasOneRoot)
        let expected = SyncResult(peer: peer, received: 20, roundTrips: 1)
        #expect(
            world.reports.contains {
                $0.node == 0 && $0.report == .operation(token, .synced(expected))
            })
        // The cursor is durable: the next pull brings nothing again.
        let cursor = world.log(of: 0).peers[0].cursor
        #expect(cursor == Cursor(log: world.log(of: 1).id, position: 20))
        let before = world.traffic
        world.schedule(
            .operate(world.nextToken(), .pull(peer, fromStart: false)), to: 0, at: world.now)
        world.run(until: .seconds(10)) { $0.isQuiet }
        #expect(world.traffic.eventBytes == before.eventBytes)
        #expect(world.traffic.messages == before.messages + 2)
    }

    @Test(arguments: [false, true])
    func aSessionMakesTwoLogsEqual(isNaive: Bool) {
        var world = World.federation(
            2, isAutomatic: false,
            reconciler: isNaive ? NaiveReconciler() : TreeReconciler())
        for number in 0..<30 {
            world.post("event \(number)", at: number % 2, time: .seconds(0.1))
        }
        world.run(until: .seconds(1))
        let token = world.nextToken()
        let peer = world.id(of: 1)
        world.schedule(.operate(token, .reconcile(peer)), to: 0, at: .seconds(1))
        world.run(until: .seconds(5)) { $0.isQuiet }
        #expect(world.texts(of: 0) == world.texts(of: 1))
        #expect(world.log(of: 0).count == 30)
        let result = world.reports.compactMap { kept -> SyncResult? in
            if case .operation(token, .synced(let result)) = kept.report { result } else { nil }
        }
        #expect(result.first?.received == 15)
        #expect(result.first?.sent == 15)
        #expect(result.first?.comparison?.verdict == .equal)
        #expect(result.first?.comparison?.root == world.root(of: 1))
    }

    @Test func twoNodesRegisterOverTheVirtualNetwork() {
        var world = World.federation(2, isAutomatic: true) { _, _ in false }
        world.post("before they met", at: 1, time: .seconds(0.1))
        world.schedule(
            .operate(world.nextToken(), .add(endpoint: "sim://1")), to: 0, at: .seconds(1))
        world.run(until: .seconds(3))
        #expect(world.log(of: 1).peers.map(\.node) == [world.id(of: 0)])
        world.schedule(
            .operate(world.nextToken(), .approve(world.id(of: 0))), to: 1, at: .seconds(3))
        world.run(until: .seconds(120)) { !$0.texts(of: 0).isEmpty }
        #expect(world.log(of: 0).peers.map(\.state) == [.active])
        #expect(world.log(of: 1).peers.map(\.state) == [.active])
        #expect(world.texts(of: 0) == ["before they met"])
    }

    @Test func anEventIsAtThePeerWithinALatencyAndItsStores() throws {
        var world = World.federation(2)
        world.run(until: .seconds(5))
        world.post("now", at: 0, time: .seconds(5))
        world.run(until: .seconds(6)) { $0.log(of: 1).count == 1 }
        #expect(world.log(of: 1).count == 1)
        #expect(world.now - .seconds(5) < .milliseconds(60))
    }

    @Test func nobodyAtAnAddressIsAFailureAndNoHang() {
        var world = World.federation(1) { _, _ in false }
        let token = world.nextToken()
        world.schedule(.operate(token, .add(endpoint: "sim://7")), to: 0, at: .zero)
        world.run(until: .seconds(60)) { $0.isQuiet }
        let isFailed = world.reports.contains {
            if case .operation(token, .failed) = $0.report { true } else { false }
        }
        #expect(isFailed)
    }
}
