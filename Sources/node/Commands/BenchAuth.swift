import ArgumentParser
import Core
import Federation
import FederationAPI
import Foundation
import Logging

extension Bench {
    struct Auth: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What it costs to prove who asks: signatures, handshakes, requests.",
            discussion: """
                Client and server share this process and its cores, over TLS on loopback. "signed" \
                is a GET of status, "unsigned" the introduction of a registration; both are \
                answered by the same few bytes, so that the difference is the proof.
                """)

        @OptionGroup var format: JSONFlag

        @Option(help: "Seconds for each figure.")
        var seconds = 5.0

        @Option(help: "Requests under way at once.")
        var inFlight = 8

        @Flag(help: "A tenth of a second for each figure: shows that it works, measures nothing.")
        var smoke = false

        func validate() throws {
            guard seconds >= 0.05, seconds <= 600 else {
                throw ValidationError("--seconds is 0.05 to 600")
            }
            guard (1...200).contains(inFlight) else {
                throw ValidationError("--in-flight is 1 to 200")
            }
        }

        func run() async throws {
            let time = Duration.seconds(smoke ? 0.1 : seconds)
            var figures = Self.signatures(time)
            let server = SecretKey.generate()
            let client = SecretKey.generate()
            figures += try await Self.withServer(server, peer: client) { endpoint in
                let handshake = try await Self.handshake(endpoint, server, time)
                let signed = try await requests(.status, endpoint, server, client, time)
                let card = NodeCard(label: "bench", endpoints: ["https://127.0.0.1:1"])
                let introduction = Federation.Request.introduce(
                    Introduction(
                        node: client.node, nonce: .zero, card: card, time: .system()))
                let unsigned = try await requests(introduction, endpoint, server, client, time)
                return [
                    Figure(
                        name: "TLS handshake with TCP, both sides", value: handshake, unit: "us"),
                    Figure(
                        name: "requests, signed, kept connections", value: signed,
                        unit: "requests/s"),
                    Figure(
                        name: "requests, unsigned, kept connections", value: unsigned,
                        unit: "requests/s"),
                    Figure(name: "ratio", value: signed / unsigned, unit: ""),
                ]
            }
            try Bench.show(figures, format)
        }
    }
}

extension Bench.Auth {
    /// Microseconds that `body` takes, called for `time`.
    private static func microseconds(_ time: Duration, _ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        var count = 0
        repeat {
            for _ in 0..<16 { body() }
            count += 16
        } while clock.now - start < time
        return Bench.seconds(clock.now - start) * 1e6 / Double(count)
    }

    private static func signatures(_ time: Duration) -> [Bench.Figure] {
        let key = SecretKey.generate()
        let receiver = SecretKey.generate().node
        let bytes = [UInt8](repeating: 7, count: 300)
        let signature = key.sign(bytes)
        let target = "/api/federation/events"
        func headers() -> [(name: String, value: String)] {
            RequestSignature.headers(
                method: "POST", target: target, contentType: "application/cbor", body: bytes,
                to: receiver, key: key, now: .system())
        }
        let fields = headers()
        let figures = [
            ("Ed25519 sign, 300 bytes", microseconds(time) { _ = key.sign(bytes) }),
            (
                "Ed25519 verify, 300 bytes",
                microseconds(time) {
                    precondition(Signature.verify(signature, of: bytes, by: key.node))
                }
            ),
            ("RFC 9421 sign, whole request", microseconds(time) { _ = headers() }),
            (
                "RFC 9421 verify, whole request",
                microseconds(time) {
                    let signer = RequestSignature.signer(
                        method: "POST", target: target, fields: fields, receiver: receiver)
                    precondition(signer == key.node)
                }
            ),
        ]
        return figures.map { Bench.Figure(name: $0.0, value: $0.1, unit: "us") }
    }

    /// A public port whose node answers without thinking, and which lets this host do what it
    /// likes.
    private static func withServer<Value: Sendable>(
        _ key: SecretKey, peer: SecretKey,
        _ body: (FederationAPI.Endpoint) async throws -> Value
    ) async throws -> Value {
        var limits = ServerLimits()
        limits.address.loopbackFactor = 1_000_000
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let server = FederationServer(
            port: BenchPort(node: key.node, peer: peer.node),
            certificate: try NodeCertificate.make(for: key), host: "127.0.0.1", portNumber: 0,
            limits: limits, logger: .silent
        ) { _, port in found.yield(port) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { found.finish() }
                try await server.run()
            }
            defer { group.cancelAll() }
            for await port in ports {
                return try await body(FederationAPI.Endpoint(host: "127.0.0.1", port: port))
            }
            throw UserError("the server did not start")
        }
    }

    /// Microseconds from a TCP connect to a proven server, one after the other.
    private static func handshake(
        _ endpoint: FederationAPI.Endpoint, _ server: SecretKey, _ time: Duration
    ) async throws -> Double {
        let client = PeerClient(logger: .silent)
        let clock = ContinuousClock()
        let start = clock.now
        var count = 0.0
        repeat {
            _ = try await client.identity(at: endpoint, pin: server.node)
            count += 1
        } while clock.now - start < time
        let whole = Bench.seconds(clock.now - start)
        await client.close()
        return whole * 1e6 / count
    }

    /// Requests a second, over as many kept connections as may be under way.
    private func requests(
        _ request: Federation.Request, _ endpoint: FederationAPI.Endpoint, _ server: SecretKey,
        _ key: SecretKey, _ time: Duration
    ) async throws -> Double {
        var limits = ClientLimits()
        limits.idlePerEndpoint = inFlight
        let client = PeerClient(limits: limits, logger: .silent)
        let clock = ContinuousClock()
        // Connections are made before the clock starts.
        _ = try await Self.ask(request, endpoint, server, key, client, inFlight, until: clock.now)
        let start = clock.now
        let count = try await Self.ask(
            request, endpoint, server, key, client, inFlight, until: start + time)
        let whole = Bench.seconds(clock.now - start)
        await client.close()
        return Double(count) / whole
    }

    private static func ask(
        _ request: Federation.Request, _ endpoint: FederationAPI.Endpoint, _ server: SecretKey,
        _ key: SecretKey, _ client: PeerClient, _ inFlight: Int, until end: ContinuousClock.Instant
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<inFlight {
                group.addTask {
                    var count = 0
                    repeat {
                        let got = try await client.send(
                            request, to: endpoint, pin: server.node, signedBy: key)
                        guard got.response == .outcomes([.stored]) else {
                            throw UserError("the server answered \(got.response)")
                        }
                        count += 1
                    } while ContinuousClock.now < end
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    }
}

/// Answers everything with the same few bytes.
private struct BenchPort: FederationPort {
    let node: NodeID
    let peer: NodeID

    func state(of node: NodeID) async -> PeerRecord.State? { node == peer ? .active : nil }

    func respond(
        to request: Federation.Request, from caller: FederationAPI.Caller
    ) async -> Federation.Response { .outcomes([.stored]) }

    func pages(
        since: Cursor?, for caller: FederationAPI.Caller
    ) async throws(Refusal) -> any PageSource { throw Refusal(.notFound, "no pages here") }

    func refused(_ code: RefusalCode, by node: NodeID?, address: String) {}

    func carry(_ link: PeerLink) async {}

    func card() async -> NodeCard { NodeCard(label: "bench", endpoints: []) }
}
