import Core
import Federation
import FederationAPI
import Foundation
import Logging
import Storage

/// The node of a data folder, as commands see it: the one that runs there, or the folder itself.
protocol LocalNode: Sendable {
    func status() async throws -> StatusView
    func identity() async throws -> IdentityView
    func peers() async throws -> [PeerView]
    func addPeer(url: String) async throws -> PeerView
    func approve(_ node: NodeID) async throws -> PeerView
    func remove(_ node: NodeID) async throws -> PeerView
    func reject(_ node: NodeID) async throws -> PeerView
    func revoke(_ node: NodeID) async throws
    func join(_ invite: InviteView) async throws -> PeerView
    func invite(seconds: Int) async throws -> InviteView
    func exposure() async throws -> ExposureView
    func explain(_ id: String) async throws -> ExplainView
    func policy() async throws -> PolicyView
    func gossip() async throws -> GossipView
    func setGossip(_ mode: String) async throws -> GossipView
    func reloadPolicy() async throws -> PolicyView
    func post(_ drafts: [PostDraft]) async throws -> [PostReceipt]
    /// What became of each event: "stored", "already held", "set aside" or the code of a refusal.
    func importEvents(_ events: [EventView]) async throws -> [String]
    func page(since: Cursor?, limit: Int) async throws -> PageView
    func sync(with node: NodeID?) async throws -> [SyncView]
}

/// A node that runs: everything goes through its control socket.
struct RunningNode: LocalNode {
    let socket: SocketClient
    private static let root = "/api/federation"

    func status() async throws -> StatusView { try await get("status") }
    func identity() async throws -> IdentityView { try await get("identity") }
    func peers() async throws -> [PeerView] { try await get("peers") }

    func addPeer(url: String) async throws -> PeerView {
        try await send("POST", "peers", AddPeerBody(url: url))
    }

    func approve(_ node: NodeID) async throws -> PeerView {
        try await send("POST", "peers/\(node.hex)/approve", DoneView())
    }

    func reject(_ node: NodeID) async throws -> PeerView {
        try await send("POST", "peers/\(node.hex)/reject", DoneView())
    }

    func revoke(_ node: NodeID) async throws {
        let _: DoneView = try await send("POST", "peers/\(node.hex)/revoke", DoneView())
    }

    func join(_ invite: InviteView) async throws -> PeerView {
        try await send("POST", "join", invite)
    }

    func invite(seconds: Int) async throws -> InviteView {
        try await send("POST", "invites", InviteBody(seconds: seconds))
    }

    func exposure() async throws -> ExposureView { try await get("exposure") }
    func explain(_ id: String) async throws -> ExplainView { try await get("explain/\(id)") }
    func policy() async throws -> PolicyView { try await get("policy") }
    func gossip() async throws -> GossipView { try await get("gossip") }

    func setGossip(_ mode: String) async throws -> GossipView {
        try await send("POST", "gossip/\(mode)", DoneView())
    }

    func reloadPolicy() async throws -> PolicyView {
        try await send("POST", "policy/reload", DoneView())
    }

    func remove(_ node: NodeID) async throws -> PeerView {
        try await send("DELETE", "peers/\(node.hex)", DoneView())
    }

    func post(_ drafts: [PostDraft]) async throws -> [PostReceipt] {
        try await send("POST", "events", drafts)
    }

    func importEvents(_ events: [EventView]) async throws -> [String] {
        try await send("POST", "import", events)
    }

    func page(since: Cursor?, limit: Int) async throws -> PageView {
        try await get("events?limit=\(limit)" + (since.map { "&since=\($0.text)" } ?? ""))
    }

    func sync(with node: NodeID?) async throws -> [SyncView] {
        try await send("POST", "sync", SyncBody(peer: node?.hex))
    }

    private func get<View: Decodable & Sendable>(_ path: String) async throws -> View {
        try await told { () async throws(SocketError) in
            try await socket.get("\(Self.root)/\(path)")
        }
    }

    private func send<View: Decodable & Sendable>(
        _ method: String, _ path: String, _ body: some Encodable
    ) async throws -> View {
        try await told { () async throws(SocketError) in
            try await socket.send(method, "\(Self.root)/\(path)", body: body)
        }
    }

    /// Whatever the node says no to, the user reads.
    private func told<Value>(
        _ body: () async throws(SocketError) -> Value
    ) async throws -> Value {
        do throws(SocketError) {
            return try await body()
        } catch {
            throw UserError("\(error)")
        }
    }
}

/// A folder where no node runs: the engine works on it in this process, without listening.
struct DirectNode: LocalNode {
    let shell: NodeShell

