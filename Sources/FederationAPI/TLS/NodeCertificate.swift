public import Core
public import Foundation
import SwiftASN1
import X509

import enum Crypto.P256

/// A node's TLS certificate: P-256, self-signed, one year, with the identity's signature of its key
/// in an extension.
///
/// P-256 and not the Ed25519 identity itself, because the clients of the web take no Ed25519
/// certificate.
public struct NodeCertificate: Sendable {
    static let validity: TimeInterval = 365 * 86_400
    /// Renewed at load when less than this is left.
    static let renewal: TimeInterval = 30 * 86_400

    public let node: NodeID
    /// SHA-256 of the SubjectPublicKeyInfo in DER.
    public let tlsKey: Digest
    public let notAfter: Date
    /// The certificate in DER.
    let certificate: [UInt8]
    /// The TLS private key in PEM.
    let privateKey: String

    /// A new certificate with a new TLS key.
    public static func make(
        for key: SecretKey, now: Date = Date()
    ) throws(IdentityError) -> NodeCertificate {
        let tls = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let publicKey = try TLSBinding.publicKeyBytes(tls.publicKey)
        let binding = TLSBinding(key: key, publicKey: publicKey)
        do {
            let certificate = try sign(tls, node: key.node, extension: binding.encoded, now: now)
            return try NodeCertificate(certificate, privateKey: tls.serializeAsPEM().pemString)
        } catch let error as IdentityError {
            throw error
        } catch {
            throw .unreadable("\(error)")
        }
    }

    /// The certificate stored at `path` (mode 0600). A new one is made and stored when there is
    /// none, when it is another node's or damaged, or when it ends within 30 days.
    public static func load(
        orMakeAt path: String, for key: SecretKey, now: Date = Date()
    ) throws(IdentityError) -> NodeCertificate {
        // What can't be read is replaced; a folder that can't be written to is an error then.
        if let stored = try? read(path), stored.node == key.node,
            stored.notAfter.timeIntervalSince(now) >= renewal
        {
            return stored
        }
        let made = try make(for: key, now: now)
        try PrivateFile.write(Array(try made.pem().utf8), to: path)
        return made
    }

    private init(_ certificate: Certificate, privateKey: String) throws {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        self.certificate = serializer.serializedBytes
        self.privateKey = privateKey
        notAfter = certificate.notValidAfter
        let identity = try ProvenIdentity(
            chain: [serializer.serializedBytes], now: certificate.notValidAfter)
        node = identity.node
        tlsKey = identity.tlsKey
    }

    private static func read(_ path: String) throws -> NodeCertificate {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let documents = try PEMDocument.parseMultiple(pemString: text)
        guard documents.count == 2 else { throw IdentityError.unreadable("not two parts") }
        let certificate = try Certificate(pemDocument: documents[0])
        let key = try Certificate.PrivateKey(pemDocument: documents[1])
        guard key.publicKey == certificate.publicKey else {
            throw IdentityError.unreadable("certificate and key don't belong together")
        }
        return try NodeCertificate(certificate, privateKey: documents[1].pemString)
    }

    private func pem() throws(IdentityError) -> String {
        let document = PEMDocument(type: "CERTIFICATE", derBytes: certificate)
        return document.pemString + "\n" + privateKey + "\n"
    }

    static func sign(
        _ key: Certificate.PrivateKey, node: NodeID, extension binding: [UInt8]?, now: Date
    ) throws -> Certificate {
        let name = try DistinguishedName { CommonName(node.hex) }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([.serverAuth])
            if let binding {
                Certificate.Extension(
                    oid: TLSBinding.identifier, critical: false, value: binding[...])
            }
        }
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            // An hour back: the clock of who connects may run behind.
            notValidBefore: now.addingTimeInterval(-3600),
            notValidAfter: now.addingTimeInterval(validity), issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: key)
    }
}
