import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// A federation whose honest nodes post while others are dishonest.
struct Stage {
    var world: Simulation
    /// The first bound that an honest node broke.
    private(set) var excess: String?

    /// Worlds in which all is calm: each is made once, and every stage is a fork of one.
    private static let eight = Base(8)
    private static let eightWithoutLinks = Base(8, .off)
    private static let twelve = Base(12)
    private static let twentyFour = Base(24)

    private final class Base: Sendable {
        let world: Simulation
        /// What 99 % of the delays are no longer than where all stay honest.
        let calm: Duration

        init(_ count: Int, _ mode: GossipSettings.Mode = .on) {
            var world = World.federation(
                count, link: LinkModel(isConstant: true), gossip: GossipSettings(mode: mode))
            // Every origin's tree is there before anybody is bad.
            for node in 0..<count { world.post("first of \(node)", at: node, time: .seconds(15)) }
            world.run(until: .seconds(20))
            self.world = world
            var stage = Stage(world)
            stage.post(for: 8)
            calm = stage.p99(since: world.now)
        }
    }

    private init(_ world: Simulation) { self.world = world }

    /// All nodes know each other and are up; 20 s have passed.
    private static func base(_ count: Int) -> Base? {
        switch count {
        case 8: eight
        case 12: twelve
        case 24: twentyFour
        default: nil
        }
    }

    /// A fork of the world of 8, 12 or 24 nodes.
    init(_ count: Int = 12) throws { world = try #require(Self.base(count)).world }

    /// The same without links: eight nodes, each of which reads the streams of all others.
    static var withoutLinks: Stage { Stage(eightWithoutLinks.world) }

    /// The last `count` nodes become dishonest.
    mutating func corrupt(last count: Int, _ kind: AdversaryKind, victim: Int? = nil) {
        for node in world.nodeCount - count..<world.nodeCount {
            world.corrupt(node, kind, victim: victim)
        }
    }

    /// Honest nodes post in turn, `rate` events a second for so many seconds, each of so many bytes
    /// at least.
    mutating func post(for seconds: Int, rate: Int = 10, bytes: Int = 0) {
        let honest = world.honestNodes
        let filling = String(repeating: "x", count: bytes)
        for place in 0..<seconds * rate {
            let time = world.now + .milliseconds(1000 * Int64(place) / Int64(rate))
            let node = honest[place % honest.count]
            world.post("event \(place) of \(node) \(filling)", at: node, time: time)
        }
        run(for: seconds)
    }

    /// Lets time pass, and looks every second whether bounds hold.
    mutating func run(for seconds: Int, unless isDone: (Simulation) -> Bool = { _ in false }) {
        for _ in 0..<seconds {
            if isDone(world) { return }
            world.run(until: world.now + .seconds(1))
            for node in world.honestNodes {
                excess = excess ?? Self.excess(world.engine(of: node)).map { "node \(node): \($0)" }
            }
        }
    }

    private static func excess(_ engine: Engine?) -> String? {
        guard let engine else { return nil }
        let standing = engine.gossip.standing
        if standing.missing > 16_384 { return "missing: \(standing.missing)" }
        if standing.neighbors.count > 8 { return "neighbors: \(standing.neighbors.count)" }
        if engine.asideCount > Limits.asideEvents { return "aside: \(engine.asideCount)" }
        let queued = standing.neighbors.map(\.queuedBytes).max() ?? 0
        if queued > 8 << 20 { return "queued: \(queued)" }
        return engine.held.excess
    }

    /// The dishonest behave from now on; waits until the honest hold the same, for so long at most.
    mutating func settle(for seconds: Int = 60) {
        for node in 0..<world.nodeCount where !world.isHonest(node) { world.reform(node) }
        run(for: 2)
        run(for: seconds) { Self.isEqual($0) }
    }

    static func isEqual(_ world: Simulation) -> Bool {
        let roots = world.honestNodes.map { world.root(of: $0) }
        return roots.allSatisfy { $0 == roots[0] }
    }
}

/// What was posted by honest nodes, and where it came.
extension Stage {
    /// Events that the honest were told are durable, by the time that they were.
    var posted: [EventID: Instant] {
        var posted: [EventID: Instant] = [:]
        for kept in world.reports where world.isHonest(kept.node) {
            guard case .appended(_, let entries) = kept.report else { continue }
            for entry in entries { posted[entry.event.id] = kept.time }
        }
        return posted
    }

