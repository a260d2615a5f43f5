import Core
import Federation
import Foundation
import Synchronization
import Testing

@testable import FederationAPI

extension NetworkTests {
    @Suite(.timeLimit(.minutes(2)))
    struct StreamTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        func page(_ position: UInt64) -> Page {
            Sample.page([Sample.event(key, position)], at: position)
        }

        func port(_ pages: [Page], staysOpen: Bool = false) -> TestPort {
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            port.change {
                $0.staysOpen = staysOpen
                $0.pages = { since in pages.filter { $0.next.position > since?.position ?? 0 } }
            }
            return port
        }

        /// All that a stream gives until it ends.
        func read(
            _ client: PeerClient, _ endpoint: Endpoint, since: Cursor? = nil, atMost: Int = .max
        ) async throws -> [Page] {
            var found: [Page] = []
            try await client.stream(since: since, from: endpoint, pin: key.node, signedBy: peer) {
                found.append($0)
                return found.count < atMost
            }
            return found
        }

        @Test func allPagesArriveInOrderAndTheEndIsOrderly() async throws {
            let pages = (1...30).map { page($0) }
            try await withServer(port(pages), key: key) { endpoint in
                try await withClient { client in
                    let found = try await read(client, endpoint)
                    #expect(found == pages)
                }
            }
        }

