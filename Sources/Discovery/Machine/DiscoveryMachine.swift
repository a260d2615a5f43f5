import Core

/// Decides what discovery does: when to connect, what the LAN's claims add up to, what to pass
/// over.
///
/// Sans-I/O: `start` once, then `handle` each event in order and `advance` when `nextDeadline` has
/// come, all with the caller's monotonic time; carry out every effect. Any trouble has one remedy:
/// a new client after a wait, which doubts all that earlier clients saw and sweeps what does not
/// come back.
struct DiscoveryMachine: Sendable, Equatable {
    /// What the shell MUST do.
    enum Effect: Sendable, Equatable {
        /// Throw the present client away and make a new one; it answers with `began`.
        case connect
        case report(DiscoveryChange)
        case count(Refusal)
    }

    private enum Phase: Sendable, Equatable {
        /// A client was asked for; its `began` has not come. Failures are an earlier client's.
        case connecting
        case attached
        case waiting(until: Instant)
    }

    private let own: NodeID?
    private(set) var state: DiscoveryState = .stopped
    private(set) var table = CandidateTable()
    private var phase = Phase.connecting
    private var backOff = BackOff()
    private var sweepAt: Instant?

    /// - Parameter own: the id that we advertise, which is no candidate; nil where we only browse.
    init(own: NodeID?) { self.own = own }

    /// When `advance` must be called at the latest; nil while only events matter.
    var nextDeadline: Instant? {
        guard case .waiting(let until) = phase else { return sweepAt }
        return sweepAt.map { min($0, until) } ?? until
    }

    mutating func start(into effects: inout [Effect]) {
        enter(.connecting, into: &effects)
        effects.append(.connect)
    }

    /// Does what is due.
    mutating func advance(to now: Instant, into effects: inout [Effect]) {
        if case .waiting(let until) = phase, until <= now {
            phase = .connecting
            effects.append(.connect)
        }
        if let due = sweepAt, due <= now {
            sweepAt = nil
            changing(into: &effects) { $0.sweep(into: &$1) }
        }
    }

    mutating func handle(_ event: AvahiEvent, at now: Instant, into effects: inout [Effect]) {
        switch event {
        case .began: onBegan()
        case .waitingForDaemon: enter(.unavailable(reason: Self.noDaemon), into: &effects)
        case .registering(let host): enter(.running(host: host), into: &effects)
        case .running(let host): onRunning(host, at: now, into: &effects)
        case .published(let name): onPublished(name, into: &effects)
        case .failed(let failure): onFailed(failure, at: now, into: &effects)
        case .resolved(let key, let resolution): onResolved(key, resolution, into: &effects)
        case .unresolved(let key), .removed(let key):
            changing(into: &effects) { $0.lose(key, into: &$1) }
        case .refused(let key, let refusal): refuse(key, refusal, into: &effects)
        case .overflowed: phase = .waiting(until: now + backOff.take())
        }
    }
}

extension DiscoveryMachine {
    static let noDaemon = "avahi-daemon is not on the D-Bus system bus; waiting for it"

    private mutating func onBegan() {
        phase = .attached
        table.doubtAll()
        sweepAt = nil
    }

    private mutating func onRunning(
        _ host: String, at now: Instant, into effects: inout [Effect]
    ) {
        // The daemon says so again whenever its host name settles, also while our name stands.
        if sweepAt == nil, table.hasDoubts { sweepAt = now + DiscoveryLimits.sweepAfter }
        if own == nil { backOff.reset() }
        enter(.running(host: host), into: &effects)
    }

    private mutating func onPublished(_ name: String, into effects: inout [Effect]) {
        backOff.reset()
        enter(.published(name: name), into: &effects)
    }

    private mutating func onFailed(
        _ failure: AvahiFailure, at now: Instant, into effects: inout [Effect]
    ) {
        // One client may fail in several ways (client, browser, group): the first one counts.
        guard phase == .attached else { return }
        phase = .waiting(until: now + backOff.take())
        enter(.unavailable(reason: failure.description), into: &effects)
    }

    private mutating func onResolved(
        _ key: ServiceKey, _ resolution: Resolution, into effects: inout [Effect]
    ) {
        do throws(Refusal) {
            let sighting = try judge(key, resolution)
            changing(into: &effects) { $0.see(key, as: sighting, into: &$1) }
        } catch {
            refuse(key, error, into: &effects)
        }
    }

    private func judge(
        _ key: ServiceKey, _ resolution: Resolution
    ) throws(Refusal) -> CandidateTable.Sighting {
        let record = try TextRecord(items: resolution.text)
        guard record.node != own else { throw .ownIdentifier }
        let address = resolution.address
        // Loopback from elsewhere would make us dial ourselves.
        guard resolution.port != 0, address.isUnicast,
            !address.isLoopback || resolution.isLocalHost
        else { throw .uselessAddress }
        return CandidateTable.Sighting(
            node: record.node, label: record.label, address: address,
            endpoint: Endpoint(
                address: address.text(scope: key.interface), port: resolution.port,
                isLocalHost: resolution.isLocalHost))
    }

    private mutating func refuse(
        _ key: ServiceKey?, _ refusal: Refusal, into effects: inout [Effect]
    ) {
        effects.append(.count(refusal))
        guard let key else { return }
        changing(into: &effects) { $0.lose(key, into: &$1) }
    }

    private mutating func enter(_ new: DiscoveryState, into effects: inout [Effect]) {
        guard new != state else { return }
        state = new
        effects.append(.report(.state(new)))
    }

    private mutating func changing(
        into effects: inout [Effect],
        _ body: (inout CandidateTable, inout [DiscoveryChange]) -> Void
    ) {
        var changes: [DiscoveryChange] = []
        body(&table, &changes)
        effects.append(contentsOf: changes.map(Effect.report))
    }
}
