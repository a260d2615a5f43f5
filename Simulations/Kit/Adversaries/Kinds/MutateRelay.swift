import Core
import Federation
import Gossip

/// Changes one bit of every event of others that it hands on, whichever way; in sessions it strips
/// some of their bodies instead.
struct MutateRelay: Attack {
    mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece] {
        guard case .frame(.event(let hop, let bytes)) = piece,
            // Its engine sends none that can't be read.
            let event = try? Event(decoding: bytes), event.header.origin != scene.key.node
        else { return [piece] }
        var changed = bytes
        changed[scene.dice.below(bytes.count)] ^= 1 << UInt8(scene.dice.below(8))
        scene.acted()
        return [.frame(.event(hop: hop, changed))]
    }

    mutating func twist(_ request: Request, _ scene: inout Scene) -> Request? {
        guard case .push(let batch) = request else { return request }
        return .push(change(batch, &scene))
    }

    mutating func twist(_ response: Response, _ scene: inout Scene) -> Response? {
        switch response {
        case .events(let batch): .events(change(batch, &scene))
        case .page(let page):
            .page(Page(next: page.next, isEnd: page.isEnd, events: change(page.events, &scene)))
        default: response
        }
    }

    private func change(_ batch: Batch, _ scene: inout Scene) -> Batch {
        Batch(
            batch.events.map { event in
                guard event.header.origin != scene.key.node else { return event }
                scene.acted()
                return change(event, &scene)
            })
    }

    private func change(_ event: Event, _ scene: inout Scene) -> Event {
        var event = event
        let way = scene.dice.below(3)
        if way == 0 {
            event.body = nil
            return event
        }
        if way == 1, var body = event.body, !body.bytes.isEmpty {
            body.bytes[scene.dice.below(body.bytes.count)] ^= 1
            event.body = body
            return event
        }
        var signature = event.signature
        signature[scene.dice.below(64)] ^= 1 << UInt8(scene.dice.below(8))
        // The header is as it was, so it can be read.
        let changed = try? Event(
            headerBytes: event.headerBytes, signature: signature, body: event.body)
        return changed ?? event
    }
}
