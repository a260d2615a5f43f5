import Core
import FederationAPI
import Foundation
import Storage
import Testing

/// `federate identity rotate` on real nodes: peers follow, and no crash leaves a node between two
/// keys.
@Suite(.timeLimit(.minutes(10)), .serialized)
struct KeyRotationTests {
    /// What `identity rotate --json` prints.
    private struct Result: Decodable {
        var node: String?
        var former: String
        var event: String?
        var kept: String
        var activePeers: Int
        var dryRun: Bool
    }

    @discardableResult
    private func rotate(_ node: NodeUnderTest, _ more: String...) throws -> Result {
        let result = try node.run(["identity", "rotate", "--json"] + more)
        guard result.code == 0 else { throw Failure("rotate: \(result.errors)") }
        return try JSONDecoder().decode(Result.self, from: Data(result.output.utf8))
    }

    /// Waits until all hold the same root and each has proved it to its active peers.
    @discardableResult
    private func waitUntilAllEqual(_ nodes: NodeUnderTest...) async throws -> StatusView {
        try await eventually("all are equal") {
            var states: [StatusView] = []
            for node in nodes { states.append(try await node.status()) }
            let isEqual = states.allSatisfy {
                $0.root == states[0].root && $0.peers.equal == $0.peers.active
                    && $0.peers.active > 0 && $0.missingBodies == 0 && $0.aside == 0
            }
            return isEqual ? states[0] : nil
        }
    }

    private func expectFollowed(
        _ peer: NodeUnderTest, _ rotation: Result, sequence: UInt64
    ) async throws {
        let old = try await eventually("the peer follows") {
            let peers = try await peer.peers()
            guard peers.first(where: { $0.node == rotation.node })?.state == "active" else {
                return nil as PeerView?
            }
            return peers.first { $0.node == rotation.former && $0.state == "removed" }
        }
        #expect(old.cutID == rotation.event && old.cutSequence == sequence)
    }

    private func kinds(_ node: NodeUnderTest, of origin: String) throws -> [String] {
        try events(node).filter { $0.origin == origin }.sorted { $0.sequence < $1.sequence }
            .map(\.kind)
    }

    private func events(_ node: NodeUnderTest) throws -> [EventView] {
        try node.run(["export"]).output.split(separator: "\n").map { line in
            try JSONDecoder().decode(EventView.self, from: Data(line.utf8))
        }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test func aPeerFollowsWithoutItsOperator() async throws {
        let (a, b) = (try NodeUnderTest("rotating"), try NodeUnderTest("following"))
        let address = try await b.start()
        try await a.start()
        try await connect(a, to: b, at: address)
        #expect(try a.run(["post", "of the old key"]).code == 0)
        try await waitUntilEqual(a, b)
        let running = try a.run(["identity", "rotate"])
        #expect(running.code == 1 && running.errors.contains("stop the node first"))
        #expect(a.interrupt() == 0)

        let key = try text(a.folder + "/identity.key")
        let before = try FileManager.default.contentsOfDirectory(atPath: a.folder).sorted()
        let plan = try rotate(a, "--dry-run")
        #expect(plan.dryRun && plan.node == nil && plan.event == nil && plan.activePeers == 1)
        #expect(try text(a.folder + "/identity.key") == key)
        #expect(try FileManager.default.contentsOfDirectory(atPath: a.folder).sorted() == before)

        let rotation = try rotate(a)
        #expect(rotation.former == plan.former && rotation.node != plan.former)
        #expect(try a.node() == rotation.node)
        #expect(try text(rotation.kept) == key && rotation.kept == plan.kept)
        #expect(!exists(a.folder + "/identity.key.new"))
        for path in [rotation.kept, a.folder + "/identity.key", a.folder + "/predecessors"] {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
        #expect(try a.run(["post", "of the new key"]).code == 0)
        try await a.start()
        // The post, the vouching for b, the rotation.
        try await expectFollowed(b, rotation, sequence: 3)
        #expect(try b.run(["post", "of b"]).code == 0)
        #expect(try a.run(["post", "of the new key again"]).code == 0)
        let status = try await waitUntilEqual(a, b)
        // b has vouched for the old key, for the new one, and for the old one up to its end.
        #expect(status.eventCount == 9 && status.equivocations == 0)
        #expect(
            try kinds(b, of: rotation.former) == ["peer.vouch", "message.post", "peer.rotate"])
        #expect(try await b.status().alarms.isEmpty)
    }

    @Test func aPeerThatWasDownFollowsLaterAlsoTwoRotations() async throws {
        let (a, b) = (try NodeUnderTest("rotating"), try NodeUnderTest("sleeping"))
        let address = try await b.start()
        try await a.start()
        try await connect(a, to: b, at: address)
        #expect(try a.run(["post", "early"]).code == 0)
        try await waitUntilEqual(a, b)
        #expect(a.interrupt() == 0)
        #expect(b.interrupt() == 0)
        let first = try rotate(a)
        #expect(try a.run(["post", "in between"]).code == 0)
        let second = try rotate(a)
        #expect(second.former == first.node && first.kept != second.kept)
        try await a.start()
        #expect(try a.run(["post", "while b is away"]).code == 0)
        // On its old port, where a looks for it.
        let port = try #require(address.split(separator: ":").last)
        try await b.start(["--listen", "127.0.0.1:\(port)"])
        try await expectFollowed(b, second, sequence: 2)
        let old = try await b.peers().first { $0.node == first.former }
        #expect(old?.state == "removed" && old?.cutID == first.event)
        #expect(try b.run(["post", "good morning"]).code == 0)
        let status = try await waitUntilEqual(a, b)
        #expect(status.equivocations == 0)
        let texts = try events(b).compactMap { $0.kind == "message.post" ? $0.body : nil }
        #expect(
            Set(texts) == ["early", "in between", "while b is away", "good morning"])
    }

