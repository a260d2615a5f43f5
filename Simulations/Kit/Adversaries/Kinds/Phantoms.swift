import Core
import Gossip

/// Announces events that don't exist, five thousand a second, and sends nothing that it is asked
/// for.
struct Phantoms: Attack {
    /// Places at once: half of them what comes next, which is asked for, half far beyond.
    private static let atOnce: UInt64 = 100

    var period: Duration? { .milliseconds(20) }

    mutating func act(_ scene: inout Scene) {
        guard let origin = scene.draw(scene.peers), let other = scene.draw(scene.peers) else {
            return
        }
        let last = scene.last(of: origin)?.header.sequence ?? 0
        let far = last + 1 + UInt64(scene.dice.below(1 << 19))
        let ranges = [
            PlaceRange(origin: origin, from: last + 1, count: Self.atOnce / 2, hop: 1),
            PlaceRange(origin: other, from: far, count: Self.atOnce / 2, hop: 1),
        ]
        for neighbor in scene.neighbors where neighbor.room > 4096 {
            scene.put([.announce(ranges)], over: neighbor.link)
            scene.acted(Int(Self.atOnce))
        }
    }

    mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece] {
        // What goes out after no hop was asked for.
        guard case .frame(.event(hop: 0, _)) = piece else { return [piece] }
        scene.acted()
        return []
    }
}
