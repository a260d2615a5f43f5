import Core
import Federation
import Gossip

/// The world of a run, as it is before anything happens.
extension ScenarioRun {
    static func world(
        _ plan: ScenarioPlan, _ options: Options, _ seeds: Seeds, late: Set<Int>
    ) -> Simulation {
        let world = Simulation.Options(seed: options.seed, link: plan.link, costs: plan.costs)
        var simulation = Simulation(world)
        let keys = (0..<options.nodes).map { seeds.key($0) }
        let neighbors = neighbors(plan, options, seeds)
        let settings = settings(plan, options, origins: Set(keys.map(\.node)))
        // A node that joins late has said nothing before.
        let authors = keys.indices.filter { !late.contains($0) }.map { keys[$0] }
        let shared = sharedEvents(plan.workload.shared, authors, before: world.wall)
        var secrets = seeds.secrets("logs")
        for index in keys.indices {
            var log = MemoryLog(id: LogID.fresh(&secrets))
            var write = LogWrite()
            if !late.contains(index) { hold(shared, by: keys[index].node, in: &write) }
            write.peers = neighbors[index].map { peer in
                PeerRecord(
                    node: keys[peer].node, state: .active, approval: .byOperator,
                    isApprovedThere: true, endpoints: ["sim://\(peer)"], label: "node \(peer)",
                    since: world.wall.microseconds)
            }
            log.apply(write)
            _ = simulation.add(key: keys[index], log: log, settings: settings)
        }
        simulation.check(admitted: settings.policy.origins)
        return simulation
    }

    private static func settings(
        _ plan: ScenarioPlan, _ options: Options, origins: Set<NodeID>
    ) -> Settings {
        var settings = Settings(policy: Policy(origins: origins))
        settings.pushesOnly = options.method == .push
        settings.gossip = plan.gossip
        if options.method == .push { settings.gossip.mode = .off }
        if options.method == .flood { settings.gossip.spread = .flood }
        return settings
    }

    private static func neighbors(
        _ plan: ScenarioPlan, _ options: Options, _ seeds: Seeds
    ) -> [[Int]] {
        let count = options.nodes
        switch plan.topology {
        case .random:
            let degree = options.method == .push ? count : plan.registered
            var dice = seeds.dice("topology")
            return Topology(nodes: count, degree: degree, dice: &dice).neighbors
        case .ring:
            return (0..<count).map { node in
                Set([(node + 1) % count, (node + count - 1) % count]).subtracting([node]).sorted()
            }
        case .star:
            return (0..<count).map { $0 == 0 ? Array(1..<count) : [0] }
        }
    }

    /// Events of the nodes in turn, evenly over the day before.
    private static func sharedEvents(
        _ count: Int, _ keys: [SecretKey], before wall: WallTime
    ) -> [Event] {
        let day: UInt64 = 86_400_000_000
        var last = [EventID?](repeating: nil, count: keys.count)
        guard count > 0, let author = Author(role: .ai, name: "writer") else { return [] }
        return (0..<count).map { place in
            let node = place % keys.count
            let salt = [UInt8](repeating: UInt8(place % 251), count: Limits.saltBytes)
            let body = Body(salt: salt, bytes: [UInt8](repeating: UInt8(place % 241), count: 200))
            let back = day * UInt64(count - place) / UInt64(count) + 1
            let header = Header(
                origin: keys[node].node, sequence: UInt64(place / keys.count) + 1,
                previous: last[node],
                time: Timestamp(physical: wall.microseconds - back, counter: 0), author: author,
                kind: "message.post", bodyLength: body.bytes.count, bodyHash: body.hash)
            let event = Event(signing: header, body: body, with: keys[node])
            last[node] = event.id
            return event
        }
    }

    private static func hold(_ events: [Event], by node: NodeID, in write: inout LogWrite) {
        for (place, event) in events.enumerated() {
            let origin = event.header.origin
            write.entries.append(
                LogEntry(
                    position: UInt64(place + 1), event: event,
                    sender: origin == node ? nil : origin))
        }
        write.clock = events.map(\.header.time).max()
    }
}
