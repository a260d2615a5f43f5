public import Core
import Foundation

/// What a request's signature says of itself, read from headers of the right form; whether it
/// holds, is fresh, new and from a peer is still to be seen.
package struct ClaimedSignature: Equatable {
    package var node: NodeID
    var nonce: Nonce
    var created: Int64
    var expires: Int64
    /// What the signer was challenged with.
    var challenge: String?
    /// `Content-Digest` as signed.
    var contentDigest: String
    /// What is signed, and the signature.
    var base: [UInt8] = []
    var signature: [UInt8] = []

    /// Verifies the signature; the one step that costs something, so it comes last. `isValidKey`
    /// may know the answer for a key, which halves the cost.
    package func holds(isValidKey: (NodeID) -> Bool = Signature.isValidKey) -> Bool {
        isValidKey(node) && Signature.verifyWithValidKey(signature, of: base, by: node)
    }

    /// Whether a receiver's clock, in seconds since 1970, lies in the signature's life, give or
    /// take.
    func isFresh(at now: Int64) -> Bool {
        created - now <= RequestSignature.life && now <= expires
            && now - created <= RequestSignature.life
    }
}

/// Why a request counts as unsigned.
package enum SignatureProblem: String, Error, Equatable {
    case missing = "the request is not signed"
    case malformed = "Signature-Input or Signature can't be read"
    case several = "more than one signature carries our tag"
    case components = "the signature does not cover the components that it must, in their order"
    case parameters = "the signature's parameters are not those of the protocol"
    case header = "a covered header field is missing or stands there twice"
    case misaddressed = "the request is signed for another node"
    case invalid = "the signature does not hold"
    case stale = "the signature is expired or from the future, or its challenge is not valid here"
    case replayed = "the request was seen before"
    case digest = "Content-Digest does not match the body"
}

extension RequestSignature {
    /// Reads what a request's signature claims. `values` gives a header field's lines. No more is
    /// done than comparing bytes.
    package static func claim(
        method: String, target: String, values: (String) -> [String], receiver: NodeID
    ) throws(SignatureProblem) -> ClaimedSignature {
        func one(_ name: String, or problem: SignatureProblem = .header) throws(SignatureProblem)
            -> String
        {
            let lines = values(name)
            guard lines.count == 1 else { throw lines.isEmpty ? problem : .header }
            return lines[0]
        }
        let signed = try one("signature-input", or: .missing)
        let to = try one("teambook-to")
        guard to == receiver.hex else { throw .misaddressed }
        let input = try input(signed)
        let signature = try signature(input.label, in: try one("signature", or: .missing))
        let isChallenged = input.components.contains("teambook-challenge")
        let request = SignedRequest(
            method: method, target: target, contentDigest: try one("content-digest"),
            contentType: try one("content-type"), receiver: to,
            challenge: isChallenged ? try one("teambook-challenge") : nil)
        guard input.components == request.components else { throw .components }
        var found = try parameters(input, request)
        found.base = request.base(parameters: input.text)
        found.signature = signature
        return found
    }

    /// Who signed a request; nil where the signature is not of the protocol's form or does not
    /// hold. Whether it is fresh and new is not asked.
    public static func signer(
        method: String, target: String, fields: [(name: String, value: String)],
        receiver: NodeID
    ) -> NodeID? {
        // Why it is none does not matter here.
        let claim = try? claim(
            method: method, target: target,
            values: { name in fields.filter { $0.name == name }.map(\.value) }, receiver: receiver)
        guard let claim, claim.holds() else { return nil }
        return claim.node
    }

    private static func input(
        _ text: String
    ) throws(SignatureProblem) -> SignatureFields.Input {
        guard let inputs = SignatureFields.inputs(text) else { throw .malformed }
        let ours = inputs.filter { $0.parameters["tag"] == .string(tag) }
        guard ours.count < 2 else { throw .several }
        guard let input = ours.first else { throw .missing }
        return input
    }

    private static func signature(
        _ label: String, in text: String
    ) throws(SignatureProblem) -> [UInt8] {
        guard let all = SignatureFields.signatures(text),
            let found = all.first(where: { $0.label == label }),
            let bytes = Data(base64Encoded: found.base64),
            bytes.base64EncodedString() == found.base64
        else { throw .malformed }
        return Array(bytes)
    }

    private static func parameters(
        _ input: SignatureFields.Input, _ request: SignedRequest
    ) throws(SignatureProblem) -> ClaimedSignature {
        guard input.parameters.count == 6,
            case .integer(let created) = input.parameters["created"],
            case .integer(let expires) = input.parameters["expires"],
            case .string(let nonceText) = input.parameters["nonce"],
            case .string(let keyText) = input.parameters["keyid"],
            input.parameters["alg"] == .string(algorithm),
            expires > created, expires - created <= life,
            let nonce = Nonce(nonceText), let node = NodeID(hex: keyText)
        else { throw .parameters }
        return ClaimedSignature(
            node: node, nonce: nonce, created: created, expires: expires,
            challenge: request.challenge, contentDigest: request.contentDigest)
    }
}
