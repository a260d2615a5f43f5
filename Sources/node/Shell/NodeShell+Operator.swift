import Core
import Federation
import FederationAPI
import Foundation
import Gossip
import Logging
import Storage
import Synchronization

/// What the operator's socket, or a command without a running node, asks of the engine.
extension NodeShell: OperatorPort {
    func identity() -> IdentityView {
        let tlsKey = engine.settings.tlsKey
        return IdentityView(key.node, card(), tlsKey: tlsKey == .zero ? nil : tlsKey)
    }

    func status() -> StatusView {
        let records = engine.peerRecords
        func count(_ state: PeerRecord.State) -> Int { records.count { $0.state == state } }
        let refused = (Array(engine.refusals) + refusedAtDoor.withLock { Array($0) })
            .map { ($0.key.rawValue, $0.value) }
        return StatusView(
            version: Federate.version, node: key.node.hex, label: engine.settings.label,
            log: engine.logID.hex, listening: listening, eventCount: UInt64(engine.eventCount),
            root: engine.root.hex, missingBodies: UInt64(engine.missingBodyCount),
            aside: UInt64(engine.asideCount), equivocations: UInt64(engine.equivocationCount),
            refused: Dictionary(refused, uniquingKeysWith: +),
            peers: StatusView.Peers(
                active: count(.active), pending: count(.pending), rejected: count(.rejected),
                removed: count(.removed), revoked: count(.revoked),
                equal: records.count { engine.view(of: $0.node)?.isEqual == true }),
            discovery: discovery, uptimeSeconds: Double(uptime.microseconds) / 1e6,
            counters: [
                "position": engine.position, "ownSequence": engine.ownSequence,
                "sketchReady": engine.hasSketches ? 1 : 0,
            ],
            warnings: warnings + restoreWarning + trustWarnings, alarms: alarms,
            hidden: UInt64(engine.hiddenEvents.count), gossip: gossip())
    }

    /// What a peer, a clock or the configuration has to say.
    private var trustWarnings: [String] {
        var lines: [String] = []
        if let clock = engine.clockWarning { lines.append(clock) }
        if let policyError { lines.append("config.toml is not in force: \(policyError)") }
        for record in engine.peerRecords {
            guard record.state == .active, let standing = engine.view(of: record.node),
                standing.notices.contains(.unreachable)
            else { continue }
            lines.append(
                "peer \(record.node.short) can't reach this node at any address it was told: see "
                    + "endpoints in config.toml, and the firewall")
        }
        return lines
    }

    private var alarms: [AlarmView] {
        engine.raisedAlarms.map { alarm in
            let since = Date(timeIntervalSince1970: Double(alarm.time) / 1e6)
            return AlarmView(
                kind: alarm.kind.rawValue, node: alarm.node.hex, evidence: alarm.evidence,
                since: since.formatted(.iso8601))
        }
    }

    func peers() -> [PeerView] {
        engine.peerRecords.compactMap { record in engine.view(of: record.node).map(view) }
    }

    private func view(_ standing: PeerStanding) -> PeerView {
        let record = standing.record
        var view = PeerView(record)
        view.lastSeen = standing.lastHeard.map { heard in
            let age = Double((now - heard).microseconds) / 1e6
            return Date(timeIntervalSinceNow: -age).formatted(.iso8601)
        }
        view.sync =
            if record.state != .active {
                nil
            } else if standing.isStreaming {
                standing.isCaughtUp ? "live" : "catching up"
            } else {
                "not connected"
            }
        view.equal = standing.isEqual
        view.lastSession = standing.lastSession.map(SessionView.init)
        view.comparedAt = view.lastSession?.at
        view.safetyNumber = SafetyNumber(a: key.node, b: record.node).description
        view.clockOffsetSeconds = standing.clockOffset.map { Double($0.microseconds) / 1e6 }
        view.lastError = standing.lastTrouble
        if record.state == .pending, !record.isApprovedHere {
            view.approveCommand = approveCommand(record.node)
        }
        return view
    }

    nonisolated func approveCommand(_ node: NodeID) -> String {
        "federate peers approve \(node.hex) --data \(log.folder)"
    }

