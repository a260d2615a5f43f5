import Core
import Federation
import Gossip

/// Reads one byte a second of each link and stream, and says all the while that it is there.
struct Slowloris: Attack {
    private struct Reading: Sendable {
        /// What it has taken from the socket and pretends to be reading.
        var bytes = 0
        /// When it wants more; nil while its engine does not.
        var due: Instant?
    }

    var period: Duration? { .seconds(1) }
    private var readings: [LinkName: Reading] = [:]
    private var pings: UInt64 = 1 << 32

    mutating func restarted() { readings = [:] }

    mutating func hears(_ input: Input, _ scene: inout Scene) -> Bool {
        switch input {
        case .linked(let link, _): readings[link] = Reading()
        case .received(let link, let bytes):
            readings[link, default: Reading()].bytes = bytes.count
        case .unlinked(let link, _): readings[link] = nil
        default: break
        }
        return true
    }

    mutating func twist(_ effect: Effect, _ scene: inout Scene) -> [Effect] {
        switch effect {
        case .read(let link):
            // A short hello is read at once, or there would be no link.
            guard let bytes = readings[link]?.bytes, bytes > 64 else { return [effect] }
            readings[link]?.due = scene.now + .seconds(Int64(bytes))
            scene.acted()
            return []
        case .proceed:
            scene.acted()
            return []
        // Its engine hears nothing and would let go.
        case .unlink: return []
        default: return [effect]
        }
    }

    mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece] {
        if case .frame(.bye) = piece { return [] }
        return [piece]
    }

    mutating func act(_ scene: inout Scene) {
        for link in readings.keys.sorted() {
            guard let due = readings[link]?.due else { continue }
            if due <= scene.now {
                readings[link]?.due = nil
                scene.wish(.effect(.read(link)))
            } else {
                pings += 1
                scene.put([.frame(.ping(pings))], over: link)
            }
        }
    }
}
