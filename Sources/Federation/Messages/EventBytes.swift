import Core

extension Request {
    /// Bytes of the encoded events that the encoded request holds.
    package var eventBytes: Int {
        if case .push(let batch) = self { batch.eventBytes } else { 0 }
    }
}

extension Response {
    /// Bytes of the encoded events that the encoded response holds.
    package var eventBytes: Int {
        switch self {
        case .page(let page): page.events.eventBytes
        case .events(let batch): batch.eventBytes
        default: 0
        }
    }
}

extension Batch {
    package var eventBytes: Int { events.reduce(0) { $0 + $1.encodedSize } }
}

extension Event {
    /// Bytes of the wire form, exactly, without writing it.
    package var encodedSize: Int {
        func data(_ count: Int) -> Int {
            switch count {
            case ..<24: count + 1
            case ..<0x100: count + 2
            case ..<0x1_0000: count + 3
            default: count + 5
            }
        }
        let body = self.body.map { 1 + data($0.salt.count) + data($0.bytes.count) } ?? 1
        return 1 + data(headerBytes.count) + data(signature.count) + body
    }
}
