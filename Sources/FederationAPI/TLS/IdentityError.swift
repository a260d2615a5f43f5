public import Core

/// Why a certificate proves no node, or could not be made.
public enum IdentityError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not one certificate, or not one that can be read.
    case unreadable(String)
    /// Before its first or after its last day, by our clock and with a day of grace.
    case expired
    /// Its own key did not sign it, or the key is not P-256.
    case notSelfSigned
    /// The extension that names the node is missing or malformed: some other web server.
    case unbound
    /// The node named in it did not sign this TLS key.
    case badBinding
    /// Another node than the one that was wanted.
    case wrongNode(expected: NodeID, found: NodeID)
    /// The file can't be read or written.
    case file(String)

    public var description: String {
        switch self {
        case .unreadable(let why): "the certificate can't be read: \(why)"
        case .expired: "the certificate is not valid today; check the clocks of both nodes"
        case .notSelfSigned: "the certificate is not signed by its own P-256 key"
        case .unbound: "the certificate names no node: this is no node of a federation"
        case .badBinding: "the node named in the certificate did not sign its TLS key"
        case .wrongNode(let expected, let found):
            "node \(expected.short) was expected, node \(found.short) answered"
        case .file(let what): what
        }
    }
}
