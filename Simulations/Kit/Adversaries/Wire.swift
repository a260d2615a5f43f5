import Core
import Gossip

/// What goes over a link, taken apart as far as an attack may want to change it.
enum LinkPiece: Sendable {
    case frame(Frame)
    case announce([PlaceRange])
    case graft([PlaceRange])
    case want([PlaceRange])
    case prune([PlaceRange])
    case message(LinkMessage)
    /// A frame as its bytes, of the protocol or not.
    case raw([UInt8])
}

/// One link's outgoing direction, as an adversary sees it: frames are taken apart and put together
/// again, so that it may leave out and put in what it likes and the link stays readable.
struct Wire: Sendable {
    /// Origins as the engine has numbered them, and as they were numbered on the link: an entry
    /// that is put in shifts all numbers behind it.
    private var heard: OriginTable
    private var told: OriginTable
    /// The message that comes in parts.
    private var message: [UInt8] = []

    /// A link on which the engine has numbered these origins so far.
    init(_ table: OriginTable = OriginTable()) {
        heard = table
        told = table
    }

    /// Takes apart what the engine has put on the link: whole frames.
    mutating func read(_ bytes: [UInt8]) -> [LinkPiece] {
        var buffer = FrameBuffer()
        buffer.append(bytes)
        var pieces: [LinkPiece] = []
        // The engine writes no frame that can't be read.
        while let frame = try? buffer.next() {
            if let piece = piece(frame) { pieces.append(piece) }
        }
        return pieces
    }

    private mutating func piece(_ bytes: [UInt8]) -> LinkPiece? {
        // As above.
        guard let frame = try? Frame(decoding: bytes) else { return .raw(bytes) }
        switch frame {
        case .announce(let packed): return .announce(ranges(packed))
        case .graft(let packed): return .graft(ranges(packed))
        case .want(let packed): return .want(ranges(packed))
        case .prune(let packed): return .prune(ranges(packed))
        case .part(let isEnd, let part):
            message += part
            guard isEnd else { return nil }
            defer { message = [] }
            // As above.
            return (try? LinkMessage(decoding: message)).map { .message($0) }
        default: return .frame(frame)
        }
    }

    private mutating func ranges(_ packed: [UInt8]) -> [PlaceRange] {
        // As above.
        (try? heard.read(packed)) ?? []
    }

    /// The bytes of these pieces, each with its length before it.
    mutating func write(_ pieces: [LinkPiece]) -> [UInt8] {
        var bytes: [UInt8] = []
        for piece in pieces {
            for frame in frames(piece) { FrameBuffer.write(frame, to: &bytes) }
        }
        return bytes
    }

    private mutating func frames(_ piece: LinkPiece) -> [[UInt8]] {
        switch piece {
        case .frame(let frame): [frame.encoded()]
        case .announce(let ranges): packed(ranges) { .announce($0) }
        case .graft(let ranges): packed(ranges) { .graft($0) }
        case .want(let ranges): packed(ranges) { .want($0) }
        case .prune(let ranges): packed(ranges) { .prune($0) }
        case .message(let message): Self.parts(message.encoded())
        case .raw(let bytes): bytes.isEmpty ? [] : [bytes]
        }
    }

    private mutating func packed(
        _ ranges: [PlaceRange], _ frame: ([UInt8]) -> Frame
    ) -> [[UInt8]] {
        stride(from: 0, to: ranges.count, by: 512).map { start in
            var bytes: [UInt8] = []
            for range in ranges[start..<min(start + 512, ranges.count)] {
                told.write(range, to: &bytes)
            }
            return frame(bytes).encoded()
        }
    }

    private static func parts(_ bytes: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: max(1, bytes.count), by: GossipLimits.partBytes).map { start in
            let end = min(start + GossipLimits.partBytes, bytes.count)
            return Frame.part(isEnd: end == bytes.count, Array(bytes[start..<end])).encoded()
        }
    }
}
