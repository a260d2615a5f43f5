import Core
import Federation
import NIOCore
import NIOSSL
import Synchronization
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// How links end.
    @Suite(.timeLimit(.minutes(2)))
    struct LinkEndTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        func port() -> TestPort { TestPort(node: key.node, peers: [peer.node: .active]) }

        func withEndpoint(
            _ port: TestPort, _ body: (PeerClient, Endpoint) async throws -> Void
        ) async throws {
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in try await body(client, endpoint) }
            }
        }

        func open(_ client: PeerClient, _ endpoint: Endpoint) async throws -> PeerLink {
            try await client.openLink(to: endpoint, pin: key.node, signedBy: peer)
        }

        /// The error of `body`, in a task that is cancelled when `isReady`.
        func cancelling(
            _ body: @escaping @Sendable () async throws(TransportError) -> Void,
            when isReady: () async throws -> Void
        ) async throws -> TransportError? {
            try await withThrowingTaskGroup(of: TransportError?.self) { group in
                group.addTask {
                    do throws(TransportError) {
                        try await body()
                        return nil
                    } catch {
                        return error
                    }
                }
                try await isReady()
                group.cancelAll()
                return try await group.next() ?? nil
            }
        }

        @Test func closingEndsTheReadOfBothSides() async throws {
            let port = port()
            let (ends, end) = AsyncStream.makeStream(of: Bool.self)
            port.change {
                $0.carry = { link in
                    // An end in order is nil, anything else throws.
                    do { end.yield(try await link.read() == nil) } catch { end.yield(false) }
                }
            }
            try await withEndpoint(port) { client, endpoint in
                let link = try await open(client, endpoint)
                async let own = link.read()
                link.close()
                #expect(try await own == nil)
                var found = ends.makeAsyncIterator()
                #expect(await found.next() == true)
                link.close()
                #expect(try await link.read() == nil)
                await #expect(throws: TransportError.closed) { try await link.write([1]) }
                try await until { client.pool.openConnections == 0 }
            }
        }

        @Test func aReadThatIsCancelledClosesTheLink() async throws {
            try await withEndpoint(port()) { client, endpoint in
                let link = try await open(client, endpoint)
                let error = try await cancelling(
                    { () throws(TransportError) in
                        _ = try await link.read()
                    }, when: {})
                #expect(error == .cancelled)
                try await until { client.pool.openConnections == 0 }
                await #expect(throws: TransportError.closed) { try await link.write([1]) }
            }
        }

        @Test func aWriteThatIsCancelledClosesTheLink() async throws {
            let port = port()
            let (held, release) = AsyncStream.makeStream(of: Never.self)
            port.change { $0.carry = { _ in for await _ in held {} } }
            try await withEndpoint(port) { client, endpoint in
                let link = try await open(client, endpoint)
                let count = Mutex(0)
                let error = try await cancelling(
                    { () throws(TransportError) in
                        while true {
                            try await link.write([UInt8](repeating: 1, count: 100_000))
                            count.withLock { $0 += 1 }
                        }
                    }, when: { try await until { count.withLock { $0 } > 10 } })
                #expect(error == .cancelled)
                try await until { client.pool.openConnections == 0 }
                release.finish()
            }
        }

        @Test func anOpeningThatIsCancelledLeavesNoConnection() async throws {
            try await withSilentServer { endpoint in
                try await withClient { client in
                    let error = try await cancelling(
                        { () throws(TransportError) in
                            _ = try await client.openLink(
                                to: endpoint, pin: key.node, signedBy: peer)
                        }, when: {})
                    #expect(error == .cancelled)
                    #expect(client.pool.openConnections == 0)
                }
            }
        }

        @Test func aServerThatNeverAnswersIsGivenUp() async throws {
            var limits = ClientLimits()
            limits.handshakeTimeout = .milliseconds(300)
            var tls = try NodeCertificate.make(for: key).serverConfiguration()
            tls.applicationProtocols = [LinkHello.alpn]
            try await ScriptedServer("").run(tls) { endpoint in
                try await withClient(limits) { client in
                    await #expect(throws: TransportError.timedOut("the opening of the link")) {
                        try await client.openLink(to: endpoint, pin: key.node, signedBy: peer)
                    }
                    try await until { client.pool.openConnections == 0 }
                }
            }
        }

        @Test func closingTheClientEndsItsLinks() async throws {
            let port = port()
            try await withServer(port, key: key) { endpoint in
                let client = PeerClient(logger: silent)
                let link = try await open(client, endpoint)
                await client.close()
                #expect(try await link.read() == nil)
                await #expect(throws: TransportError.closed) { try await open(client, endpoint) }
            }
        }

        @Test(arguments: [true, false])
        func shutdownIsQuickWithAnOpenLink(_ isRead: Bool) async throws {
            let client = PeerClient(logger: silent)
            let begin = Mutex<ContinuousClock.Instant?>(nil)
            var link: PeerLink?
            try await withThrowingTaskGroup(of: Bool.self) { group in
                try await withServer(port(), key: key) { endpoint in
                    let opened = try await open(client, endpoint)
                    link = opened
                    // The node is there.
                    try await opened.write([1])
                    #expect(try await opened.read() == [1])
                    if isRead { group.addTask { try await opened.read() == nil } }
                    begin.withLock { $0 = .now }
                }
                let time = try #require(begin.withLock { $0 }).duration(to: .now)
                // Who does not read hears no goodbye, and gets a second for it.
                #expect(time < (isRead ? .milliseconds(900) : .seconds(3)))
                for try await isOver in group { #expect(isOver) }
            }
            let last = try #require(link)
            #expect(try await last.read() == nil)
            await client.close()
        }

        @Test func shutdownIsQuickBeforeTheHandshakeAndBeforeTheHello() async throws {
            let begin = Mutex<ContinuousClock.Instant?>(nil)
            var silentOne: [any Channel] = []
            var unproven: LinkOpening?
            try await withServer(port(), key: key) { endpoint in
                silentOne = try await holdOpen(endpoint, count: 1)
                unproven = try await linkOpening(endpoint, pin: key.node)
                begin.withLock { $0 = .now }
            }
            let time = try #require(begin.withLock { $0 }).duration(to: .now)
            #expect(time < .seconds(3))
            unproven?.connection.close()
            for channel in silentOne { try await channel.closeFuture.get() }
        }
    }
}

/// A connection that speaks links and on which nothing was said yet.
func linkOpening(_ endpoint: Endpoint, pin: NodeID) async throws -> LinkOpening {
    try await LinkOpening(
        endpoint, pin: pin, guardedBy: nil, context: ServerCheck.context([LinkHello.alpn]),
        limits: ClientLimits())
}
