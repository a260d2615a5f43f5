import Core
import Foundation

/// RFC 9421 section 2.5: the bytes that are signed.
struct SignatureBase {
    private(set) var text = ""

    /// Adds a component's line.
    mutating func add(_ name: String, _ value: String) {
        text += "\"\(name)\": \(value)\n"
    }

    /// Adds the last line and gives the bytes.
    consuming func finish(parameters: String) -> [UInt8] {
        text += "\"@signature-params\": \(parameters)"
        return Array(text.utf8)
    }
}

/// RFC 9530, by SHA-256.
enum ContentDigest {
    /// `sha-256=:…:`, the one form that is sent and taken.
    static func text(of body: [UInt8]) -> String {
        let hash: Digest = Core.SHA256.hash(body)
        return "sha-256=:\(Data(hash.bytes).base64EncodedString()):"
    }
}

/// What of an HTTP request is signed.
struct SignedRequest {
    var method: String
    /// The request target as sent: path, and query after "?".
    var target: String
    var contentDigest: String
    var contentType: String
    /// The receiver's id as in `Teambook-To`.
    var receiver: String
    /// `Teambook-Challenge`, where the receiver gave one.
    var challenge: String?

    static let components = [
        "@method", "@path", "@query", "content-digest", "content-type", "teambook-to",
    ]

    var components: [String] {
        challenge == nil ? Self.components : Self.components + ["teambook-challenge"]
    }

    func base(parameters: String) -> [UInt8] {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var base = SignatureBase()
        base.add("@method", method)
        base.add("@path", String(parts[0]))
        base.add("@query", "?" + (parts.count > 1 ? String(parts[1]) : ""))
        base.add("content-digest", contentDigest)
        base.add("content-type", contentType)
        base.add("teambook-to", receiver)
        if let challenge { base.add("teambook-challenge", challenge) }
        return base.finish(parameters: parameters)
    }
}
