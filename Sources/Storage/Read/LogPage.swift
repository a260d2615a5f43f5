public import Core

/// A stretch of the log, for a reader that comes back with `lastPosition`.
public struct LogPage: Hashable, Sendable {
    /// Ascending by position.
    public var entries: [LogEntry] = []
    /// Everything up to here was looked at. A page that holds nothing for its reader still moves
    /// it.
    public var lastPosition: UInt64
    /// Whether nothing was stored after `lastPosition` when the page was read.
    public var isEnd = true

    /// The empty page at the end of a log.
    public init(lastPosition: UInt64) { self.lastPosition = lastPosition }
}
