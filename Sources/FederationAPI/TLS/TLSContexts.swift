import Core
import Foundation
import NIOCore
import NIOSSL
import Synchronization

extension NodeCertificate {
    /// TLS 1.3 only, HTTP/1.1 or links by ALPN; clients prove themselves by signatures, not by
    /// certificates.
    func serverConfiguration() throws -> TLSConfiguration {
        let key = try NIOSSLPrivateKey(bytes: Array(privateKey.utf8), format: .pem)
        let own = try NIOSSLCertificate(bytes: certificate, format: .der)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(own)], privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = [LinkHello.alpn, "http/1.1"]
        configuration.shutdownTimeout = ServerCheck.farewell
        return configuration
    }

    /// One context serves all connections, which lets others resume their sessions by ticket.
    func serverContext() throws -> NIOSSLContext {
        try NIOSSLContext(configuration: serverConfiguration())
    }
}

/// One handshake's check of the server, made by the TLS library before it sends its own last
/// flight: a server that is not the wanted node receives no byte of HTTP.
final class ServerCheck: Sendable {
    private let pin: NodeID?
    private let outcome = Mutex<Result<ProvenIdentity, IdentityError>?>(nil)

    init(pin: NodeID?) { self.pin = pin }

    /// What the check found; nil before it ran.
    var result: Result<ProvenIdentity, IdentityError>? { outcome.withLock { $0 } }

    func handler(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: nil) { [self] chain, promise in
            let result = check(chain)
            outcome.withLock { $0 = result }
            // The reason is kept in `outcome`.
            promise.succeed((try? result.get()) == nil ? .failed : .certificateVerified)
        }
    }

    private func check(_ chain: [NIOSSLCertificate]) -> Result<ProvenIdentity, IdentityError> {
        // A certificate that can't be encoded is missing in the count below.
        let encoded = chain.compactMap { try? $0.toDERBytes() }
        guard encoded.count == chain.count else { return .failure(.unreadable("not X.509")) }
        do throws(IdentityError) {
            let identity = try ProvenIdentity(chain: encoded, now: Date())
            if let pin, pin != identity.node {
                throw .wrongNode(expected: pin, found: identity.node)
            }
            return .success(identity)
        } catch {
            return .failure(error)
        }
    }

    /// How long the other side may take to say goodbye in TLS; the library's 5 s would hold closed
    /// connections open.
    static let farewell: TimeAmount = .seconds(1)

    /// The client's side; `protocols` is what it may be spoken to in.
    static func context(_ protocols: [String]) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = protocols
        configuration.shutdownTimeout = farewell
        configuration.verifySignatureAlgorithms = [.ecdsaSecp256R1Sha256]
        // Names mean nothing between nodes: the callback checks the identity instead.
        configuration.certificateVerification = .noHostnameVerification
        return try NIOSSLContext(configuration: configuration)
    }
}
