/// Every bound of the event format and of what is kept, in one place, each with its reason.
public enum Limits {
    /// The largest integer that JSON carries exactly (RFC 8259 section 6), so that the JSON view
    /// loses nothing.
    public static let integer: UInt64 = 1 << 53 - 1
    /// A header is at most 2.2 KiB with all parents and proofs; the rest is room for later
    /// versions.
    public static let headerBytes = 4096
    /// A message, a commit, a small file. Larger content travels by reference.
    public static let bodyBytes = 65_536
    /// A scope's name: a hash or shorter.
    public static let scopeBytes = 32
    /// Causal links: enough to join the frontiers of a busy moment.
    public static let parents = 16
    /// `kind` and the author's id.
    public static let nameBytes = 64
    /// Depth of any CBOR item: the decoder's stack is bounded.
    public static let depth = 8
    /// The salt that keeps a removed body from being guessed by its hash.
    public static let saltBytes = 16
    /// header + signature + salt + body + heads.
    public static let wireBytes = headerBytes + 64 + saltBytes + bodyBytes + 32
    /// Events in one batch: bounds the verification work that one message can order (60 ms on one
    /// core).
    public static let batchEvents = 1000
    /// Bytes in one batch, and of any body on the public port.
    public static let batchBytes = 4 << 20
    /// An event from further ahead than this is set aside until it is due.
    public static let clockAhead: Duration = .seconds(60)
    /// An event from further ahead than this is refused: nothing is kept.
    public static let asideAhead: Duration = .seconds(86_400)
    /// Events set aside for one origin: a wrong clock fills this, an attack no more.
    public static let asidePerOrigin = 1000
    /// Events set aside in all: they are held in memory, and loaded at each start.
    public static let asideEvents = 4096
    /// Bytes of all of them.
    public static let asideBytes = 32 << 20
}