    func operate(_ operation: Federation.Operation) async -> OperationResult {
        guard !isOver else { return .failed(Self.over) }
        let token = Token(number: number())
        return await withCheckedContinuation { continuation in
            operations[token] = continuation
            deliver(.operate(token, operation))
        }
    }

    func peer(_ result: OperationResult) throws(Refusal) -> PeerView {
        switch result {
        case .failed(let refusal): throw refusal
        case .peer(let record):
            guard let standing = engine.view(of: record.node) else { break }
            return view(standing)
        case .done, .invite, .synced: break
        }
        throw Refusal(.notFound, "the peer is gone")
    }

    func addPeer(url: String) async throws(Refusal) -> PeerView {
        guard let endpoint = Endpoint(url) else {
            throw Refusal(.malformed, "\(url) is not an address like https://host:7443")
        }
        return try peer(await operate(.add(endpoint: endpoint.description)))
    }

    func approve(_ node: NodeID) async throws(Refusal) -> PeerView {
        try peer(await operate(.approve(node)))
    }

    func reject(_ node: NodeID) async throws(Refusal) -> PeerView {
        try peer(await operate(.reject(node)))
    }

    func remove(_ node: NodeID) async throws(Refusal) -> PeerView {
        try peer(await operate(.remove(node)))
    }

    func post(_ drafts: [PostDraft]) async throws(Refusal) -> [PostReceipt] {
        var ready: [Draft] = []
        for draft in drafts { ready.append(try draft.checked()) }
        guard !isOver else { throw Self.over }
        let token = Token(number: number())
        let result = await withCheckedContinuation { continuation in
            appends[token] = continuation
            deliver(.append(token, ready))
        }
        return try result.get().map { event in
            PostReceipt(
                id: event.event.id, sequence: event.event.header.sequence,
                position: event.position)
        }
    }

    func importEvents(_ views: [EventView]) async throws(Refusal) -> [String] {
        var events: [Event] = []
        for view in views { events.append(try view.event()) }
        return await takeIn(events).map { outcome in
            switch outcome {
            case .stored: "stored"
            case .alreadyHeld: "already held"
            case .setAside: "set aside"
            case .refused(let code): code.rawValue
            }
        }
    }

    /// Hands events to the engine; returns when their fate is durable.
    func takeIn(_ events: [Event]) async -> [Outcome] {
        guard !isOver else { return events.map { _ in .refused(.busy) } }
        let token = Token(number: number())
        let outcomes = await withCheckedContinuation { continuation in
            imports[token] = continuation
            deliver(.importEvents(token, Batch(events)))
        }
        // A node that ends meanwhile answers nothing.
        return outcomes.count == events.count ? outcomes : events.map { _ in .refused(.busy) }
    }

    func page(since: Cursor?, limit: Int) async throws(Refusal) -> Page {
        try await page(after: position(of: since), limit: limit)
    }

    private func position(of since: Cursor?) throws(Refusal) -> UInt64 {
        guard let since else { return 0 }
        guard since.log == engine.logID, since.position <= engine.position else {
            throw Refusal(
                .cursorReset, "the log is \(engine.logID.hex) and ends at \(engine.position)")
        }
        return since.position
    }

    func page(after position: UInt64, limit: Int) async throws(Refusal) -> Page {
        do throws(StorageError) {
            let page = try await log.asyncEntries(
                after: position, limit: max(1, min(limit, MessageLimits.pageEvents)),
                maxBytes: MessageLimits.pageBytes, excludingSender: nil)
            let through = max(page.lastPosition, position)
            return Page(
                next: Cursor(log: engine.logID, position: through), isEnd: page.isEnd,
                events: Batch(page.entries.map(\.event)))
        } catch {
            throw Refusal(.cannotStore, "\(error)")
        }
    }