    func status() async throws -> StatusView { await shell.status() }
    func identity() async throws -> IdentityView { await shell.identity() }
    func peers() async throws -> [PeerView] { await shell.peers() }
    func addPeer(url: String) async throws -> PeerView {
        try await told { () async throws(Refusal) in try await shell.addPeer(url: url) }
    }
    func approve(_ node: NodeID) async throws -> PeerView {
        try await told { () async throws(Refusal) in try await shell.approve(node) }
    }
    func reject(_ node: NodeID) async throws -> PeerView {
        try await told { () async throws(Refusal) in try await shell.reject(node) }
    }
    func revoke(_ node: NodeID) async throws {
        try await told { () async throws(Refusal) in try await shell.revoke(node) }
    }
    func join(_ invite: InviteView) async throws -> PeerView {
        try await told { () async throws(Refusal) in try await shell.join(invite) }
    }
    func invite(seconds: Int) async throws -> InviteView {
        try await told { () async throws(Refusal) in try await shell.invite(seconds: seconds) }
    }
    func exposure() async throws -> ExposureView {
        try await told { () async throws(Refusal) in try await shell.exposure() }
    }
    func explain(_ id: String) async throws -> ExplainView {
        try await told { () async throws(Refusal) in try await shell.explain(id) }
    }
    func policy() async throws -> PolicyView { await shell.policy() }
    func gossip() async throws -> GossipView { await shell.gossip() }
    func setGossip(_ mode: String) async throws -> GossipView {
        throw UserError("no node runs here: write it into config.toml under [gossip]")
    }
    func reloadPolicy() async throws -> PolicyView { await shell.reloadPolicy() }
    func remove(_ node: NodeID) async throws -> PeerView {
        try await told { () async throws(Refusal) in try await shell.remove(node) }
    }
    func post(_ drafts: [PostDraft]) async throws -> [PostReceipt] {
        try await told { () async throws(Refusal) in try await shell.post(drafts) }
    }
    func importEvents(_ events: [EventView]) async throws -> [String] {
        try await told { () async throws(Refusal) in try await shell.importEvents(events) }
    }
    func page(since: Cursor?, limit: Int) async throws -> PageView {
        try await told { () async throws(Refusal) in
            PageView(try await shell.page(since: since, limit: limit))
        }
    }
    func sync(with node: NodeID?) async throws -> [SyncView] {
        try await told { () async throws(Refusal) in try await shell.sync(with: node) }
    }

    private func told<Value>(
        _ body: () async throws(Refusal) -> Value
    ) async throws -> Value {
        do throws(Refusal) {
            return try await body()
        } catch {
            throw UserError("refused (\(error.code.rawValue)): \(error.detail)")
        }
    }
}

extension DataFolder {
    /// Runs `body` on the folder's node: the running one, or the folder itself where none runs.
    func withNode<Value: Sendable>(
        timeout: Duration = .seconds(60), _ body: (any LocalNode) async throws -> Value
    ) async throws -> Value {
        guard isInitialized else {
            throw UserError("\(path) holds no node: run `federate init` first")
        }
        let lock: DataFolderLock
        do {
            lock = try DataFolderLock(folder: path)
        } catch StorageError.inUse {
            let socket = SocketClient(socket: socketPath, timeout: timeout)
            return try await body(RunningNode(socket: socket))
        }
        defer { lock.release() }
        let shell = try await openShell(isAutomatic: false, logger: Logger.silent)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await shell.run() }
            let result = await Result { try await body(DirectNode(shell: shell)) }
            group.cancelAll()
            try await group.waitForAll()
            try shell.log.close()
            return try result.get()
        }
    }

    /// Opens log and key, and makes the engine's shell. The caller holds the lock. A change of the
    /// key that was cut short is finished first.
    func openShell(
        isAutomatic: Bool, logger: Logger, onShutdown: @escaping @Sendable () -> Void = {}
    ) async throws -> NodeShell {
        if let fault = Signature.selfTest() {
            throw UserError("this libsodium can't be used, it breaks the signature rule: \(fault)")
        }
        let configuration = try readConfiguration()
        let (log, opened) = try EventLog.open(in: path)
        log.announceOpening(to: logger)
        let state = try resumeRotation(in: log, opened) ? try log.state() : opened
        let key = try readKey()
        let settings = Settings(
            label: configuration.label ?? "", endpoints: configuration.endpoints ?? [],
            policy: try configuration.policy(),
            joinSecret: configuration.federation?.joinSecret.map { Array($0.utf8) },
            predecessors: try predecessors(of: key.node),
            humans: Set(configuration.authors?.humans ?? []), isAutomatic: isAutomatic,
            restoredSequence: try restoredSequence(), gossip: try configuration.gossipSettings())
        return NodeShell(
            key: key, log: log, state: state, settings: settings, logger: logger,
            readPolicy: { () throws(UserError) in try readConfiguration().policy() },
            onShutdown: onShutdown)
    }
}

extension Result where Failure == any Error {
    /// Catches what an async body throws.
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "federate") { _ in SwiftLogNoOpLogHandler() } }
}
