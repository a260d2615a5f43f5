import Core
import Federation
import Gossip

/// Sends again what it has seen before: events, announcements, other frames, questions.
///
/// A hello of a former link is not among them: it is bound to the server's nonce by the shell,
/// which is not simulated.
struct Replay: Attack {
    /// What is remembered of each kind, the newest last.
    private static let remembered = 256
    private static let eventsAtOnce = 16

    var period: Duration? { .milliseconds(100) }
    private var events: [[UInt8]] = []
    private var frames: [Frame] = []
    private var requests: [Request] = []

    mutating func hears(_ input: Input, _ scene: inout Scene) -> Bool {
        guard case .received(_, let bytes) = input else { return true }
        var buffer = FrameBuffer()
        buffer.append(bytes)
        // What can't be read is no frame to send again.
        while let bytes = try? buffer.next(), let frame = try? Frame(decoding: bytes) {
            switch frame {
            case .event(_, let event): Self.keep(event, in: &events)
            case .ping, .pong, .shuffle, .shuffleReply: Self.keep(frame, in: &frames)
            case .part(isEnd: true, _): Self.keep(frame, in: &frames)
            default: break
            }
        }
        return true
    }

    mutating func twist(_ request: Request, _ scene: inout Scene) -> Request? {
        Self.keep(request, in: &requests)
        return request
    }

    private static func keep<Value>(_ value: Value, in list: inout [Value]) {
        if list.count == remembered { list.removeFirst() }
        list.append(value)
    }

    mutating func act(_ scene: inout Scene) {
        for neighbor in scene.neighbors where neighbor.room > 64 << 10 {
            var pieces: [LinkPiece] = []
            for _ in 0..<Self.eventsAtOnce {
                if let event = scene.draw(events) {
                    pieces.append(.frame(.event(hop: 1, event)))
                }
            }
            if let frame = scene.draw(frames) { pieces.append(.frame(frame)) }
            if let origin = scene.draw(scene.peers), let last = scene.last(of: origin) {
                let count = min(64, last.header.sequence)
                pieces.append(.announce([PlaceRange(origin: origin, from: 1, count: count)]))
            }
            scene.put(pieces, over: neighbor.link)
            scene.acted(pieces.count)
        }
        guard let peer = scene.draw(scene.peers), let request = scene.draw(requests) else { return }
        scene.ask(peer, request)
        scene.acted()
    }
}
