import Core
import Federation
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// Who is let in, and what the others are told.
    @Suite(.timeLimit(.minutes(2)))
    struct LinkDoorTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)
        let stranger = SecretKey.test(9)

        func withPort(
            _ limits: ServerLimits = ServerLimits(),
            peers: [NodeID: PeerRecord.State] = [:],
            _ body: (Endpoint, TestPort) async throws -> Void
        ) async throws {
            let peers = [peer.node: PeerRecord.State.active].merging(peers) { $1 }
            let port = TestPort(node: key.node, peers: peers)
            try await withServer(port, key: key, limits: limits) { endpoint in
                try await body(endpoint, port)
            }
        }

        /// Says a hello that `forge` makes, with more bytes after it, and gives what comes back
        /// until the end.
        func attempt(
            _ endpoint: Endpoint, by signer: SecretKey,
            _ forge: (_ good: LinkHello, _ nonce: [UInt8], _ tlsKey: Digest) -> LinkHello = {
                hello, _, _ in hello
            }
        ) async throws -> [UInt8] {
            let opening = try await linkOpening(endpoint, pin: key.node)
            let nonce = try #require(try await opening.connection.read(32))
            let tlsKey = opening.identity.tlsKey
            let good = LinkHello(
                signing: nonce, to: key.node, tlsKey: tlsKey, key: signer, at: 1000)
            let hello = forge(good, nonce, tlsKey)
            try await opening.connection.write(hello.encoded + [1, 2, 3])
            var found: [UInt8] = []
            while let bytes = try await opening.connection.read() {
                found += bytes
                if found.count > 1 { break }
            }
            opening.connection.close()
            return found
        }

        @Test func aGoodHelloOpensAndWhatFollowsItIsCarried() async throws {
            try await withPort { endpoint, port in
                let found = try await attempt(endpoint, by: peer)
                // So that the other tests prove something.
                #expect(found.first == 0)
                #expect(found.count > 1)
                #expect(port.state.withLock { $0.links.map(\.node) } == [peer.node])
                #expect(port.refused == [])
            }
        }

        @Test func whatDoesNotHoldIsRefused() async throws {
            try await withPort { endpoint, port in
                let old = Mutex<LinkHello?>(nil)
                _ = try await attempt(endpoint, by: peer) { good, _, _ in
                    old.withLock { $0 = good }
                    return good
                }
                port.change { $0.links = [] }
                let before = try #require(old.withLock { $0 })
                let other = Digest(bytes: [UInt8](repeating: 5, count: 32)) ?? .zero
                func changed(_ change: @escaping (inout LinkHello) -> Void) -> (LinkHello) ->
                    LinkHello
                {
                    { hello in
                        var hello = hello
                        change(&hello)
                        return hello
                    }
                }
                let forged: [(LinkHello, [UInt8], Digest) -> LinkHello] = [
                    // A signature that is damaged.
                    { good, _, _ in changed { $0.signature[7] ^= 1 }(good) },
                    // The TLS key of another certificate.
                    { _, nonce, _ in
                        LinkHello(
                            signing: nonce, to: key.node, tlsKey: other, key: peer, at: 1000)
                    },
                    // For another server.
                    { _, nonce, tlsKey in
                        LinkHello(
                            signing: nonce, to: stranger.node, tlsKey: tlsKey, key: peer, at: 1000)
                    },
                    // Of another connection.
                    { _, _, _ in before },
                    // Another time, another process, another node than what was signed.
                    { good, _, _ in changed { $0.time += 1 }(good) },
                    { good, _, _ in changed { $0.instance ^= 1 }(good) },
                    { _, nonce, tlsKey in
                        var hello = LinkHello(
                            signing: nonce, to: key.node, tlsKey: tlsKey, key: stranger, at: 1000)
                        hello.node = peer.node
                        return hello
                    },
                ]
                for (number, forge) in forged.enumerated() {
                    let answer = try await attempt(endpoint, by: peer, forge)
                    #expect(answer == [3], "\(number)")
                }
                #expect(
                    port.refused
                        == [RefusalCode](repeating: .unauthenticated, count: forged.count))
                #expect(port.state.withLock { $0.links } == [])
            }
        }

        @Test func theNodesOwnKeyIsRefused() async throws {
            try await withPort { endpoint, port in
                let answer = try await attempt(endpoint, by: key)
                #expect(answer == [3])
                #expect(port.refused == [.misaddressed])
                #expect(port.state.withLock { $0.links } == [])
            }
        }

        @Test func anUnknownNodesSignatureIsNotVerified() async throws {
            var limits = ServerLimits()
            limits.address.loopbackFactor = 1
            limits.address.failedSignature = .init(burst: 1, perSecond: 1)
            try await withPort(limits) { endpoint, port in
                for _ in 0..<3 {
                    let found = try await attempt(endpoint, by: stranger) { good, _, _ in
                        var bad = good
                        bad.signature[0] ^= 1
                        return bad
                    }
                    #expect(found == [1])
                }
                #expect(port.refused == [.unknownPeer, .unknownPeer, .unknownPeer])
                #expect(
                    port.state.withLock { $0.refused.map(\.node) }.allSatisfy {
                        $0 == stranger.node
                    })
                #expect(port.state.withLock { $0.links } == [])
                // Nothing was drawn from what failed signatures may cost: one is left.
                for code: UInt8 in [3, 4] {
                    let found = try await attempt(endpoint, by: peer) { good, _, _ in
                        var bad = good
                        bad.signature[0] ^= 1
                        return bad
                    }
                    #expect(found == [code])
                }
                #expect(port.refused.suffix(2) == [.unauthenticated, .overBudget])
            }
        }

        @Test(arguments: [.pending, .rejected, .removed, .revoked] as [PeerRecord.State])
        func whoIsNoActivePeerIsToldSoOnceItProvedItsKey(
            _ state: PeerRecord.State
        ) async throws {
            try await withPort(peers: [stranger.node: state]) { endpoint, port in
                let answer = try await attempt(endpoint, by: stranger)
                #expect(answer == [2])
                #expect(port.refused == [.notActive])
                let found = try await attempt(endpoint, by: stranger) { good, _, _ in
                    var bad = good
                    bad.signature[0] ^= 1
                    return bad
                }
                #expect(found == [3])
                #expect(port.state.withLock { $0.links } == [])
            }
        }

        @Test func refusalsBeyondTheAddressesBudgetAreBusy() async throws {
            var limits = ServerLimits()
            limits.address.loopbackFactor = 1
            limits.address.unproved = .init(burst: 2, perSecond: 1)
            try await withPort(limits) { endpoint, port in
                // The budget grows meanwhile: on a slow machine it takes more of them.
                var codes: [UInt8] = []
                while codes.count < 50, codes.last != 4 {
                    codes += try await attempt(endpoint, by: stranger)
                }
                let strangers = codes.dropLast()
                #expect(codes.last == 4)
                #expect(strangers.count >= 2 && strangers.allSatisfy { $0 == 1 })
                let known = strangers.map { _ in RefusalCode.unknownPeer }
                #expect(port.refused == known + [.overBudget])
                // A peer at the same address gets in all the same.
                let last = try await attempt(endpoint, by: peer)
                #expect(last.first == 0)
            }
        }

        @Test func theClientSaysWhyItWasRefused() async throws {
            try await withPort(peers: [stranger.node: .pending]) { endpoint, _ in
                try await withClient { client in
                    for (signer, code) in [
                        (SecretKey.test(8), RefusalCode.unknownPeer), (stranger, .notActive),
                        (key, .unauthenticated),
                    ] {
                        do throws(TransportError) {
                            _ = try await client.openLink(
                                to: endpoint, pin: key.node, signedBy: signer)
                            Issue.record("\(code) was let in")
                        } catch {
                            guard case .refused(let refusal) = error else {
                                Issue.record("\(error)")
                                continue
                            }
                            #expect(refusal.code == code)
                        }
                    }
                    try await until { client.pool.openConnections == 0 }
                }
            }
        }

        @Test func onePeersLinksAreBounded() async throws {
            var limits = ServerLimits()
            limits.linksPerPeer = 2
            try await withPort(limits) { endpoint, port in
                try await withClient { client in
                    func open() async throws -> PeerLink {
                        try await client.openLink(to: endpoint, pin: key.node, signedBy: peer)
                    }
                    let first = try await open()
                    let second = try await open()
                    let busy = await #expect(throws: TransportError.self) { try await open() }
                    guard case .refused(let refusal) = busy else {
                        Issue.record("\(String(describing: busy))")
                        return
                    }
                    #expect(refusal.code == .busy)
                    #expect(port.refused == [.busy])
                    // The others don't notice, and one that ends makes room.
                    try await second.write([1])
                    #expect(try await second.read() == [1])
                    first.close()
                    // Refused until the server has noticed.
                    while (try? await open()) == nil { try Task.checkCancellation() }
                }
            }
        }

        @Test func aProvenLinkKeepsItsPlace() async throws {
            var limits = ServerLimits()
            limits.address.loopbackConnections = 2
            try await withPort(limits) { endpoint, port in
                try await withClient { client in
                    let link = try await client.openLink(
                        to: endpoint, pin: key.node, signedBy: peer)
                    // Six strangers, of whom only two find room.
                    let others = try await holdOpen(endpoint, count: 6)
                    try await until { port.refused.count == 4 }
                    try await link.write([1])
                    #expect(try await link.read() == [1])
                    for channel in others { channel.close(mode: .all, promise: nil) }
                }
            }
        }

        @Test(arguments: [0, 1, 111])
        func silenceAndHalfAHelloAreCutOffAndCounted(_ count: Int) async throws {
            var limits = ServerLimits()
            limits.handshakeTimeout = .milliseconds(500)
            try await withPort(limits) { endpoint, port in
                let begin = ContinuousClock.now
                let opening = try await linkOpening(endpoint, pin: key.node)
                #expect(try await opening.connection.read(32)?.count == 32)
                if count > 0 {
                    try await opening.connection.write([UInt8](repeating: 1, count: count))
                }
                #expect(try await opening.connection.read() == nil)
                #expect(begin.duration(to: .now) < .seconds(5))
                #expect(port.refused == [.malformed])
                #expect(port.state.withLock { $0.links } == [])
            }
        }

        @Test func garbageInsteadOfAHelloIsRefused() async throws {
            try await withPort { endpoint, port in
                let opening = try await linkOpening(endpoint, pin: key.node)
                _ = try await opening.connection.read(32)
                try await opening.connection.write([UInt8](repeating: 0x47, count: 5000))
                #expect(try await opening.connection.read() == [1])
                #expect(try await opening.connection.read() == nil)
                #expect(port.refused == [.unknownPeer])
                #expect(port.state.withLock { $0.links } == [])
            }
        }

        @Test func aServerThatSpeaksOnlyHTTPIsRecognisedAndGetsNoByte() async throws {
            let server = ScriptedServer("HTTP/1.1 200 OK\r\n\r\n")
            var tls = try NodeCertificate.make(for: key).serverConfiguration()
            tls.applicationProtocols = ["http/1.1"]
            try await server.run(tls) { endpoint in
                try await withClient { client in
                    await #expect(throws: TransportError.noLinks) {
                        try await client.openLink(to: endpoint, pin: key.node, signedBy: peer)
                    }
                }
            }
            #expect(server.connections == 1)
            #expect(server.bytes == [])
        }

        @Test func anotherNodeGetsNoHello() async throws {
            let server = ScriptedServer("")
            try await server.run(
                try NodeCertificate.make(for: stranger).serverConfiguration()
            ) { endpoint in
                try await withClient { client in
                    await #expect(
                        throws: TransportError.wrongIdentity(
                            expected: key.node, found: stranger.node)
                    ) {
                        try await client.openLink(to: endpoint, pin: key.node, signedBy: peer)
                    }
                }
            }
            #expect(server.bytes == [])
        }

        @Test func anAnswerThatIsNoneIsABadResponse() async throws {
            let certificate = try NodeCertificate.make(for: key)
            let context = try certificate.serverContext()
            let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(NIOSSLServerHandler(context: context))
                        try pipeline.addHandler(BadAnswerer())
                    }
                }.bind(host: "127.0.0.1", port: 0).get()
            let endpoint = Endpoint(host: "127.0.0.1", port: server.localAddress?.port ?? 0)
            try await withClient { client in
                await #expect(throws: TransportError.badResponse("a link's answer of 9")) {
                    try await client.openLink(to: endpoint, pin: key.node, signedBy: peer)
                }
                try await until { client.pool.openConnections == 0 }
            }
            try await server.close()
        }
    }
}

/// Sends a nonce, and an answer that there is not.
private final class BadAnswerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent {
            send(context, [UInt8](repeating: 6, count: 32))
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { send(context, [9]) }

    private func send(_ context: ChannelHandlerContext, _ bytes: [UInt8]) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }
}
