import FederationAPI
import Foundation
import Testing

/// docs/ORIGIN_DEFECTS.md, as far as it takes a process to see it.
@Suite(.timeLimit(.minutes(5)))
struct OriginDefectTests {
    private func announced(listening host: String) async throws -> [String] {
        let node = try NodeUnderTest("wildcard")
        try await node.start(["--listen", host + ":0"])
        let view: StatusView = try await node.socket.get("/api/federation/status")
        return view.listening
    }

    /// 10.
    @Test(arguments: ["0.0.0.0", "[::]"])
    func aWildcardIsNeverAnAddressThatPeersAreTold(_ host: String) async throws {
        let endpoints = try await announced(listening: host)
        #expect(!endpoints.isEmpty)
        for text in endpoints {
            let endpoint = try #require(Endpoint(text))
            #expect(endpoint.host != "0.0.0.0" && endpoint.host != "::")
            #expect(endpoint.port != 0)
        }
    }

    /// 15.
    @Test func aNodeWithAFolderOfItsOwnLeavesTheHomeFolderAlone() throws {
        let home = NSTemporaryDirectory() + "federate-home-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        // A temporary folder.
        defer { try? FileManager.default.removeItem(atPath: home) }
        for arguments in [["init"], ["identity"], ["post", "hello"], ["log"]] {
            let process = Process()
            process.executableURL = NodeUnderTest.binary
            process.arguments = arguments + ["--data", home + "-data"]
            process.environment = ["HOME": home, "PATH": "/usr/bin:/bin"]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            process.standardInput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(arguments)")
        }
        defer { try? FileManager.default.removeItem(atPath: home + "-data") }  // temporary too
        #expect(try FileManager.default.contentsOfDirectory(atPath: home).isEmpty)
        #expect(FileManager.default.fileExists(atPath: home + "-data/identity.key"))
    }
}
