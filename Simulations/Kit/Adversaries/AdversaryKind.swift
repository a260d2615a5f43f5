/// How a node is dishonest. The raw values are what scenario files name.
///
/// An adversary is an insider: its key is valid and its peers have registered it.
/// docs/SIMULATIONS.md says what defends against each kind, and what holds.
public enum AdversaryKind: String, CaseIterable, Hashable, Sendable {
    case forge
    case mutate = "mutate-relay"
    case replay
    case clock
    case equivocate
    case flood
    case ihave
    case graft
    case prune
    case silent
    case withhold
    case eclipse
    case rootLie = "root-lie"
    case slowloris
    case joinstorm
    case rollback

    /// What such a node does, in one line.
    public var summary: String {
        switch self {
        case .forge: "sends events that nobody signed, noise, and events of unknown keys"
        case .mutate: "changes a bit of every event of others that it hands on"
        case .replay: "sends old events, announcements, frames and questions again"
        case .clock: "signs events from 61 seconds to ten years ahead of all clocks"
        case .equivocate: "signs two events for each place, and tells each to another half"
        case .flood: "signs 250 tiny events a second, and one of the largest"
        case .ihave: "announces 5,000 events a second that don't exist, and sends nothing"
        case .graft: "asks every neighbor for all events, twenty times a second"
        case .prune: "tells its neighbors to send it nothing, and asks for nothing"
        case .silent: "takes events from its neighbors and sends none over a link"
        case .withhold: "leaves out the events of one origin, its victim, everywhere"
        case .eclipse: "wants, with its accomplices, to be all neighbors of one victim"
        case .rootLie: "lies in sessions: roots, proofs, lists, descents, deliveries"
        case .slowloris: "reads a byte a second, and says that it is there"
        case .joinstorm: "registers a thousand made-up identities a second"
        case .rollback: "goes back to an old disk, and signs its places a second time"
        }
    }

    /// Whether it signs events for as long as it is let: others are equal only once it ends.
    var signsOnAndOn: Bool {
        switch self {
        case .clock, .equivocate, .flood, .forge, .rollback: true
        default: false
        }
    }

    /// What such a node is made of.
    var attack: any Attack {
        switch self {
        case .forge: Forge()
        case .mutate: MutateRelay()
        case .replay: Replay()
        case .clock: WrongClock()
        case .equivocate: Equivocate()
        case .flood: Flood()
        case .ihave: Phantoms()
        case .graft: GraftAll()
        case .prune: PruneAll()
        case .silent: Silent()
        case .withhold: Withhold()
        case .eclipse: Eclipse()
        case .rootLie: RootLie()
        case .slowloris: Slowloris()
        case .joinstorm: JoinStorm()
        case .rollback: RollBack()
        }
    }
}