    /// b vouches for a, which c has never met.
    @Test func whoIsOnlyVouchedForIsFollowedToo() async throws {
        let known = ["auto_accept_known = false", "auto_accept_known = true"]
        let (a, b, c) = (
            try NodeUnderTest("rotating"), try NodeUnderTest("vouching"), try NodeUnderTest("far")
        )
        for node in [a, c] { try node.configure(known[0], known[1]) }
        let address = try await b.start()
        try await a.start()
        try await c.start()
        try await connect(a, to: b, at: address)
        #expect(try c.run(["peers", "add", address]).code == 0)
        #expect(try b.run(["peers", "approve", try await c.status().node]).code == 0)
        #expect(try a.run(["post", "of the old key"]).code == 0)
        try await waitUntilAllEqual(a, b, c)
        #expect(a.interrupt() == 0)
        let rotation = try rotate(a)
        try await a.start()
        try await expectFollowed(b, rotation, sequence: 3)
        #expect(try a.run(["post", "of the new key"]).code == 0)
        #expect(try c.run(["post", "of c"]).code == 0)
        try await waitUntilAllEqual(a, b, c)
        for node in [a, b, c] {
            let texts = try events(node).compactMap { $0.kind == "message.post" ? $0.body : nil }
            #expect(Set(texts) == ["of the old key", "of the new key", "of c"])
        }
        let peers = try await c.peers().map(\.node)
        #expect(peers == [try await b.status().node])
    }

    @Test func aRestoredNodeStillShowsWhoItWas() async throws {
        let (a, b) = (try NodeUnderTest("rotating"), try NodeUnderTest("sleeping"))
        let address = try await b.start()
        try await a.start()
        try await connect(a, to: b, at: address)
        try await waitUntilEqual(a, b)
        #expect(a.interrupt() == 0)
        #expect(b.interrupt() == 0)
        let rotation = try rotate(a)
        let (file, folder) = (a.folder + ".bak", a.folder + ".restored")
        defer {
            // Temporary.
            for path in [file, folder] { try? FileManager.default.removeItem(atPath: path) }
        }
        let passphrase = "correct horse battery\n"
        #expect(try a.run(["identity", "export", file], input: passphrase).code == 0)
        let restored = try NodeUnderTest.run(
            ["identity", "import", file, "--data", folder], input: passphrase)
        #expect(restored.code == 0, "\(restored.errors)")
        let kept = try text(a.folder + "/predecessors")
        #expect(try text(folder + "/predecessors") == kept)
        try FileManager.default.removeItem(atPath: a.folder)
        try FileManager.default.moveItem(atPath: folder, toPath: a.folder)
        let early = try a.run(["identity", "rotate"])
        #expect(early.code == 1 && early.errors.contains("catch up"))
        let port = try #require(address.split(separator: ":").last)
        try await b.start(["--listen", "127.0.0.1:\(port)"])
        try await a.start()
        try await eventually("b follows") {
            try await b.peers().first { $0.node == rotation.node }?.state == "active" ? true : nil
        }
        // The event that only the lost folder and the backup held has come to b.
        #expect(try kinds(b, of: rotation.former).last == "peer.rotate")
    }
}

/// What a crash leaves, prepared by hand, and real kills.
extension KeyRotationTests {
    private func move(_ a: String, _ b: String) throws {
        if exists(b) { try FileManager.default.removeItem(atPath: b) }
        try FileManager.default.moveItem(atPath: a, toPath: b)
    }

