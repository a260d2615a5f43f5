import Core
import Federation
import Gossip

/// Leaves out the events of one origin, its victim, wherever it hands events on or names them.
struct Withhold: Attack {
    mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece] {
        switch piece {
        case .frame(.event(_, let bytes)):
            // Its engine sends none that can't be read.
            guard let event = try? Event(decoding: bytes), event.header.origin == scene.victim
            else { return [piece] }
            scene.acted()
            return []
        case .announce(let ranges):
            let left = ranges.filter { $0.origin != scene.victim }
            scene.acted(ranges.count - left.count)
            return left.isEmpty ? [] : [.announce(left)]
        default: return [piece]
        }
    }

    mutating func twist(_ request: Request, _ scene: inout Scene) -> Request? {
        guard case .push(let batch) = request else { return request }
        return .push(without(batch, &scene))
    }

    mutating func twist(_ response: Response, _ scene: inout Scene) -> Response? {
        switch response {
        case .events(let batch): .events(without(batch, &scene))
        case .page(let page):
            .page(Page(next: page.next, isEnd: page.isEnd, events: without(page.events, &scene)))
        default: response
        }
    }

    private func without(_ batch: Batch, _ scene: inout Scene) -> Batch {
        let left = batch.events.filter { $0.header.origin != scene.victim }
        scene.acted(batch.events.count - left.count)
        return Batch(left)
    }
}
