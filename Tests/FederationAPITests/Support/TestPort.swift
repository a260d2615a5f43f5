import Core
import Federation
import Synchronization

@testable import FederationAPI

/// Answers as it is told and remembers what it was asked.
final class TestPort: FederationPort {
    struct State {
        var peers: [NodeID: PeerRecord.State] = [:]
        var asked: [(request: Request, caller: FederationAPI.Caller)] = []
        var answer: @Sendable (Request) -> Response = { _ in .outcomes([.stored]) }
        var pages: @Sendable (Cursor?) -> [Page] = { _ in [] }
        var staysOpen = false
        /// Sends back what comes.
        var carry: @Sendable (PeerLink) async -> Void = { link in
            // However the link ends, it is over.
            while let bytes = try? await link.read() { try? await link.write(bytes) }
        }
        /// Who opened a link.
        var links: [FederationAPI.Caller] = []
        var refusal: Refusal?
        var pagesTaken = 0
        var refused: [(code: RefusalCode, node: NodeID?, address: String)] = []
    }

    let node: NodeID
    let state: Mutex<State>

    init(node: NodeID, peers: [NodeID: PeerRecord.State]) {
        self.node = node
        state = Mutex(State(peers: peers))
    }

    var asked: [Request] { state.withLock { $0.asked.map(\.request) } }
    var callers: [FederationAPI.Caller] { state.withLock { $0.asked.map(\.caller) } }
    var pagesTaken: Int { state.withLock { $0.pagesTaken } }

    /// What was refused before it came here.
    var refused: [RefusalCode] { state.withLock { $0.refused.map(\.code) } }

    func refused(_ code: RefusalCode, by node: NodeID?, address: String) {
        change { $0.refused.append((code, node, address)) }
    }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    func state(of node: NodeID) async -> PeerRecord.State? { state.withLock { $0.peers[node] } }

    func respond(to request: Request, from caller: FederationAPI.Caller) async -> Response {
        state.withLock { state in
            state.asked.append((request, caller))
            return state.answer(request)
        }
    }

    func pages(since: Cursor?, for caller: FederationAPI.Caller) async throws(Refusal)
        -> any PageSource
    {
        let (refusal, pages, staysOpen) = state.withLock { state in
            state.asked.append((.stream(since: since), caller))
            return (state.refusal, state.pages(since), state.staysOpen)
        }
        if let refusal { throw refusal }
        return TestPages(pages, staysOpen: staysOpen) { [self] in
            change { $0.pagesTaken += 1 }
        }
    }

    func carry(_ link: PeerLink) async {
        let carry = state.withLock { state in
            state.links.append(link.caller)
            return state.carry
        }
        await carry(link)
    }

    func card() async -> NodeCard { NodeCard(label: "test", endpoints: ["https://a.example:1"]) }
}

/// Gives out pages, then ends, or waits until it is cancelled.
final class TestPages: PageSource {
    private let pages: Mutex<[Page]>
    private let staysOpen: Bool
    private let onPage: @Sendable () -> Void

    init(_ pages: [Page], staysOpen: Bool, onPage: @escaping @Sendable () -> Void = {}) {
        self.pages = Mutex(pages)
        self.staysOpen = staysOpen
        self.onPage = onPage
    }

    func next() async -> Page? {
        let page = pages.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if page != nil {
            onPage()
            return page
        }
        if staysOpen {
            let never = AsyncStream<Never> { _ in }
            for await _ in never {}
        }
        return nil
    }
}

/// Events and pages for tests.
enum Sample {
    static let log = LogID(bytes: [UInt8](repeating: 7, count: 16)) ?? LogID.fresh(&secrets)
    private static var secrets: Secrets {
        get { Secrets(seed: .zero) }
        set {}
    }

    static func event(_ key: SecretKey, _ sequence: UInt64, body: [UInt8] = Array("hi".utf8))
        -> Event
    {
        let body = Body(salt: [UInt8](repeating: 1, count: 16), bytes: body)
        let previous: EventID? = sequence == 1 ? nil : .zero
        let author = Author(role: .ai, name: "assistant-1")
        let header = Header(
            origin: key.node, sequence: sequence, previous: previous,
            time: Timestamp(physical: 1_700_000_000_000_000 + sequence, counter: 0),
            author: author ?? Author(role: .node, name: "x")!, kind: "message.post",
            bodyLength: body.bytes.count, bodyHash: body.hash)
        return Event(signing: header, body: body, with: key)
    }

    static func page(_ events: [Event], at position: UInt64, isEnd: Bool = false) -> Page {
        Page(next: Cursor(log: log, position: position), isEnd: isEnd, events: Batch(events))
    }
}
