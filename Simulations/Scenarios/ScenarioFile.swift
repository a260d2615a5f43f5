import Core
import Federation
import Gossip
public import SimulationKit
import TOMLKit

/// A scenario as its file says it; docs/SIMULATIONS.md has every key. An unknown key is an error,
/// so that a typing mistake never makes a scenario easier.
public struct ScenarioFile: Codable, Hashable, Sendable {
    var name: String
    var summary: String
    var federation: FederationTable?
    /// By the names of `GossipKnob`.
    var gossip: [String: Int]?
    var network: NetworkTable?
    var workload: WorkloadTable?
    var fault: [FaultTable]?
    var adversary: [AdversaryTable]?
    var pass: PassTable?

    struct FederationTable: Codable, Hashable {
        var topology: String?
        var registered: Int?
        var gossip: String?
    }

    struct WorkloadTable: Codable, Hashable {
        var origins: Int?
        var events: Int?
        var rate: Int?
        var bodyBytes: Int?
        var warmUp: Int?
        var settling: String?
        var shared: Int?
        var largeEvery: Int?
        var largeBytes: Int?
        var lasts: String?

        enum CodingKeys: String, CodingKey {
            case origins, events, rate, settling, shared, lasts
            case bodyBytes = "body_bytes"
            case warmUp = "warm_up"
            case largeEvery = "large_every"
            case largeBytes = "large_bytes"
        }
    }

    struct AdversaryTable: Codable, Hashable {
        var kind: String
        var nodes: Int?
        var share: Fraction?
    }

    struct PassTable: Codable, Hashable {
        var within: String?
        var rmr: Fraction?
        var p50: String?
        var p99: String?
        var lastHop: Fraction?
        var sizes: [SizeTable]?
        var bytesFactor: Fraction?
        var othersP99: String?
        var neighborsWithin: String?
        var calmFactor: Fraction?
        var catchUpFactor: Fraction?

        enum CodingKeys: String, CodingKey {
            case within, rmr, p50, p99, sizes
            case lastHop = "last_hop"
            case bytesFactor = "bytes_factor"
            case othersP99 = "others_p99"
            case neighborsWithin = "neighbors_within"
            case calmFactor = "calm_factor"
            case catchUpFactor = "catch_up_factor"
        }
    }

    /// Limits for one number of nodes.
    struct SizeTable: Codable, Hashable {
        var nodes: Int
        var p50: String
        var p99: String
        var lastHop: Fraction

        enum CodingKeys: String, CodingKey {
            case nodes, p50, p99
            case lastHop = "last_hop"
        }
    }
}

/// Why a scenario file says nothing.
public struct ScenarioFileError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}

extension ScenarioFile {
    /// Reads a scenario; the error says where it is wrong.
    public static func plan(_ text: String) throws(ScenarioFileError) -> ScenarioPlan {
        let file: ScenarioFile
        do {
            let table = try TOMLTable(string: text)
            file = try TOMLDecoder(strictDecoding: true).decode(ScenarioFile.self, from: table)
        } catch let error as TOMLParseError {
            let place = error.source.begin
            throw ScenarioFileError(
                "line \(place.line), column \(place.column): \(error.description)")
        } catch let error as UnexpectedKeysError {
            let keys = error.keys.keys.sorted().joined(separator: ", ")
            throw ScenarioFileError("no such key: \(keys)")
        } catch let error as DecodingError {
            throw ScenarioFileError(explain(error))
        } catch {
            throw ScenarioFileError("\(error)")
        }
        return try file.plan()
    }

    private static func explain(_ error: DecodingError) -> String {
        func name(_ path: [any CodingKey]) -> String {
            path.map(\.stringValue).joined(separator: ".")
        }
        return switch error {
        // The parser says this of a value of another type, too.
        case .keyNotFound(let key, let context):
            "\(name(context.codingPath.isEmpty ? [key] : context.codingPath)) is missing, or of "
                + "the wrong type"
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            "\(name(context.codingPath)) has a value of the wrong type"
        @unknown default: "\(error)"
        }
    }

