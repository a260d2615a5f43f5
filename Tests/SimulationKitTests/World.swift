import Core
import Federation
import Gossip

@testable import SimulationKit

/// Small federations for tests.
enum World {
    /// `count` nodes of a scenario in which nothing goes wrong, all just started, by gossip.
    static func gossip(_ count: Int, seed: UInt64) -> Simulation {
        var world = ScenarioRun.world(
            ScenarioPlan(name: "test"), ScenarioRun.Options(nodes: count, seed: seed), Seeds(seed),
            late: [])
        for index in 0..<count { world.start(index) }
        return world
    }

    /// `count` nodes with empty logs, all up; each is registered with those that `knows` says.
    static func federation(
        _ count: Int, seed: UInt64 = 1, isAutomatic: Bool = true, link: LinkModel = LinkModel(),
        costs: CostModel = CostModel(), reconciler: any Reconciler = TreeReconciler(),
        gossip: GossipSettings = GossipSettings(mode: .off),
        knows: (Int, Int) -> Bool = { _, _ in true }
    ) -> Simulation {
        let options = Simulation.Options(
            seed: seed, link: link, costs: costs, keepsReports: true)
        var simulation = Simulation(options)
        let seeds = Seeds(seed)
        let keys = (0..<count).map { seeds.key($0) }
        var secrets = seeds.secrets("test logs")
        for index in keys.indices {
            var log = MemoryLog(id: .fresh(&secrets))
            var write = LogWrite()
            write.peers = keys.indices.filter { $0 != index && knows(index, $0) }.map {
                record(keys[$0].node, index: $0)
            }
            log.apply(write)
            let settings = Settings(
                label: "node \(index)", endpoints: ["sim://\(index)"],
                policy: Policy(origins: Set(keys.map(\.node))), isAutomatic: isAutomatic,
                gossip: gossip, reconciler: reconciler)
            _ = simulation.add(key: keys[index], log: log, settings: settings)
        }
        for index in keys.indices { simulation.start(index) }
        return simulation
    }

    private static func record(_ node: NodeID, index: Int) -> PeerRecord {
        PeerRecord(
            node: node, state: .active, approval: .byOperator, isApprovedThere: true,
            endpoints: ["sim://\(index)"], label: "node \(index)")
    }

    /// A message with this text.
    static func draft(_ text: String) -> Draft {
        Draft(
            author: Author(role: .ai, name: "tester")!, kind: "message.post",
            body: Array(text.utf8))
    }
}

extension Simulation {
    /// Has node `index` say something at `time`.
    mutating func post(_ text: String, at index: Int, time: Instant) {
        schedule(.append(nextToken(), [World.draft(text)]), to: index, at: time)
    }

    /// Bodies of a node's log, sorted.
    func texts(of index: Int) -> [String] {
        log(of: index).entries.map(\.event).filter { Statement($0) == nil }.compactMap(\.body)
            .map { String(decoding: $0.bytes, as: UTF8.self) }.sorted()
    }

    var hasOneRoot: Bool {
        (0..<nodeCount).allSatisfy { root(of: $0) == root(of: 0) }
    }

    /// Ids that nodes were told are durable, by the node that said them.
    func appended(at index: Int) -> [EventID] {
        reports.filter { $0.node == index }.flatMap { kept -> [EventID] in
            if case .appended(_, let entries) = kept.report { entries.map(\.event.id) } else { [] }
        }
    }
}

extension Instant {
    static func seconds(_ seconds: Double) -> Instant {
        Instant(microseconds: Int64(seconds * 1_000_000))
    }
}
