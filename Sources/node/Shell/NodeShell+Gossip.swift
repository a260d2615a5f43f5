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
            neighbors: standing.neighbors.map { view($0, of: standing.origins) },
            passive: standing.passive.map(\.hex),
            visits: standing.visits, origins: standing.origins, missing: standing.missing,
            delivered: tally.delivered, duplicates: tally.duplicates,
            latencyMilliseconds: GossipView.Latency(
                p50: delays.quantile(0.5)?.milliseconds,
                p99: delays.quantile(0.99)?.milliseconds, count: delays.count),
            hops: GossipView.Hops(mean: mean, max: tally.lastHop), grafts: tally.grafts,
            prunes: tally.prunes, overflows: tally.overflows,
            brokenPromises: tally.brokenPromises, unserved: tally.unserved,
            endings: view(standing.endings),
            bytesByKind: Dictionary(uniqueKeysWithValues: kinds))
    }

    private func label(of node: NodeID) -> String { engine.view(of: node)?.record.label ?? "" }

    private func view(
        _ neighbor: GossipStanding.Neighbor, of origins: Int
    ) -> GossipView.Neighbor {
        GossipView.Neighbor(
            node: neighbor.node.hex, label: label(of: neighbor.node),
            isOutbound: neighbor.isOutbound, isDegraded: neighbor.isDegraded,
            roundTripMilliseconds: neighbor.roundTrip?.milliseconds,
            queuedBytes: neighbor.queuedBytes, sentBytes: neighbor.tally.allSentBytes,
            receivedBytes: neighbor.tally.receivedBytes, delivered: neighbor.tally.delivered,
            duplicates: neighbor.tally.duplicates, eagerOrigins: neighbor.eagerOrigins,
            lazyOrigins: origins - neighbor.eagerOrigins, parentOf: neighbor.parentOf,
            overflows: neighbor.tally.overflows, unserved: neighbor.tally.unserved,
            brokenPromises: neighbor.tally.brokenPromises)
    }

    private func view(_ endings: LinkEndings) -> GossipView.Endings {
        func counts(_ count: (ByeCause) -> Int) -> [String: Int] {
            let pairs = ByeCause.allCases.map { ($0.word, count($0)) }.filter { $0.1 > 0 }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
        return GossipView.Endings(
            here: counts(endings.said), there: counts(endings.heard), broken: endings.broken,
            failedDials: endings.failedDials,
            last: endings.last.reversed().map { ending in
                GossipView.Ending(
                    node: ending.node.hex, label: label(of: ending.node),
                    isOutbound: ending.isOutbound, endedBy: ending.side.rawValue,
                    cause: ending.cause?.word,
                    secondsAgo: Int((now - ending.at).components.seconds))
            })
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