        @Test func aStreamResumesWhereItWasCut() async throws {
            let pages = (1...10).map { page($0) }
            let port = port(pages, staysOpen: true)
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    let first = try await read(client, endpoint, atMost: 4)
                    let rest = try await read(client, endpoint, since: first.last?.next, atMost: 6)
                    #expect(first + rest == pages)
                }
            }
            #expect(port.asked == [.stream(since: nil), .stream(since: pages[3].next)])
        }

        @Test func lastEventIDResumesToo() async throws {
            let pages = (1...3).map { page($0) }
            try await withServer(port(pages), key: key) { endpoint in
                let target = "/api/federation/stream"
                let fields = RequestSignature.headers(
                    method: "GET", target: target, contentType: "application/cbor", body: [],
                    to: key.node, key: peer, now: .system())
                var text = "GET \(target) HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n"
                text += "last-event-id: \(pages[1].next.text)\r\n"
                for field in fields { text += "\(field.name): \(field.value)\r\n" }
                let answer = try await rawExchange(
                    endpoint, [Array((text + "\r\n").utf8)], until: "\r\n0\r\n")
                #expect(answer.lowercased().contains("content-type: text/event-stream"))
                #expect(!answer.contains("id: \(pages[1].next.text)"))
                #expect(
                    answer.contains("id: \(pages[2].next.text)\nevent: page\ndata: {\"events\":[{"))
            }
        }

        @Test func aQuietStreamIsPingedAndKeptAlive() async throws {
            var server = ServerLimits()
            server.ping = .milliseconds(150)
            server.streamLife = .seconds(3)
            var limits = ClientLimits()
            limits.streamSilence = .seconds(1)
            let start = ContinuousClock.now
            try await withServer(port([], staysOpen: true), key: key, limits: server) { endpoint in
                try await withClient(limits) { client in
                    let found = try await read(client, endpoint)
                    #expect(found == [])
                }
            }
            // Ended by the server after its life, not by the client after its silence.
            #expect(start.duration(to: .now) >= .seconds(3))
        }

        @Test func aDeadStreamIsNoticed() async throws {
            var server = ServerLimits()
            server.ping = .seconds(600)
            var limits = ClientLimits()
            limits.streamSilence = .milliseconds(500)
            try await withServer(port([], staysOpen: true), key: key, limits: server) { endpoint in
                try await withClient(limits) { client in
                    await #expect(throws: TransportError.timedOut("the next ping")) {
                        try await read(client, endpoint)
                    }
                }
            }
        }

        @Test func cancellingEndsAStreamAtOnce() async throws {
            let port = port([page(1)], staysOpen: true)
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    let error = await withTaskGroup(of: TransportError?.self) { group in
                        let (started, continuation) = AsyncStream.makeStream(of: Void.self)
                        group.addTask {
                            do throws(TransportError) {
                                try await client.stream(
                                    since: nil, from: endpoint, pin: key.node, signedBy: peer
                                ) { _ in
                                    continuation.yield()
                                    return true
                                }
                                return nil
                            } catch {
                                return error
                            }
                        }
                        for await _ in started { break }
                        group.cancelAll()
                        return await group.next() ?? nil
                    }
                    #expect(error == .cancelled)
                    try await until { client.pool.openConnections == 0 }
                }
            }
        }

        @Test func aRefusalIsThrown() async throws {
            let port = port([])
            let refusal = Refusal(.cursorReset, "another log")
            port.change { $0.refusal = refusal }
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    await #expect(throws: TransportError.refused(refusal)) {
                        try await read(client, endpoint)
                    }
                }
            }
        }

        @Test func aStrangerGetsNoStream() async throws {
            let port = TestPort(node: key.node, peers: [:])
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    await #expect {
                        try await read(client, endpoint)
                    } throws: { error in
                        guard case .refused(let refusal) = error as? TransportError else {
                            return false
                        }
                        return refusal.code == .unknownPeer
                    }
                }
            }
            #expect(port.asked.isEmpty)
        }

        @Test func aWrongClockStreamsByChallenge() async throws {
            let wrong: @Sendable () -> WallTime = { WallTime(microseconds: 1) }
            try await withServer(port([page(1)]), key: key) { endpoint in
                try await withClient(wall: wrong) { client in
                    let found = try await read(client, endpoint)
                    #expect(found == [page(1)])
                }
            }
        }

        @Test func aPeerMayOpenOnlySoMany() async throws {
            var server = ServerLimits()
            server.streamsPerPeer = 1
            let port = port([page(1)], staysOpen: true)
            try await withServer(port, key: key, limits: server) { endpoint in
                try await withClient { client in
                    try await client.stream(
                        since: nil, from: endpoint, pin: key.node, signedBy: peer
                    ) { _ in
                        await #expect {
                            try await read(client, endpoint)
                        } throws: { error in
                            guard case .refused(let refusal) = error as? TransportError else {
                                return false
                            }
                            return refusal.code == .busy
                        }
                        return false
                    }
                }
            }
        }

        @Test func aSlowReaderHoldsTheSourceBackAndIsThenCutOff() async throws {
            var server = ServerLimits()
            server.writeStall = .milliseconds(500)
            // 40 MiB in all: far more than the buffers of two kernels.
            let body = [UInt8](repeating: 65, count: 65_000)
            let events = (1...10).map { Sample.event(key, $0, body: body) }
            let pages = (1...60).map { Sample.page(events, at: $0) }
            let port = port(pages)
            let seen = Mutex(0)
            try await withServer(port, key: key, limits: server) { endpoint in
                try await withClient { client in
                    await #expect(throws: TransportError.self) {
                        try await client.stream(
                            since: nil, from: endpoint, pin: key.node, signedBy: peer
                        ) { _ in
                            let count = seen.withLock {
                                $0 += 1
                                return $0
                            }
                            // The slowness itself is what is tested; when cancelled, it is over.
                            if count == 1 { try? await Task.sleep(for: .seconds(3)) }
                            return true
                        }
                    }
                }
            }
            #expect(port.pagesTaken < 60, "the source ran ahead of the socket")
            #expect(seen.withLock { $0 } < 60)
        }

        @Test func aServerThatEndsClosesItsStreams() async throws {
            let port = port([page(1)], staysOpen: true)
            let start = ContinuousClock.now
            try await withClient { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
                    try await withServer(port, key: key) { endpoint in
                        group.addTask {
                            // Orderly or not: it ends.
                            try? await client.stream(
                                since: nil, from: endpoint, pin: key.node, signedBy: peer
                            ) { _ in
                                continuation.yield()
                                return true
                            }
                        }
                        for await _ in started { break }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(start.duration(to: .now) < .seconds(10))
        }
    }
}
