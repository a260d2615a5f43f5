import Core
import Federation
import Gossip

/// Signs valid events, far more than anybody needs and its links take: a storm of tiny ones, and
/// every second one of the largest that there are.
struct Flood: Attack {
    /// Tiny events at once: 250 a second, more than ten times what others say together.
    private static let atOnce = 25
    /// Every so many turns comes one of the largest.
    private static let largeEvery = 10

    var period: Duration? { .milliseconds(100) }
    private var last: Event?
    private var turns = 0

    mutating func act(_ scene: inout Scene) {
        turns += 1
        var pieces: [LinkPiece] = []
        var size = 0
        let isLarge = turns % Self.largeEvery == 0
        for _ in 0..<(isLarge ? 1 : Self.atOnce) {
            let before = last ?? scene.last(of: scene.key.node)
            let event = scene.event(
                by: scene.key, (before?.header.sequence ?? 0) + 1, after: before?.id,
                at: scene.time(counter: UInt16(pieces.count)),
                bytes: isLarge ? Limits.bodyBytes : 1)
            guard let event else { return }
            last = event
            let bytes = event.encoded()
            size += bytes.count
            pieces.append(.frame(.event(hop: 1, bytes)))
        }
        for neighbor in scene.neighbors where neighbor.room > size {
            scene.put(pieces, over: neighbor.link)
        }
        scene.acted(pieces.count)
    }
}
