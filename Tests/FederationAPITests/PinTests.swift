import Core
import Federation
import Foundation
import NIOSSL
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// What the other side may be before it gets a byte.
    @Suite(.timeLimit(.minutes(2)))
    struct PinTests {
        let server = SecretKey.test(1)
        let client = SecretKey.test(2)
        static let reply =
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nhi"

        func tls(_ certificate: [UInt8], _ key: String) throws -> TLSConfiguration {
            let own = try NIOSSLCertificate(bytes: certificate, format: .der)
            let key = try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: [.certificate(own)], privateKey: .privateKey(key))
            tls.applicationProtocols = ["http/1.1"]
            return tls
        }

        /// The error of a request to a server with this certificate, and how many bytes of HTTP it
        /// got.
        func attempt(
            _ tls: TLSConfiguration, pin: NodeID?
        ) async throws -> (error: TransportError?, bytes: Int, connections: Int) {
            let scripted = ScriptedServer(Self.reply)
            let error: TransportError? = try await scripted.run(tls) { endpoint in
                try await withClient { peer in
                    do throws(TransportError) {
                        _ = try await peer.send(.status, to: endpoint, pin: pin, signedBy: client)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return (error, scripted.bytes.count, scripted.connections)
        }

        @Test func theRightNodeGetsTheRequest() async throws {
            let certificate = try NodeCertificate.make(for: server)
            let result = try await attempt(
                tls(certificate.certificate, certificate.privateKey), pin: server.node)
            // So that the other tests prove something: this server is reached, and its answer is no
            // protocol.
            #expect(result.bytes > 500)
            #expect(result.error == .badResponse("status 200, text/plain"))
        }

        @Test func theWrongNodeGetsNoByte() async throws {
            let certificate = try NodeCertificate.make(for: .test(9))
            let result = try await attempt(
                tls(certificate.certificate, certificate.privateKey), pin: server.node)
            #expect(
                result.error
                    == .wrongIdentity(expected: server.node, found: SecretKey.test(9).node))
            #expect(result.bytes == 0)
            #expect(result.connections == 1)
        }

        @Test func anUnboundCertificateGetsNoByteEvenWithoutAPin() async throws {
            let bad = try BadCertificate.make(binding: nil, node: server.node, now: Date())
            for pin in [server.node, nil] {
                let result = try await attempt(tls(bad.certificate, bad.key), pin: pin)
                #expect(result.error == .identity(.unbound))
                #expect(result.bytes == 0)
            }
        }

        @Test func aBindingTakenFromAnotherCertificateGetsNoByte() async throws {
            let theirs = try NodeCertificate.make(for: server)
            let bad = try BadCertificate.make(
                binding: BadCertificate.binding(of: theirs.certificate), node: server.node,
                now: Date())
            for pin in [server.node, nil] {
                let result = try await attempt(tls(bad.certificate, bad.key), pin: pin)
                #expect(result.error == .identity(.badBinding))
                #expect(result.bytes == 0)
            }
        }

        @Test func anExpiredCertificateGetsNoByte() async throws {
            let old = try NodeCertificate.make(for: server, now: Date(timeIntervalSince1970: 1e9))
            let result = try await attempt(tls(old.certificate, old.privateKey), pin: server.node)
            #expect(result.error == .identity(.expired))
            #expect(result.bytes == 0)
        }

        @Test func aCertificateOfTheFutureGetsNoByte() async throws {
            let early = try NodeCertificate.make(
                for: server, now: Date().addingTimeInterval(3 * 86_400))
            let result = try await attempt(
                tls(early.certificate, early.privateKey), pin: server.node)
            #expect(result.error == .identity(.expired))
            #expect(result.bytes == 0)
        }

        @Test func aBindingOfOneNodeOnAnothersKeyGetsNoByte() async throws {
            // A stranger's own key, under the extension that the wanted node once signed.
            let wanted = try NodeCertificate.make(for: server)
            let bad = try BadCertificate.make(
                binding: BadCertificate.binding(of: wanted.certificate),
                node: SecretKey.test(9).node, now: Date())
            for pin in [server.node, SecretKey.test(9).node, nil] {
                let result = try await attempt(tls(bad.certificate, bad.key), pin: pin)
                #expect(result.error == .identity(.badBinding))
                #expect(result.bytes == 0)
            }
        }

        @Test func aChainOfTwoGetsNoByteEvenWhereTheFirstIsGood() async throws {
            let good = try NodeCertificate.make(for: server)
            let other = try NodeCertificate.make(for: .test(9))
            var two = try tls(good.certificate, good.privateKey)
            two.certificateChain = try [good, other].map {
                .certificate(try NIOSSLCertificate(bytes: $0.certificate, format: .der))
            }
            let result = try await attempt(two, pin: server.node)
            #expect(result.error == .identity(.unreadable("a chain of 2")))
            #expect(result.bytes == 0)
        }

        /// Other kinds of keys, self-signed by openssl for the subject that ours have.
        @Test(arguments: [
            "rsa:2048", "ec:secp384r1", "ed25519", "ec:prime256v1",
        ])
        func anotherKindOfKeyGetsNoByte(_ kind: String) async throws {
            try await withFolder { folder in
                let parts = kind.split(separator: ":").map(String.init)
                let algorithm =
                    parts[0] == "ec"
                    ? ["ec", "-pkeyopt", "ec_paramgen_curve:\(parts[1])"] : [kind]
                let output = try await Program.run(
                    "/usr/bin/openssl",
                    ["req", "-x509", "-nodes", "-days", "30", "-keyout", "key", "-out", "cert"]
                        + ["-subj", "/CN=\(server.node.hex)", "-newkey"] + algorithm,
                    in: folder)
                guard output != nil else { return }
                var other = TLSConfiguration.makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile(folder + "/cert").map {
                        .certificate($0)
                    },
                    privateKey: .privateKey(
                        try NIOSSLPrivateKey(file: folder + "/key", format: .pem)))
                other.applicationProtocols = ["http/1.1"]
                for pin in [server.node, nil] {
                    let result = try await attempt(other, pin: pin)
                    #expect(result.bytes == 0)
                    #expect(result.connections == 1)
                    if kind == "ec:prime256v1" {
                        // The right kind of key: what is missing is the binding.
                        #expect(result.error == .identity(.unbound))
                    } else if case .tls = result.error {
                        // The handshake offers no other kind.
                    } else {
                        Issue.record("\(kind): \(String(describing: result.error))")
                    }
                }
            }
        }

        @Test func aStolenCertificateWithoutItsKeyGetsNoByte() async throws {
            let theirs = try NodeCertificate.make(for: server)
            let other = try NodeCertificate.make(for: server)
            // The TLS library itself refuses to serve with a key that does not belong.
            await #expect(throws: (any Error).self) {
                try await attempt(tls(theirs.certificate, other.privateKey), pin: server.node)
            }
        }

        @Test func aServerWithoutTLS13GetsNoByte() async throws {
            let certificate = try NodeCertificate.make(for: server)
            var old = try tls(certificate.certificate, certificate.privateKey)
            old.maximumTLSVersion = .tlsv12
            let result = try await attempt(old, pin: server.node)
            #expect(result.bytes == 0)
            guard case .tls = result.error else {
                Issue.record("\(String(describing: result.error))")
                return
            }
        }
    }
}
