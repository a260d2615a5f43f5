import Crypto

/// HMAC-SHA-256 (RFC 2104), for proofs of a shared secret.
public enum Authentication {
    /// The code of `message` under `secret`.
    public static func code(of message: [UInt8], secret: [UInt8]) -> Digest {
        let code = HMAC<Crypto.SHA256>.authenticationCode(
            for: message, using: SymmetricKey(data: secret))
        return Digest(bytes: Array(code)) ?? .zero
    }

    /// Whether `code` is the message's, compared in constant time.
    public static func isValid(_ code: Digest, of message: [UInt8], secret: [UInt8]) -> Bool {
        HMAC<Crypto.SHA256>.isValidAuthenticationCode(
            code.bytes, authenticating: message, using: SymmetricKey(data: secret))
    }
}
