import Core
import Gossip

/// Asks each neighbor, all the time, not to send it anything unasked, and asks for nothing.
struct PruneAll: Attack {
    var period: Duration? { .milliseconds(100) }

    mutating func act(_ scene: inout Scene) {
        let ranges = scene.peers.map { PlaceRange(origin: $0, from: 0, count: 0) }
        for neighbor in scene.neighbors where neighbor.room > 4096 {
            scene.put([.prune(ranges)], over: neighbor.link)
            scene.acted()
        }
    }

    mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece] {
        if case .graft = piece { return [] }
        return [piece]
    }
}
