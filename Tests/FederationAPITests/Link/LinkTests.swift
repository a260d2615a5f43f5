import Core
import Federation
import NIOCore
import NIOSSL
import Synchronization
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// A link that is open.
    @Suite(.timeLimit(.minutes(2)))
    struct LinkTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        func port() -> TestPort { TestPort(node: key.node, peers: [peer.node: .active]) }

        /// A link to a port that carries it as `carry` says.
        func withLink(
            _ port: TestPort, limits: ServerLimits = ServerLimits(),
            client: ClientLimits = ClientLimits(), _ body: (PeerLink) async throws -> Void
        ) async throws {
            try await withServer(port, key: key, limits: limits) { endpoint in
                try await withClient(client) { client in
                    let link = try await client.openLink(
                        to: endpoint, pin: key.node, signedBy: peer)
                    try await body(link)
                    link.close()
                }
            }
        }

        /// Reads until so many bytes are there.
        func read(_ count: Int, from link: PeerLink) async throws -> [UInt8] {
            var all: [UInt8] = []
            while all.count < count, let bytes = try await link.read() { all += bytes }
            return all
        }

        func pattern(_ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ ($0 >> 8) ^ ($0 >> 16)) }
        }

        @Test func itCarriesBytesBothWays() async throws {
            try await withLink(port()) { link in
                let bytes = pattern(3_000_000)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await link.write(bytes) }
                    #expect(try await read(bytes.count, from: link) == bytes)
                    try await group.waitForAll()
                }
                #expect(link.node == key.node)
                #expect(link.caller.node == key.node)
            }
        }

        @Test func theNodeIsToldWhoCalls() async throws {
            let port = port()
            let wall: @Sendable () -> WallTime = { WallTime(microseconds: 1_234_567_000_000) }
            try await withServer(port, key: key) { endpoint in
                // A clock that is years behind is no reason to refuse: the nonce is fresh.
                try await withClient(wall: wall) { client in
                    let link = try await client.openLink(
                        to: endpoint, pin: key.node, signedBy: peer)
                    try await link.write([1])
                    #expect(try await link.read() == [1])
                }
            }
            #expect(
                port.state.withLock { $0.links } == [
                    FederationAPI.Caller(
                        node: peer.node, isSameHost: true, address: "127.0.0.1",
                        instance: Nonce.ownInstance, signedAt: 1_234_567)
                ])
        }

        @Test func whatWasWrittenBeforeTheEndArrives() async throws {
            let port = port()
            let bytes = pattern(900_000)
            // An end that comes too early is missed on the other side.
            port.change { $0.carry = { link in try? await link.write(bytes) } }
            try await withLink(port) { link in
                let found = try await read(.max, from: link)
                #expect(found == bytes)
                #expect(try await link.read() == nil)
            }
        }

        @Test func noMoreThanAPieceIsHandedOutAtOnce() async throws {
            let port = port()
            // An end that comes too early is missed on the other side.
            port.change { $0.carry = { link in try? await link.write(pattern(5_000_000)) } }
            try await withLink(port) { link in
                var total = 0
                while let bytes = try await link.read() {
                    #expect(!bytes.isEmpty && bytes.count <= 262_144)
                    total += bytes.count
                }
                #expect(total == 5_000_000)
            }
        }

        @Test func whatTheNetworkCarriedIsCounted() async throws {
            let (counts, count) = AsyncStream.makeStream(of: WireBytes.self)
            let port = port()
            port.change {
                $0.carry = { link in
                    // However the link ends, what it carried was counted.
                    _ = try? await link.read()
                    count.yield(link.takeWireBytes())
                }
            }
            try await withServer(port, key: key) { endpoint in
                try await withRelay(to: endpoint) { endpoint, relay in
                    try await withClient { client in
                        let link = try await client.openLink(
                            to: endpoint, pin: key.node, signedBy: peer)
                        try await link.write([UInt8](repeating: 1, count: 512))
                        var found = counts.makeAsyncIterator()
                        let server = try #require(await found.next())
                        #expect(try await link.read() == nil)
                        let own = link.takeWireBytes()
                        #expect(own.sent >= relay.counted.sent - 100)
                        #expect(own.sent <= relay.counted.sent + 100)
                        // The server's count begins after the handshake: hello and piece, each in
                        // a record of 22 bytes more.
                        #expect(server.received == 112 + 22 + 512 + 22)
                        #expect(link.takeWireBytes() == WireBytes())
                    }
                }
            }
        }

        @Test func requestsAreAnsweredBesideIt() async throws {
            try await withServer(port(), key: key) { endpoint in
                try await withClient { client in
                    let link = try await client.openLink(
                        to: endpoint, pin: key.node, signedBy: peer)
                    let got = try await client.send(
                        .status, to: endpoint, pin: key.node, signedBy: peer)
                    #expect(got.response == .outcomes([.stored]))
                    try await link.write([7])
                    #expect(try await link.read() == [7])
                }
            }
        }

        @Test func aReaderThatTakesItsTimeGetsEverything() async throws {
            let port = port()
            let size = 24_000_000
            let (isOn, go) = AsyncStream.makeStream(of: Never.self)
            let (totals, total) = AsyncStream.makeStream(of: Int.self)
            port.change {
                $0.carry = { link in
                    for await _ in isOn {}
                    var count = 0
                    // An end that comes too early shows in the count.
                    while count < size, let bytes = try? await link.read() { count += bytes.count }
                    total.yield(count)
                }
            }
            try await withLink(port) { link in
                let piece = pattern(250_000)
                for number in 1...size / piece.count {
                    if number == 8 { go.finish() }
                    try await link.write(piece)
                }
                var found = totals.makeAsyncIterator()
                #expect(await found.next() == size)
            }
        }

        @Test func aReaderThatDoesNotReadStopsTheWriterAndIsCutOff() async throws {
            let port = port()
            let (held, release) = AsyncStream.makeStream(of: Never.self)
            port.change { $0.carry = { _ in for await _ in held {} } }
            var limits = ClientLimits()
            limits.writeStall = .milliseconds(500)
            try await withLink(port, client: limits) { link in
                var taken = 0
                let piece = [UInt8](repeating: 1, count: 100_000)
                await #expect(throws: TransportError.timedOut("the other side's reading")) {
                    while taken < 400_000_000 {
                        try await link.write(piece)
                        taken += piece.count
                    }
                }
                // What both systems' sockets hold, and a little.
                #expect(taken < 20_000_000)
                release.finish()
            }
        }

        @Test func theServerStopsForAClientThatDoesNotReadAndCutsItOff() async throws {
            let port = port()
            let (ends, end) = AsyncStream.makeStream(of: (TransportError?, Int).self)
            port.change {
                $0.carry = { link in
                    var taken = 0
                    do throws(TransportError) {
                        while taken < 400_000_000 {
                            try await link.write([UInt8](repeating: 1, count: 100_000))
                            taken += 100_000
                        }
                        end.yield((nil, taken))
                    } catch {
                        end.yield((error, taken))
                    }
                }
            }
            var limits = ServerLimits()
            limits.writeStall = .milliseconds(500)
            try await withLink(port, limits: limits) { link in
                var found = ends.makeAsyncIterator()
                let (error, taken) = try #require(await found.next())
                #expect(error == .timedOut("the other side's reading"))
                #expect(taken < 20_000_000)
                // Without a goodbye it was no end in order.
                await #expect(throws: TransportError.closed) {
                    while try await link.read() != nil {}
                }
            }
        }
    }
}
