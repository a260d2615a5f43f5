import Core
import Federation
import Gossip

/// Signs two events for each place of its chain, and tells one half of its neighbors of the one,
/// the other half of the other.
struct Equivocate: Attack {
    var period: Duration? { .seconds(1) }
    private var last: Event?

    mutating func act(_ scene: inout Scene) {
        let before = last ?? scene.last(of: scene.key.node)
        let sequence = (before?.header.sequence ?? 0) + 1
        let events = (0..<2).compactMap { _ in
            scene.event(by: scene.key, sequence, after: before?.id, at: scene.time())
        }
        guard events.count == 2 else { return }
        last = events[0]
        for (place, neighbor) in scene.neighbors.enumerated() where neighbor.room > 1024 {
            let bytes = events[place % 2].encoded()
            scene.put([.frame(.event(hop: 1, bytes))], over: neighbor.link)
        }
        for event in events {
            if let peer = scene.draw(scene.peers) { scene.ask(peer, .push(Batch([event]))) }
        }
        scene.acted()
    }
}
