import Core
import Federation
import Foundation
import NIOSSL
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// What a proven peer may answer.
    @Suite(.timeLimit(.minutes(2)))
    struct HostileServerTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        func attempt(
            _ server: ScriptedServer, _ limits: ClientLimits = ClientLimits()
        ) async throws -> Result<Response, TransportError> {
            let certificate = try NodeCertificate.make(for: key)
            return try await server.run(try certificate.serverConfiguration()) { endpoint in
                try await withClient(limits) { client in
                    do throws(TransportError) {
                        let got = try await client.send(
                            .status, to: endpoint, pin: key.node, signedBy: peer)
                        return .success(got.response)
                    } catch {
                        return .failure(error)
                    }
                }
            }
        }

        func expectBad(
            _ server: ScriptedServer, _ limits: ClientLimits = ClientLimits(),
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            let result = try await attempt(server, limits)
            guard case .failure(.badResponse) = result else {
                Issue.record("\(result)", sourceLocation: location)
                return
            }
        }

        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/cbor\r\n"

        @Test func endlessHeadersAreRefused() async throws {
            try await expectBad(
                ScriptedServer(head, endless: "x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n"))
            try await expectBad(ScriptedServer(head + "x: ", endless: "yyyyyyyyyyyyyyyyyyyyyyyy"))
        }

        @Test func anEndlessBodyIsRefused() async throws {
            var limits = ClientLimits()
            limits.responseBytes = 100_000
            let endless = "1000\r\n" + String(repeating: "a", count: 4096) + "\r\n"
            let server = ScriptedServer(
                head + "transfer-encoding: chunked\r\n\r\n", endless: endless)
            #expect(try await attempt(server, limits) == .failure(.tooLarge))
            let noLength = ScriptedServer(
                head + "\r\n", endless: String(repeating: "a", count: 4096))
            #expect(try await attempt(noLength, limits) == .failure(.tooLarge))
        }

        @Test func aLengthThatIsTooLargeIsRefusedAtOnce() async throws {
            let server = ScriptedServer(head + "content-length: 99999999\r\n\r\n")
            #expect(try await attempt(server) == .failure(.tooLarge))
        }

        @Test func aBodyThatEndsEarlyIsRefused() async throws {
            let server = ScriptedServer(head + "content-length: 100\r\n\r\nabc", closes: true)
            let result = try await attempt(server)
            guard case .failure(let error) = result else {
                Issue.record("\(result)")
                return
            }
            #expect([.closed, .badResponse("")].contains(error) || "\(error)".contains("HTTP"))
        }

        @Test func aBodyThatNeverComesTimesOut() async throws {
            var limits = ClientLimits()
            limits.responseTimeout = .milliseconds(500)
            let server = ScriptedServer(head + "content-length: 100\r\n\r\nabc")
            #expect(try await attempt(server, limits) == .failure(.timedOut("the response")))
            #expect(
                try await attempt(ScriptedServer(""), limits) == .failure(.timedOut("the response"))
            )
        }

        @Test func twoLengthsAreRefused() async throws {
            try await expectBad(
                ScriptedServer(head + "content-length: 1\r\ncontent-length: 2\r\n\r\nab"))
        }

        @Test func garbageCBORIsRefused() async throws {
            for body in ["", "\0", "abc", "\u{01}"] {
                try await expectBad(
                    ScriptedServer(head + "content-length: \(body.utf8.count)\r\n\r\n\(body)"))
            }
        }

        @Test func bytesAfterTheAnswerCostTheConnection() async throws {
            let body = Response.outcomes([.stored]).encoded()
            let text = head + "content-length: \(body.count)\r\n\r\n"
            let server = ScriptedServer(
                bytes: Array(text.utf8) + body + Array(text.utf8) + body)
            let certificate = try NodeCertificate.make(for: key)
            try await server.run(try certificate.serverConfiguration()) { endpoint in
                try await withClient { client in
                    for _ in 0..<2 {
                        let got = try await client.send(
                            .status, to: endpoint, pin: key.node, signedBy: peer)
                        #expect(got.response == .outcomes([.stored]))
                    }
                }
            }
            // The second request took a new connection: an answer that was not asked for is never
            // taken for one.
            #expect(server.connections == 2)
        }

        @Test func aConnectionThatDiesWhileItRestsCostsNoError() async throws {
            let body = Response.outcomes([.stored]).encoded()
            let text = head + "content-length: \(body.count)\r\n\r\n"
            let server = ScriptedServer(bytes: Array(text.utf8) + body, closes: true)
            let certificate = try NodeCertificate.make(for: key)
            try await server.run(try certificate.serverConfiguration()) { endpoint in
                try await withClient { client in
                    for _ in 0..<30 {
                        let got = try await client.send(
                            .status, to: endpoint, pin: key.node, signedBy: peer)
                        #expect(got.response == .outcomes([.stored]))
                    }
                }
            }
            #expect(server.connections == 30)
        }

        @Test func aRedirectIsNotFollowed() async throws {
            for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent"] {
                let server = ScriptedServer(
                    "HTTP/1.1 \(status)\r\nlocation: https://127.0.0.1:1/\r\n"
                        + "content-length: 0\r\n\r\n"
                )
                try await expectBad(server)
                #expect(server.connections == 1)
            }
        }

        @Test func endlessChallengesAreAnsweredOnce() async throws {
            let server = ScriptedServer(
                "HTTP/1.1 401 No\r\nteambook-challenge: abc\r\ncontent-length: 0\r\n"
                    + "connection: close\r\n\r\n"
            )
            try await expectBad(server)
            #expect(server.connections == 2)
            let requests = String(decoding: server.bytes, as: UTF8.self)
            #expect(requests.components(separatedBy: "GET /api").count - 1 == 2)
            #expect(requests.components(separatedBy: "teambook-challenge: abc").count - 1 == 1)
        }

        @Test func garbageInsteadOfHTTPIsRefused() async throws {
            try await expectBad(ScriptedServer("SSH-2.0-OpenSSH\r\n\r\n\r\n"))
        }

        @Test func aHandshakeThatNeverEndsTimesOut() async throws {
            var limits = ClientLimits()
            limits.handshakeTimeout = .milliseconds(500)
            try await withSilentServer { endpoint in
                try await withClient(limits) { client in
                    await #expect(throws: TransportError.timedOut("the TLS handshake")) {
                        try await client.send(.status, to: endpoint, pin: key.node, signedBy: peer)
                    }
                }
            }
        }

        @Test func connectionsAreBounded() async throws {
            var limits = ClientLimits()
            limits.connections = 1
            limits.handshakeTimeout = .seconds(5)
            try await withSilentServer { endpoint in
                try await withClient(limits) { client in
                    await withTaskGroup(of: TransportError?.self) { group in
                        for _ in 0..<2 {
                            group.addTask {
                                do throws(TransportError) {
                                    _ = try await client.send(
                                        .status, to: endpoint, pin: key.node, signedBy: peer)
                                    return nil
                                } catch {
                                    return error
                                }
                            }
                        }
                        let first = await group.next()
                        #expect(first == .tooManyConnections)
                        group.cancelAll()
                        let second = await group.next()
                        #expect(second == .cancelled)
                    }
                }
            }
        }

        @Test func hostileStreamsAreRefused() async throws {
            let start = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
            var limits = ClientLimits()
            limits.streamLineBytes = 10_000
            let certificate = try NodeCertificate.make(for: key)
            for server in [
                ScriptedServer(start + "data: ", endless: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                ScriptedServer(start + "event: page\ndata: !!!\n\n"),
                ScriptedServer(start + "event: page\ndata: AAAA\n\n"),
                ScriptedServer(start + "event: page\n", endless: "data: aaaaaaaaaaaaaa\n"),
            ] {
                try await server.run(try certificate.serverConfiguration()) { endpoint in
                    try await withClient(limits) { client in
                        await #expect {
                            try await client.stream(
                                since: nil, from: endpoint, pin: key.node, signedBy: peer
                            ) { _ in true }
                        } throws: { error in
                            guard case .badResponse = error as? TransportError else { return false }
                            return true
                        }
                    }
                }
            }
        }
    }
}
