import Core
import Federation
import FederationAPI
import Gossip

/// Gossip, as the operator sees it.
extension NodeShell {
    func gossip() -> GossipView {
        let standing = engine.gossip.standing
        let tally = standing.tally
        let delays = engine.gossipDelays
        let mean = tally.delivered == 0 ? 0 : Double(tally.hops) / Double(tally.delivered)
        let kinds = Frame.Kind.allCases.map { ($0.name, tally.sentBytes($0)) }
        return GossipView(
            mode: standing.mode.rawValue, isOn: standing.isOn, target: standing.target,
            neighbors: standing.neighbors.map(view), passive: standing.passive.map(\.hex),
            origins: standing.origins, missing: standing.missing, delivered: tally.delivered,
            duplicates: tally.duplicates,
            latencyMilliseconds: GossipView.Latency(
                p50: delays.quantile(0.5)?.milliseconds,
                p99: delays.quantile(0.99)?.milliseconds, count: delays.count),
            lastHop: GossipView.Hops(mean: mean, max: tally.lastHop), grafts: tally.grafts,
            prunes: tally.prunes, overflows: tally.overflows,
            brokenPromises: tally.brokenPromises,
            bytesByKind: Dictionary(uniqueKeysWithValues: kinds))
    }

    private func view(_ neighbor: GossipStanding.Neighbor) -> GossipView.Neighbor {
        GossipView.Neighbor(
            node: neighbor.node.hex,
            label: engine.view(of: neighbor.node)?.record.label ?? "",
            isOutbound: neighbor.isOutbound, isDegraded: neighbor.isDegraded,
            roundTripMilliseconds: neighbor.roundTrip?.milliseconds,
            queuedBytes: neighbor.queuedBytes, sentBytes: neighbor.tally.allSentBytes,
            receivedBytes: neighbor.tally.receivedBytes, delivered: neighbor.tally.delivered,
            duplicates: neighbor.tally.duplicates, eagerOrigins: neighbor.eagerOrigins,
            parentOf: neighbor.parentOf)
    }

    func setGossip(_ mode: String) async throws(Refusal) -> GossipView {
        guard let mode = GossipSettings.Mode(rawValue: mode) else {
            throw Refusal(.malformed, "gossip is on, off or auto")
        }
        var settings = engine.settings.gossip
        settings.mode = mode
        if case .failed(let refusal) = await operate(.setGossip(settings)) { throw refusal }
        return gossip()
    }
}

extension Duration {
    fileprivate var milliseconds: Double { Double(microseconds) / 1000 }
}
