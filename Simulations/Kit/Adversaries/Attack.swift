import Core
import Federation
import Gossip

/// One way to be dishonest: it stands between a node's engine and the network, and acts by itself
/// when its time has come.
///
/// The engine behind it is the ordinary one, so that an adversary does all that an honest node does
/// but for what its attack changes. What an attack does not define leaves things as they are.
protocol Attack: Sendable {
    /// How often it acts by itself; nil where it only changes what its engine does.
    var period: Duration? { get }

    /// Acts by itself.
    mutating func act(_ scene: inout Scene)

    /// The node has started again: its links and questions are gone.
    mutating func restarted()

    /// Hears what is about to be handed to the engine; says whether the engine hears it too.
    mutating func hears(_ input: Input, _ scene: inout Scene) -> Bool

    /// Changes what goes over a link.
    mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece]

    /// Changes a question, whichever way it goes; nil where it is not asked.
    mutating func twist(_ request: Request, _ scene: inout Scene) -> Request?

    /// Changes an answer, whichever way it goes; nil where none is given.
    mutating func twist(_ response: Response, _ scene: inout Scene) -> Response?

    /// Changes any other effect.
    mutating func twist(_ effect: Effect, _ scene: inout Scene) -> [Effect]
}

extension Attack {
    var period: Duration? { nil }

    mutating func act(_ scene: inout Scene) {}

    mutating func restarted() {}

    mutating func hears(_ input: Input, _ scene: inout Scene) -> Bool { true }

    mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece] { [piece] }

    mutating func twist(_ request: Request, _ scene: inout Scene) -> Request? { request }

    mutating func twist(_ response: Response, _ scene: inout Scene) -> Response? { response }

    mutating func twist(_ effect: Effect, _ scene: inout Scene) -> [Effect] { [effect] }
}
