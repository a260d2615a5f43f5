import Core
import Foundation
import Testing

@testable import FederationAPI

@Suite(.timeLimit(.minutes(1)))
struct RequestSignatureTests {
    let key = SecretKey.test(1)
    let receiver = SecretKey.test(2).node
    let now = WallTime(microseconds: 1_800_000_000_000_000)
    let body = Array("some body".utf8)

    func signed(
        method: String = "POST", target: String = "/api/federation/events",
        challenge: String? = nil
    ) -> [String: [String]] {
        let headers = RequestSignature.headers(
            method: method, target: target, contentType: "application/cbor", body: body,
            to: receiver, challenge: challenge, key: key, now: now,
            nonce: Nonce(bytes: [UInt8](repeating: 5, count: 16)))
        return Dictionary(uniqueKeysWithValues: headers.map { ($0.name, [$0.value]) })
    }

    func verify(
        _ headers: [String: [String]], method: String = "POST",
        target: String = "/api/federation/events", receiver: NodeID? = nil
    ) throws(SignatureProblem) -> ClaimedSignature {
        let claim = try RequestSignature.claim(
            method: method, target: target, values: { headers[$0] ?? [] },
            receiver: receiver ?? self.receiver)
        guard claim.holds() else { throw .invalid }
        return claim
    }

    @Test func aSignedRequestVerifies() throws {
        let found = try verify(signed())
        #expect(found.node == key.node)
        #expect(found.nonce.bytes == [UInt8](repeating: 5, count: 16))
        #expect(found.nonce.instance == 0x0505_0505_0505_0505)
        #expect(found.created == 1_800_000_000)
        #expect(found.expires == 1_800_000_060)
        #expect(found.contentDigest == ContentDigest.text(of: body))
        #expect(found.challenge == nil)
    }

    @Test func theSignerIsNamedOnlyWhereTheSignatureHolds() {
        func fields(_ target: String) -> [(name: String, value: String)] {
            RequestSignature.headers(
                method: "POST", target: target, contentType: "application/cbor", body: body,
                to: receiver, key: key, now: now)
        }
        func signer(_ fields: [(name: String, value: String)]) -> NodeID? {
            RequestSignature.signer(
                method: "POST", target: "/a", fields: fields, receiver: receiver)
        }
        #expect(signer(fields("/a")) == key.node)
        #expect(signer(fields("/b")) == nil)
        #expect(signer([]) == nil)
    }