    private func write(_ text: String, to path: String) throws {
        #expect(
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]))
    }

    @Test(arguments: [String(repeating: "7", count: 64) + "\n", "7777", ""])
    func aKeyThatWasOnlyMadeChangesNothing(_ next: String) throws {
        let node = try NodeUnderTest("made")
        let before = try node.node()
        try write(next, to: node.folder + "/identity.key.new")
        #expect(try node.node() == before)
        #expect(try node.run(["post", "of the old key"]).code == 0)
        #expect(exists(node.folder + "/identity.key.new"))
        let rotation = try rotate(node)
        #expect(rotation.former == before)
        let isTaken = try text(node.folder + "/identity.key") == next
        #expect(isTaken == (next.count == 65))
        #expect(try kinds(node, of: before) == ["message.post", "peer.rotate"])
    }

    /// From the event on, every start finishes the rotation.
    @Test(arguments: ["event", "predecessors", "record", "kept"])
    func aRotationThatWasCutShortIsFinished(after step: String) throws {
        let node = try NodeUnderTest("cut")
        let key = node.folder + "/identity.key"
        let first = try rotate(node)
        #expect(try node.run(["post", "of the second key"]).code == 0)
        let rotation = try rotate(node)
        let former = try text(rotation.kept)
        try move(key, key + ".new")
        if step == "kept" {
            try FileManager.default.linkItem(atPath: rotation.kept, toPath: key)
        } else {
            try move(rotation.kept, key)
        }
        if ["event", "predecessors"].contains(step) {
            // As if the record had not been written.
            let (log, _) = try EventLog.open(in: node.folder)
            var write = LogWrite()
            write.peers = [PeerRecord(node: try #require(NodeID(hex: rotation.former)))]
            try log.write(write)
            try log.close()
        }
        if step == "event" {
            let events = try text(node.folder + "/predecessors").split(separator: "\n")
            #expect(events.count == 2)
            try write("\(events[0])\n", to: node.folder + "/predecessors")
        }
        let plan = try rotate(node, "--dry-run")
        #expect(plan.event == rotation.event && plan.former == rotation.former)
        #expect(exists(key + ".new"))

        #expect(try node.node() == rotation.node)
        #expect(try text(rotation.kept) == former && !exists(key + ".new"))
        #expect(try text(node.folder + "/predecessors").split(separator: "\n").count == 2)
        #expect(try node.run(["post", "of the third key"]).code == 0)
        #expect(
            try kinds(node, of: try #require(rotation.node)) == ["message.post"])
        #expect(try kinds(node, of: rotation.former) == ["message.post", "peer.rotate"])
        let list = try node.run(["peers", "--json"])
        let peers = try JSONDecoder().decode([PeerView].self, from: Data(list.output.utf8))
        #expect(Set(peers.map(\.node)) == [first.former, rotation.former])
        #expect(peers.allSatisfy { $0.state == "removed" && $0.cutID != nil })
    }

    @Test func theCommandFinishesWhatWasCutShortAndNoMore() throws {
        let node = try NodeUnderTest("cut")
        let key = node.folder + "/identity.key"
        let rotation = try rotate(node)
        try move(key, key + ".new")
        try move(rotation.kept, key)
        let again = try rotate(node)
        #expect(again.node == rotation.node && again.event == rotation.event)
        #expect(again.former == rotation.former && again.kept == rotation.kept)
        #expect(try kinds(node, of: rotation.former) == ["peer.rotate"])
    }

    @Test func withoutTheNamedKeyTheOldOneSignsNothing() throws {
        let node = try NodeUnderTest("lost")
        let key = node.folder + "/identity.key"
        let rotation = try rotate(node)
        try move(key, node.folder + "/elsewhere")
        try move(rotation.kept, key)
        #expect(try node.node() == rotation.former)
        let post = try node.run(["post", "of the old key"])
        #expect(post.code == 1 && post.errors.contains("rotated to \(rotation.node ?? "")"))
        let again = try node.run(["identity", "rotate"])
        #expect(again.code == 1 && again.errors.contains("look for it"), "\(again.errors)")
        try write(String(repeating: "7", count: 64) + "\n", to: key + ".new")
        let wrong = try node.run(["post", "of a wrong key"])
        #expect(wrong.code == 1 && wrong.errors.contains("not the key"), "\(wrong.errors)")
        try move(node.folder + "/elsewhere", key + ".new")
        #expect(try node.node() == rotation.node)
    }

    /// Kills the command sooner after a round that it outran and later after one that it did not,
    /// so that most kills fall close to the moment at which it matters.
    @Test func killAtAnyMomentLeavesOneKeyOrTheOther() throws {
        let clock = ContinuousClock()
        let node = try NodeUnderTest("killed")
        var patience = try clock.measure { try rotate(node) } / 2
        var finished = 0
        for round in 1...24 {
            let before = try node.node()
            #expect(try node.run(["post", "round \(round)"]).code == 0)
            let process = Process()
            process.executableURL = NodeUnderTest.binary
            process.arguments = ["identity", "rotate", "--data", node.folder]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            // The moment of the kill is what is sought.
            Thread.sleep(forTimeInterval: patience / .seconds(1))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let after = try node.node()
            #expect(try node.run(["post", "and after"]).code == 0)
            let signed = try kinds(node, of: before)
            if after == before {
                #expect(signed == ["message.post", "message.post"])
                #expect(try rotate(node).former == before)
            } else {
                finished += 1
                #expect(signed == ["message.post", "peer.rotate"])
                #expect(try kinds(node, of: after) == ["message.post"])
            }
            patience = after == before ? patience * 9 / 8 : patience * 8 / 9
            // Each round begins with a key that has signed nothing.
            try rotate(node)
        }
        print("24 kills, \(finished) of them after the old key had named the new one")
    }
}
