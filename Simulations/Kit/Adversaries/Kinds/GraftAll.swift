import Core
import Gossip

/// Asks each neighbor for the same events, all that there are, again and again.
struct GraftAll: Attack {
    var period: Duration? { .milliseconds(50) }

    mutating func act(_ scene: inout Scene) {
        let ranges = scene.peers.compactMap { origin in
            scene.last(of: origin).map {
                PlaceRange(origin: origin, from: 1, count: $0.header.sequence)
            }
        }
        for neighbor in scene.neighbors where neighbor.room > 16 << 10 {
            scene.put([.graft(ranges), .want(ranges)], over: neighbor.link)
            scene.acted(2)
        }
    }
}
