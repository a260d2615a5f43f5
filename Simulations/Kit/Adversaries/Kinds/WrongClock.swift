import Core
import Federation
import Gossip

/// Signs events of times to come: from one that is a second too early to one of ten years ahead.
struct WrongClock: Attack {
    private static let aheads: [Duration] = [
        .seconds(61), .seconds(75), .seconds(3600), .seconds(172_800), .seconds(315_360_000),
    ]
    /// Places that its own engine never comes to.
    private static let first: UInt64 = 100_000

    var period: Duration? { .milliseconds(250) }
    private var count: UInt64 = 0
    private var previous: EventID?

    mutating func act(_ scene: inout Scene) {
        guard let ahead = scene.draw(Self.aheads) else { return }
        let time = scene.time(ahead: ahead, counter: scene.dice.below(4) == 0 ? .max : 0)
        let event = scene.event(
            by: scene.key, Self.first + count, after: previous, at: time)
        guard let event else { return }
        count += 1
        previous = event.id
        for neighbor in scene.neighbors where neighbor.room > 1024 {
            scene.put([.frame(.event(hop: 1, event.encoded()))], over: neighbor.link)
        }
        if let peer = scene.draw(scene.peers) { scene.ask(peer, .push(Batch([event]))) }
        scene.acted()
    }
}
