import Core
import Gossip

/// Takes all and hands nothing on: neighbors are only told of events, and what they ask for does
/// not come.
struct Silent: Attack {
    mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece] {
        guard case .frame(.event) = piece else { return [piece] }
        scene.acted()
        return []
    }
}
