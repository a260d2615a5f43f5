/// What a node's line carries: messages queue behind each other, first in, first out, so a large
/// one delays those behind it.
public struct Bandwidth: Hashable, Sendable {
    /// Bytes a second that the node can send; 0 for as many as it likes.
    public var up: Int
    /// Bytes a second that it can receive; 0 for as many as come.
    public var down: Int

    public init(up: Int = 0, down: Int = 0) {
        precondition(up >= 0 && down >= 0, "a line carries 0 bytes or more")
        self.up = up
        self.down = down
    }

    /// No bound either way.
    public static let unbounded = Bandwidth()

    /// Microseconds that so many bytes take, rounded up.
    static func time(_ bytes: Int, at bytesPerSecond: Int) -> Int64 {
        guard bytesPerSecond > 0 else { return 0 }
        return Int64((bytes * 1_000_000 + bytesPerSecond - 1) / bytesPerSecond)
    }
}
