import Core
import Federation
import Gossip

/// Sends what nobody signed: events in the name of others, noise in the place of events, and events
/// of keys that nobody knows.
struct Forge: Attack {
    /// Forgeries in one push: what one message orders to be verified.
    private static let pushed = 16

    var period: Duration? { .milliseconds(100) }
    private var strangers = 0

    mutating func act(_ scene: inout Scene) {
        // Noise gives it away at once: it begins with what must be verified.
        let ways = scene.now - scene.since < .seconds(4) ? 2 : 3
        for neighbor in scene.neighbors where neighbor.room > 1024 {
            let bytes: [UInt8]? =
                switch scene.dice.below(ways) {
                case 0: forged(&scene)?.encoded()
                case 1: ofStranger(&scene)?.encoded()
                default: scene.noise(200)
                }
            guard let bytes else { continue }
            scene.put([.frame(.event(hop: 1, bytes))], over: neighbor.link)
            scene.acted()
        }
        guard let peer = scene.draw(scene.peers) else { return }
        var batch = Batch()
        for place in 0..<Self.pushed {
            let event = place % 4 == 0 ? ofStranger(&scene) : forged(&scene)
            if let event { batch.events.append(event) }
        }
        scene.acted(batch.count)
        scene.ask(peer, .push(batch))
    }

    /// The next event of somebody else, with a signature that is noise.
    private func forged(_ scene: inout Scene) -> Event? {
        guard let origin = scene.draw(scene.peers) else { return nil }
        let last = scene.last(of: origin)
        let sequence = (last?.header.sequence ?? 0) + 1
        guard
            let (header, body) = scene.draft(
                of: origin, sequence, after: last?.id, at: scene.time())
        else { return nil }
        // What was just written can be read.
        return try? Event(
            headerBytes: header.encoded(), signature: scene.noise(64), body: body)
    }

    /// An event as it should be, by a key that nobody has let in.
    private mutating func ofStranger(_ scene: inout Scene) -> Event? {
        strangers += 1
        let key = scene.seeds.key(1 << 30 | strangers % 64)
        return scene.event(by: key, 1, after: nil, at: scene.time())
    }
}
