import Core
import NIOSSL
import Synchronization

/// What the server shows: its certificate, which may be replaced while connections are open. Those
/// keep the one that they began with.
final class ServerIdentity: Sendable {
    private struct Current {
        var certificate: NodeCertificate
        var context: NIOSSLContext
    }

    private let current: Mutex<Current>

    init(_ certificate: NodeCertificate) throws {
        current = Mutex(
            Current(certificate: certificate, context: try certificate.serverContext()))
    }

    /// What new connections are shown.
    var certificate: NodeCertificate { current.withLock { $0.certificate } }

    /// The TLS side of a new connection, and the key of the certificate that it will show.
    func handler() -> (handler: NIOSSLServerHandler, tlsKey: Digest) {
        let current = current.withLock { $0 }
        return (NIOSSLServerHandler(context: current.context), current.certificate.tlsKey)
    }

    /// Shows another certificate from now on. Tickets of the one before are not taken any more, so
    /// whoever resumes a session makes a whole handshake and sees the new one.
    func replace(with certificate: NodeCertificate) throws {
        let next = Current(certificate: certificate, context: try certificate.serverContext())
        current.withLock { $0 = next }
    }
}
