import Core
import Federation
import Gossip

/// Lies in sessions: names roots that are not those of its set, says "equal" or "closed" without
/// proof, lists keys that nobody has, descends without end, and delivers something else.
///
/// Half of its messages are as they should be, so that every step of a session comes to be lied in.
struct RootLie: Attack {
    var period: Duration? { .seconds(1) }

    /// Begins a session of its own, to lie in it.
    mutating func act(_ scene: inout Scene) {
        guard let neighbor = scene.draw(scene.neighbors) else { return }
        let token = Scene.token(scene.nextNumber())
        scene.wish(.input(.operate(token, .reconcile(neighbor.node))))
    }

    mutating func twist(_ request: Request, _ scene: inout Scene) -> Request? {
        guard scene.dice.below(2) == 0 else { return request }
        switch request {
        case .reconcile(let session, let context, let message):
            scene.acted()
            return .reconcile(
                session: session, context: context, message: changed(message, &scene))
        case .fetch(let session, let message):
            scene.acted()
            return .fetch(session: session, message: changed(message, &scene))
        case .push(let batch):
            scene.acted()
            return .push(Batch(batch.events.dropLast()))
        default: return request
        }
    }

    mutating func twist(_ response: Response, _ scene: inout Scene) -> Response? {
        guard scene.dice.below(2) == 0 else { return response }
        switch response {
        case .message(let message, let notices):
            scene.acted()
            return .message(Self.lie(message, &scene), notices)
        case .events(let batch):
            scene.acted()
            let others = scene.log.entries.suffix(8).map(\.event)
            return .events(scene.dice.below(2) == 0 ? Batch() : Batch(others + batch.events))
        case .status(var status):
            scene.acted()
            status.root = scene.nothing()
            status.position += UInt64(scene.dice.below(1 << 20))
            status.eventCount += 1
            return .status(status)
        case .page(var page):
            scene.acted()
            // Ahead of what was sent, or back again.
            page.next.position = UInt64(scene.dice.below(2 * Int(page.next.position) + 2))
            page.isEnd.toggle()
            return .page(page)
        case .outcomes(let outcomes):
            scene.acted()
            return .outcomes(outcomes.map { _ in .stored })
        default: return response
        }
    }

    private func changed(_ message: [UInt8], _ scene: inout Scene) -> [UInt8] {
        var message = message
        guard !message.isEmpty else { return scene.noise(8) }
        // The first byte says what it is, and stays.
        let place = min(message.count - 1, 1 + scene.dice.below(message.count))
        message[place] ^= 1 << UInt8(scene.dice.below(8))
        return message
    }

    /// Kinds of messages and their bytes: docs/PROTOCOL-tree.md, "Messages".
    private static func lie(_ message: [UInt8], _ scene: inout Scene) -> [UInt8] {
        func kind(_ number: UInt8, _ flags: UInt8 = 0) -> [UInt8] { [number << 3 | flags] }
        switch scene.dice.below(10) {
        case 0: return kind(3) + scene.noise(4)
        case 1: return kind(4) + [UInt8(scene.dice.below(4))] + [0x40] + scene.noise(400)
        case 2: return kind(5) + [0] + scene.noise(300)
        case 3: return kind(6) + [0] + [0xff, 0xff, 0x7f]
        case 4: return kind(7, 1) + [UInt8(scene.dice.below(128)), 0]
        case 5: return kind(11) + [0x80, 0x80, 0x40] + scene.noise(2000)
        case 6: return Self.descent(&scene)
        case 7: return kind(17) + scene.noise(8)
        case 8: return kind(18)
        default:
            let half = Array(message.prefix(message.count / 2))
            return half.isEmpty ? scene.noise(3) : half
        }
    }

    /// Splits of every range, each into 16 parts that all differ.
    private static func descent(_ scene: inout Scene) -> [UInt8] {
        var bits: [Bool] = []
        func write(_ number: Int, _ count: Int) {
            for place in (0..<count).reversed() { bits.append(number >> place & 1 == 1) }
        }
        func gamma(_ number: Int) {
            let width = Int.bitWidth - (number + 1).leadingZeroBitCount
            write(0, width - 1)
            write(number + 1, width)
        }
        let answers = 1 + scene.dice.below(4)
        gamma(0)
        gamma(0)
        write(32, 6)
        write(10, 6)
        gamma(answers)
        for _ in 0..<answers {
            write(0b10, 2)
            write(3, 2)
            write(0, 2)
            for _ in 0..<16 { write(scene.dice.below(1 << 32), 32) }
        }
        var bytes: [UInt8] = [14 << 3]
        for start in stride(from: 0, to: bits.count, by: 8) {
            var byte: UInt8 = 0
            for place in start..<start + 8 {
                byte = byte << 1 | (place < bits.count && bits[place] ? 1 : 0)
            }
            bytes.append(byte)
        }
        return bytes
    }
}
