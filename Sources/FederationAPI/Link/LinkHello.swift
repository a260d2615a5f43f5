import Core

/// How a link begins, byte by byte (docs/PROTOCOL-http.md, "Links"): what a client says of itself,
/// and what a server answers.
struct LinkHello: Hashable, Sendable {
    /// By which ALPN tells a link from HTTP.
    static let alpn = "teambook-link/1"
    /// What the server sends first, and the client signs: a hello is good for one connection.
    static let nonceBytes = 32
    /// node, instance, time, signature.
    static let byteCount = 32 + 8 + 8 + 64

    var node: NodeID
    /// Of the process that signs, as in the signatures of requests.
    var instance: UInt64
    /// Seconds since 1970, by the client's clock.
    var time: Int64
    var signature: [UInt8]

    init(
        signing nonce: [UInt8], to server: NodeID, tlsKey: Digest, key: SecretKey, at time: Int64,
        instance: UInt64 = Nonce.ownInstance
    ) {
        node = key.node
        self.instance = instance
        self.time = time
        signature = []
        signature = key.sign(signedBytes(nonce, to: server, tlsKey: tlsKey))
    }

    /// Reads `byteCount` bytes; nil where there are more or fewer.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, let node = NodeID(bytes: bytes[..<32]) else {
            return nil
        }
        self.node = node
        instance = bytes[32..<40].reduce(0) { $0 << 8 | UInt64($1) }
        time = Int64(bitPattern: bytes[40..<48].reduce(0) { $0 << 8 | UInt64($1) })
        signature = Array(bytes[48...])
    }

    var encoded: [UInt8] { node.bytes + numbers + signature }

    /// Whether the signature is the node's, over this connection's nonce and the key of the
    /// certificate that the server showed on it.
    func holds(
        for nonce: [UInt8], to server: NodeID, tlsKey: Digest, isValidKey: (NodeID) -> Bool
    ) -> Bool {
        isValidKey(node)
            && Signature.verifyWithValidKey(
                signature, of: signedBytes(nonce, to: server, tlsKey: tlsKey), by: node)
    }

    private func signedBytes(_ nonce: [UInt8], to server: NodeID, tlsKey: Digest) -> [UInt8] {
        Array("teambook-link-v1\0".utf8) + node.bytes + server.bytes + tlsKey.bytes + nonce
            + numbers
    }

    private var numbers: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: instance)
        bytes.append(bigEndian: UInt64(bitPattern: time))
        return bytes
    }
}
