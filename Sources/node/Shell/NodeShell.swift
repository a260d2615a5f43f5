import Core
import Federation
import FederationAPI
import Gossip
import Logging
import ServiceLifecycle
import Storage
import Synchronization

/// The engine's shell in a running node: carries out its effects with SQLite, HTTPS and the real
/// clocks.
///
/// The actor is the one door to the engine. `run` carries out effects as child tasks; each ends by
/// handing its result back through `deliver`. The engine bounds what is in flight, so the queue of
/// effects needs no bound of its own.
actor NodeShell: Service {
    let key: SecretKey
    let log: EventLog
    let client: PeerClient
    let logger: Logger
    let keyCache = KeyCache()
    /// What the public port refused before the engine saw it.
    nonisolated let refusedAtDoor = Mutex<[RefusalCode: UInt64]>([:])
    private(set) var engine: Engine
    private let started = ContinuousClock.now
    private let work: AsyncStream<Work>
    private let queue: AsyncStream<Work>.Continuation
    /// When the earliest timer that was set goes off.
    private var armed: Instant?
    private var lastNumber: UInt64 = 0
    private(set) var isOver = false

    var replies: [Exchange: CheckedContinuation<Response, Never>] = [:]
    var channels: [Exchange: PageChannel] = [:]
    var appends: [Token: CheckedContinuation<Result<[LogEntry], Refusal>, Never>] = [:]
    var imports: [Token: CheckedContinuation<[Outcome], Never>] = [:]
    var operations: [Token: CheckedContinuation<OperationResult, Never>] = [:]
    var downloads: [Token: Download] = [:]
    /// The other ends of `downloads`' signals, until the stream's task takes them.
    var signals: [Token: (proceed: AsyncStream<Void>, cancel: AsyncStream<Void>)] = [:]
    /// Links that are open, ours and others'.
    var links: [LinkName: LinkSignals] = [:]
    var watchers: [UInt64: AsyncStream<Void>.Continuation] = [:]
    var listening: [String] = []
    /// Which address of a peer answered last.
    var reached: [NodeID: String] = [:]
    var discovery = "off"
    var warnings: [String] = []
    /// Why the configuration's policy is not in force; nil where it is.
    var policyError: String?
    var onReport: @Sendable (Report) -> Void = { _ in }
    let onShutdown: @Sendable () -> Void
    /// Reads the configuration's policy again.
    let readPolicy: @Sendable () throws(UserError) -> EnginePolicy

    enum Work: Sendable {
        case effect(Effect)
        case timer(Instant)
    }

    /// A stream that we read: what lets it go on, and what ends it.
    struct Download {
        var proceed: AsyncStream<Void>.Continuation
        var cancel: AsyncStream<Void>.Continuation
    }

    init(
        key: SecretKey, log: EventLog, state: LogState, settings: Settings, logger: Logger,
        readPolicy: @escaping @Sendable () throws(UserError) -> EnginePolicy,
        onShutdown: @escaping @Sendable () -> Void = {}
    ) {
        self.key = key
        self.log = log
        self.logger = logger
        self.readPolicy = readPolicy
        self.onShutdown = onShutdown
        client = PeerClient(logger: logger)
        var secrets = Secrets.system()
        engine = Engine(
            key: key, state: state, settings: settings, dice: Dice(seed: secrets.word()),
            secrets: secrets)
        (work, queue) = AsyncStream.makeStream(of: Work.self)
    }

    func set(onReport: @escaping @Sendable (Report) -> Void) { self.onReport = onReport }

    /// Carries out effects until the node shuts down.
    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.carryOut() }
            group.addTask { await self.sayBye() }
            await group.next()
            group.cancelAll()
        }
        finish()
        await client.close()
    }

    /// At a graceful shutdown neighbors are told, so that they look for others at once.
    private func sayBye() async {
        // Cancelled where the node ends without one.
        try? await gracefulShutdown()
        guard !Task.isCancelled, !links.isEmpty else { return }
        deliver(.shutdown)
        // Cancelled where everything has ended already.
        try? await Task.sleep(for: .milliseconds(200))
    }

    private func carryOut() async {
        tick()
        await withDiscardingTaskGroup { group in
            for await work in self.work {
                group.addTask { await self.perform(work) }
            }
            group.cancelAll()
        }
    }

    /// Lets go of everybody who still waits.
    private func finish() {
        isOver = true
        let over = Self.over
        for reply in replies.values { reply.resume(returning: .refused(over)) }
        for append in appends.values { append.resume(returning: .failure(over)) }
        for waiting in imports.values { waiting.resume(returning: []) }
        for operation in operations.values { operation.resume(returning: .failed(over)) }
        for channel in channels.values { channel.end(over) }
        for watcher in watchers.values { watcher.finish() }
        for name in links.keys { endLink(name) }
        replies = [:]
        appends = [:]
        imports = [:]
        operations = [:]
        channels = [:]
    }

    /// A number that was never used here.
    func number() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    var now: Instant {
        Instant(microseconds: (ContinuousClock.now - started).microseconds)
    }

    var uptime: Duration { ContinuousClock.now - started }

    /// Hands one input to the engine and starts what it asks for.
    func deliver(_ input: Input) {
        guard !isOver else { return }
        var effects: [Effect] = []
        let now = now
        engine.handle(.wall(.system()), at: now, into: &effects)
        engine.handle(input, at: now, into: &effects)
        start(effects)
        arm()
    }

    private func tick() {
        guard !isOver else { return }
        var effects: [Effect] = []
        let now = now
        engine.handle(.wall(.system()), at: now, into: &effects)
        engine.advance(to: now, into: &effects)
        start(effects)
        arm()
    }

    private func arm() {
        guard let deadline = engine.nextDeadline else { return }
        if let armed, armed <= deadline { return }
        armed = deadline
        queue.yield(.timer(deadline))
    }

    private nonisolated func perform(_ work: Work) async {
        switch work {
        case .effect(let effect): await perform(effect)
        case .timer(let deadline): await wait(for: deadline)
        }
    }

    private func wait(for deadline: Instant) async {
        let wait = max(.zero, deadline - now)
        do { try await Task.sleep(for: wait) } catch { return }
        if armed == deadline { armed = nil }
        tick()
    }

    /// What needs no waiting is done at once, the rest is queued.
    private func start(_ effects: [Effect]) {
        for effect in effects {
            switch effect {
            case .reply(let exchange, let response): reply(exchange, response)
            case .close(let exchange, let refusal):
                channels.removeValue(forKey: exchange)?.end(refusal)
            case .proceed(let token): downloads[token]?.proceed.yield()
            case .cancel(let token): downloads[token]?.cancel.yield()
            case .report(let report): take(report)
            case .open(let token, _, _):
                prepareDownload(token)
                queue.yield(.effect(effect))
            case .read(let name): links[name]?.read.yield()
            case .transmit(let name, let bytes): links[name]?.write.yield(bytes)
            case .unlink(let name): endLink(name)
            case .verify, .load, .store, .send, .link: queue.yield(.effect(effect))
            }
        }
    }

    func setListening(_ endpoints: [String], tlsKey: Digest) {
        listening = endpoints
        engine.listens(at: endpoints, tlsKey: tlsKey)
        tick()
    }

    /// The certificate was renewed.
    func set(tlsKey: Digest) { setListening(listening, tlsKey: tlsKey) }

    func set(discovery: String) { self.discovery = discovery }
}

/// Keys whose validity was checked; a check costs as much as a verification.
final class KeyCache: Sendable {
    private let known = Mutex<[NodeID: Bool]>([:])
    /// More origins than any federation has; beyond it the cache starts anew.
    private static let limit = 100_000

    func isValid(_ key: NodeID) -> Bool {
        if let answer = known.withLock({ $0[key] }) { return answer }
        let answer = Signature.isValidKey(key)
        known.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[key] = answer
        }
        return answer
    }
}
