package import Core

/// What both sides of a registration sign: both keys, both nonces, the TLS key that the connection
/// showed, and what each said about itself. The roles stand in it, so that nothing can be reflected
/// or replayed to another node.
package struct Transcript: Sendable {
    /// SHA-256 over "teambook-register-v1\0" and the fields in order.
    let hash: Digest

    /// `first` asked, `second` answered over a connection of `tlsKey`.
    package init(
        first: Introduction, second: NodeID, nonce: Digest, card: NodeCard, time: WallTime,
        tlsKey: Digest
    ) {
        var sum = SHA256()
        sum.update("teambook-register-v1\0")
        sum.update(first.node.bytes)
        sum.update(second.bytes)
        sum.update(first.nonce.bytes)
        sum.update(nonce.bytes)
        sum.update(tlsKey.bytes)
        sum.update(Self.hash(first.card).bytes)
        sum.update(Self.hash(card).bytes)
        var times: [UInt8] = []
        times.append(bigEndian: min(first.time.microseconds, Limits.integer))
        times.append(bigEndian: min(time.microseconds, Limits.integer))
        sum.update(times)
        hash = sum.finish()
    }

    /// What B signs.
    var challenge: [UInt8] { message("teambook-register-v1 challenge\0") }

    /// What A signs; it covers A's decision.
    package func confirmation(isApproved: Bool) -> [UInt8] {
        message("teambook-register-v1 confirm\0") + [isApproved ? 1 : 0]
    }

    /// What B's and A's proofs of the join secret are made over.
    var secondJoin: [UInt8] { message("teambook-join-v1 challenge\0") }
    var firstJoin: [UInt8] { message("teambook-join-v1 confirm\0") }

    /// What A's proof of an invite is made over.
    var invite: [UInt8] { message("teambook-invite-v1\0") }

    private func message(_ context: String) -> [UInt8] { Array(context.utf8) + hash.bytes }

    private static func hash(_ card: NodeCard) -> Digest {
        var writer = CBORWriter()
        card.write(to: &writer)
        return SHA256.hash(writer.bytes)
    }
}
