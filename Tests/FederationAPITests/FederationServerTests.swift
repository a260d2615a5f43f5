import Core
import Federation
import Foundation
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// Two real ends over TLS on loopback.
    @Suite(.timeLimit(.minutes(2)))
    struct FederationServerTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        func port(_ state: PeerRecord.State? = .active) -> TestPort {
            TestPort(node: key.node, peers: state.map { [peer.node: $0] } ?? [:])
        }

        var requests: [Request] {
            let event = Sample.event(peer, 1)
            return [
                .push(Batch([event])), .pull(since: nil),
                .pull(since: Cursor(log: Sample.log, position: 3)),
                .reconcile(session: .max, message: [1, 2, 3]), .fetch(session: 1, message: []),
                .bodies([event.id]), .status, .ownRecord, .leave,
            ]
        }

        @Test func everySignedRequestArrivesAsItWasSentFromAProvenCaller() async throws {
            let port = port()
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    for request in requests {
                        let got = try await client.send(
                            request, to: endpoint, pin: key.node, signedBy: peer)
                        #expect(got.response == .outcomes([.stored]))
                        #expect(got.node == key.node)
                    }
                }
            }
            #expect(port.asked == requests)
            #expect(port.callers.allSatisfy { $0.node == peer.node && $0.isSameHost })
        }

        @Test func everyKindOfAnswerComesBackAsItWasGiven() async throws {
            let port = port()
            let event = Sample.event(key, 1)
            let card = NodeCard(label: "x", endpoints: [])
            let answers: [Response] =
                [
                    .challenge(
                        Challenge(
                            node: key.node, nonce: .zero, card: card,
                            time: WallTime(microseconds: 7),
                            signature: [UInt8](repeating: 1, count: 64), joinProof: nil)),
                    .registration(RegistrationState(state: .pending, isApproved: true)),
                    .outcomes([.stored, .refused(.badBody), .setAside]),
                    .page(Sample.page([event], at: 1, isEnd: true)),
                    .message([1, 2], .missesBodies), .events(Batch([event])),
                    .status(
                        PeerStatus(
                            log: Sample.log, position: 1, eventCount: 1, root: .zero,
                            missingBodies: 0)),
                ]
                + RefusalCode.allCases.map {
                    .refused(Refusal($0, "because", retryAfter: .seconds(2)))
                }
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    for answer in answers {
                        port.change { $0.answer = { _ in answer } }
                        let got = try await client.send(
                            .status, to: endpoint, pin: key.node, signedBy: peer)
                        #expect(got.response == answer)
                    }
                }
            }
        }

        @Test func aRegistrationNeedsNoSignatureAndNoPin() async throws {
            let port = port(nil)
            let card = NodeCard(label: "b", endpoints: ["https://b.example:2"])
            let introduction = Introduction(
                node: peer.node, nonce: .zero, card: card, time: WallTime(microseconds: 7))
            let confirmation = Confirmation(
                node: peer.node, nonce: .zero, signature: [UInt8](repeating: 0, count: 64),
                joinProof: .zero, isApproved: true)
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    let first = try await client.send(
                        .introduce(introduction), to: endpoint, pin: nil, signedBy: peer)
                    #expect(first.node == key.node)
                    let second = try await client.send(
                        .confirm(confirmation), to: endpoint, pin: first.node, signedBy: peer)
                    #expect(second.tlsKey == first.tlsKey)
                }
            }
            #expect(port.asked == [.introduce(introduction), .confirm(confirmation)])
            #expect(port.callers.allSatisfy { $0.node == nil })
        }

        @Test func theTLSKeyThatAClientSeesIsTheServers() async throws {
            let certificate = try NodeCertificate.make(for: key)
            let (ready, continuation) = AsyncStream.makeStream(of: Int.self)
            let server = FederationServer(
                port: port(), certificate: certificate, host: "::1", portNumber: 0, logger: silent
            ) { _, number in continuation.yield(number) }
            try await withService(server, ready: ready) { number in
                try await withClient { client in
                    let got = try await client.send(
                        .status, to: Endpoint(host: "::1", port: number), pin: nil, signedBy: peer)
                    #expect(got.tlsKey == certificate.tlsKey)
                }
            }
        }

        @Test func anUnknownKeyIsRefusedBeforeItsBody() async throws {
            let port = port(nil)
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    let got = try await client.send(
                        .push(Batch([Sample.event(peer, 1)])), to: endpoint, pin: key.node,
                        signedBy: peer)
                    guard case .refused(let refusal) = got.response else {
                        Issue.record("\(got.response)")
                        return
                    }
                    #expect(refusal.code == .unknownPeer)
                }
            }
            #expect(port.asked.isEmpty)
        }

        @Test func aNodeThatTalksToItselfIsMisaddressed() async throws {
            let port = port()
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    let got = try await client.send(
                        .status, to: endpoint, pin: key.node, signedBy: key)
                    guard case .refused(let refusal) = got.response else {
                        Issue.record("\(got.response)")
                        return
                    }
                    #expect(refusal.code == .misaddressed)
                }
            }
        }

        @Test(arguments: [-86_400, -61, 61, 86_400, 1_000_000_000] as [Int64])
        func aClientWithAWrongClockSignsTheServersChallenge(_ offset: Int64) async throws {
            let port = port()
            let wrong: @Sendable () -> WallTime = {
                WallTime.system() + .seconds(offset)
            }
            try await withServer(port, key: key) { endpoint in
                try await withClient(wall: wrong) { client in
                    for _ in 0..<3 {
                        let got = try await client.send(
                            .status, to: endpoint, pin: key.node, signedBy: peer)
                        #expect(got.response == .outcomes([.stored]))
                    }
                }
            }
            #expect(port.asked.count == 3)
        }

        @Test func connectionsAreUsedAgain() async throws {
            let port = port()
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    for _ in 0..<20 {
                        _ = try await client.send(
                            .status, to: endpoint, pin: key.node, signedBy: peer)
                    }
                    #expect(client.pool.openConnections == 1)
                }
            }
        }

        @Test func aConnectionThatTheServerClosedIsReplaced() async throws {
            let port = port()
            var limits = ServerLimits()
            limits.idleTimeout = .seconds(1)
            try await withServer(port, key: key, limits: limits) { endpoint in
                try await withClient { client in
                    for _ in 0..<3 {
                        let got = try await client.send(
                            .status, to: endpoint, pin: key.node, signedBy: peer)
                        #expect(got.response == .outcomes([.stored]))
                        try await until { client.pool.openConnections == 0 }
                    }
                }
            }
            #expect(port.asked.count == 3)
        }

        @Test func aClientClosesWhatItDoesNotUse() async throws {
            var limits = ClientLimits()
            limits.idleTimeout = .milliseconds(100)
            try await withServer(port(), key: key) { endpoint in
                try await withClient(limits) { client in
                    _ = try await client.send(.status, to: endpoint, pin: key.node, signedBy: peer)
                    #expect(client.pool.openConnections == 1)
                    try await until { client.pool.openConnections == 0 }
                }
            }
        }

        @Test func aBodyOfFullSizeArrives() async throws {
            let port = port()
            let body = [UInt8](repeating: 65, count: 60_000)
            let events = (1...60).map { Sample.event(peer, $0, body: body) }
            port.change { $0.answer = { _ in .events(Batch(events)) } }
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    let got = try await client.send(
                        .push(Batch(events)), to: endpoint, pin: key.node, signedBy: peer)
                    #expect(got.response == .events(Batch(events)))
                    #expect(got.bytesSent > 3_600_000)
                    #expect(got.bytesReceived > 3_600_000)
                }
            }
            #expect(port.asked == [.push(Batch(events))])
        }

        @Test func manyRequestsAtOnceAreAllAnswered() async throws {
            let port = port()
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<50 {
                            group.addTask {
                                _ = try await client.send(
                                    .status, to: endpoint, pin: key.node, signedBy: peer)
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            #expect(port.asked.count == 50)
        }

        @Test func aPortInUseIsNamedInTheError() async throws {
            try await withServer(port(), key: key) { endpoint in
                let second = FederationServer(
                    port: port(), certificate: try NodeCertificate.make(for: key),
                    host: "127.0.0.1", portNumber: endpoint.port, logger: silent
                ) { _, _ in }
                await #expect {
                    try await second.run()
                } throws: { error in
                    "\(error)".contains("port \(endpoint.port)")
                        && "\(error)".contains("Choose another port")
                }
            }
        }

        @Test func nobodyThereIsAnError() async throws {
            try await withClient { client in
                // Port 1 on loopback: nothing listens there.
                await #expect {
                    try await client.send(
                        .status, to: Endpoint(host: "127.0.0.1", port: 1), pin: key.node,
                        signedBy: peer)
                } throws: { error in
                    guard case .cannotConnect = error as? TransportError else { return false }
                    return true
                }
            }
        }

        @Test func aClosedClientRefuses() async throws {
            try await withServer(port(), key: key) { endpoint in
                try await withClient { client in
                    _ = try await client.send(.status, to: endpoint, pin: key.node, signedBy: peer)
                    await client.close()
                    await #expect(throws: TransportError.closed) {
                        try await client.send(.status, to: endpoint, pin: key.node, signedBy: peer)
                    }
                }
            }
        }
    }
}

/// Waits until something becomes true; the suite's time limit ends it if it never does.
func until(_ condition: () -> Bool) async throws {
    // Polls: the pool tells nobody when it changes.
    while !condition() { try await Task.sleep(for: .milliseconds(2)) }
}
