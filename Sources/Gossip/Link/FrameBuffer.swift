import Core

/// Cuts a link's bytes into frames: each is preceded by its length, 4 bytes, big-endian.
package struct FrameBuffer: Sendable {
    /// A frame that is longer than any may be, or empty.
    package struct BadLength: Error {}

    private var bytes: [UInt8] = []
    private var start = 0

    package init() {}

    /// Bytes that wait for the rest of their frame.
    var count: Int { bytes.count - start }

    package mutating func append(_ more: [UInt8]) {
        if start > 0 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += more
    }

    /// The next whole frame; nil where it has not come.
    package mutating func next() throws(BadLength) -> [UInt8]? {
        guard count >= 4 else { return nil }
        let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard (1...GossipLimits.frameBytes).contains(length) else { throw BadLength() }
        guard count >= 4 + length else { return nil }
        let frame = Array(bytes[start + 4..<start + 4 + length])
        start += 4 + length
        return frame
    }

    /// A frame with its length.
    package static func write(_ frame: [UInt8], to bytes: inout [UInt8]) {
        for shift in [24, 16, 8, 0] {
            bytes.append(UInt8(truncatingIfNeeded: frame.count >> shift))
        }
        bytes += frame
    }
}
