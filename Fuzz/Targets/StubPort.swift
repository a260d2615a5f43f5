import Core
import Federation
import FederationAPI
import Synchronization

/// Answers by the kind of request, and notes what should never have reached it.
final class StubPort: FederationPort {
    let node: NodeID
    private let peer: NodeID
    private let problems = Mutex<[String]>([])

    init(node: NodeID, peer: NodeID) {
        self.node = node
        self.peer = peer
    }

    /// The first thing that should not have happened.
    var problem: String? { problems.withLock { $0.first } }

    func state(of node: NodeID) async -> PeerRecord.State? { node == peer ? .active : nil }

    func respond(
        to request: Federation.Request, from caller: FederationAPI.Caller
    ) async -> Federation.Response {
        let isProof =
            switch request {
            case .introduce, .confirm: true
            default: false
            }
        if isProof ? caller.node != nil : caller.node != peer {
            problems.withLock { $0.append("a caller that proved nothing: \(request)") }
        }
        return switch request {
        case .push(let batch): .outcomes(batch.events.map { _ in .stored })
        case .pull(let since):
            .page(
                Page(
                    next: since ?? Samples.cursor, isEnd: true,
                    events: Samples.batches[2]))
        case .reconcile(_, _, let message): .message(message, [])
        case .bodies, .fetch: .events(Samples.batches[1])
        default: .registration(RegistrationState(state: .pending, isApproved: false))
        }
    }

    func pages(
        since: Cursor?, for caller: FederationAPI.Caller
    ) async throws(Refusal) -> any PageSource {
        if caller.node != peer {
            problems.withLock { $0.append("a stream for a caller that proved nothing") }
        }
        return OnePage()
    }

    func refused(_ code: RefusalCode, by node: NodeID?, address: String) {}

    func carry(_ link: PeerLink) async {}

    func card() async -> NodeCard { Samples.cards[1] }
}

/// A stream of one page.
private final class OnePage: PageSource {
    private let isGiven = Mutex(false)

    func next() async -> Page? {
        let wasGiven = isGiven.withLock { isGiven in
            defer { isGiven = true }
            return isGiven
        }
        return wasGiven
            ? nil : Page(next: Samples.cursor, isEnd: true, events: Samples.batches[1])
    }
}
