public import Core
public import Federation

/// What the operator's socket needs of a node. Whoever reaches the socket may do everything.
public protocol OperatorPort: Sendable {
    /// How the node is.
    func status() async -> StatusView
    /// What it says about itself.
    func identity() async -> IdentityView
    /// All peers, whatever the state of their registration.
    func peers() async -> [PeerView]
    /// Registers with the node at a URL.
    func addPeer(url: String) async throws(Refusal) -> PeerView
    /// Lets a peer in, as far as this side decides.
    func approve(_ node: NodeID) async throws(Refusal) -> PeerView
    /// Says no to a pending peer.
    func reject(_ node: NodeID) async throws(Refusal) -> PeerView
    /// Registers with the node that made an invite.
    func join(_ invite: InviteView) async throws(Refusal) -> PeerView
    /// Makes an invite that is good for so many seconds.
    func invite(seconds: Int) async throws(Refusal) -> InviteView
    /// What a new peer would be given.
    func exposure() async throws(Refusal) -> ExposureView
    /// Writes a revocation of a key, and ends its registration.
    func revoke(_ node: NodeID) async throws(Refusal)
    /// Why an event or a peer is here or not; `id` is 64 hexadecimal digits, or the first of them.
    func explain(_ id: String) async throws(Refusal) -> ExplainView
    /// Neighbors and broadcast trees.
    func gossip() async -> GossipView
    /// Switches gossip to "on", "off" or "auto", until the next start.
    func setGossip(_ mode: String) async throws(Refusal) -> GossipView
    /// The policy in force.
    func policy() async -> PolicyView
    /// Reads the configuration again; what is wrong with it is in the answer, and the old policy
    /// stays.
    func reloadPolicy() async -> PolicyView
    /// Ends a registration for good.
    func remove(_ node: NodeID) async throws(Refusal) -> PeerView
    /// Makes all the events or none; they are durable when this returns.
    func post(_ drafts: [PostDraft]) async throws(Refusal) -> [PostReceipt]
    /// Takes in signed events of an export; says of each: "stored", "already held", "set aside" or
    /// a refusal's code.
    func importEvents(_ events: [EventView]) async throws(Refusal) -> [String]
    /// At most `limit` events of the log.
    func page(since: Cursor?, limit: Int) async throws(Refusal) -> Page
    /// The log, then everything new.
    func pages(since: Cursor?) async throws(Refusal) -> any PageSource
    /// Syncs with one peer, or with all; returns when it is done.
    func sync(with node: NodeID?) async throws(Refusal) -> [SyncView]
    /// Starts the orderly end of the process.
    func shutdown() async
}