    func pages(since: Cursor?) async throws(Refusal) -> any PageSource {
        let position = try since.map { since throws(Refusal) in try self.position(of: since) }
        let id = number()
        let (changes, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        watchers[id] = continuation
        return LogWatch(
            shell: self, id: id, position: position ?? engine.position, changes: changes)
    }

    func forget(watcher id: UInt64) { watchers.removeValue(forKey: id)?.finish() }

    func sync(with node: NodeID?) async throws(Refusal) -> [SyncView] {
        let nodes =
            node.map { [$0] } ?? engine.peerRecords.filter { $0.state == .active }.map(\.node)
        guard !nodes.isEmpty else {
            throw Refusal(
                .unknownPeer, "there is no active peer: add one with federate peers add URL")
        }
        var views: [SyncView] = []
        for node in nodes { views.append(syncView(node, await operate(.sync(node)))) }
        return views
    }

    private func syncView(_ node: NodeID, _ result: OperationResult) -> SyncView {
        var sync = SyncResult(peer: node)
        var reason: String?
        switch result {
        case .synced(let result):
            sync = result
            reason = result.comparison?.verdict.rawValue
        case .failed(let refusal): reason = "\(refusal.code.rawValue): \(refusal.detail)"
        case .done, .peer, .invite: break
        }
        return SyncView(
            peer: node, method: "cursor, then mst", eventsReceived: UInt64(sync.received),
            eventsSent: UInt64(sync.sent), equal: sync.comparison.map { $0.verdict == .equal },
            reason: reason, roundTrips: sync.roundTrips,
            session: sync.account.map(SessionView.init))
    }

    func shutdown() { onShutdown() }

    /// Hears what the engine reports.
    func take(_ report: Report) {
        onReport(report)
        switch report {
        case .appended(let token, let events):
            appends.removeValue(forKey: token)?.resume(returning: .success(events))
        case .appendFailed(let token, let refusal):
            appends.removeValue(forKey: token)?.resume(returning: .failure(refusal))
        case .imported(let token, let outcomes):
            imports.removeValue(forKey: token)?.resume(returning: outcomes)
        case .operation(let token, let result):
            operations.removeValue(forKey: token)?.resume(returning: result)
        case .accepted:
            for watcher in watchers.values { watcher.yield() }
        case .refused(let id, let sender, let code):
            logger.warning(
                "event refused",
                metadata: [
                    "event": "\(id?.short ?? "-")", "sender": "\(sender?.short ?? "-")",
                    "code": "\(code.rawValue)",
                ])
        case .equivocation(let found):
            logger.error(
                "an origin signed two events for one place of its chain",
                metadata: ["origin": "\(found.origin.short)", "sequence": "\(found.sequence)"])
        case .alarm(let alarm):
            logger.critical(
                "\(alarm.kind.rawValue): \(alarm.evidence)", metadata: ["node": "\(alarm.node.hex)"]
            )
        case .caughtUp: forgetRestore()
        case .trouble(let node, let text):
            logger.info("\(text)", metadata: ["peer": "\(node?.short ?? "-")"])
        case .neighbor(let node, let isUp, let cause):
            logger.info(
                "neighbor \(isUp ? "up" : "down")",
                metadata: ["peer": "\(node.short)", "cause": "\(cause?.word ?? "-")"])
        case .peerChanged, .compared, .delivered: break
        }
    }
}

/// The log from a position on, for the operator's stream.
private struct LogWatch: PageSource {
    let shell: NodeShell
    let id: UInt64
    let changes: AsyncStream<Void>
    private let position: Position

    /// Only one task reads a source, but it is Sendable.
    private actor Position {
        var value: UInt64
        init(_ value: UInt64) { self.value = value }
        func move(to value: UInt64) { self.value = value }
    }

    init(shell: NodeShell, id: UInt64, position: UInt64, changes: AsyncStream<Void>) {
        self.shell = shell
        self.id = id
        self.position = Position(position)
        self.changes = changes
    }

    func next() async -> Page? {
        while !Task.isCancelled {
            let after = await position.value
            // A log that can't be read ends the stream; the log has the error.
            guard let page = try? await shell.page(after: after, limit: 100) else { break }
            await position.move(to: page.next.position)
            if page.events.count > 0 { return page }
            var iterator = changes.makeAsyncIterator()
            guard await iterator.next() != nil else { break }
        }
        await shell.forget(watcher: id)
        return nil
    }
}

extension PostDraft {
    /// The engine's draft; a refusal says which field is wrong.
    func checked() throws(Refusal) -> Draft {
        let text = author ?? "node:operator"
        guard let author = Author(text) else {
            throw Refusal(
                .malformed,
                "author \(text) is not node:NAME, ai:NAME or human:NAME (a-z 0-9 . _ -)"
            )
        }
        return Draft(
            author: author, kind: kind ?? "message.post", body: try bytes(),
            parents: try parentIDs())
    }
}
