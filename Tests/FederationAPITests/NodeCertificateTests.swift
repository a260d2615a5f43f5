import Core
import Crypto
import Foundation
import SwiftASN1
import Testing
import X509

@testable import FederationAPI

@Suite(.timeLimit(.minutes(2)))
struct NodeCertificateTests {
    let key = SecretKey.test(1)
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test func aCertificateProvesItsNode() throws {
        let made = try NodeCertificate.make(for: key, now: now)
        let proven = try ProvenIdentity(chain: [made.certificate], now: now)
        #expect(proven.node == key.node)
        #expect(proven.tlsKey == made.tlsKey)
        #expect(made.notAfter == now.addingTimeInterval(365 * 86_400))
    }

    @Test func theTLSKeyIsTheHashOfTheSPKIThatOpenSSLSees() throws {
        let made = try NodeCertificate.make(for: key, now: now)
        let certificate = try Certificate(derEncoded: made.certificate)
        let p256 = try #require(P256.Signing.PublicKey(certificate.publicKey))
        let hash: Core.Digest = Core.SHA256.hash(Array(p256.derRepresentation))
        #expect(made.tlsKey == hash)
    }

    @Test func itIsValidForAYearAndADayOfGrace() throws {
        let made = try NodeCertificate.make(for: key, now: now)
        for day in [-1.0, 0, 365, 365.9] {
            let date = now.addingTimeInterval(day * 86_400)
            #expect(throws: Never.self) {
                try ProvenIdentity(chain: [made.certificate], now: date)
            }
        }
        for day in [-1.1, 366.1, 4000] {
            let date = now.addingTimeInterval(day * 86_400)
            #expect(throws: IdentityError.expired) {
                try ProvenIdentity(chain: [made.certificate], now: date)
            }
        }
    }

    @Test func aFlippedBitAnywhereProvesNothingElse() throws {
        let made = try NodeCertificate.make(for: key, now: now)
        let proven = try ProvenIdentity(chain: [made.certificate], now: now)
        var taken: [Int] = []
        for place in made.certificate.indices {
            var damaged = made.certificate
            damaged[place] ^= 1 << (place % 8)
            // Refused is what is hoped for.
            guard let found = try? ProvenIdentity(chain: [damaged], now: now) else { continue }
            #expect(found == proven)
            taken.append(place)
        }
        // The count of unused bits of the outer signature, which nothing signs, may change where
        // those bits are zero.
        #expect(taken.count <= 1)
        #expect(taken.allSatisfy { $0 > made.certificate.count - 80 })
    }

    @Test func aChainOfTwoOrNoneIsRefused() throws {
        let made = try NodeCertificate.make(for: key, now: now).certificate
        #expect(throws: IdentityError.self) { try ProvenIdentity(chain: [], now: now) }
        #expect(throws: IdentityError.self) {
            try ProvenIdentity(chain: [made, made], now: now)
        }
    }

    @Test func aCertificateWithoutBindingIsRefused() throws {
        let made = try BadCertificate.make(binding: nil, node: key.node, now: now)
        #expect(throws: IdentityError.unbound) {
            try ProvenIdentity(chain: [made.certificate], now: now)
        }
    }

    @Test func aBindingOfAnotherTLSKeyIsRefused() throws {
        let theirs = try NodeCertificate.make(for: key, now: now)
        let made = try BadCertificate.make(
            binding: try BadCertificate.binding(of: theirs.certificate), node: key.node, now: now)
        #expect(throws: IdentityError.badBinding) {
            try ProvenIdentity(chain: [made.certificate], now: now)
        }
    }

    @Test func anotherKeyThanP256IsRefused() throws {
        let tls = Certificate.PrivateKey(P384.Signing.PrivateKey())
        let publicKey = try TLSBinding.publicKeyBytes(tls.publicKey)
        let binding = TLSBinding(key: key, publicKey: publicKey).encoded
        let name = try DistinguishedName { CommonName("x") }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: tls.publicKey,
            notValidBefore: now, notValidAfter: now.addingTimeInterval(86_400), issuer: name,
            subject: name, signatureAlgorithm: .ecdsaWithSHA384,
            extensions: try Certificate.Extensions {
                Certificate.Extension(
                    oid: TLSBinding.identifier, critical: false, value: binding[...])
            }, issuerPrivateKey: tls)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        #expect(throws: IdentityError.notSelfSigned) {
            try ProvenIdentity(chain: [serializer.serializedBytes], now: now)
        }
    }

    @Test func itIsStoredForItsOwnerOnlyAndLoadedAgain() throws {
        try withFolder { folder in
            let path = folder + "/tls.pem"
            let made = try NodeCertificate.load(orMakeAt: path, for: key, now: now)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            let later = now.addingTimeInterval(334 * 86_400)
            let loaded = try NodeCertificate.load(orMakeAt: path, for: key, now: later)
            #expect(loaded.certificate == made.certificate)
            #expect(loaded.privateKey == made.privateKey)
        }
    }

    @Test func itIsRenewedInItsLastMonth() throws {
        try withFolder { folder in
            let path = folder + "/tls.pem"
            let made = try NodeCertificate.load(orMakeAt: path, for: key, now: now)
            let later = now.addingTimeInterval(336 * 86_400)
            let renewed = try NodeCertificate.load(orMakeAt: path, for: key, now: later)
            #expect(renewed.tlsKey != made.tlsKey)
            #expect(renewed.node == key.node)
        }
    }

    @Test(arguments: ["", "garbage", "half"])
    func aDamagedOrForeignFileIsReplaced(_ damage: String) throws {
        try withFolder { folder in
            let path = folder + "/tls.pem"
            let other = try NodeCertificate.load(orMakeAt: path, for: .test(2), now: now)
            if damage == "half" {
                let text = try String(contentsOfFile: path, encoding: .utf8)
                try String(text.prefix(text.count / 2)).write(
                    toFile: path, atomically: true, encoding: .utf8)
            } else if damage == "garbage" {
                try damage.write(toFile: path, atomically: true, encoding: .utf8)
            }
            let mine = try NodeCertificate.load(orMakeAt: path, for: key, now: now)
            #expect(mine.node == key.node)
            #expect(mine.tlsKey != other.tlsKey)
            let again = try NodeCertificate.load(orMakeAt: path, for: key, now: now)
            #expect(again.tlsKey == mine.tlsKey)
        }
    }

    @Test func aFolderThatIsNotThereIsNamedInTheError() {
        #expect {
            try NodeCertificate.load(orMakeAt: "/nowhere/tls.pem", for: key, now: now)
        } throws: { error in
            "\(error)".contains("/nowhere/tls.pem") && "\(error)".contains("No such file")
        }
    }
}

/// Certificates that prove nothing.
enum BadCertificate {
    static func make(
        binding: [UInt8]?, node: NodeID, now: Date
    ) throws -> (certificate: [UInt8], key: String) {
        let tls = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let certificate = try NodeCertificate.sign(tls, node: node, extension: binding, now: now)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return (serializer.serializedBytes, try tls.serializeAsPEM().pemString)
    }

    static func binding(of certificate: [UInt8]) throws -> [UInt8] {
        let read = try Certificate(derEncoded: certificate)
        return Array(read.extensions[oid: TLSBinding.identifier]?.value ?? [])
    }
}

/// A folder that is gone afterwards.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = NSTemporaryDirectory() + "api-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // A folder that stays behind in /tmp harms no test.
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = NSTemporaryDirectory() + "api-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // A folder that stays behind in /tmp harms no test.
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}
