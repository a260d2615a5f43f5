import Core
import Gossip

extension FuzzTarget {
    /// The gossip layer under a hostile neighbor: whole frames, bent frames and plain bytes over
    /// its link, while time passes. Views and tables keep their bounds, only what was asked for
    /// within bounds is read, and a second, honest neighbor keeps its link.
    static let link = FuzzTarget(
        name: "link", longest: 4096, mutations: 1500,
        seeds: { LinkSamples.seeds },
        body: .plain { input in
            var feed = Feed(input)
            var siege = LinkSiege()
            while !feed.isAtEnd { try siege.step(&feed) }
        })
}

/// Frames that a neighbor may send.
private enum LinkSamples {
    static let nodes = (1...20).map { NodeID(words: UInt64($0), 7, 7, UInt64($0)) }

    static var frames: [Frame] {
        var range: [UInt8] = [0]
        nodes[0].append(to: &range)
        let named = range + [1, 3, 2]
        return [
            .ping(1), .pong(1), .announce(named), .graft(named), .want(named), .prune(named),
            .shuffle([nodes[3]]), .shuffleReply([nodes[4]]),
            .part(isEnd: true, [0x83, 0, 1, 0x80]),
            .part(isEnd: false, [1, 2]), .event(hop: 1, [0x83, 0x41, 0, 0x41, 0, 0xf6]),
            .hello(versions: [1], .urgent), .welcome(version: 1), .bye(.full),
        ]
    }

    static func bytes(_ frame: Frame) -> [UInt8] {
        let encoded = frame.encoded()
        return [0, 0, UInt8(encoded.count >> 8), UInt8(encoded.count & 255)] + encoded
    }

    /// Each frame whole, and then a second.
    static var seeds: [[UInt8]] {
        frames.map { frame in
            var feed = FeedWriter()
            feed.byte(0)
            feed.piece(bytes(frame))
            feed.byte(7)
            feed.byte(125)
            return feed.bytes
        }
    }
}

private struct LinkLog: GossipLog {
    func holds(_ origin: NodeID, at sequence: UInt64) -> Bool { sequence < 3 }
    func holds(_ event: Event) -> Bool { false }
    func admits(_ origin: NodeID, at sequence: UInt64) -> Bool { true }
    func last(of origin: NodeID) -> UInt64 { 2 }
}

private struct LinkSiege {
    private var machine: GossipMachine
    private var now = Instant.zero
    private let hostile = LinkName(number: 1, isOurs: false)
    private let honest = LinkName(number: 2, isOurs: false)

    init() {
        let nodes = LinkSamples.nodes.sorted()
        machine = GossipMachine(
            node: NodeID(words: 0, 1, 1, 1),
            settings: GossipSettings(mode: .on, rotateEvery: .seconds(86_400)),
            dice: Dice(seed: 1))
        var effects: [GossipEffect] = []
        machine.handle(.registry(nodes), at: now, LinkLog(), into: &effects)
        for (link, node) in [(hostile, nodes[0]), (honest, nodes[1])] {
            let hello = LinkSamples.bytes(.hello(versions: [1], .neighbor))
            machine.handle(.linked(link, node), at: now, LinkLog(), into: &effects)
            machine.handle(.received(link, hello), at: now, LinkLog(), into: &effects)
        }
    }

    mutating func step(_ feed: inout Feed) throws {
        var effects: [GossipEffect] = []
        switch feed.below(8) {
        case 0...4:
            let piece = feed.piece()
            machine.handle(.received(hostile, piece), at: now, LinkLog(), into: &effects)
        case 5:
            let frames = LinkSamples.frames
            var bytes = LinkSamples.bytes(frames[Int(feed.byte()) % frames.count])
            if feed.byte() & 1 == 0 { bytes[Int(feed.byte()) % bytes.count] ^= feed.byte() }
            machine.handle(.received(hostile, bytes), at: now, LinkLog(), into: &effects)
        case 6: machine.handle(.written(hostile), at: now, LinkLog(), into: &effects)
        default:
            now = now + .milliseconds(Int64(feed.byte()) * 8)
            machine.advance(to: now, LinkLog(), into: &effects)
            // The honest one gives signs of life.
            let pong = LinkSamples.bytes(.pong(1))
            machine.handle(.received(honest, pong), at: now, LinkLog(), into: &effects)
        }
        try look(at: effects)
    }

    private mutating func look(at effects: [GossipEffect]) throws {
        for effect in effects {
            switch effect {
            case .serve(_, let ranges):
                let count = ranges.reduce(0) { $0 + $1.count }
                try check(count <= 256, "\(count) events are read for one request")
            case .transmit(let link, let bytes):
                try check(bytes.count <= 256 << 10, "\(bytes.count) bytes go out at once")
                if link == honest {
                    var more: [GossipEffect] = []
                    machine.handle(.written(honest), at: now, LinkLog(), into: &more)
                }
            case .unlink(let link): try check(link != honest, "the honest neighbor is let go")
            default: break
            }
        }
        let standing = machine.standing
        try check(standing.neighbors.count <= 8, "\(standing.neighbors.count) neighbors")
        try check(standing.passive.count <= 36, "\(standing.passive.count) peers in reserve")
        try check(standing.missing <= 4096, "\(standing.missing) events are missed")
        try check(standing.origins <= GossipLimits.origins, "\(standing.origins) trees")
    }
}
