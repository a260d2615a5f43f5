import Core
import Federation
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// What callers who have proved nothing may cost, over real sockets.
    @Suite(.timeLimit(.minutes(2)))
    struct DoorTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)
        let identity = Array("GET /api/federation/identity HTTP/1.1\r\nhost: x\r\n\r\n".utf8)

        /// Limits that this host reaches.
        func limits(_ change: (inout AddressLimits) -> Void) -> ServerLimits {
            var limits = ServerLimits()
            limits.address.loopbackFactor = 1
            change(&limits.address)
            return limits
        }

        func withPort(
            _ limits: ServerLimits, _ body: (Endpoint, TestPort) async throws -> Void
        ) async throws {
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            try await withServer(port, key: key, limits: limits) { endpoint in
                try await body(endpoint, port)
            }
        }

        func signed(by signer: SecretKey, nonce: Nonce = .fresh(), damaged: Bool = false) -> [UInt8]
        {
            let target = "/api/federation/status"
            let fields = RequestSignature.headers(
                method: "GET", target: target, contentType: "application/cbor", body: [],
                to: key.node, key: signer, now: .system(), nonce: nonce)
            var text = "GET \(target) HTTP/1.1\r\nhost: x\r\n"
            for field in fields {
                var value = field.value
                if damaged, field.name == "signature" {
                    let good = value.dropFirst("sig1=:".count).dropLast()
                    var bytes = Data(base64Encoded: String(good)) ?? Data()
                    bytes[5] ^= 1
                    value = "sig1=:\(bytes.base64EncodedString()):"
                }
                text += "\(field.name): \(value)\r\n"
            }
            return Array((text + "\r\n").utf8)
        }

        func statuses(_ answer: String) -> [String] {
            answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { String($0.prefix(3)) }
        }

        @Test func unsignedRequestsBeyondTheBudgetGet429AndTheConnectionEnds() async throws {
            let limits = limits { $0.unproved = .init(burst: 3, perSecond: 1) }
            try await withPort(limits) { endpoint, port in
                let pieces = [[UInt8]](repeating: identity, count: 8)
                let answer = try await rawExchange(endpoint, [Array(pieces.joined())])
                #expect(statuses(answer) == ["200", "200", "200", "429"])
                #expect(answer.lowercased().contains("\r\nretry-after: 1\r\n"))
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
                #expect(answer.contains(#""code":"over-budget""#))
                #expect(port.refused == [.overBudget])
                // Whatever proves nothing draws on the same budget.
                for text in ["GET /nothing", "GET /api/federation/status", "PUT /x"] {
                    let bytes = Array("\(text) HTTP/1.1\r\nhost: x\r\n\r\n".utf8)
                    let answer = try await rawExchange(endpoint, [bytes])
                    #expect(statuses(answer) == ["429"], "\(text)")
                }
            }
        }

        @Test func aPeerIsAnsweredWhileStrangersAtItsAddressAreNot() async throws {
            let limits = limits { $0.unproved = .init(burst: 1, perSecond: 1) }
            try await withPort(limits) { endpoint, port in
                let flood = [UInt8]([identity, identity, identity].joined())
                let drained = try await rawExchange(endpoint, [flood])
                #expect(statuses(drained) == ["200", "429"])
                let requests = (0..<50).flatMap { _ in signed(by: peer) }
                let answer = try await rawExchange(
                    endpoint, [requests + signed(by: .test(9))], until: "over-budget")
                #expect(statuses(answer) == [String](repeating: "200", count: 50) + ["429"])
                #expect(port.asked.count == 50)
            }
        }

        @Test func aPeersConnectionIsNoWayAroundTheBudgetOfStrangers() async throws {
            let limits = limits { $0.unproved = .init(burst: 3, perSecond: 1) }
            try await withPort(limits) { endpoint, port in
                let requests = signed(by: peer) + [identity, identity, identity, identity].joined()
                let answer = try await rawExchange(endpoint, [requests + signed(by: peer)])
                #expect(statuses(answer) == ["200", "200", "200", "200", "429"])
                #expect(port.asked.count == 1)
            }
        }

        @Test func signaturesThatFailAreBounded() async throws {
            let limits = limits { $0.failedSignature = .init(burst: 3, perSecond: 1) }
            try await withPort(limits) { endpoint, port in
                let bad = (0..<9).flatMap { _ in signed(by: peer, damaged: true) }
                let answer = try await rawExchange(endpoint, [bad])
                #expect(statuses(answer) == ["401", "401", "401", "429"])
                #expect(answer.contains("the signature does not hold"))
                #expect(port.asked.isEmpty)
                #expect(port.refused.count { $0 == .unauthenticated } == 3)
                #expect(port.refused.count { $0 == .overBudget } == 1)
            }
        }

        @Test func aStrangersSignatureIsNeverVerified() async throws {
            let limits = limits { $0.failedSignature = .init(burst: 1, perSecond: 1) }
            try await withPort(limits) { endpoint, port in
                // A key that is not known: the same answer whether the signature holds or not.
                for damaged in [false, true, true, true] {
                    let bytes = signed(by: .test(9), damaged: damaged)
                    let answer = try await rawExchange(endpoint, [bytes], until: "}")
                    #expect(statuses(answer) == ["403"])
                    #expect(answer.contains(#""code":"unknown-peer""#))
                }
                // Nothing was drawn from what failed signatures cost.
                let answer = try await rawExchange(
                    endpoint, [signed(by: peer, damaged: true)], until: "}")
                #expect(statuses(answer) == ["401"])
                let named = port.state.withLock { $0.refused.map(\.node) }
                #expect(
                    named.prefix(4) == [NodeID?](repeating: SecretKey.test(9).node, count: 4)[...])
            }
        }

        @Test func aRequestWhoseSignatureFailsUsesNoNonceUp() async throws {
            try await withPort(ServerLimits()) { endpoint, port in
                let nonce = Nonce.fresh()
                let bad = signed(by: peer, nonce: nonce, damaged: true)
                let good = signed(by: peer, nonce: nonce)
                let answer = try await rawExchange(
                    endpoint, [bad + good + good], until: "seen before")
                #expect(statuses(answer) == ["401", "200", "401"])
                #expect(port.asked.count == 1)
            }
        }

        @Test func theInstanceAndTheTimeOfARequestArrive() async throws {
            try await withPort(ServerLimits()) { endpoint, port in
                let nonce = Nonce(instance: 0xfeed_0000_0000_0001, serial: 5)
                let before = WallTime.system().seconds
                _ = try await rawExchange(endpoint, [signed(by: peer, nonce: nonce)], until: "}")
                let caller = try #require(port.callers.first)
                #expect(caller.instance == 0xfeed_0000_0000_0001)
                let signedAt = try #require(caller.signedAt)
                #expect((before...before + 5).contains(signedAt))
                #expect(caller.node == peer.node)
            }
        }

        @Test func anotherProcessWithOurKeyReachesTheNodeAndWeOurselvesDoNot() async throws {
            try await withPort(ServerLimits()) { endpoint, port in
                let own = try await rawExchange(endpoint, [signed(by: key)], until: "}")
                #expect(statuses(own) == ["421"])
                #expect(port.asked.isEmpty)
                let twin = Nonce(instance: ~Nonce.ownInstance, serial: 1)
                _ = try await rawExchange(endpoint, [signed(by: key, nonce: twin)], until: "}")
                #expect(port.asked == [.status])
                #expect(port.callers.first?.node == key.node)
            }
        }

        @Test func whoIsNoActivePeerIsBoundedLikeAStranger() async throws {
            let limits = limits { $0.unproved = .init(burst: 3, perSecond: 1) }
            let port = TestPort(node: key.node, peers: [peer.node: .pending])
            try await withServer(port, key: key, limits: limits) { endpoint in
                let requests = (0..<6).flatMap { _ in signed(by: peer) }
                let answer = try await rawExchange(endpoint, [requests])
                #expect(statuses(answer) == ["200", "200", "200", "429"])
                #expect(port.asked.count == 3)
            }
        }

        @Test func connectionsThatComeTooFastEndBeforeTheirHandshake() async throws {
            let limits = limits { $0.connection = .init(burst: 3, perSecond: 1) }
            try await withPort(limits) { endpoint, port in
                for _ in 0..<3 {
                    let answer = try await rawExchange(endpoint, [identity], until: "}")
                    #expect(statuses(answer) == ["200"])
                }
                // The server hangs up without a byte of TLS.
                let bytes = try await plainExchange(endpoint, [0x16, 0x03, 0x01], waits: true)
                #expect(bytes.isEmpty)
                #expect(port.refused == [.overBudget])
                let address = port.state.withLock { $0.refused.first?.address }
                #expect(address == "127.0.0.1")
            }
        }

        @Test func strangersMakeRoomForNewcomersAndPeersStay() async throws {
            var limits = ServerLimits()
            limits.connections = 6
            limits.newcomers = 2
            try await withPort(limits) { endpoint, port in
                try await withClient { client in
                    _ = try await client.send(.status, to: endpoint, pin: key.node, signedBy: peer)
                    // Strangers that hold on to whatever they get.
                    let held = try await holdOpen(endpoint, count: 20)
                    try await until { port.refused.count >= 15 }
                    for _ in 0..<3 {
                        let got = try await client.send(
                            .status, to: endpoint, pin: key.node, signedBy: peer)
                        #expect(got.response == .outcomes([.stored]))
                    }
                    #expect(client.pool.openConnections == 1)
                    // A newcomer finds room, too.
                    let answer = try await rawExchange(endpoint, [identity], until: "}")
                    #expect(statuses(answer) == ["200"])
                    for channel in held { try? await channel.close() }  // Many are closed already.
                }
                #expect(port.refused.allSatisfy { $0 == .overBudget })
            }
        }

        @Test func everyRefusalAtTheDoorIsCounted() async throws {
            var limits = ServerLimits()
            limits.registrationBytes = 10
            try await withPort(limits) { endpoint, port in
                func post(_ path: String, _ more: String) -> [UInt8] {
                    Array("POST /api/federation/\(path) HTTP/1.1\r\nhost: x\r\n\(more)".utf8)
                }
                let cases: [([UInt8], String, RefusalCode)] = [
                    (post("nothing", "content-length: 0\r\n\r\n"), "404", .notFound),
                    (post("status", "content-length: 0\r\n\r\n"), "405", .notAllowed),
                    (post("events?x=y", "content-length: 0\r\n\r\n"), "400", .malformed),
                    (post("events", "content-length: 0\r\n\r\n"), "401", .unauthenticated),
                    (post("register", "content-length: 2\r\n\r\n{}"), "415", .malformed),
                    (
                        post(
                            "register",
                            "content-type: application/cbor\r\ncontent-length: 20\r\n\r\n"), "413",
                        .tooLarge
                    ),
                    (
                        post(
                            "register",
                            "content-type: application/cbor\r\ncontent-length: 2\r\n\r\n{}"), "400",
                        .malformed
                    ),
                    (signed(by: .test(9)), "403", .unknownPeer),
                    (signed(by: key), "421", .misaddressed),
                    (Array("GET / HTTP/9.9\r\nnonsense\r\n\r\n".utf8), "400", .malformed),
                ]
                for (bytes, status, code) in cases {
                    port.change { $0.refused = [] }
                    // The library's own 400 has no body; it ends the connection.
                    let isHTTP = !bytes.starts(with: Array("GET / ".utf8))
                    let answer = try await rawExchange(
                        endpoint, [bytes], until: isHTTP ? "}" : nil)
                    #expect(statuses(answer).first == status)
                    #expect(port.refused == [code], "\(status)")
                }
                #expect(port.asked.isEmpty)
            }
        }
    }
}
