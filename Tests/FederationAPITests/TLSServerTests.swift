import Core
import Federation
import Foundation
import NIOCore
import NIOSSL
import Synchronization
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// The server's side of TLS.
    @Suite(.timeLimit(.minutes(2)))
    struct TLSServerTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        func port() -> TestPort { TestPort(node: key.node, peers: [peer.node: .active]) }

        @Test func aClientWithoutTLS13IsRefused() async throws {
            try await withServer(port(), key: key) { endpoint in
                for version in ["-tls1_2", "-tls1_3"] {
                    let output = try await Program.run(
                        "/usr/bin/openssl",
                        ["s_client", "-connect", "\(endpoint.host):\(endpoint.port)", version])
                    guard let output else { return }
                    let isNew = version == "-tls1_3"
                    #expect(output.contains("TLSv1.3, Cipher is TLS_") == isNew)
                    #expect(output.contains("protocol version") != isNew)
                }
            }
        }

        @Test(arguments: [[], [0x16], [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]] as [[UInt8]])
        func aHandshakeThatDoesNotEndIsCutOff(_ start: [UInt8]) async throws {
            var limits = ServerLimits()
            limits.handshakeTimeout = .milliseconds(300)
            try await withServer(port(), key: key, limits: limits) { endpoint in
                let begin = ContinuousClock.now
                let bytes = try await plainExchange(endpoint, start, waits: true)
                #expect(bytes.isEmpty)
                let time = begin.duration(to: .now)
                #expect(time > .milliseconds(250) && time < .seconds(5))
            }
        }

        @Test func aHalfOpenConnectionEndsAtOnceOrInItsTime() async throws {
            var limits = ServerLimits()
            limits.handshakeTimeout = .milliseconds(300)
            try await withServer(port(), key: key, limits: limits) { endpoint in
                for start: [UInt8] in [
                    [], [0x16, 0x03, 0x01], Array("GET / HTTP/1.1\r\n\r\n".utf8),
                ] {
                    let begin = ContinuousClock.now
                    _ = try await plainExchange(endpoint, start, waits: false)
                    #expect(begin.duration(to: .now) < .seconds(5))
                }
            }
        }

        @Test func sessionsAreResumedByOthersAndTheServerStaysTheSame() async throws {
            try await withServer(port(), key: key) { endpoint in
                try await withFolder { folder in
                    func connect(_ arguments: [String]) async throws -> String? {
                        try await Program.run(
                            "/usr/bin/openssl",
                            ["s_client", "-connect", "\(endpoint.host):\(endpoint.port)"]
                                + ["-alpn", "http/1.1", "-ign_eof"] + arguments,
                            input: "GET /api/federation/identity HTTP/1.1\r\nhost: x\r\n"
                                + "connection: close\r\n\r\n", in: folder)
                    }
                    guard let first = try await connect(["-sess_out", "session"]) else { return }
                    #expect(first.contains("New, TLSv1.3"))
                    #expect(first.contains(key.node.hex))
                    let second = try #require(try await connect(["-sess_in", "session"]))
                    #expect(second.contains("Reused, TLSv1.3"))
                    #expect(second.contains(key.node.hex))
                }
            }
        }

        @Test func ourClientChecksTheServerOnEveryConnection() async throws {
            try await withServer(port(), key: key) { endpoint in
                // The other node listens where the first one did: a session that was resumed would
                // not notice.
                try await withClient { client in
                    for _ in 0..<5 {
                        let found = try await client.identity(at: endpoint, pin: key.node)
                        #expect(found.node == key.node)
                        await #expect(
                            throws: TransportError.wrongIdentity(
                                expected: peer.node, found: key.node)
                        ) {
                            try await client.identity(at: endpoint, pin: peer.node)
                        }
                    }
                }
            }
        }
    }

    /// The certificate that renews itself.
    @Suite(.timeLimit(.minutes(2)))
    struct CertificateRenewalTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        /// A clock and a timer that the test moves.
        final class Calendar: Sendable {
            let date: Mutex<Date>
            let looks = AsyncStream.makeStream(of: Void.self)
            let waiting = Mutex(0)

            init(_ date: Date) { self.date = Mutex(date) }

            /// Becomes `date` and lets the renewal look once; returns when it waits again.
            func move(to date: Date) async throws {
                let before = waiting.withLock { $0 }
                self.date.withLock { $0 = date }
                looks.continuation.yield()
                try await until { waiting.withLock { $0 } > before }
            }

            @Sendable func wait(_ interval: Duration) async throws {
                waiting.withLock { $0 += 1 }
                #expect(interval == .seconds(86_400))
                for await _ in looks.stream { return }
                throw CancellationError()
            }
        }

        func days(_ count: Double) -> Date { Date().addingTimeInterval(count * 86_400) }

        /// A server whose certificate was made 340 days ago.
        func withOldServer(
            _ path: String, _ calendar: Calendar,
            _ body: (Endpoint, _ old: NodeCertificate, _ renewed: @escaping () -> [Digest])
                async throws -> Void
        ) async throws {
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            let old = try NodeCertificate.load(
                orMakeAt: path, for: key, now: calendar.date.withLock { $0 })
            let told = Mutex<[Digest]>([])
            let renewal = CertificateRenewal(
                path: path, key: key, now: { calendar.date.withLock { $0 } }, wait: calendar.wait
            ) { certificate in told.withLock { $0.append(certificate.tlsKey) } }
            let (ready, continuation) = AsyncStream.makeStream(of: Int.self)
            let server = FederationServer(
                port: port, certificate: old, renewal: renewal, host: "127.0.0.1", portNumber: 0,
                logger: silent
            ) { _, number in continuation.yield(number) }
            try await withService(server, ready: ready) { number in
                try await until { calendar.waiting.withLock { $0 } > 0 }
                try await body(Endpoint(host: "127.0.0.1", port: number), old) {
                    told.withLock { $0 }
                }
            }
        }

        /// What openssl says of a connection; nil where there is no openssl.
        func connect(
            _ endpoint: Endpoint, _ arguments: [String], in folder: String
        ) async throws -> String? {
            try await Program.run(
                "/usr/bin/openssl",
                ["s_client", "-connect", "\(endpoint.host):\(endpoint.port)", "-ign_eof"]
                    + arguments,
                input: "GET /api/federation/identity HTTP/1.1\r\nhost: x\r\n"
                    + "connection: close\r\n\r\n", in: folder)
        }

        @Test func itIsReplacedForNewConnectionsWhileOldOnesGoOn() async throws {
            try await withFolder { folder in
                let path = folder + "/tls.pem"
                let calendar = Calendar(days(-340))
                try await withOldServer(path, calendar) { endpoint, old, renewed in
                    try await withClient { kept in
                        func ask(_ client: PeerClient) async throws -> Digest {
                            try await client.send(
                                .status, to: endpoint, pin: key.node, signedBy: peer
                            ).tlsKey
                        }
                        #expect(try await ask(kept) == old.tlsKey)
                        let first = try await connect(
                            endpoint, ["-sess_out", "session"], in: folder)
                        // 35 days are left.
                        try await calendar.move(to: days(-10))
                        #expect(renewed() == [])
                        #expect(
                            try await kept.identity(at: endpoint, pin: nil).tlsKey == old.tlsKey)
                        // 25 days are left.
                        try await calendar.move(to: days(0))
                        let new = try NodeCertificate.load(orMakeAt: path, for: key)
                        #expect(new.tlsKey != old.tlsKey)
                        #expect(renewed() == [new.tlsKey])
                        let mode = try FileManager.default.attributesOfItem(atPath: path)[
                            .posixPermissions]
                        #expect(mode as? Int == 0o600)
                        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
                        #expect(
                            files.sorted() == (first == nil ? ["tls.pem"] : ["session", "tls.pem"]))
                        #expect(try await ask(kept) == old.tlsKey)
                        try await withClient { fresh in
                            let seen = try await ask(fresh)
                            #expect(seen == new.tlsKey)
                        }
                        let view = try await Program.run(
                            "/usr/bin/curl", ["-sSk", "\(endpoint)/api/federation/identity"])
                        #expect(view?.contains(new.tlsKey.hex) ?? true)
                        // A session of the old certificate is not taken up again.
                        let resumed = try await connect(
                            endpoint, ["-sess_in", "session"], in: folder)
                        #expect(resumed?.contains("New, TLSv1.3") ?? true)
                        // Once.
                        try await calendar.move(to: days(1))
                        #expect(renewed() == [new.tlsKey])
                    }
                }
            }
        }

        @Test func aLinkIsProvenForTheCertificateThatItsConnectionWasShown() async throws {
            try await withFolder { folder in
                let calendar = Calendar(days(-340))
                try await withOldServer(folder + "/tls.pem", calendar) { endpoint, old, renewed in
                    let opening = try await linkOpening(endpoint, pin: key.node)
                    try await calendar.move(to: days(0))
                    #expect(renewed().count == 1)
                    let nonce = try #require(try await opening.connection.read(32))
                    let hello = LinkHello(
                        signing: nonce, to: key.node, tlsKey: old.tlsKey, key: peer, at: 1)
                    try await opening.connection.write(hello.encoded)
                    #expect(try await opening.connection.read(1) == [0])
                    opening.connection.close()
                    // And the next one for the new certificate.
                    try await withClient { client in
                        _ = try await client.openLink(to: endpoint, pin: key.node, signedBy: peer)
                    }
                }
            }
        }

        @Test func whatCanNotBeWrittenIsTriedAgainTheNextDay() async throws {
            try await withFolder { folder in
                let inner = folder + "/data"
                try FileManager.default.createDirectory(
                    atPath: inner, withIntermediateDirectories: false)
                let path = inner + "/tls.pem"
                let calendar = Calendar(days(-340))
                try await withOldServer(path, calendar) { endpoint, old, renewed in
                    try await withClient { client in
                        try FileManager.default.moveItem(atPath: inner, toPath: folder + "/away")
                        try await calendar.move(to: days(0))
                        #expect(renewed() == [])
                        let found = try await client.identity(at: endpoint, pin: key.node)
                        #expect(found.tlsKey == old.tlsKey)
                        try FileManager.default.moveItem(atPath: folder + "/away", toPath: inner)
                        try await calendar.move(to: days(0))
                        let later = try await client.identity(at: endpoint, pin: key.node)
                        #expect(renewed() == [later.tlsKey])
                        #expect(later.tlsKey != old.tlsKey)
                    }
                }
            }
        }
    }
}
