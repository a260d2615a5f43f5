import Core
import Federation
import Foundation
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// The examples of docs/PROTOCOL, by the client that everybody has.
    @Suite(.timeLimit(.minutes(2)))
    struct CurlTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        /// What curl prints, or nil where there is no curl.
        func curl(_ arguments: [String]) async throws -> String? {
            try await Program.run("/usr/bin/curl", ["-sS", "--max-time", "20"] + arguments)
        }

        func withPort(_ body: (Endpoint, TestPort) async throws -> Void) async throws {
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            try await withServer(port, key: key) { try await body($0, port) }
        }

        @Test func identityIsReadByAnybody() async throws {
            try await withPort { endpoint, _ in
                let answer = try await curl(["-k", "\(endpoint)/api/federation/identity"])
                guard let answer else { return }
                let view: IdentityView = try ViewJSON.decode(Array(answer.utf8))
                #expect(view.node == key.node.hex)
            }
        }

        @Test func curlPinsTheTLSKeyThatTheNodeShows() async throws {
            try await withPort { endpoint, _ in
                let first = try await curl(["-k", "\(endpoint)/api/federation/identity"])
                guard let first else { return }
                let view: IdentityView = try ViewJSON.decode(Array(first.utf8))
                let hash = try #require(view.tlsKey.flatMap { Hex.decode($0) })
                for (bytes, isRight) in [(hash, true), ([UInt8](repeating: 0, count: 32), false)] {
                    let pin = "sha256//" + Data(bytes).base64EncodedString()
                    let answer = try await curl([
                        "-k", "--pinnedpubkey", pin, "\(endpoint)/api/federation/identity",
                    ])
                    #expect(answer?.contains(key.node.hex) == isRight)
                }
            }
        }

        @Test func aSignedRequestWorksAndAnUnsignedOneSaysWhy() async throws {
            try await withPort { endpoint, port in
                let target = "/api/federation/status"
                let plain = try await curl(["-k", "\(endpoint)\(target)"])
                guard let plain else { return }
                let problem: ProblemView = try ViewJSON.decode(Array(plain.utf8))
                #expect(problem.code == "unauthenticated")
                let fields = RequestSignature.headers(
                    method: "GET", target: target, contentType: "application/cbor", body: [],
                    to: key.node, key: peer, now: .system())
                let arguments = fields.flatMap { ["-H", "\($0.name): \($0.value)"] }
                let signed = try await curl(["-k"] + arguments + ["\(endpoint)\(target)"])
                #expect(signed == #"{"outcomes":["stored"]}"#)
                #expect(port.asked == [.status])
            }
        }

        @Test func theSocketServesCurl() async throws {
            let port = TestOperator(node: key.node)
            try await withOperator(port) { _, path in
                let answer = try await curl([
                    "--unix-socket", path, "http://localhost/api/federation/status",
                ])
                guard let answer else { return }
                let status: StatusView = try ViewJSON.decode(Array(answer.utf8))
                #expect(status.node == key.node.hex)
                let posted = try await curl([
                    "--unix-socket", path, "-d", #"{"author":"ai:assistant-1","body":"hello"}"#,
                    "http://localhost/api/federation/events",
                ])
                #expect(posted?.contains(#""sequence":1"#) == true)
            }
        }
    }
}
