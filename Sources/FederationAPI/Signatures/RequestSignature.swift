public import Core
import Foundation

/// Signs and checks requests between nodes: RFC 9421 with ed25519 over method, path, query, body
/// digest, content type and the receiver's id (docs/PROTOCOL-http.md, "Request signatures").
///
/// The host is not covered: one node has several URLs. The receiver's id is, so a request is of no
/// use elsewhere.
public enum RequestSignature {
    static let tag = "teambook-peer-v1"
    static let algorithm = "ed25519"
    static let label = "sig1"
    /// Seconds that a signature is good for, and that two clocks may differ.
    static let life: Int64 = 60

    /// The header fields to add to a request, content type included.
    ///
    /// `target` is the request target as it is sent ("/path?query"), `challenge` what the receiver
    /// answered 401 with, if it did. The nonce is a new one of `instance`, or of this process.
    public static func headers(
        method: String, target: String, contentType: String, body: [UInt8], to receiver: NodeID,
        challenge: String? = nil, key: SecretKey, now: WallTime, instance: UInt64? = nil
    ) -> [(name: String, value: String)] {
        var nonce = Nonce.fresh()
        nonce.instance = instance ?? nonce.instance
        return headers(
            method: method, target: target, contentType: contentType, body: body, to: receiver,
            challenge: challenge, key: key, now: now, nonce: nonce)
    }

    /// What this process drew when it first signed: 16 hexadecimal digits.
    public static var instance: String {
        Hex.encode(Nonce(instance: Nonce.ownInstance, serial: 0).bytes.prefix(8))
    }

    package static func headers(
        method: String, target: String, contentType: String, body: [UInt8], to receiver: NodeID,
        challenge: String? = nil, key: SecretKey, now: WallTime, nonce: Nonce
    ) -> [(name: String, value: String)] {
        let request = SignedRequest(
            method: method, target: target, contentDigest: ContentDigest.text(of: body),
            contentType: contentType, receiver: receiver.hex, challenge: challenge)
        let names = request.components.map { "\"\($0)\"" }.joined(separator: " ")
        let parameters =
            "(\(names));created=\(now.seconds);expires=\(now.seconds + life)"
            + ";nonce=\"\(Base64URL.encode(nonce.bytes))\";keyid=\"\(key.node.hex)\""
            + ";alg=\"\(algorithm)\";tag=\"\(tag)\""
        let signature = key.sign(request.base(parameters: parameters))
        var headers = [
            (name: "content-type", value: contentType),
            (name: "content-digest", value: request.contentDigest),
            (name: "teambook-to", value: request.receiver),
            (name: "signature-input", value: "\(label)=\(parameters)"),
            (name: "signature", value: "\(label)=:\(Data(signature).base64EncodedString()):"),
        ]
        if let challenge { headers.append((name: "teambook-challenge", value: challenge)) }
        return headers
    }
}
