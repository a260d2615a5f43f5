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

    mutating func add(_ kind: Kind, node: Int, at time: Instant, _ bytes: [UInt8] = []) {
        var entry: [UInt8] = []
        entry.reserveCapacity(17)
        entry.append(bigEndian: UInt64(bitPattern: time.microseconds))
        append(UInt32(node), to: &entry)
        entry.append(kind.rawValue)
        append(UInt32(bytes.count), to: &entry)
        hash.update(entry)
        hash.update(bytes)
    }

    /// The hash of the entries so far.
    var value: Digest {
        let copy = hash
        return copy.finish()
    }

    private func append(_ word: UInt32, to bytes: inout [UInt8]) {
        for shift in [24, 16, 8, 0] as [UInt32] {
            bytes.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }
}
