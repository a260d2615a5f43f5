public import Core
public import Foundation
import Logging

/// Keeps a node's certificate good while the node runs: looks once a day, and a month before its
/// end replaces it in its file and for new connections.
public struct CertificateRenewal: Sendable {
    /// Between two looks. A certificate has thirty days left when it is due, so a disk that is full
    /// has thirty chances to be mended.
    static let interval: Duration = .seconds(86_400)

    private let path: String
    private let key: SecretKey
    private let now: @Sendable () -> Date
    private let wait: @Sendable (Duration) async throws -> Void
    private let onRenewed: @Sendable (NodeCertificate) async -> Void

    /// `path` is where `NodeCertificate.load` has it. `now` is the wall clock, `wait` a timer that
    /// throws when cancelled. `onRenewed` is told of the new certificate as soon as it is shown,
    /// because registrations are bound to its key.
    public init(
        path: String, key: SecretKey, now: @escaping @Sendable () -> Date = { Date() },
        wait: @escaping @Sendable (Duration) async throws -> Void = {
            try await Task.sleep(for: $0)
        },
        onRenewed: @escaping @Sendable (NodeCertificate) async -> Void
    ) {
        self.path = path
        self.key = key
        self.now = now
        self.wait = wait
        self.onRenewed = onRenewed
    }

    /// Looks after `identity` until it is cancelled.
    func run(_ identity: ServerIdentity, _ logger: Logger) async {
        while true {
            // Cancelled: the server ends.
            do { try await wait(Self.interval) } catch { return }
            await look(identity, logger)
        }
    }

    private func look(_ identity: ServerIdentity, _ logger: Logger) async {
        do {
            let certificate = try NodeCertificate.load(orMakeAt: path, for: key, now: now())
            guard certificate.tlsKey != identity.certificate.tlsKey else { return }
            try identity.replace(with: certificate)
            await onRenewed(certificate)
            logger.info("the TLS certificate was renewed", metadata: ["file": "\(path)"])
        } catch {
            logger.error(
                "the TLS certificate can't be renewed; trying again in a day",
                metadata: ["file": "\(path)", "error": "\(error)"])
        }
    }
}
