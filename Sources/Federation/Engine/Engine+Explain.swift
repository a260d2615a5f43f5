public import Core
import MerkleSearchTree

/// Why something is here, or not: for those who ask, changing nothing.
extension Engine {
    /// What the index knows of an event that the log holds.
    public func standing(of event: Event) -> EventStanding {
        if index.tree.contains(event.key) { return .admitted }
        if index.hidden.contains(event.key) {
            return .hidden(membership.refusal(of: event.header, event.id) ?? .notAdmitted)
        }
        return .unknown
    }

    /// An event that waits: for its time, or for a voucher. Nil where none of this id does.
    public func waiting(_ id: EventID) -> WaitingEvent? {
        guard let aside = index.aside[id] else { return nil }
        let header = aside.event.header
        if let refusal = membership.refusal(of: header, id) {
            return WaitingEvent(event: aside.event, sender: aside.sender, reason: refusal, due: nil)
        }
        let limit = (wall + Limits.clockAhead).microseconds
        let wait = header.time.physical > limit ? header.time.physical - limit : 0
        return WaitingEvent(
            event: aside.event, sender: aside.sender, reason: .tooEarly,
            due: .microseconds(Int64(clamping: wait)))
    }

    /// Ids of what is set aside whose text begins with these digits, at most `limit`, ascending.
    public func waiting(idPrefix: String, limit: Int) -> [EventID] {
        Array(index.aside.keys.filter { $0.hex.hasPrefix(idPrefix) }.sorted().prefix(limit))
    }

    /// Ids of what an origin signed twice for one place, and the places.
    public func equivocations(of origin: NodeID) -> [Equivocation] {
        index.equivocations.filter { $0.origin == origin }
            .sorted { ($0.sequence, $0.first, $0.second) < ($1.sequence, $1.first, $1.second) }
    }

    /// Every origin about which something was decided, or of which something is held, ascending.
    public var knownOrigins: [NodeID] {
        Set(membership.reasons.keys).union(index.chains.keys.map(\.origin)).sorted()
    }

    /// Events held that are not admitted.
    public var hiddenEvents: Set<EventID> { Set(index.hidden.map(\.id)) }

    /// What the operator must look at, oldest first.
    public var raisedAlarms: [Alarm] { alarms }

    /// Invites that nobody has used and that are still good.
    public var openInvites: [Invite] {
        invites.values.filter { $0.usedBy == nil && $0.expires > wall.microseconds }
            .sorted { $0.expires < $1.expires }
    }
}

/// What becomes of an event that is held.
public enum EventStanding: Hashable, Sendable {
    /// In the tree, and handed on.
    case admitted
    /// Kept, in no root and not handed on, for this reason.
    case hidden(RefusalCode)
    /// Not in the index.
    case unknown
}

/// An event that was set aside.
public struct WaitingEvent: Hashable, Sendable {
    public var event: Event
    public var sender: NodeID?
    /// `tooEarly`, or why its origin is not admitted.
    public var reason: RefusalCode
    /// How long until it is due; nil where it waits for a voucher.
    public var due: Duration?
}
