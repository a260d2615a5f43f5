public import Core

/// One message of a link; docs/PROTOCOL-link.md has the grammar.
public enum Frame: Hashable, Sendable {
    /// First frame of whoever dialled.
    case hello(versions: [UInt64], LinkPurpose)
    /// The answer to it; from then on both sides send what they like.
    case welcome(version: UInt64)
    /// The last frame.
    case bye(ByeCause)
    case ping(UInt64)
    case pong(UInt64)
    /// An event on its way, and how often it was passed on; 0 where it was asked for.
    case event(hop: UInt8, [UInt8])
    /// Places that the sender holds; packed, see `PlaceCodec`.
    case announce([UInt8])
    /// Asks for events, and for all later ones of these origins unasked.
    case graft([UInt8])
    /// Asks for events.
    case want([UInt8])
    /// Asks not to be sent events of these origins unasked.
    case prune([UInt8])
    /// Peers that the sender knows to be alive; asks for some in return.
    case shuffle([NodeID])
    case shuffleReply([NodeID])
    /// A piece of a message (`LinkMessage`).
    case part(isEnd: Bool, [UInt8])

    /// What a frame is counted as.
    public enum Kind: Int, Hashable, Sendable, CaseIterable {
        case event, announce, graft, prune, membership, keepalive, reconcile, reconciledEvent

        /// The key in JSON.
        public var name: String {
            switch self {
            case .event: "event"
            case .announce: "announce"
            case .graft: "graft"
            case .prune: "prune"
            case .membership: "membership"
            case .keepalive: "keepalive"
            case .reconcile: "reconcile"
            case .reconciledEvent: "reconciledEvent"
            }
        }
    }

    /// The last version of links that this node speaks.
    public static let version: UInt64 = 1
}

extension Frame {
    /// The canonical encoding, without the length that precedes it.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(capacity: 16)
        switch self {
        case .hello(let versions, let purpose):
            writer.array(3)
            writer.unsigned(0)
            writer.array(versions.count)
            for version in versions { writer.unsigned(version) }
            writer.unsigned(purpose.rawValue)
        case .welcome(let version): writer.numbered(1, version)
        case .bye(let cause): writer.numbered(2, cause.rawValue)
        case .ping(let number): writer.numbered(3, number)
        case .pong(let number): writer.numbered(4, number)
        case .event(let hop, let bytes):
            writer.array(3)
            writer.unsigned(5)
            writer.unsigned(Int(hop))
            writer.data(bytes)
        case .announce(let packed): writer.packed(6, packed)
        case .graft(let packed): writer.packed(7, packed)
        case .want(let packed): writer.packed(8, packed)
        case .prune(let packed): writer.packed(9, packed)
        case .shuffle(let nodes): writer.nodes(10, nodes)
        case .shuffleReply(let nodes): writer.nodes(11, nodes)
        case .part(let isEnd, let bytes):
            writer.array(3)
            writer.unsigned(12)
            writer.boolean(isEnd)
            writer.data(bytes)
        }
        return writer.bytes
    }

    /// Reads exactly one frame; throws where it is not canonical or outside of the grammar.
    public init(decoding bytes: [UInt8]) throws(CBORError) {
        var reader = CBORReader(bytes)
        let count = try reader.array(2...3)
        let tag = try reader.unsigned(in: 0...12)
        guard count == ([0, 5, 12].contains(tag) ? 3 : 2) else { throw .outOfRange }
        switch tag {
        case 0:
            var versions: [UInt64] = []
            for _ in 0..<(try reader.array(1...16)) { versions.append(try reader.unsigned()) }
            guard let purpose = LinkPurpose(rawValue: try reader.unsigned()) else {
                throw .outOfRange
            }
            self = .hello(versions: versions, purpose)
        case 1: self = .welcome(version: try reader.unsigned())
        case 2:
            guard let cause = ByeCause(rawValue: try reader.unsigned()) else { throw .outOfRange }
            self = .bye(cause)
        case 3: self = .ping(try reader.unsigned())
        case 4: self = .pong(try reader.unsigned())
        case 5:
            let hop = UInt8(try reader.unsigned(in: 0...255))
            self = .event(hop: hop, try reader.data(1...Limits.wireBytes))
        case 6: self = .announce(try reader.packed())
        case 7: self = .graft(try reader.packed())
        case 8: self = .want(try reader.packed())
        case 9: self = .prune(try reader.packed())
        case 10: self = .shuffle(try reader.nodes())
        case 11: self = .shuffleReply(try reader.nodes())
        default:
            let isEnd = try reader.boolean()
            self = .part(isEnd: isEnd, try reader.data(0...GossipLimits.partBytes))
        }
        try reader.finish()
    }
}

extension CBORWriter {
    fileprivate mutating func numbered(_ tag: Int, _ number: UInt64) {
        array(2)
        unsigned(tag)
        unsigned(number)
    }

    fileprivate mutating func packed(_ tag: Int, _ bytes: [UInt8]) {
        array(2)
        unsigned(tag)
        data(bytes)
    }

    fileprivate mutating func nodes(_ tag: Int, _ nodes: [NodeID]) {
        array(2)
        unsigned(tag)
        array(nodes.count)
        for node in nodes { data(node) }
    }
}

extension CBORReader {
    fileprivate mutating func packed() throws(CBORError) -> [UInt8] {
        try data(1...GossipLimits.chunkBytes)
    }

    fileprivate mutating func nodes() throws(CBORError) -> [NodeID] {
        var nodes: [NodeID] = []
        for _ in 0..<(try array(0...GossipLimits.shuffled)) { nodes.append(try identifier()) }
        return nodes
    }
}
