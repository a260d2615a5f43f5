import Core
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SignatureTests {
    private static let vectors = ConditionTrait.enabled(
        if: Vectors.arePresent, "no ../shared/vectors beside the package")

    private func verify(_ signature: String, _ message: String, _ key: String) -> Bool {
        guard let signature = Hex.decode(signature), let message = Hex.decode(message),
            let key = NodeID(hex: key)
        else { return false }
        return Signature.verify(signature, of: message, by: key)
    }

    @Test func theSelfTestFindsNothingWrong() {
        #expect(Signature.selfTest() == nil)
    }

    private struct Wycheproof: Decodable {
        struct Group: Decodable {
            struct Key: Decodable { var pk: String }
            struct Test: Decodable {
                var tcId: Int
                var msg: String
                var sig: String
                var result: String
            }
            var publicKey: Key
            var tests: [Test]
        }
        var testGroups: [Group]
    }

    @Test(vectors)
    func wycheproofsCasesAreDecidedAsExpected() throws {
        let file = try Vectors.load("wycheproof/ed25519_test.json", as: Wycheproof.self)
        var count = 0
        for group in file.testGroups {
            for test in group.tests {
                let isValid = verify(test.sig, test.msg, group.publicKey.pk)
                #expect(isValid == (test.result == "valid"), "case \(test.tcId)")
                count += 1
            }
        }
        #expect(count == 151)
    }

    private struct SmallOrder: Decodable {
        var key: String
        var signature: String

        enum CodingKeys: String, CodingKey {
            case key = "vk_bytes"
            case signature = "sig_bytes"
        }
    }

    @Test(vectors)
    func nothingOfSmallOrderIsValid() throws {
        let cases = try Vectors.load("zip215_small_order_generated.json", as: [SmallOrder].self)
        #expect(cases.count == 196)
        for test in cases {
            #expect(!verify(test.signature, "5a63617368", test.key), "\(test.signature)")
            let key = try #require(NodeID(hex: test.key))
            #expect(!Signature.isValidKey(key))
        }
    }

    private struct Divergence: Decodable {
        var name: String
        var key: String
        var message: String
        var signature: String

        enum CodingKeys: String, CodingKey {
            case name, message, signature
            case key = "pub_key"
        }
    }

    @Test(vectors)
    func casesThatVerifiersDisagreeOnAreInvalid() throws {
        let cases = try Vectors.load("divergence_generated.json", as: [Divergence].self)
        #expect(cases.count == 3)
        for test in cases {
            #expect(!verify(test.signature, test.message, test.key), "\(test.name)")
        }
    }

    private struct Point: Decodable {
        var torsion: Int
        var point: String

        enum CodingKeys: String, CodingKey {
            case point
            case torsion = "torsion_multiple"
        }
    }

    @Test(vectors)
    func aKeyOfMixedOrderIsInvalid() throws {
        let points = try Vectors.load("mixed_order_points_generated.json", as: [Point].self)
        #expect(points.count == 8)
        for test in points {
            let key = try #require(NodeID(hex: test.point))
            #expect(Signature.isValidKey(key) == (test.torsion == 0))
        }
    }

    @Test(vectors)
    func noTorsionEncodingIsAKeyOrAnR() throws {
        let encodings = try Vectors.load("torsion_encodings_generated.json", as: [String].self)
        #expect(encodings.count == 14)
        let key = try #require(SecretKey(seed: [UInt8](repeating: 3, count: 32)))
        let good = key.sign([1, 2, 3])
        for encoding in encodings {
            let bytes = try #require(Hex.decode(encoding))
            let point = try #require(NodeID(bytes: bytes))
            #expect(!Signature.isValidKey(point))
            #expect(
                !Signature.verifyWithValidKey(bytes + good[32...], of: [1, 2, 3], by: key.node))
            let zero = bytes + [UInt8](repeating: 0, count: 32)
            #expect(!Signature.verifyWithValidKey(zero, of: [1, 2, 3], by: key.node))
        }
    }

    private struct Standard: Decodable {
        var name: String
        var secret: String
        var `public`: String
        var message: String
        var signature: String
    }

    @Test(vectors)
    func theStandardsCasesAreSignedAndVerified() throws {
        let cases = try Vectors.load("rfc8032_section7_1.json", as: [Standard].self)
        #expect(cases.count == 5)
        for test in cases {
            let seed = try #require(Hex.decode(test.secret))
            let key = try #require(SecretKey(seed: seed))
            #expect(key.node.hex == test.public, "\(test.name)")
            let message = try #require(Hex.decode(test.message))
            #expect(Hex.encode(key.sign(message)) == test.signature, "\(test.name)")
            #expect(verify(test.signature, test.message, test.public), "\(test.name)")
        }
    }

    @Test func aSignatureOfAnotherLengthIsInvalid() throws {
        let key = try #require(SecretKey(seed: [UInt8](repeating: 3, count: 32)))
        let good = key.sign([])
        #expect(Signature.verify(good, of: [], by: key.node))
        for bytes in [[], Array(good.dropLast()), good + [0], good + good] {
            #expect(!Signature.verify(bytes, of: [], by: key.node))
        }
    }

    @Test func aKeyComesBackFromItsSeed() throws {
        let key = SecretKey.generate()
        let again = try #require(SecretKey(seed: key.seed()))
        #expect(again.node == key.node)
        #expect(again.sign([1]) == key.sign([1]))
        #expect(again == key)
        #expect(SecretKey.generate() != key)
    }

    @Test func aSeedHas32Bytes() {
        for count in [0, 31, 33, 64] {
            #expect(SecretKey(seed: [UInt8](repeating: 1, count: count)) == nil)
        }
    }

    @Test func wipingLeavesZeros() {
        var bytes: [UInt8] = [1, 2, 3]
        SecretKey.wipe(&bytes)
        #expect(bytes == [0, 0, 0])
    }

    /// RFC 4231 section 4.3, test case 2.
    @Test func theAuthenticationCodeIsTheStandards() {
        let message = Array("what do ya want for nothing?".utf8)
        let secret = Array("Jefe".utf8)
        let code = Authentication.code(of: message, secret: secret)
        #expect(code.hex == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(Authentication.isValid(code, of: message, secret: secret))
        #expect(!Authentication.isValid(code, of: message + [0], secret: secret))
        #expect(!Authentication.isValid(code, of: message, secret: secret + [1]))
        #expect(!Authentication.isValid(.zero, of: message, secret: secret))
    }
}
