import Core

extension FuzzTarget {
    /// One event: what is read is written again byte for byte, alone and inside of other bytes.
    static let event = FuzzTarget(
        name: "event", longest: 8192, mutations: 4000,
        seeds: {
            let events =
                Samples.chain(1, 14) + Samples.chain(2, 2).map(Samples.withoutBody)
                + [Samples.event(Samples.key(3), 3, scope: [1, 2, 3])]
            return events.map { $0.encoded() } + events.map(\.headerBytes) + [laterHeader]
        },
        body: .plain { input in
            try checkHeader(input)
            guard let event = attempt({ try Event(decoding: input) }) else { return }
            try check(event.encoded() == input, "an event was written otherwise than it was read")
            try check(event.id == SHA256.hash(event.headerBytes), "an id is not the header's hash")
            try check(event.wireSize >= input.count, "a size is below what was sent")
            try check(event.header.kind.utf8.count <= Limits.nameBytes, "a kind is too long")
            if let body = event.body, event.bodyMatches {
                try check(body.hash == event.header.bodyHash, "a body matches and does not")
            }
            var reader = CBORReader(input + [0])
            _ = try Event(from: &reader)
            try check(reader.position == input.count, "reading went on past the event")
            try checkHeader(event.headerBytes)
            // An event that is signed is still so when it comes back from its bytes.
            let isSigned = event.isSigned()
            try check(try Event(decoding: event.encoded()).isSigned() == isSigned, "a signature")
        })

    private static func checkHeader(_ bytes: [UInt8]) throws {
        guard let header = attempt({ try Header(decoding: bytes) }) else { return }
        try check(header.sequence >= 1 && header.sequence <= Limits.integer, "a sequence")
        try check((header.previous == nil) == (header.sequence == 1), "a predecessor")
        try check(header.parents.count <= Limits.parents, "more parents than the limit")
        try check(
            zip(header.parents, header.parents.dropFirst()).allSatisfy { $0 < $1 },
            "parents do not ascend")
        try check(header.time.physical <= Limits.integer, "a time beyond the integers")
        if header.version == 1 {
            try check(header.encoded() == bytes, "a header was written otherwise than it was read")
        }
    }

    /// A header of version 2 with two fields more.
    private static var laterHeader: [UInt8] {
        var bytes = Samples.chain(1, 1)[0].headerBytes
        bytes[0] = 0x8e
        bytes[1] = 2
        return bytes + [0xa1, 0x61, 0x61, 0x01, 0x82, 0x20, 0xf5]
    }
}

/// What `body` returns, or nil where it throws: a refusal is an answer.
func attempt<Value, Failure: Error>(_ body: () throws(Failure) -> Value) -> Value? {
    do throws(Failure) { return try body() } catch { return nil }
}
