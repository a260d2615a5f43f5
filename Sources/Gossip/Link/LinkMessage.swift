public import Core

/// A question or an answer between neighbors: what otherwise is an HTTP request, without its
/// headers. It travels in pieces, so that events go between.
public enum LinkMessage: Hashable, Sendable {
    /// `number` is the asker's, not used twice on this link.
    case ask(number: UInt64, [UInt8])
    case answer(number: UInt64, [UInt8])

    /// The canonical encoding.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter()
        writer.array(3)
        switch self {
        case .ask(let number, let bytes):
            writer.unsigned(0)
            writer.unsigned(number)
            writer.encoded(bytes)
        case .answer(let number, let bytes):
            writer.unsigned(1)
            writer.unsigned(number)
            writer.encoded(bytes)
        }
        return writer.bytes
    }

    /// Reads a message; its request or response is one item of CBOR, which is left as it is.
    public init(decoding bytes: [UInt8]) throws(CBORError) {
        var reader = CBORReader(bytes)
        try reader.array(exactly: 3)
        let tag = try reader.unsigned(in: 0...1)
        let number = try reader.unsigned()
        let item = Array(bytes[reader.position...])
        self = tag == 0 ? .ask(number: number, item) : .answer(number: number, item)
    }
}
