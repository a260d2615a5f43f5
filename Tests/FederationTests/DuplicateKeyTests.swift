import Core
import Federation
import Testing

/// Two running processes with one key, as a third node sees them; a restart is none.
@Suite(.timeLimit(.minutes(1)))
struct DuplicateKeyTests {
    /// Requests of node 1's processes, each so many milliseconds after the one before.
    private func alarms(_ requests: (instance: UInt64, wait: Int)...) -> [Alarm.Kind] {
        let node = Node(2, peers: [.active(1)])
        for (instance, wait) in requests {
            node.sleep(.milliseconds(wait))
            let caller = Caller(node: Node.key(1).node, instance: instance)
            node.give(.request(node.newExchange(), caller, .status))
        }
        return node.disk.alarms.map(\.kind)
    }

    @Test func aRestartIsNone() {
        #expect(alarms((7, 0), (7, 5000), (8, 100), (8, 60_000)).isEmpty)
        #expect(alarms((7, 0), (8, 9000), (9, 9000), (10, 9000)).isEmpty)
    }

    @Test func requestsThatWereOvertakenAreNone() {
        #expect(alarms((7, 0), (8, 100), (7, 500), (8, 500), (7, 500), (8, 9000)).isEmpty)
    }

    @Test func whoSpeaksOnAfterAnotherTookOverIsSeen() {
        #expect(alarms((7, 0), (8, 5000), (7, 5000)) == [.duplicateKey])
        // Also where the other one is silent from then on.
        #expect(alarms((7, 0), (8, 5000), (7, 500), (7, 5000)) == [.duplicateKey])
    }

    /// Two readers that end each other's stream come back after a second each.
    @Test func turnsThatAreFasterThanARestartAreSeen() {
        #expect(alarms((7, 0), (8, 1000), (7, 1000), (8, 1000), (7, 1000)) == [.duplicateKey])
    }

    @Test func thePeerIsTold() {
        let node = Node(2, peers: [.active(1)])
        for (instance, wait) in [(7, 0), (8, 5), (7, 5)] as [(UInt64, Int)] {
            node.sleep(.seconds(wait))
            let caller = Caller(node: Node.key(1).node, instance: instance)
            node.give(.request(node.newExchange(), caller, .status))
        }
        guard case .registration(let state)? = node.ask(.ownRecord, as: Node.key(1).node) else {
            Issue.record("no answer")
            return
        }
        #expect(state.notices.contains(.keyTwice))
        #expect(node.disk.alarms.first?.node == Node.key(1).node)
        // The evidence is durable.
        node.restart()
        #expect(node.engine.raisedAlarms.map(\.kind) == [.duplicateKey])
    }
}