    @Test func aProcessHasOneInstanceAndNeverRepeatsANonce() throws {
        func nonce() throws -> Nonce {
            let fields = RequestSignature.headers(
                method: "GET", target: "/", contentType: "t", body: [], to: receiver, key: key,
                now: now)
            let values = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, [$0.value]) })
            return try RequestSignature.claim(
                method: "GET", target: "/", values: { values[$0] ?? [] }, receiver: receiver
            ).nonce
        }
        let nonces = try (0..<200).map { _ in try nonce() }
        #expect(Set(nonces.map(\.instance)) == [Nonce.ownInstance])
        #expect(Set(nonces).count == 200)
    }

    @Test func theBaseIsTheOneOfTheRFC() throws {
        var request = SignedRequest(
            method: "GET", target: "/api/federation/events?since=x", contentDigest: "D",
            contentType: "T", receiver: "R", challenge: nil)
        #expect(
            request.base(parameters: "P")
                == Array(
                    """
                    "@method": GET
                    "@path": /api/federation/events
                    "@query": ?since=x
                    "content-digest": D
                    "content-type": T
                    "teambook-to": R
                    "@signature-params": P
                    """.utf8))
        request.target = "/api"
        #expect(
            String(decoding: request.base(parameters: "P"), as: UTF8.self).contains(
                "\"@query\": ?\n"))
    }

    @Test func theVectorOfRFC9421SectionB26Holds() throws {
        let path = "../shared/vectors/rfc9421_b26_recomputed.json"
        guard let data = FileManager.default.contents(atPath: Self.folder(path)) else {
            print("skipped: \(path) is not here")
            return
        }
        let vector = try JSONDecoder().decode([String: String].self, from: data)
        let signed = try #require(vector["signature_base"])
        var base = SignatureBase()
        let lines = signed.split(separator: "\n")
        for line in lines.dropLast() {
            let parts = line.split(separator: ":", maxSplits: 1)
            base.add(
                parts[0].trimmingCharacters(in: ["\""]),
                parts[1].trimmingCharacters(in: .whitespaces))
        }
        let parameters = try #require(lines.last?.dropFirst("\"@signature-params\": ".count))
        let bytes = base.finish(parameters: String(parameters))
        #expect(bytes == Array(signed.utf8))
        let pkcs8 = try #require(Data(base64Encoded: vector["private_pkcs8_b64"] ?? ""))
        let signer = try #require(SecretKey(seed: Array(pkcs8.suffix(32))))
        #expect(Data(signer.sign(bytes)).base64EncodedString() == vector["signature_b64"])
        let input = try #require(SignatureFields.inputs("sig-b26=" + parameters)?.first)
        #expect(input.text == parameters)
        #expect(input.components.count == 6)
        #expect(input.parameters["created"] == .integer(1_618_884_473))
    }

    /// The package's root, wherever the tests run.
    static func folder(_ path: String) -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/" + root + "/" + path
    }

    @Test func aFlippedBitInAnyHeaderIsRefused() throws {
        let headers = signed(challenge: "abc")
        for (name, lines) in headers {
            let bytes = Array(lines[0].utf8)
            for place in bytes.indices {
                for bit in 0..<7 {
                    var damaged = bytes
                    damaged[place] ^= 1 << bit
                    var copy = headers
                    copy[name] = [String(decoding: damaged, as: UTF8.self)]
                    #expect(throws: SignatureProblem.self, "\(name) \(place) \(bit)") {
                        try verify(copy)
                    }
                }
            }
        }
    }

    @Test func anotherMethodPathOrQueryIsRefused() throws {
        let headers = signed()
        #expect(throws: SignatureProblem.invalid) { try verify(headers, method: "PUT") }
        for target in ["/api/federation/bodies", "/api/federation/events?", "/"] {
            let isSame = target == "/api/federation/events?"
            // An empty query and none are one component value by RFC 9421 section 2.2.7.
            guard !isSame else {
                #expect(throws: Never.self) { try verify(headers, target: target) }
                continue
            }
            #expect(throws: SignatureProblem.invalid) { try verify(headers, target: target) }
        }
        #expect(throws: SignatureProblem.invalid) {
            try verify(headers, target: "/api/federation/events?since=x")
        }
    }

    @Test func aRequestForAnotherNodeIsRefused() {
        #expect(throws: SignatureProblem.misaddressed) {
            try verify(signed(), receiver: SecretKey.test(3).node)
        }
    }

    @Test func aMissingHeaderIsRefused() throws {
        for name in signed(challenge: "c").keys {
            var headers = signed(challenge: "c")
            headers[name] = nil
            #expect(throws: SignatureProblem.self, "\(name)") { try verify(headers) }
            headers[name] = signed(challenge: "c")[name].map { $0 + $0 }
            #expect(throws: SignatureProblem.header, "\(name) twice") { try verify(headers) }
        }
    }

    /// A signature over other components or parameters than the protocol's, made with the right
    /// key.
    func forged(_ components: [String], _ parameters: String) -> [String: [String]] {
        var headers = signed()
        let names = components.map { "\"\($0)\"" }.joined(separator: " ")
        let text = "(\(names))" + parameters
        let values = [
            "@method": "POST", "@path": "/api/federation/events", "@query": "?",
            "content-digest": headers["content-digest"]?[0] ?? "",
            "content-type": "application/cbor", "teambook-to": receiver.hex,
        ]
        var base = SignatureBase()
        for name in components { base.add(name, values[name] ?? "") }
        let signature = Data(key.sign(base.finish(parameters: text))).base64EncodedString()
        headers["signature-input"] = ["sig1=" + text]
        headers["signature"] = ["sig1=:\(signature):"]
        return headers
    }

    var goodParameters: String {
        ";created=1800000000;expires=1800000060;nonce=\"BQUFBQUFBQUFBQUFBQUFBQ\""
            + ";keyid=\"\(key.node.hex)\";alg=\"ed25519\";tag=\"teambook-peer-v1\""
    }

    @Test func theForgerOfTheseTestsMakesGoodSignaturesToo() throws {
        #expect(try verify(forged(SignedRequest.components, goodParameters)).node == key.node)
    }

    @Test(arguments: SignedRequest.components)
    func aSignatureThatLeavesAComponentOutIsRefused(_ component: String) {
        let fewer = SignedRequest.components.filter { $0 != component }
        #expect(throws: SignatureProblem.components) {
            try verify(forged(fewer, goodParameters))
        }
    }

    @Test(arguments: [
        ("ed25519", "rsa-v1_5-sha256"), ("BQUFBQUFBQUFBQUFBQUFBQ", "BQUF"),
        ("expires=1800000060", "expires=1800000061"), ("expires=1800000060", "expires=1800000000"),
        (";expires=1800000060", ""), ("created=1800000000", "created=01"),
        ("created=1800000000", "created=-5"), (";alg", ";x=1;alg"),
    ])
    func parametersOtherThanTheProtocolsAreRefused(_ change: (String, String)) {
        let parameters = goodParameters.replacingOccurrences(of: change.0, with: change.1)
        #expect(throws: SignatureProblem.self) {
            try verify(forged(SignedRequest.components, parameters))
        }
    }

    @Test func anotherTagIsNoSignatureOfOurs() {
        let parameters = goodParameters.replacingOccurrences(of: "peer-v1", with: "peer-v2")
        #expect(throws: SignatureProblem.missing) {
            try verify(forged(SignedRequest.components, parameters))
        }
    }

    @Test func twoSignaturesWithOurTagAreRefusedAndAForeignOneIsLeftAlone() throws {
        var headers = signed()
        let input = try #require(headers["signature-input"]?[0])
        let signature = try #require(headers["signature"]?[0])
        headers["signature-input"] = [input + ", " + input.replacing("sig1=", with: "sig2=")]
        headers["signature"] = [signature + ", " + signature.replacing("sig1=", with: "sig2=")]
        #expect(throws: SignatureProblem.several) { try verify(headers) }
        headers["signature-input"] = ["proxy=(\"@method\");tag=\"via\", " + input]
        headers["signature"] = ["proxy=:AAAA:, " + signature]
        #expect(try verify(headers).node == key.node)
        headers["signature-input"] = [input + ", " + input]
        #expect(throws: SignatureProblem.malformed) { try verify(headers) }
    }

    @Test func aSignatureUnderASmallOrderKeyIsRefused() {
        var headers = signed()
        let zero = String(repeating: "0", count: 64)
        headers["signature-input"] = headers["signature-input"].map {
            [$0[0].replacing(key.node.hex, with: zero)]
        }
        headers["signature"] = ["sig1=:\(Data(count: 64).base64EncodedString()):"]
        #expect(throws: SignatureProblem.invalid) { try verify(headers) }
    }

    @Test func freshnessIsSixtySecondsBothWays() throws {
        let found = try verify(signed())
        for offset: Int64 in [-60, -1, 0, 30, 60] {
            #expect(found.isFresh(at: 1_800_000_000 + offset))
        }
        for offset: Int64 in [-61, -100_000, 61, 100_000] {
            #expect(!found.isFresh(at: 1_800_000_000 + offset))
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ChallengesTests {
    @Test func aChallengeIsGoodForAMinuteAtItsIssuerOnly() {
        let challenges = Challenges()
        let start = ContinuousClock.now
        let text = challenges.issue(at: start)
        #expect(challenges.nonce(of: text, at: start) != nil)
        #expect(challenges.nonce(of: text, at: start + .seconds(60)) != nil)
        #expect(challenges.nonce(of: text, at: start + .seconds(61)) == nil)
        #expect(Challenges().nonce(of: text, at: start) == nil)
        #expect(challenges.issue(at: start) != text)
    }

    @Test func aFlippedBitIsRefused() {
        let challenges = Challenges()
        let start = ContinuousClock.now
        let bytes = Base64URL.decode(challenges.issue(at: start)) ?? []
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 1
            #expect(challenges.nonce(of: Base64URL.encode(damaged), at: start) == nil)
        }
        #expect(challenges.nonce(of: "", at: start) == nil)
        #expect(challenges.nonce(of: "zzz", at: start) == nil)
    }
}
