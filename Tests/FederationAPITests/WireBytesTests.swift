import Core
import Federation
import Testing

@testable import FederationAPI

extension NetworkTests {
    @Suite(.timeLimit(.minutes(1)))
    struct WireBytesTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        /// What requests are charged with is what a relay between the two ends saw pass.
        @Test func requestsAreChargedWithWhatTheNetworkCarried() async throws {
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            try await withServer(port, key: key) { endpoint in
                try await withRelay(to: endpoint) { relayed, relay in
                    try await withClient { client in
                        var before = WireBytes()
                        for number in 0..<5 {
                            let message = [UInt8](repeating: 1, count: 400 * number)
                            let got = try await client.send(
                                .reconcile(session: 1, message: message), to: relayed,
                                pin: key.node, signedBy: peer)
                            let after = relay.counted
                            #expect(got.wire.sent == after.sent - before.sent)
                            #expect(got.wire.received == after.received - before.received)
                            #expect(got.wire.sent > got.bytesSent)
                            #expect(got.wire.received > got.bytesReceived)
                            before = after
                        }
                    }
                }
            }
        }

        @Test func theHandshakeBelongsToTheFirstRequest() async throws {
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            try await withServer(port, key: key) { endpoint in
                try await withClient { client in
                    let first = try await client.send(
                        .status, to: endpoint, pin: key.node, signedBy: peer)
                    let second = try await client.send(
                        .status, to: endpoint, pin: key.node, signedBy: peer)
                    // A hello and a certificate are hundreds of bytes.
                    #expect(first.wire.sent > second.wire.sent + 200)
                    #expect(first.wire.received > second.wire.received + 400)
                }
            }
        }
    }
}
