public import Core
public import Gossip

/// Names work that a machine asked of its shell; the answer carries it back.
public struct Token: Hashable, Comparable, Sendable {
    public var number: UInt64

    public init(number: UInt64) { self.number = number }

    public static func < (a: Token, b: Token) -> Bool { a.number < b.number }
}

/// Names a request of somebody else, for the answer; chosen by the shell, never used twice.
public struct Exchange: Hashable, Sendable {
    public var number: UInt64

    public init(number: UInt64) { self.number = number }
}

/// Who asks, as far as the shell has proved it.
public struct Caller: Hashable, Sendable {
    /// The key that signed the request; nil where none did.
    public var node: NodeID?
    /// Whether the connection comes from this very machine.
    public var isSameHost: Bool
    /// Which running process of the node signed the request: it draws the number when it starts.
    public var instance: UInt64?
    /// When the signer's clock said that it signed.
    public var signedAt: WallTime?

    public init(
        node: NodeID?, isSameHost: Bool = false, instance: UInt64? = nil,
        signedAt: WallTime? = nil
    ) {
        self.node = node
        self.isSameHost = isSameHost
        self.instance = instance
        self.signedAt = signedAt
    }
}

/// What an AI, a human or the node itself wants to have said.
public struct Draft: Hashable, Sendable {
    public var author: Author
    /// 1 to 64 bytes.
    public var kind: String
    /// At most 65,536 bytes.
    public var body: [UInt8]
    /// At most 16; sorted and freed of doubles by the engine.
    public var parents: [EventID]

    public init(author: Author, kind: String, body: [UInt8], parents: [EventID] = []) {
        self.author = author
        self.kind = kind
        self.body = body
        self.parents = parents
    }
}

/// Why a request of ours got no answer.
public enum TransportFailure: Hashable, Sendable, CustomStringConvertible {
    /// Nobody there, or the way is blocked.
    case unreachable(String)
    /// Whoever is there is not who we wanted.
    case wrongIdentity(String)
    /// It took too long.
    case timedOut
    /// The answer is not of the protocol.
    case malformed(String)
    /// The peer answered, and refused; only where a stream is opened, elsewhere a refusal is a
    /// response.
    case refused(Refusal)

    public var description: String {
        switch self {
        case .unreachable(let why): "unreachable: \(why)"
        case .wrongIdentity(let why): "wrong identity: \(why)"
        case .timedOut: "timed out"
        case .malformed(let why): "answered with something that is not of the protocol: \(why)"
        case .refused(let refusal): "refused: \(refusal.code.rawValue) \(refusal.detail)"
        }
    }
}

/// What discovery saw on the LAN: a hint, never an identity.
public struct Sighting: Hashable, Sendable {
    public var node: NodeID
    public var endpoints: [String]
    public var label: String
    /// Whether it was seen on this very machine.
    public var isSameHost: Bool

    public init(node: NodeID, endpoints: [String], label: String, isSameHost: Bool) {
        self.node = node
        self.endpoints = endpoints
        self.label = label
        self.isSameHost = isSameHost
    }
}

/// What the operator orders. The answer comes as `Report.operation`.
public enum Operation: Hashable, Sendable {
    /// Registers with whoever answers at this address, and approves it.
    case add(endpoint: String)
    /// Registers with the node that gave us an invite, and approves it.
    case join(NodeID, endpoints: [String], Invite)
    /// Makes an invite that is good for so long.
    case invite(life: Duration)
    /// Ends a key: writes a signed revocation. Without a cut, what is held now still counts.
    case revoke(NodeID, Cut?)
    /// Ends this node's key in favour of another one, which has signed
    /// `Statement.rotationMessage`. Answered as an append is: with the event, or why there is none.
    case rotate(to: NodeID, proof: [UInt8])
    /// Another policy holds from now on.
    case setPolicy(Policy)
    /// Neighbors and trees are kept otherwise from now on, or not at all.
    case setGossip(GossipSettings)
    case approve(NodeID)
    case reject(NodeID)
    case remove(NodeID)
    /// Pulls from the peer, then reconciles with it.
    case sync(NodeID)
    /// Only pulls: from the cursor, or from the start of the peer's log.
    case pull(NodeID, fromStart: Bool)
    /// Only reconciles.
    case reconcile(NodeID)
}

/// All that can happen to an engine. The shell gives the time beside it.
public enum Input: Hashable, Sendable {
    /// The wall clock's reading; give it before anything that may sign or accept events.
    case wall(WallTime)
    /// Somebody here has something to say; the answer comes as `Report.appended`.
    case append(Token, [Draft])
    indirect case operate(Token, Operation)
    /// Events from an export, oldest first; the answer comes as `Report.imported`.
    indirect case importEvents(Token, Batch)
    /// A node was seen on the LAN, or is seen no longer.
    indirect case sighted(Sighting)
    case vanished(NodeID)

    /// Somebody asks. `Effect.reply` answers, once, or many times where the request was `stream`.
    indirect case request(Exchange, Caller, Request)
    /// The last page of this stream was taken by the network; the next one may follow.
    case drained(Exchange)
    /// Whoever asked is gone.
    case abandoned(Exchange)

    /// The answer to `Effect.send`, with the TLS key (SHA-256 of its public key information) that
    /// the answer came over, the identity that this key is bound to, and what the network carried
    /// for question and answer.
    indirect case response(
        Token, from: NodeID, tlsKey: Digest, Response, wire: WireBytes = WireBytes())
    indirect case failed(Token, TransportFailure)
    /// A page of a stream that `Effect.open` asked for.
    indirect case page(Token, Page)
    /// The stream is over, for whatever reason.
    indirect case closed(Token, TransportFailure?)

    /// For each event of `Effect.verify`, in order, whether its signatures hold.
    case verified(Token, [Bool])
    indirect case loaded(Token, Loaded)
    /// The write of this token is durable.
    case stored(Token)
    /// Nothing of it was stored.
    indirect case storeFailed(Token, String)

    /// A link is open, ours or a peer's, and the other end proven.
    indirect case linked(LinkName, Caller)
    /// Bytes came over a link; nothing more is read from it until `Effect.read`.
    case received(LinkName, [UInt8])
    /// The network has taken what `Effect.transmit` gave.
    case written(LinkName)
    /// The link is over, or could not be opened.
    indirect case unlinked(LinkName, TransportFailure?)
    /// The process is about to end: neighbors are told.
    case shutdown
}

/// What a load found.
public enum Loaded: Hashable, Sendable {
    /// A scan of the log that is complete up to `through`.
    case page(entries: [LogEntry], through: UInt64, isEnd: Bool)
    /// Events by id, those that are not held left out.
    case events([Event])
    case failed(String)
}
