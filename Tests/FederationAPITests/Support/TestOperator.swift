import Core
import Federation
import Synchronization

@testable import FederationAPI

/// Remembers what the operator asked for.
final class TestOperator: OperatorPort {
    struct State {
        var calls: [String] = []
        var drafts: [PostDraft] = []
        var pages: [Page] = []
    }

    let node: NodeID
    let state = Mutex(State())

    init(node: NodeID) { self.node = node }

    var calls: [String] { state.withLock { $0.calls } }

    private func note(_ call: String) { state.withLock { $0.calls.append(call) } }

    private func view(_ node: NodeID, _ state: PeerRecord.State = .pending) -> PeerView {
        PeerView(PeerRecord(node: node, state: state, endpoints: ["https://b.example:2"]))
    }

    func status() async -> StatusView {
        StatusView(
            version: "0", node: node.hex, label: "a", log: Sample.log.hex, listening: [],
            eventCount: 3, root: Digest.zero.hex, missingBodies: 0, aside: 0, equivocations: 0,
            refused: ["malformed": 1], peers: .init(active: 2), discovery: "off",
            uptimeSeconds: 1.5)
    }

    func identity() async -> IdentityView {
        IdentityView(node, NodeCard(label: "a", endpoints: []))
    }

    func peers() async -> [PeerView] { [view(SecretKey.test(7).node)] }

    func addPeer(url: String) async throws(Refusal) -> PeerView {
        note("add \(url)")
        guard Endpoint(url) != nil else { throw Refusal(.malformed, "\(url) is no endpoint") }
        return view(SecretKey.test(7).node)
    }

    func approve(_ node: NodeID) async throws(Refusal) -> PeerView {
        note("approve \(node)")
        return view(node, .active)
    }

    func reject(_ node: NodeID) async throws(Refusal) -> PeerView {
        note("reject \(node)")
        return view(node, .rejected)
    }

    func join(_ invite: InviteView) async throws(Refusal) -> PeerView {
        note("join \(invite.invite)")
        return view(SecretKey.test(7).node, .active)
    }

    func invite(seconds: Int) async throws(Refusal) -> InviteView {
        note("invite \(seconds)")
        return InviteView(
            node: node.hex, endpoints: ["https://a.example:1"], invite: "00000000000000ff",
            secret: String(repeating: "ab", count: 16), expires: 9)
    }

    func exposure() async throws(Refusal) -> ExposureView {
        ExposureView(
            events: 3, kinds: ["message.post": 3], authors: ["ai:a": 3], origins: 1, bytes: 9)
    }

    func revoke(_ node: NodeID) async throws(Refusal) { note("revoke \(node)") }

    func explain(_ id: String) async throws(Refusal) -> ExplainView {
        note("explain \(id)")
        return ExplainView(subject: "event", id: id, state: "stored", why: "because")
    }

    func policy() async -> PolicyView {
        PolicyView(rules: [.init("max_peers", "0", "no bound")], admitted: [:])
    }

    func reloadPolicy() async -> PolicyView {
        note("reload")
        return PolicyView(rules: [], admitted: [:], error: "line 3")
    }

    func gossip() async -> GossipView {
        GossipView(
            mode: "auto", isOn: true, target: 6, neighbors: [], passive: [], visits: 0,
            origins: 3, missing: 0, delivered: 10, duplicates: 5,
            latencyMilliseconds: .init(p50: 12, p99: nil, count: 1),
            hops: .init(mean: 1.5, max: 3), grafts: 0, prunes: 0, overflows: 0,
            brokenPromises: 0, unserved: 0, endings: .init(), bytesByKind: ["event": 100])
    }

    func setGossip(_ mode: String) async throws(Refusal) -> GossipView {
        note("gossip \(mode)")
        return await gossip()
    }

    func remove(_ node: NodeID) async throws(Refusal) -> PeerView {
        note("remove \(node)")
        throw Refusal(.notFound, "no such peer")
    }

    func post(_ drafts: [PostDraft]) async throws(Refusal) -> [PostReceipt] {
        for draft in drafts { _ = try draft.bytes() }
        state.withLock { $0.drafts += drafts }
        return (1...UInt64(max(1, drafts.count))).map {
            PostReceipt(id: .zero, sequence: $0, position: $0)
        }
    }

    func importEvents(_ events: [EventView]) async throws(Refusal) -> [String] {
        note("import \(events.map(\.sequence))")
        return events.map { _ in "stored" }
    }

    func page(since: Cursor?, limit: Int) async throws(Refusal) -> Page {
        note("page \(since?.text ?? "-") \(limit)")
        return Sample.page([Sample.event(.test(1), 1)], at: 1, isEnd: true)
    }

    func pages(since: Cursor?) async throws(Refusal) -> any PageSource {
        note("stream \(since?.text ?? "-")")
        if since?.position == 99 { throw Refusal(.cursorReset, "another log") }
        return TestPages(state.withLock { $0.pages }, staysOpen: true)
    }

    func sync(with node: NodeID?) async throws(Refusal) -> [SyncView] {
        note("sync \(node?.hex ?? "all")")
        return [
            SyncView(
                peer: self.node, method: "reconcile", eventsReceived: 1, eventsSent: 2, equal: true,
                reason: nil, roundTrips: 3)
        ]
    }

    func shutdown() async { note("shutdown") }
}

/// The operator's socket in a folder of its own.
@discardableResult
func withOperator<Value: Sendable>(
    _ port: TestOperator, _ body: (SocketClient, _ path: String) async throws -> Value
) async throws -> Value {
    try await withFolder { folder in
        let path = folder + "/control.sock"
        let (ready, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = OperatorServer(port: port, socket: path, logger: silent) {
            continuation.yield(0)
        }
        return try await withService(server, ready: ready) { _ in
            try await body(SocketClient(socket: path), path)
        }
    }
}
