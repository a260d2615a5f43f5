public import Core
public import Federation

/// One open link between two nodes, both sides proven: raw bytes both ways until either ends it.
///
/// What the bytes mean is the engine's business. One task may read while another one writes; a task
/// that is cancelled while it waits here throws `cancelled`, and the connection closes.
public final class PeerLink: Sendable {
    /// Who is at the other end.
    public let node: NodeID
    /// The same with the address, and on the side that was called with what the hello said.
    public let caller: Caller
    let connection: LinkConnection

    init(_ connection: LinkConnection, _ node: NodeID, _ caller: Caller) {
        self.connection = connection
        self.node = node
        self.caller = caller
    }

    /// The next bytes that came, at most 256 KiB of them; nil when the other side ended the link in
    /// order, or this side did. One call at a time.
    ///
    /// Nothing more is read from the socket while nobody waits, so that a slow reader slows the
    /// other side down.
    public func read() async throws(TransportError) -> [UInt8]? { try await connection.read() }

    /// Returns when the network has taken the bytes but for the little that the channel holds, so
    /// that a slow receiver slows the writer down. One call at a time.
    ///
    /// Throws `timedOut` where the other side takes nothing for `writeStall`.
    public func write(_ bytes: [UInt8]) async throws(TransportError) {
        try await connection.write(bytes)
    }

    /// What the network carried for this link since it was last asked for, TLS records too; on the
    /// side that called with the handshake at first.
    public func takeWireBytes() -> WireBytes { connection.meter.take() }

    /// Ends the link: what was written goes out, for a second at most, then the connection closes.
    /// A `read` that waits returns nil. May be called again.
    public func close() { connection.close() }
}
