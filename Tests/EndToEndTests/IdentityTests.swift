import Core
import FederationAPI
import Foundation
import Storage
import Testing

/// Backup and restore as an operator does them.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct IdentityTests {
    private let passphrase = "correct horse battery"

    /// A path for a new file or folder, which the caller removes.
    private func scratch(_ name: String) -> String {
        NSTemporaryDirectory() + "federate-id-\(getpid())-\(name)-\(UUID().uuidString.prefix(8))"
    }

    private func remove(_ path: String) {
        // Temporary; it may not have been made.
        try? FileManager.default.removeItem(atPath: path)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func aBackupIsAPrivateFileThatIsNotReplaced() throws {
        let node = try NodeUnderTest("backup", initialize: ["--join-secret", "new"])
        let file = scratch("bak")
        defer { remove(file) }
        let made = try node.run(["identity", "export", file], input: passphrase + "\n")
        #expect(made.code == 0, "\(made.errors)")
        #expect(try mode(file) == 0o600)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let key = try String(contentsOfFile: node.folder + "/identity.key", encoding: .utf8)
        let identity = try node.run(["identity"]).output
        #expect(
            identity.contains(
                try #require(text.split(separator: "\n")[1].split(separator: " ").last)))
        #expect(!text.contains(key.prefix(64)))
        #expect(!made.output.contains(passphrase) && !made.errors.contains(passphrase))

        let again = try node.run(["identity", "export", file], input: passphrase + "\n")
        #expect(again.code == 1)
        #expect(again.errors.contains("--force"))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
        let forced = try node.run(
            ["identity", "export", file, "--force"], input: passphrase + "\n")
        #expect(forced.code == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8) != text)
        let folder = (file as NSString).deletingLastPathComponent
        let name = (file as NSString).lastPathComponent
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix(name) }
        #expect(left == [name])
        #expect(try node.run(["identity", "export"], input: passphrase).output.hasPrefix("-----"))
    }

    @Test func anUnfitPassphraseMakesNoFile() throws {
        let node = try NodeUnderTest("unfit")
        let file = scratch("bak")
        for (input, reason) in [
            ("", "no passphrase"), ("\n", "no passphrase"), ("1234567\n", "8 characters"),
            ("a\u{1}bcdefghij\n", "control character"),
        ] {
            let result = try node.run(["identity", "export", file], input: input)
            #expect(result.code == 1)
            #expect(result.errors.contains(reason), "\(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func aRestoredNodeIsTheSameAndWaits() throws {
        let node = try NodeUnderTest("origin", initialize: ["--human", "alice"])
        #expect(try node.run(["post", "one"]).code == 0)
        let file = scratch("bak")
        let secret = scratch("pass")
        let folder = scratch("node")
        defer { for path in [file, secret, folder] { remove(path) } }
        // The same letter in two of Unicode's forms: made with one, opened with the other.
        try "pass wörd 7\r\nnot this\n".write(toFile: secret, atomically: false, encoding: .utf8)
        let made = try node.run(["identity", "export", file, "--passphrase-file", secret])
        #expect(made.code == 0, "\(made.errors)")
        func restore(_ input: String, _ more: [String] = []) throws -> NodeUnderTest.Finished {
            try NodeUnderTest.run(
                ["identity", "import", file, "--data", folder] + more, input: input)
        }
        let wrong = try restore("pass wörd 8\n")
        #expect(wrong.code == 1)
        #expect(wrong.errors.contains("passphrase is wrong"), "\(wrong.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder))
        let restored = try restore("pass wo\u{308}rd 7\n")
        #expect(restored.code == 0, "\(restored.errors)")
        for name in ["identity.key", "config.toml"] {
            #expect(
                try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
                    == String(contentsOfFile: node.folder + "/" + name, encoding: .utf8))
            #expect(try mode(folder + "/" + name) == 0o600)
        }
        #expect(try restore("pass wörd 7\n").errors.contains("holds a node already"))

        func run(_ arguments: String...) throws -> NodeUnderTest.Finished {
            try NodeUnderTest.run(arguments + ["--data", folder])
        }
        #expect(try run("post", "early").errors.contains("sync with a peer first"))
        #expect(try run("status").output.contains("warning    from a backup"))
        let exported = try node.run(["export"]).output
        let events = scratch("events")
        defer { remove(events) }
        try exported.write(toFile: events, atomically: false, encoding: .utf8)
        #expect(try run("import", events).output == "1 stored\n")
        #expect(try run("post", "early").code == 1)
        #expect(try run("identity", "alone").code == 0)
        #expect(try run("post", "late").code == 0)
        #expect(try run("log").output.split(separator: "\n").count == 2)
    }

    @Test func aFolderThatIsNotEmptyIsLeftAsItIs() throws {
        let node = try NodeUnderTest("full")
        let file = scratch("bak")
        let folder = scratch("node")
        defer { for path in [file, folder] { remove(path) } }
        #expect(try node.run(["identity", "export", file], input: passphrase).code == 0)
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try "mine".write(toFile: folder + "/note", atomically: false, encoding: .utf8)
        let result = try NodeUnderTest.run(
            ["identity", "import", file, "--data", folder], input: passphrase)
        #expect(result.code == 1)
        #expect(result.errors.contains("not empty"), "\(result.errors)")
        #expect(
            Set(try FileManager.default.contentsOfDirectory(atPath: folder)) == ["lock", "note"])
    }

    @Test func aloneMayPostAtOnce() throws {
        let node = try NodeUnderTest("alone")
        let file = scratch("bak")
        let folder = scratch("node")
        defer { for path in [file, folder] { remove(path) } }
        #expect(try node.run(["identity", "export", file], input: passphrase).code == 0)
        let result = try NodeUnderTest.run(
            ["identity", "import", file, "--alone", "--json", "--data", folder], input: passphrase)
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.contains(folder))
        #expect(try NodeUnderTest.run(["post", "x", "--data", folder]).code == 0)
    }

    @Test func aDamagedFileNamesItsLine() throws {
        let node = try NodeUnderTest("damaged")
        let file = scratch("bak")
        defer { remove(file) }
        #expect(try node.run(["identity", "export", file], input: passphrase).code == 0)
        var lines = try String(contentsOfFile: file, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        lines[5] = (lines[5].first == "x" ? "y" : "x") + lines[5].dropFirst()
        try lines.joined(separator: "\n").write(
            toFile: file, atomically: false, encoding: .utf8)
        let result = try NodeUnderTest.run(
            ["identity", "import", file, "--data", scratch("never")], input: passphrase)
        #expect(result.code == 1)
        #expect(result.errors.contains("line 6 is damaged"), "\(result.errors)")
    }

    /// The folder is lost; the backup is older than the last events; the peer has them.
    @Test func aRestoredNodeFindsItsPeersAndGoesOnWithItsChain() async throws {
        let a = try NodeUnderTest("lost")
        let b = try NodeUnderTest("peer")
        let address = try await b.start()
        try await a.start()
        try await connect(a, to: b, at: address)
        #expect(try a.run(["post", "known to the backup"]).code == 0)
        let file = scratch("bak")
        let folder = scratch("node")
        defer { for path in [file, folder] { remove(path) } }
        #expect(try a.run(["identity", "export", file], input: passphrase).code == 0)
        for number in 0..<5 { #expect(try a.run(["post", "later \(number)"]).code == 0) }
        try await waitUntilEqual(a, b)
        #expect(a.interrupt() == 0)

        let restored = try NodeUnderTest.run(
            ["identity", "import", file, "--data", folder], input: passphrase)
        #expect(restored.code == 0 && restored.output.contains("1 active"), "\(restored.errors)")
        try FileManager.default.removeItem(atPath: a.folder)
        try FileManager.default.moveItem(atPath: folder, toPath: a.folder)
        #expect(try a.run(["post", "too early"]).code == 1)
        try await a.start()
        try await eventually("the mark is gone") {
            FileManager.default.fileExists(atPath: a.folder + "/restored") ? nil : true
        }
        #expect(try a.run(["post", "after the restore"]).code == 0)
        let status = try await waitUntilEqual(a, b)
        // Both nodes have vouched for each other.
        #expect(status.eventCount == 9)
        #expect(status.equivocations == 0)
        #expect(try await b.status().equivocations == 0)
        #expect(!status.warnings.contains { $0.contains("backup") })
    }

    /// Whom the operator removed stays out, and what was synced from it before stays in.
    @Test func aBackupOfARunningNodeHoldsWhoWasTurnedAway() async throws {
        let (a, b) = (try NodeUnderTest("lost"), try NodeUnderTest("removed"))
        let c = try NodeUnderTest("active")
        let (first, second) = (try await b.start(), try await c.start())
        try await a.start()
        try await connect(a, to: b, at: first)
        #expect(try b.run(["post", "before the end"]).code == 0)
        try await waitUntilEqual(a, b)
        let removed = try await b.status().node
        #expect(try a.run(["peers", "remove", removed]).code == 0)
        #expect(try a.run(["peers", "add", second]).code == 0)
        #expect(try c.run(["peers", "approve", try await a.status().node]).code == 0)
        try await eventually("c is active") {
            try await a.peers().contains { $0.state == "active" } ? true : nil
        }
        let (file, folder) = (scratch("bak"), scratch("node"))
        defer { for path in [file, folder] { remove(path) } }
        #expect(try a.run(["identity", "export", file], input: passphrase).code == 0)
        let before = try await a.peers()
        #expect(a.interrupt() == 0)
        let restored = try NodeUnderTest.run(
            ["identity", "import", file, "--data", folder], input: passphrase)
        #expect(restored.code == 0, "\(restored.errors)")
        let list = try NodeUnderTest.run(["peers", "list", "--json", "--data", folder])
        let after = try JSONDecoder().decode([PeerView].self, from: Data(list.output.utf8))
        func durable(_ peer: PeerView) -> [String?] {
            [
                peer.node, peer.state, peer.approval, "\(peer.approvedThere)", peer.label,
                peer.cutSequence.map { "\($0)" }, peer.cutID,
            ] + peer.given + [nil] + peer.endpoints
        }
        #expect(after.map(durable) == before.map(durable))
        let ended = try #require(after.first { $0.node == removed })
        // Its vouching for a, and its post.
        #expect(ended.state == "removed" && ended.cutSequence == 2 && ended.approval == nil)
        let active = try #require(after.first { $0.node != removed })
        #expect(active.approval == "operator" && active.given == [second])
    }

    @Test func whoWasTurnedAwayAndDoesNotFitInIsNamed() throws {
        let node = try NodeUnderTest("crowd")
        let (log, _) = try EventLog.open(in: node.folder)
        var write = LogWrite()
        write.peers = (0..<1026).map { number in
            PeerRecord(
                node: NodeID(words: 1, 2, 3, number),
                state: number == 0 ? .rejected : number == 1 ? .active : .removed, cut: .nothing)
        }
        try log.write(write)
        try log.close()
        let made = try node.run(["identity", "export"], input: passphrase)
        #expect(made.code == 0)
        #expect(made.errors.contains("2 peers did not fit in"), "\(made.errors)")
        for (number, state) in [(0, "rejected"), (1025, "removed")] as [(UInt64, String)] {
            #expect(made.errors.contains("\(NodeID(words: 1, 2, 3, number).hex) \(state)"))
        }
        #expect(!made.errors.contains(NodeID(words: 1, 2, 3, 1).hex))
    }
}
