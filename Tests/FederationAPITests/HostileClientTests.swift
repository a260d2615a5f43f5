import Core
import Federation
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// Callers that never end, never read or never stop.
    @Suite(.timeLimit(.minutes(2)))
    struct HostileClientTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        var limits: ServerLimits {
            var limits = ServerLimits()
            limits.idleTimeout = .seconds(2)
            limits.bodyTimeout = .milliseconds(300)
            limits.writeStall = .milliseconds(300)
            return limits
        }

        func withPort(_ body: (Endpoint, TestPort) async throws -> Void) async throws {
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            try await withServer(port, key: key, limits: limits) { endpoint in
                try await body(endpoint, port)
            }
        }

        func head(_ line: String, _ fields: String = "", isSigned: Bool = true) -> [UInt8] {
            let parts = line.split(separator: " ").map(String.init)
            let signature =
                isSigned
                ? RequestSignature.headers(
                    method: parts[0], target: parts[1], contentType: "application/cbor", body: [],
                    to: key.node, key: peer, now: .system()) : []
            let lines = signature.map { "\($0.name): \($0.value)\r\n" }.joined()
            return Array("\(line) HTTP/1.1\r\nhost: x\r\n\(lines)\(fields)\r\n".utf8)
        }

        func statuses(_ answer: String) -> [String] {
            answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { String($0.prefix(3)) }
        }

        /// What comes back until the server ends the connection, which it must within three
        /// seconds.
        func sendUntilTheEnd(
            _ endpoint: Endpoint, _ start: [UInt8], again: [UInt8], pause: Duration = .zero,
            at location: SourceLocation = #_sourceLocation
        ) async throws -> [String] {
            let begin = ContinuousClock.now
            let pieces = [start] + [[UInt8]](repeating: again, count: pause == .zero ? 4000 : 200)
            let answer = try await rawExchange(endpoint, pieces, pause: pause)
            #expect(begin.duration(to: .now) < .seconds(3), sourceLocation: location)
            return statuses(answer)
        }

        @Test func aThousandPipelinedRequestsAreAnsweredInOrder() async throws {
            try await withPort { endpoint, port in
                let bytes = (0..<1000).flatMap { _ in head("GET /api/federation/status") }
                let last = head("GET /api/federation/end")
                let answer = try await rawExchange(endpoint, [bytes + last], until: "not-found")
                #expect(statuses(answer) == [String](repeating: "200", count: 1000) + ["404"])
                #expect(port.asked.count == 1000)
            }
        }

        @Test func endlessHeadersEndTheConnection() async throws {
            try await withPort { endpoint, port in
                let begun = Array("GET /api/federation/identity HTTP/1.1\r\nhost: x\r\n".utf8)
                let many = Array("x: \(String(repeating: "y", count: 500))\r\n".utf8)
                #expect(try await sendUntilTheEnd(endpoint, begun, again: many) == ["400"])
                let wide = [UInt8](repeating: 0x61, count: 4096)
                let field = begun + Array("x: ".utf8)
                #expect(try await sendUntilTheEnd(endpoint, field, again: wide) == ["400"])
                let name = try await sendUntilTheEnd(endpoint, begun, again: wide)
                #expect(name == ["400"])
                let target = Array("GET /".utf8)
                #expect(try await sendUntilTheEnd(endpoint, target, again: wide) == ["400"])
                #expect(port.asked.isEmpty)
            }
        }

        @Test func chunkedBodiesWithoutEndAreRefusedAndEndTheConnection() async throws {
            let chunk = Array("1000\r\n\(String(repeating: "a", count: 4096))\r\n".utf8)
            let chunked = "transfer-encoding: chunked\r\n"
            try await withPort { endpoint, port in
                for (line, isSigned, status) in [
                    ("GET /api/federation/status", true, "413"),
                    ("POST /api/federation/events", true, "413"),
                    ("GET /api/federation/identity", false, "200"),
                    ("POST /api/federation/nothing", false, "404"),
                ] {
                    let start = head(line, chunked, isSigned: isSigned)
                    let found = try await sendUntilTheEnd(endpoint, start, again: chunk)
                    #expect(found == [status], "\(line)")
                }
                let register = head(
                    "POST /api/federation/register", "content-type: application/cbor\r\n" + chunked,
                    isSigned: false)
                #expect(try await sendUntilTheEnd(endpoint, register, again: chunk) == ["413"])
                // The size of a chunk may carry an extension, and that no end.
                let size = try await sendUntilTheEnd(
                    endpoint, register + Array("1;".utf8),
                    again: [UInt8](repeating: 0x61, count: 512), pause: .milliseconds(20))
                #expect(size == [])
                #expect(port.asked.isEmpty)
            }
        }

        @Test func endlessTrailersEndTheConnection() async throws {
            try await withPort { endpoint, port in
                let register = head(
                    "POST /api/federation/register",
                    "content-type: application/cbor\r\ntransfer-encoding: chunked\r\n",
                    isSigned: false)
                let start = register + Array("1\r\na\r\n0\r\n".utf8)
                let trailer = Array("x: \(String(repeating: "y", count: 500))\r\n".utf8)
                let found = try await sendUntilTheEnd(endpoint, start, again: trailer)
                #expect(found == ["400"] || found == [])
                #expect(port.asked.isEmpty)
            }
        }

        @Test func aDrippingBodyEndsEvenWhereNobodyWantsIt() async throws {
            try await withPort { endpoint, port in
                let length = "content-type: application/cbor\r\ncontent-length: 5000\r\n"
                for (path, statuses) in [("nothing", ["404"]), ("register", [])] {
                    let start = head("POST /api/federation/\(path)", length, isSigned: false)
                    let found = try await sendUntilTheEnd(
                        endpoint, start, again: [0x61], pause: .milliseconds(20))
                    #expect(found == statuses)
                }
                #expect(port.asked.isEmpty)
            }
        }

        @Test func theBodyOfWhoIsNoActivePeerIsNotRead() async throws {
            let port = TestPort(node: key.node, peers: [peer.node: .removed])
            port.change { $0.answer = { _ in .refused(Refusal(.removed, "gone")) } }
            try await withServer(port, key: key) { endpoint in
                let start = head("POST /api/federation/events", "content-length: 4000000\r\n")
                let begin = ContinuousClock.now
                let answer = try await rawExchange(endpoint, [start], until: "}")
                #expect(statuses(answer) == ["403"])
                #expect(answer.contains(#""code":"removed""#))
                #expect(begin.duration(to: .now) < .seconds(5))
                #expect(port.asked == [.status])
            }
        }

        @Test func aPeersBodiesAtOnceAreBounded() async throws {
            var limits = ServerLimits()
            limits.bodiesPerPeer = 2
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            try await withServer(port, key: key, limits: limits) { endpoint in
                // Three whose bodies never come.
                try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<3 {
                        group.addTask {
                            let start = head(
                                "POST /api/federation/events", "content-length: 4000000\r\n")
                            return try await rawExchange(endpoint, [start], until: "}")
                        }
                    }
                    let first = try await group.next() ?? ""
                    #expect(statuses(first) == ["503"])
                    #expect(first.contains(#""code":"busy""#))
                    group.cancelAll()
                    // What was cancelled says so.
                    while await group.nextResult() != nil {}
                }
                // Those that were given up leave their places.
                try await withClient { client in
                    while true {
                        let got = try await client.send(
                            .push(Batch([])), to: endpoint, pin: key.node, signedBy: peer)
                        if got.response == .outcomes([.stored]) { break }
                    }
                }
                #expect(port.asked == [.push(Batch([]))])
            }
        }

        @Test func whoDoesNotReadItsAnswerIsCutOff() async throws {
            let body = [UInt8](repeating: 65, count: 65_000)
            let events = (1...60).map { Sample.event(key, $0, body: body) }
            try await withPort { endpoint, port in
                port.change { $0.answer = { _ in .events(Batch(events)) } }
                var tls = TLSConfiguration.makeClientConfiguration()
                tls.certificateVerification = .none
                let context = try NIOSSLContext(configuration: tls)
                let requests = (0..<20).flatMap { _ in head("GET /api/federation/status") }
                let channel = try await ClientBootstrap(
                    group: .singletonMultiThreadedEventLoopGroup
                ).connect(host: endpoint.host, port: endpoint.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: nil))
                        return channel
                    }
                }
                // A first byte, which leaves when the handshake is over. From then on nothing is
                // read, and 80 MB are asked for.
                try await channel.writeAndFlush(ByteBuffer(bytes: requests.prefix(1)))
                try await channel.setOption(.autoRead, value: false).get()
                try await channel.writeAndFlush(ByteBuffer(bytes: requests.dropFirst()))
                try await until { !port.asked.isEmpty }
                // The slowness itself is what is tested.
                try await Task.sleep(for: .seconds(1.5))
                try await channel.setOption(.autoRead, value: true).get()
                try await channel.closeFuture.get()
                #expect(port.asked.count < 20, "the server ran ahead of the socket")
            }
        }
    }
}
