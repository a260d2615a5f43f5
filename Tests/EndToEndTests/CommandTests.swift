import Foundation
import Testing

/// The commands as a user types them, on folders without a running node.
@Suite(.timeLimit(.minutes(3)))
struct CommandTests {
    @Test func wrongUsageEndsWithTwoAndSaysWhatIsRight() throws {
        for arguments in [["frobnicate"], ["post"], ["compare", "--placement", "nowhere"]] {
            let result = try NodeUnderTest.run(arguments)
            #expect(result.code == 2, "\(arguments)")
            #expect(!result.errors.isEmpty)
            #expect(result.output.isEmpty)
        }
    }

    @Test func helpEndsWithZero() throws {
        let result = try NodeUnderTest.run(["--help"])
        #expect(result.code == 0)
        #expect(result.output.contains("simulate"))
    }

    @Test func aFolderWithoutANodeIsSaidSo() throws {
        let result = try NodeUnderTest.run(["status", "--data", "/nonexistent/federate"])
        #expect(result.code == 1)
        #expect(result.errors.contains("federate init"))
    }

    @Test func initNeverReplacesANode() throws {
        let node = try NodeUnderTest("twice")
        let key = try String(contentsOfFile: node.folder + "/identity.key", encoding: .utf8)
        let again = try node.run(["init"])
        #expect(again.code == 1)
        #expect(try String(contentsOfFile: node.folder + "/identity.key", encoding: .utf8) == key)
    }

    @Test func theKeyIsReadableByItsOwnerOnly() throws {
        let node = try NodeUnderTest("mode")
        let path = node.folder + "/identity.key"
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let result = try node.run(["identity"])
        #expect(result.code == 1)
        #expect(result.errors.contains("chmod 600"))
    }

    @Test(arguments: [
        ("label = \"a\"\nlisten = = 3\n", "line 2"),
        ("label = \"a\"\nlisen = \"x\"\n", "lisen (line 2)"),
        ("[federation.policy]\nmax_peers = \"many\"\n", "max_peers (line 2)"),
        ("listen = \"nowhere\"\n", "host:port"),
        ("label = \"[.a]\" # [.b]\n[über]\n", "line 2"),
        ("[federation.policy]\nmax_peers = 1979-05-27Tx\n", "line 2"),
        ("[federation]\njoin_secret = \"short\"\n", "16 bytes"),
    ])
    func garbageInTheConfigurationIsNamedByLine(text: String, expected: String) throws {
        let node = try NodeUnderTest("toml")
        try text.write(toFile: node.folder + "/config.toml", atomically: false, encoding: .utf8)
        let result = try node.run(["status"])
        #expect(result.code == 1)
        #expect(result.errors.contains(expected), "\(result.errors)")
    }

    @Test func aHumanWhoIsNotListedCannotBePostedFor() throws {
        let node = try NodeUnderTest("human", initialize: ["--human", "alice"])
        #expect(try node.run(["post", "hello", "--author", "human:alice"]).code == 0)
        let refused = try node.run(["post", "hello", "--author", "human:mallory"])
        #expect(refused.code == 1)
        #expect(refused.errors.contains("[authors]"))
        #expect(try node.run(["log", "--json"]).output.split(separator: "\n").count == 1)
    }

    @Test func exportAndImportAreInverseByteForByte() throws {
        let a = try NodeUnderTest("export")
        let lines = #"""
            {"body":"text with \"quotes\", ünïcode, \u0000 and a newline\n"}
            {"bodyBase64":"_w","kind":"blob"}
            {"body":"","author":"ai:assistant-1"}
            """#
        #expect(try a.run(["post", "--lines"], input: lines).code == 0)
        let exported = try a.run(["export"]).output
        #expect(exported.split(separator: "\n").count == 3)

        let b = try NodeUnderTest("import")
        // Whose events nobody here knows wait: the operator says who may write.
        let waiting = try b.run(["import", "-"], input: exported)
        #expect(waiting.output == "3 set aside\n")
        #expect(waiting.errors.contains("origins"), "\(waiting.errors)")
        #expect(try b.run(["log"]).output.isEmpty)
        try b.configure("origins = []", "origins = [\"\(try a.node())\"]")
        let imported = try b.run(["import", "-"], input: exported)
        #expect(imported.code == 0)
        #expect(["3 stored\n", "3 already held\n"].contains(imported.output))
        #expect(try b.run(["export"]).output == exported)
        #expect(try b.run(["import", "-"], input: exported).output == "3 already held\n")
    }

    @Test func anImportedEventThatWasChangedIsRefusedAndTheRestIsTaken() throws {
        let a = try NodeUnderTest("source")
        for text in ["one", "two"] { #expect(try a.run(["post", text]).code == 0) }
        let exported = try a.run(["export"]).output
        let changed = exported.replacingOccurrences(
            of: "\"body\":\"one\"", with: "\"body\":\"owe\"")
        #expect(changed != exported)
        let b = try NodeUnderTest("target")
        try b.configure("origins = []", "origins = [\"\(try a.node())\"]")
        let result = try b.run(["import", "-"], input: changed + "not json\n")
        #expect(result.code == 1)
        #expect(result.output.contains("1 bad-body"))
        #expect(result.output.contains("1 malformed"))
        #expect(result.output.contains("1 stored"))
    }

    @Test func theHistoryOfAGitRepositoryBecomesEvents() throws {
        let repository = NSTemporaryDirectory() + "federate-git-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: repository) }  // temporary
        let commit = "cd \(repository) && git -c user.name=A -c user.email=a@example.org commit -q"
        let commands = [
            "git init -q \(repository)", commit + " --allow-empty -m first",
            commit + " --allow-empty -m second -m body",
        ]
        for command in commands {
            let shell = try Process.run(
                URL(fileURLWithPath: "/bin/sh"), arguments: ["-c", command])
            shell.waitUntilExit()
            try #require(shell.terminationStatus == 0)
        }
        let node = try NodeUnderTest("git")
        #expect(try node.run(["import", "--git", repository]).output == "2 stored\n")
        let log = try node.run(["log", "--kind", "git.commit", "--json"]).output
        #expect(log.contains("first") && log.contains("a@example.org"))
    }
}
