/// Names one life of one node's log: 16 random bytes, new at creation, restore and repair, so that
/// a position is never taken for the same place in another log.
public struct LogID: Hashable, Sendable {
    /// 16 bytes.
    public let bytes: [UInt8]

    /// Nil unless there are 16 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// A log id that nobody has used.
    public static func fresh(_ secrets: inout Secrets) -> LogID {
        LogID(unchecked: secrets.draw(16))
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// 32 lowercase hexadecimal digits.
    public var hex: String { Hex.encode(bytes) }
}

/// How far somebody has read a node's log: everything up to `position` has a durable fate there.
public struct Cursor: Hashable, Sendable {
    public var log: LogID
    /// Place in that log, counted from 1; 0 is before the first.
    public var position: UInt64

    public init(log: LogID, position: UInt64) {
        self.log = log
        self.position = position
    }

    /// `<32 hex digits>.<position>`: in `since=`, and as the id of a streamed event.
    public var text: String { "\(log.hex).\(position)" }

    /// Reads `text`; nil for anything else, such as a position with leading zeros.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 32, let bytes = Hex.decode(parts[0]),
            let log = LogID(bytes: bytes), let position = UInt64(parts[1]),
            String(position) == parts[1], position <= Limits.integer
        else { return nil }
        self.init(log: log, position: position)
    }
}
