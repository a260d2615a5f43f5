import Core
import FederationAPI
import Foundation
import Testing

/// Real processes over real TLS and SQLite, on loopback.
@Suite(.timeLimit(.minutes(10)), .serialized)
struct NodeTests {
    @Test func twoNodesRegisterSyncAndProveThatTheyAreEqual() async throws {
        let a = try NodeUnderTest("a")
        let b = try NodeUnderTest("b")
        #expect(try a.run(["post", "before the start"]).code == 0)
        try await a.start()
        let address = try await b.start()
        try await connect(a, to: b, at: address)
        #expect(try b.run(["post", "from b"]).code == 0)
        #expect(try a.run(["post", "from a"]).code == 0)
        let status = try await waitUntilEqual(a, b)
        // The three, and each node's vouching for the other.
        #expect(status.eventCount == 5)
        let sync = try a.run(["sync"])
        #expect(sync.code == 0, "\(sync.output)\(sync.errors)")
        #expect(a.interrupt() == 0)
        #expect(b.interrupt() == 0)
    }

    @Test func aRemovedPeerGetsNothingMore() async throws {
        let a = try NodeUnderTest("a")
        let b = try NodeUnderTest("b")
        try await a.start()
        let address = try await b.start()
        try await connect(a, to: b, at: address)
        try await waitUntilEqual(a, b)
        let node = try await b.status().node
        #expect(try a.run(["peers", "remove", node]).code == 0)
        #expect(try a.run(["post", "not for b"]).code == 0)
        try await eventually("b knows") {
            try await b.peers().first?.state == "removed" ? true : nil
        }
        let sync = try b.run(["sync"])
        #expect(sync.code == 1)
        let log = try b.run(["log", "-n", "0", "--kind", "message.post"])
        #expect(log.code == 0 && log.output.isEmpty)
    }

    @Test func oneProcessOwnsAFolder() async throws {
        let node = try NodeUnderTest("lock")
        try await node.start()
        let second = try node.run(["start", "--listen", "127.0.0.1:0", "--no-mdns"])
        #expect(second.code == 1)
        #expect(second.errors.contains("process"), "\(second.errors)")
        #expect(try node.run(["post", "through the socket"]).code == 0)
        #expect(try await node.status().eventCount == 1)
    }

    @Test func aPortInUseIsSaidSo() async throws {
        let a = try NodeUnderTest("port")
        let address = try await a.start()
        let port = try #require(address.split(separator: ":").last)
        let b = try NodeUnderTest("port")
        let result = try b.run(["start", "--listen", "127.0.0.1:\(port)", "--no-mdns"])
        #expect(result.code == 1)
        #expect(result.errors.contains("use"), "\(result.errors)")
    }

    /// Kills a node that is being posted to and synced from, again and again: what was acknowledged
    /// is there, the chain goes on, and the peer has it too.
    @Test func killAtAnyMomentLosesNothingThatWasAcknowledged() async throws {
        let a = try NodeUnderTest("killed")
        let b = try NodeUnderTest("witness")
        var dice = Dice(seed: seed)
        let address = try await b.start()
        try await a.start()
        try await connect(a, to: b, at: address)
        var acknowledged: [String] = []
        for round in 0..<50 {
            acknowledged += try await postUntilKilled(a, round, &dice)
            try await a.start()
        }
        let status = try await waitUntilEqual(a, b)
        let own = try await a.status().node
        let held = try held(a).filter { $0.origin == own }
        #expect(Set(held.map(\.id)).isSuperset(of: acknowledged))
        #expect(held.map(\.sequence).sorted() == Array(1...UInt64(held.count)))
        // And the witness's vouching for it.
        #expect(status.eventCount == UInt64(held.count) + 1)
        #expect(acknowledged.count > 50)
        print("50 kills, \(acknowledged.count) events acknowledged, \(held.count) held")
    }

    private var seed: UInt64 {
        ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 1
    }

    /// Posts while a task kills the node after a while; the ids that were acknowledged.
    private func postUntilKilled(
        _ node: NodeUnderTest, _ round: Int, _ dice: inout Dice
    ) async throws -> [String] {
        let patience = Duration.milliseconds(20 + dice.below(120))
        let socket = node.socket
        let poster = Task {
            var receipts: [String] = []
            for number in 0..<1000 {
                let drafts = [PostDraft(body: "round \(round), number \(number)")]
                guard
                    // A node that was killed answers nothing.
                    let made: [PostReceipt] = try? await socket.send(
                        "POST", "/api/federation/events", body: drafts)
                else { break }  // killed
                receipts += made.map(\.id)
            }
            return receipts
        }
        try await Task.sleep(for: patience)  // the moment of the kill is what is drawn
        node.kill()
        return await poster.value
    }

    private func held(_ node: NodeUnderTest) throws -> [EventView] {
        try node.run(["export"]).output.split(separator: "\n").map { line in
            try JSONDecoder().decode(EventView.self, from: Data(line.utf8))
        }
    }
}