    /// From durable at an honest origin to durable at another honest node, ascending.
    func latencies(since start: Instant) -> [Duration] {
        let posted = posted
        var latencies: [Duration] = []
        for kept in world.reports where world.isHonest(kept.node) {
            guard case .accepted(let entries) = kept.report else { continue }
            for entry in entries where entry.sender != nil {
                guard let born = posted[entry.event.id], born >= start else { continue }
                latencies.append(kept.time - born)
            }
        }
        return latencies.sorted()
    }

    /// What 99 % of the delays are no longer than, where all are honest.
    var calm: Duration { Self.base(world.nodeCount)?.calm ?? .zero }

    /// Of the delays since `start`, that which 99 % are no longer than.
    func p99(since start: Instant) -> Duration {
        let sorted = latencies(since: start)
        return sorted.isEmpty ? .zero : sorted[sorted.count * 99 / 100]
    }

    /// How often honest nodes ended links with dishonest ones for this cause.
    func endings(_ cause: ByeCause) -> Int {
        let bad = dishonest
        return world.reports.count { kept in
            guard world.isHonest(kept.node),
                case .neighbor(let node, isUp: false, cause) = kept.report
            else { return false }
            return bad.contains(node)
        }
    }

    /// How long dishonest nodes stayed neighbors of honest ones, of those that were let go.
    func linkTimes(since start: Instant) -> [Duration] {
        var times: [Duration] = []
        var since: [Link: Instant] = [:]
        let indices = Dictionary(
            uniqueKeysWithValues: (0..<world.nodeCount).map { (world.id(of: $0), $0) })
        for kept in world.reports where world.isHonest(kept.node) {
            guard case .neighbor(let node, let isUp, _) = kept.report, let bad = indices[node],
                !world.isHonest(bad)
            else { continue }
            let link = Link(from: kept.node, to: bad)
            if isUp {
                since[link] = kept.time
            } else if let begun = since.removeValue(forKey: link), kept.time >= start {
                times.append(kept.time - max(begun, start))
            }
        }
        return times
    }

    /// How often honest nodes gave this refusal.
    func refusals(_ code: RefusalCode) -> Int {
        world.honestNodes.reduce(0) { sum, node in
            sum + Int(world.engine(of: node)?.refusals[code] ?? 0)
        }
    }

    /// The sum over all links of honest nodes, and over all that they had.
    func tally(_ value: (LinkTally) -> Int) -> Int {
        world.honestNodes.reduce(0) { sum, node in
            sum + (world.engine(of: node).map { value($0.gossip.tally) } ?? 0)
        }
    }

    /// What operators of honest nodes were told of dishonest peers.
    var troubles: [String] {
        let bad = dishonest
        return world.reports.filter { world.isHonest($0.node) }.compactMap { kept in
            guard case .trouble(let node?, let why) = kept.report, bad.contains(node) else {
                return nil
            }
            return why
        }
    }

    /// Neighbors of a node that are dishonest, and all that it has.
    func badNeighbors(of node: Int) -> (bad: Int, all: Int) {
        let bad = dishonest
        let all = world.engine(of: node)?.gossip.standing.neighbors.map(\.node) ?? []
        return (all.count { bad.contains($0) }, all.count)
    }

    var dishonest: Set<NodeID> {
        Set((0..<world.nodeCount).filter { !world.isHonest($0) }.map { world.id(of: $0) })
    }

    /// Events that honest nodes refused, for this reason.
    func refusedEvents(_ code: RefusalCode) -> Int {
        world.honestNodes.reduce(0) { sum, node in
            sum + world.log(of: node).refused.count { $0.reason == code.rawValue }
        }
    }

    /// All that holds whatever the dishonest do.
    func expectTheHonestUnharmed(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(excess == nil, sourceLocation: sourceLocation)
        #expect(Self.isEqual(world), "honest logs differ", sourceLocation: sourceLocation)
        let members = Set((0..<world.nodeCount).map { world.id(of: $0) })
        var isSigned: [Digest: Bool] = [:]
        for node in world.honestNodes {
            let log = world.log(of: node)
            #expect(
                world.engine(of: node)?.missingBodyCount == 0, sourceLocation: sourceLocation)
            for id in posted.keys where !log.holds(id) {
                Issue.record("node \(node) lacks \(id.hex)", sourceLocation: sourceLocation)
            }
            for event in log.entries.map(\.event) {
                let key = event.verificationKey
                let holds = isSigned[key] ?? (event.isSigned() && event.bodyMatches)
                isSigned[key] = holds
                guard !holds || !members.contains(event.header.origin) else { continue }
                Issue.record("node \(node) holds \(event.id.hex)", sourceLocation: sourceLocation)
            }
        }
        for node in 0..<world.nodeCount where !world.isHonest(node) {
            #expect(world.adversaryActs(of: node) > 0, sourceLocation: sourceLocation)
        }
    }
}
