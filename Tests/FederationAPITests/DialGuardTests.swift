import Core
import Federation
import NIOCore
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// What only a peer's word names is looked at before it is dialled.
    @Suite(.timeLimit(.minutes(1)))
    struct DialGuardTests {
        let server = SecretKey.test(1)
        let client = SecretKey.test(2)

        /// The error of a request to a listener on loopback, and how many connections it saw.
        private func dial(
            host: String, _ dialGuard: DialGuard?
        ) async throws -> (error: TransportError?, connections: Int) {
            let scripted = ScriptedServer(PinTests.reply)
            let certificate = try NodeCertificate.make(for: server)
            let tls = try PinTests().tls(certificate.certificate, certificate.privateKey)
            let error: TransportError? = try await scripted.run(tls) { endpoint in
                var endpoint = endpoint
                endpoint.host = host
                return try await withClient { peer in
                    do throws(TransportError) {
                        _ = try await peer.send(
                            .status, to: endpoint, pin: server.node, signedBy: client,
                            guardedBy: dialGuard)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return (error, scripted.connections)
        }

        /// Also what resolves to it, and what only some programs read as an address.
        @Test(arguments: ["127.0.0.1", "localhost", "127.1", "0x7f000001", "0.0.0.0"])
        func loopbackIsNotDialledOnAPeersWord(_ host: String) async throws {
            let result = try await dial(
                host: host, DialGuard(allowed: [], isSameHost: false))
            guard case .forbidden? = result.error else {
                Issue.record("\(host): \(String(describing: result.error))")
                return
            }
            #expect(result.connections == 0)
        }

        @Test func loopbackIsDialledWhereThePeerRunsOnThisHost() async throws {
            let result = try await dial(
                host: "127.0.0.1", DialGuard(allowed: [], isSameHost: true))
            #expect(result.connections == 1)
        }

        @Test func theOperatorMayAllowARange() async throws {
            let range = try #require(AddressRange("127.0.0.0/8"))
            let result = try await dial(
                host: "127.0.0.1", DialGuard(allowed: [range], isSameHost: false))
            #expect(result.connections == 1)
        }

        @Test(arguments: [
            "169.254.169.254", "fe80::1", "::", "::1", "::ffff:127.0.0.1", "fd00:ec2::254",
            "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "255.255.255.255",
        ])
        func addressesOfThisKindAreRefused(_ text: String) throws {
            let address = try SocketAddress(ipAddress: text, port: 443)
            let dialGuard = DialGuard(allowed: [], isSameHost: false)
            #expect(dialGuard.refusal(of: address) != nil)
        }

        @Test(arguments: ["192.168.1.7", "10.0.0.1", "203.0.113.9", "2001:db8::1", "fd12::1"])
        func addressesOfPeersAreDialled(_ text: String) throws {
            let address = try SocketAddress(ipAddress: text, port: 443)
            #expect(DialGuard(allowed: [], isSameHost: false).refusal(of: address) == nil)
        }
    }
}
