public import Core
public import Foundation
import SwiftASN1
import X509

import enum Crypto.P256

/// What a TLS server proved: its node, and the key of this connection's certificate.
public struct ProvenIdentity: Hashable, Sendable {
    public let node: NodeID
    /// SHA-256 of the certificate's SubjectPublicKeyInfo in DER; part of the registration's
    /// transcript.
    public let tlsKey: Digest

    /// Clocks of two honest nodes may differ by this much.
    static let grace: TimeInterval = 86_400

    /// Checks a presented chain (docs/PROTOCOL-http.md, "TLS"): one self-signed P-256 certificate,
    /// valid today, whose key the node's identity signed.
    public init(chain: [[UInt8]], now: Date) throws(IdentityError) {
        guard chain.count == 1 else { throw .unreadable("a chain of \(chain.count)") }
        // The parser's reason is about bytes that a stranger chose.
        guard let certificate = try? Certificate(derEncoded: chain[0]) else {
            throw .unreadable("not X.509")
        }
        guard CertificateDates.areOrdinary(in: chain[0]) else { throw .unreadable("its dates") }
        let first = certificate.notValidBefore.addingTimeInterval(-Self.grace)
        let last = certificate.notValidAfter.addingTimeInterval(Self.grace)
        guard first <= now, now <= last else { throw .expired }
        guard P256.Signing.PublicKey(certificate.publicKey) != nil,
            certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
        else { throw .notSelfSigned }
        let found = certificate.extensions[oid: TLSBinding.identifier]
        guard let found, let binding = TLSBinding(decoding: Array(found.value)) else {
            throw .unbound
        }
        let key = try TLSBinding.publicKeyBytes(certificate.publicKey)
        guard binding.holds(for: key) else { throw .badBinding }
        node = binding.node
        tlsKey = Core.SHA256.hash(key)
    }
}

/// The extension by which a node's identity signs its TLS key.
struct TLSBinding {
    /// An arc that needs no registry: 1.2.840.113556.1.8000.2554 followed by the GUID
    /// 13bf3c00-fbd8-4df6-84c5-4bcb1f45ef1d in seven numbers. (A UUID under 2.25 would be one
    /// number of 128 bits, which swift-asn1 refuses.)
    static let identifier: ASN1ObjectIdentifier = [
        1, 2, 840, 113_556, 1, 8000, 2554, 5055, 15360, 64472, 19958, 33989, 4_967_199, 4_583_197,
    ]

    let node: NodeID
    let signature: [UInt8]

    /// What the identity signs.
    static func signedBytes(_ publicKey: [UInt8]) -> [UInt8] {
        Array("teambook-tls-binding-v1\0".utf8) + publicKey
    }

    init(key: SecretKey, publicKey: [UInt8]) {
        node = key.node
        signature = key.sign(Self.signedBytes(publicKey))
    }

    /// SEQUENCE { OCTET STRING (32), OCTET STRING (64) } in DER, of which only one form exists.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count == 102, bytes[..<4] == [0x30, 100, 0x04, 32],
            bytes[36..<38] == [0x04, 64],
            let node = NodeID(bytes: bytes[4..<36])
        else { return nil }
        self.node = node
        signature = Array(bytes[38...])
    }

    var encoded: [UInt8] { [0x30, 100, 0x04, 32] + node.bytes + [0x04, 64] + signature }

    func holds(for publicKey: [UInt8]) -> Bool {
        Core.Signature.verify(signature, of: Self.signedBytes(publicKey), by: node)
    }

    /// SubjectPublicKeyInfo in DER.
    static func publicKeyBytes(
        _ key: Certificate.PublicKey
    ) throws(IdentityError) -> [UInt8] {
        do {
            var serializer = DER.Serializer()
            try serializer.serialize(key)
            return serializer.serializedBytes
        } catch {
            throw .unreadable("no public key")
        }
    }
}
