import Core

/// A running SHA-256 over all that happens in a run: one seed must give one hash, on every machine
/// and in every process.
///
/// Each entry is time (8 bytes), node (4), kind (1), length (4), bytes.
struct TraceHash: Sendable {
    /// What an entry tells; the numbers are part of the hash.
    enum Kind: UInt8 {
        case requestSent = 1
        case responseSent, pageSent, lost, timedOut, durable, crashed, restarted, chunkSent
    }

    private var hash = SHA256()
    /// Entries that wait to be hashed with others: the call costs more than the bytes.
    private var waiting: [UInt8] = []

    private static let blockBytes = 16 << 10

    mutating func add(_ kind: Kind, node: Int, at time: Instant, _ bytes: [UInt8] = []) {
        waiting.append(bigEndian: UInt64(bitPattern: time.microseconds))
        append(UInt32(node))
        waiting.append(kind.rawValue)
        append(UInt32(bytes.count))
        waiting += bytes
        guard waiting.count >= Self.blockBytes else { return }
        hash.update(waiting)
        waiting.removeAll(keepingCapacity: true)
    }

    /// The hash of the entries so far.
    var value: Digest {
        var copy = hash
        copy.update(waiting)
        return copy.finish()
    }

    private mutating func append(_ word: UInt32) {
        for shift in [24, 16, 8, 0] as [UInt32] {
            waiting.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }
}
