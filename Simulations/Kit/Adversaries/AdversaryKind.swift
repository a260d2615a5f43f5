/// How a node is dishonest. The raw values are what scenario files name.
///
/// An adversary is an insider: its key is valid and its peers have registered it, unless its line
/// says otherwise. docs/SIMULATIONS.md says what defends against each, and what holds.
public enum AdversaryKind: String, CaseIterable, Hashable, Sendable {
    case forge
    case mutate = "mutate-relay"
    case silent

    /// What such a node does, in one line.
    public var summary: String {
        switch self {
        case .forge: "sends events that nobody signed, noise, and events of unknown keys"
        case .mutate: "changes a bit of every event of others that it hands on"
        case .silent: "takes events from its neighbors and sends none over a link"
        }
    }

    /// What such a node is made of.
    var attack: any Attack {
        switch self {
        case .forge: Forge()
        case .mutate: MutateRelay()
        case .silent: Silent()
        }
    }
}
