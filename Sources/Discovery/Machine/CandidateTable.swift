import Core

/// Merges sightings (one per interface, protocol and instance name) into candidates by claimed id.
///
/// Instance and host names do not count: they change on collisions. A new client *doubts* every
/// sighting and sweeps those that it has not seen in time.
struct CandidateTable: Sendable, Equatable {
    /// What one service key stands for.
    struct Sighting: Sendable, Equatable {
        var node: NodeID
        var label: String
        var address: NumericAddress
        var endpoint: Endpoint
    }

    private var sightings: [ServiceKey: Sighting] = [:]
    /// The keys of each node, oldest first.
    private var keys: [NodeID: [ServiceKey]] = [:]
    private var doubted: Set<ServiceKey> = []

    /// Some sightings have not been confirmed by the present client.
    var hasDoubts: Bool { !doubted.isEmpty }

    /// Ascending by id.
    var candidates: [Candidate] { keys.keys.sorted().compactMap(candidate) }

    /// `key` stands for `sighting` now, whatever it stood for before.
    mutating func see(
        _ key: ServiceKey, as sighting: Sighting, into changes: inout [DiscoveryChange]
    ) {
        doubted.remove(key)
        if let old = sightings[key], old.node != sighting.node { lose(key, into: &changes) }
        let before = candidate(sighting.node)
        if sightings.updateValue(sighting, forKey: key) == nil {
            keys[sighting.node, default: []].append(key)
        }
        report(sighting.node, before: before, into: &changes)
    }

    /// `key` stands for nothing any more.
    mutating func lose(_ key: ServiceKey, into changes: inout [DiscoveryChange]) {
        doubted.remove(key)
        guard let node = sightings[key]?.node else { return }
        let before = candidate(node)
        sightings[key] = nil
        keys[node]?.removeAll { $0 == key }
        if keys[node]?.isEmpty == true { keys[node] = nil }
        report(node, before: before, into: &changes)
    }

    /// A new client knows nothing of what earlier ones saw.
    mutating func doubtAll() { doubted = Set(sightings.keys) }

    /// Loses every sighting that is still doubted.
    mutating func sweep(into changes: inout [DiscoveryChange]) {
        let gone = keys.keys.sorted().flatMap { keys[$0] ?? [] }.filter(doubted.contains)
        for key in gone { lose(key, into: &changes) }
    }

    private func report(
        _ node: NodeID, before: Candidate?, into changes: inout [DiscoveryChange]
    ) {
        switch (before, candidate(node)) {
        case (nil, let now?): changes.append(.appeared(now))
        case (_?, nil): changes.append(.vanished(node))
        case (let before?, let now?) where before != now: changes.append(.changed(now))
        default: break
        }
    }

    /// The oldest sighting gives the label, the oldest distinct endpoints are kept: latecomers
    /// displace nothing.
    private func candidate(_ node: NodeID) -> Candidate? {
        let known = (keys[node] ?? []).compactMap { sightings[$0] }
        guard let first = known.first else { return nil }
        var kept: [Sighting] = []
        for sighting in known {
            let same = kept.firstIndex {
                $0.endpoint.address == sighting.endpoint.address
                    && $0.endpoint.port == sighting.endpoint.port
            }
            if let same {
                if sighting.endpoint.isLocalHost { kept[same].endpoint.isLocalHost = true }
            } else if kept.count < DiscoveryLimits.endpointsPerCandidate {
                kept.append(sighting)
            }
        }
        kept.sort { a, b in
            if a.address != b.address { return a.address < b.address }
            if a.endpoint.address != b.endpoint.address {
                return a.endpoint.address < b.endpoint.address
            }
            return a.endpoint.port < b.endpoint.port
        }
        return Candidate(node: node, endpoints: kept.map(\.endpoint), label: first.label)
    }
}