    private func plan() throws(ScenarioFileError) -> ScenarioPlan {
        var plan = ScenarioPlan(name: name, summary: summary)
        try federation?.set(&plan)
        for (name, value) in (gossip ?? [:]).sorted(by: { $0.key < $1.key }) {
            try GossipKnob.set(name, to: value, in: &plan.gossip)
        }
        try network?.set(&plan.link)
        try workload?.set(&plan.workload)
        for fault in fault ?? [] { plan.faults.append(try fault.planned(plan.link)) }
        for adversary in adversary ?? [] { plan.adversaries.append(try adversary.planned()) }
        try pass?.set(&plan.criteria)
        return plan
    }
}

extension ScenarioFile.FederationTable {
    fileprivate func set(_ plan: inout ScenarioPlan) throws(ScenarioFileError) {
        if let topology {
            guard let known = PlannedTopology(rawValue: topology) else {
                throw .notOne(of: PlannedTopology.allCases.map(\.rawValue), "topology", topology)
            }
            plan.topology = known
        }
        if let gossip {
            guard let known = GossipSettings.Mode(rawValue: gossip) else {
                throw .notOne(of: GossipSettings.Mode.allCases.map(\.rawValue), "gossip", gossip)
            }
            plan.gossip.mode = known
        }
        plan.registered = registered ?? plan.registered
    }
}

extension ScenarioFile.WorkloadTable {
    fileprivate func set(_ workload: inout PlannedWorkload) throws(ScenarioFileError) {
        workload.origins = origins ?? workload.origins
        workload.events = events ?? workload.events
        workload.rate = rate ?? workload.rate
        workload.bodyBytes = bodyBytes ?? workload.bodyBytes
        workload.warmUp = warmUp ?? workload.warmUp
        workload.shared = shared ?? workload.shared
        workload.largeEvery = largeEvery ?? workload.largeEvery
        workload.largeBytes = largeBytes ?? workload.largeBytes
        if let settling { workload.settling = try Units.duration(settling, "settling") }
        if let lasts { workload.lasts = try Units.duration(lasts, "workload.lasts") }
    }
}

extension ScenarioFile.AdversaryTable {
    fileprivate func planned() throws(ScenarioFileError) -> PlannedAdversary {
        guard let known = AdversaryKind(rawValue: kind) else {
            throw .notOne(of: AdversaryKind.allCases.map(\.rawValue), "adversary.kind", kind)
        }
        return PlannedAdversary(known, try Units.portion(nodes: nodes, share: share))
    }
}

extension ScenarioFile.PassTable {
    fileprivate func set(_ criteria: inout Criteria) throws(ScenarioFileError) {
        if let within { criteria.within = try Units.duration(within, "within") }
        criteria.rmr = rmr?.value
        if let p50 { criteria.p50 = try Units.duration(p50, "p50") }
        if let p99 { criteria.p99 = try Units.duration(p99, "p99") }
        criteria.lastHop = lastHop?.value
        for size in sizes ?? [] { criteria.sizes.append(try size.limits()) }
        guard
            zip(criteria.sizes, criteria.sizes.dropFirst()).allSatisfy({ $0.nodes < $1.nodes }),
            criteria.sizes.isEmpty || (p50 == nil && p99 == nil && lastHop == nil)
        else {
            throw ScenarioFileError("sizes ascend, and take the place of p50, p99 and last_hop")
        }
        criteria.bytesFactor = bytesFactor?.value
        if let othersP99 { criteria.othersP99 = try Units.duration(othersP99, "others_p99") }
        if let neighborsWithin {
            criteria.neighborsWithin = try Units.duration(neighborsWithin, "neighbors_within")
        }
        criteria.calmFactor = calmFactor?.value
        criteria.catchUpFactor = catchUpFactor?.value
    }
}

extension ScenarioFile.SizeTable {
    fileprivate func limits() throws(ScenarioFileError) -> SizeLimits {
        guard nodes >= 1 else { throw ScenarioFileError("sizes: nodes = \(nodes) are none") }
        return SizeLimits(
            nodes: nodes, p50: try Units.duration(p50, "sizes.p50"),
            p99: try Units.duration(p99, "sizes.p99"), lastHop: lastHop.value)
    }
}

extension ScenarioFileError {
    static func notOne(of names: [String], _ key: String, _ value: String) -> ScenarioFileError {
        ScenarioFileError("\(key) = \"\(value)\" is none of \(names.joined(separator: ", "))")
    }
}
