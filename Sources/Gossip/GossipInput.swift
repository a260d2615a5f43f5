public import Core

/// All that can happen to the gossip layer.
public enum GossipInput: Sendable {
    /// The active peers, ascending: nobody else ever enters a view.
    case registry([NodeID])
    case settings(GossipSettings)
    /// A link is open and `node` proven at its other end.
    case linked(LinkName, NodeID)
    /// Bytes came over a link, in order.
    case received(LinkName, [UInt8])
    /// The network has taken what was last transmitted.
    case written(LinkName)
    /// A link is over, or could not be opened.
    case unlinked(LinkName)
    /// Events that came by gossip are valid and admitted: they may go on. Late ones are only
    /// announced, when they are stored.
    case accepted([Event], from: NodeID, isLate: Bool)
    /// Events that came by gossip will not become part of the log, or not now.
    case dropped([Event], from: NodeID, isInvalid: Bool)
    /// Events are durable.
    case stored([StoredEvent])
    /// What a neighbor asked for was read from the log.
    case served(LinkName, [Event])
    /// Two events for one place: evidence for everybody.
    case proof([Event])
    /// A question over this link got no answer.
    case unanswered(LinkName)
    /// A session with this neighbor takes long; another one is to be compared with meanwhile,
    /// unless somebody is next.
    case slow(NodeID, hasNext: Bool)
    /// Nothing is read from this link for now, or again.
    case paused(LinkName, Bool)
    /// Everything ends.
    case shutdown
}

/// An event that has become durable, and how it came.
public struct StoredEvent: Hashable, Sendable {
    /// What decides how it goes on.
    public enum Way: Hashable, Sendable {
        /// Made here.
        case own
        /// Handed over by a peer as something new: pushed, streamed or gossiped.
        case fresh
        /// Found by a session, a pull or an import: others may hold it already.
        case found
    }

    public var event: Event
    public var way: Way
    /// Who handed it over.
    public var sender: NodeID?

    public init(event: Event, way: Way, sender: NodeID?) {
        self.event = event
        self.way = way
        self.sender = sender
    }
}

/// What the engine must carry out for the gossip layer, in order.
public enum GossipEffect: Hashable, Sendable {
    /// Open a link; `linked` or `unlinked` answers.
    case dial(LinkName, NodeID)
    /// Put bytes on the wire; `written` answers. One at a time for each link.
    case transmit(LinkName, [UInt8])
    /// End a link, after what was transmitted.
    case unlink(LinkName)
    /// Verify events and take them in; `accepted` or `dropped`, then `stored`.
    case take([Event], from: NodeID)
    /// Read these places, as far as they are held, for `served`.
    case serve(LinkName, [PlaceRange])
    /// A neighbor asks; `answer` answers.
    case asked(LinkName, number: UInt64, [UInt8])
    /// A neighbor has answered.
    case answered(LinkName, number: UInt64, [UInt8])
    /// Compare logs with this neighbor, over its link.
    case reconcile(NodeID)
    /// The same, when what goes round now has come to rest: sessions leave out what is that young.
    case reconcileLater(NodeID)
    /// A peer has become a neighbor, or is one no longer.
    case neighborUp(NodeID)
    case neighborDown(NodeID, ByeCause?)
    /// The peer has said that it does not gossip, or that it does.
    case isOff(NodeID)
    case isOn(NodeID)
    /// An event that came by gossip is durable; it was passed on so often.
    case delivered(EventID, hop: UInt8)
    /// A link with the peer has ended: nothing that it was asked will be answered.
    case lost(LinkName)
}
