import Core
import Federation
import Foundation
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// What strangers may send to the public port, byte by byte.
    @Suite(.timeLimit(.minutes(2)))
    struct BadRequestTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        func withPort(
            limits: ServerLimits = ServerLimits(), _ body: (Endpoint, TestPort) async throws -> Void
        ) async throws {
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            try await withServer(port, key: key, limits: limits) { endpoint in
                try await body(endpoint, port)
            }
        }

        /// A request with a good signature, to be damaged.
        func request(
            _ method: String = "POST", _ path: String = "/api/federation/events", body: [UInt8],
            type: String = "application/cbor", nonce: Nonce = .fresh(),
            extra: String = "", now: WallTime = .system(), to receiver: NodeID? = nil,
            signedBy signer: SecretKey? = nil
        ) -> [UInt8] {
            let fields = RequestSignature.headers(
                method: method, target: path, contentType: type, body: body,
                to: receiver ?? key.node, key: signer ?? peer, now: now, nonce: nonce)
            var text = "\(method) \(path) HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.count)\r\n"
            for field in fields { text += "\(field.name): \(field.value)\r\n" }
            text += extra + "\r\n"
            return Array(text.utf8) + body
        }

        func push() -> [UInt8] { Request.push(Batch([Sample.event(peer, 1)])).encoded() }

        func status(_ answer: String) -> String {
            String(answer.split(separator: " ").dropFirst().first ?? "nothing")
        }

        /// The status of the answer to some bytes.
        func send(_ endpoint: Endpoint, _ bytes: [UInt8]) async throws -> (String, String) {
            let answer = try await rawExchange(endpoint, [bytes], until: "}")
            return (status(answer), answer)
        }

        /// Expects a status.
        func check(
            _ endpoint: Endpoint, _ bytes: [UInt8], _ status: String,
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            let found = try await send(endpoint, bytes).0
            #expect(found == status, sourceLocation: location)
        }

        @Test func theGoodRequestIsAnswered() async throws {
            try await withPort { endpoint, port in
                let (status, answer) = try await send(endpoint, request(body: push()))
                #expect(status == "200")
                #expect(answer.hasSuffix(#"{"outcomes":["stored"]}"#))
                #expect(port.asked.count == 1)
            }
        }

        @Test func anUnsignedRequestGets401AndAChallenge() async throws {
            try await withPort { endpoint, port in
                let text = "GET /api/federation/status HTTP/1.1\r\nhost: x\r\n\r\n"
                let (status, answer) = try await send(endpoint, Array(text.utf8))
                #expect(status == "401")
                #expect(answer.lowercased().contains("\r\nteambook-challenge: "))
                #expect(answer.lowercased().contains("\r\naccept-signature: sig1=("))
                #expect(answer.contains("application/problem+json"))
                #expect(answer.contains(#""code":"unauthenticated""#))
                #expect(port.asked.isEmpty)
            }
        }

        @Test func aReplayedRequestIsRefused() async throws {
            try await withPort { endpoint, port in
                let bytes = request(body: push())
                try await check(endpoint, bytes, "200")
                let (status, answer) = try await send(endpoint, bytes)
                #expect(status == "401")
                #expect(answer.contains("seen before"))
                #expect(port.asked.count == 1)
            }
        }

        @Test(arguments: [-75, -3600, 75, 3600] as [Int64])
        func anExpiredOrFutureRequestIsRefused(_ offset: Int64) async throws {
            try await withPort { endpoint, port in
                let now = WallTime.system() + .seconds(offset)
                try await check(endpoint, request(body: push(), now: now), "401")
                #expect(port.asked.isEmpty)
            }
        }

        @Test func aMisaddressedRequestIsRefused() async throws {
            try await withPort { endpoint, port in
                let bytes = request(body: push(), to: SecretKey.test(9).node)
                try await check(endpoint, bytes, "421")
                #expect(port.asked.isEmpty)
            }
        }

        @Test func aChangedBodyIsRefused() async throws {
            try await withPort { endpoint, port in
                var bytes = request(body: push())
                bytes[bytes.count - 1] ^= 1
                let (status, answer) = try await send(endpoint, bytes)
                #expect(status == "401")
                #expect(answer.contains("Content-Digest"))
                #expect(port.asked.isEmpty)
            }
        }

        @Test func aSignatureIsOfNoUseOnAnotherRoute() async throws {
            try await withPort { endpoint, port in
                let text = String(
                    decoding: request("GET", "/api/federation/status", body: []), as: UTF8.self)
                let moved = text.replacingOccurrences(
                    of: "GET /api/federation/status", with: "GET /api/federation/peers")
                try await check(endpoint, Array(moved.utf8), "401")
                #expect(port.asked.isEmpty)
            }
        }

        @Test func aMessageOfAnotherRouteIsRefused() async throws {
            try await withPort { endpoint, port in
                let bytes = request("POST", "/api/federation/bodies", body: push())
                let (status, answer) = try await send(endpoint, bytes)
                #expect(status == "400")
                #expect(answer.contains("another route"))
                #expect(port.asked.isEmpty)
            }
        }

        @Test func everyTruncationOfAMessageIsRefused() async throws {
            try await withPort { endpoint, port in
                let whole = push()
                for length in stride(from: 0, to: whole.count, by: 17) {
                    let bytes = request(body: Array(whole[..<length]))
                    try await check(endpoint, bytes, "400")
                }
                try await check(endpoint, request(body: whole + [0]), "400")
                #expect(port.asked.isEmpty)
            }
        }

        @Test func jsonIsNotTakenOnThePublicPort() async throws {
            try await withPort { endpoint, port in
                let bytes = request(body: Array("{}".utf8), type: "application/json")
                try await check(endpoint, bytes, "415")
                let text =
                    "POST /api/federation/register HTTP/1.1\r\nhost: x\r\n"
                    + "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
                try await check(endpoint, Array(text.utf8), "415")
                #expect(port.asked.isEmpty)
            }
        }

        @Test func aPeerMayRemoveOnlyItself() async throws {
            try await withPort { endpoint, port in
                let other = "/api/federation/peers/\(SecretKey.test(9).node.hex)"
                try await check(endpoint, request("DELETE", other, body: []), "403")
                let own = "/api/federation/peers/\(peer.node.hex)"
                try await check(endpoint, request("DELETE", own, body: []), "200")
                #expect(port.asked == [.leave])
            }
        }

        @Test func anOversizeBodyIsRefusedByItsLengthAlone() async throws {
            try await withPort { endpoint, port in
                let head = String(decoding: request(body: []), as: UTF8.self).replacingOccurrences(
                    of: "content-length: 0", with: "content-length: 999999999")
                let (status, answer) = try await send(endpoint, Array(head.utf8))
                #expect(status == "413")
                #expect(answer.lowercased().contains("connection: close"))
                #expect(port.asked.isEmpty)
            }
        }

        @Test func anOversizeRegistrationInChunksIsRefused() async throws {
            try await withPort { endpoint, port in
                let head =
                    "POST /api/federation/register HTTP/1.1\r\nhost: x\r\n"
                    + "content-type: application/cbor\r\ntransfer-encoding: chunked\r\n\r\n"
                let chunk = "1000\r\n" + String(repeating: "a", count: 4096) + "\r\n"
                let pieces = [head] + [String](repeating: chunk, count: 4)
                let answer = try await rawExchange(
                    endpoint, pieces.map { Array($0.utf8) }, until: "}")
                #expect(status(answer) == "413")
                #expect(port.asked.isEmpty)
            }
        }

        @Test func oversizeHeadersEndTheConnection() async throws {
            try await withPort { endpoint, port in
                let long =
                    "GET /api/federation/identity HTTP/1.1\r\nhost: x\r\nx: "
                    + String(repeating: "a", count: 20_000) + "\r\n\r\n"
                let answer = try await rawExchange(endpoint, [Array(long.utf8)])
                #expect(status(answer) == "400")
                let many =
                    "GET /api/federation/identity HTTP/1.1\r\nhost: x\r\n"
                    + (0..<100).map { "x\($0): y\r\n" }.joined() + "\r\n"
                let second = try await rawExchange(endpoint, [Array(many.utf8)])
                #expect(status(second) == "400")
                #expect(port.asked.isEmpty)
            }
        }

        @Test(arguments: [
            "garbage\r\n\r\n", "\0\0\0\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n  x",
        ])
        func garbageEndsTheConnection(_ text: String) async throws {
            var limits = ServerLimits()
            limits.idleTimeout = .milliseconds(300)
            try await withPort(limits: limits) { endpoint, port in
                let answer = try await rawExchange(endpoint, [Array(text.utf8)])
                #expect(answer.isEmpty || ["400", "404"].contains(status(answer)), "\(answer)")
                #expect(port.asked.isEmpty)
            }
        }

        @Test func aSlowBodyIsCutOff() async throws {
            var limits = ServerLimits()
            limits.bodyTimeout = .milliseconds(300)
            try await withPort(limits: limits) { endpoint, port in
                let bytes = request(body: push())
                let start = ContinuousClock.now
                let pieces = [Array(bytes.dropLast(50))] + bytes.suffix(50).map { [$0] }
                let answer = try await rawExchange(endpoint, pieces, pause: .milliseconds(50))
                #expect(answer == "")
                #expect(start.duration(to: .now) < .seconds(2))
                #expect(port.asked.isEmpty)
            }
        }

        @Test func aSlowHeadIsCutOff() async throws {
            var limits = ServerLimits()
            limits.idleTimeout = .milliseconds(300)
            try await withPort(limits: limits) { endpoint, port in
                let start = ContinuousClock.now
                let pieces = Array("GET /api/federation/identity HTTP/1.1\r\nx: \r\n".utf8).map {
                    [$0]
                }
                let answer = try await rawExchange(endpoint, pieces, pause: .milliseconds(50))
                #expect(answer == "")
                #expect(start.duration(to: .now) < .seconds(2))
            }
        }

        @Test func anAnswerToARefusedBodyArrivesAndTheConnectionGoesOn() async throws {
            try await withPort { endpoint, port in
                let refused = request("POST", "/api/federation/nothing", body: push())
                let good = request(body: push())
                let answer = try await rawExchange(endpoint, [refused + good], until: "stored")
                #expect(status(answer) == "404")
                #expect(answer.contains("HTTP/1.1 200"))
                #expect(port.asked.count == 1)
            }
        }

        @Test func refusalsCarryTheirStatusInEveryEncoding() async throws {
            try await withPort { endpoint, port in
                for code in RefusalCode.allCases {
                    port.change {
                        $0.answer = { _ in
                            .refused(Refusal(code, "d", retryAfter: .milliseconds(1500)))
                        }
                    }
                    let json = try await send(
                        endpoint, request("GET", "/api/federation/status", body: []))
                    #expect(json.0 == "\(code.httpStatus)")
                    #expect(json.1.contains("application/problem+json"))
                    #expect(json.1.contains(#""code":"\#(code.rawValue)""#))
                    #expect(json.1.lowercased().contains("retry-after: 2"))
                }
            }
        }

        @Test func identityIsPublic() async throws {
            try await withPort { endpoint, _ in
                let text = "GET /api/federation/identity HTTP/1.1\r\nhost: x\r\n\r\n"
                let (status, answer) = try await send(endpoint, Array(text.utf8))
                #expect(status == "200")
                #expect(answer.contains(#""node":"\#(key.node.hex)""#))
            }
        }

        @Test func thePublicPortActsForNobody() async throws {
            try await withPort { endpoint, port in
                for (method, path) in [
                    ("POST", "shutdown"), ("POST", "sync"), ("POST", "peers"),
                    ("POST", "peers/\(peer.node.hex)/approve"),
                ] {
                    let bytes = request(method, "/api/federation/" + path, body: Array("{}".utf8))
                    let status = try await send(endpoint, bytes).0
                    #expect(["404", "405"].contains(status), "\(path)")
                }
                #expect(port.asked.isEmpty)
            }
        }
    }
}
