import Core
import SimulationKit

extension ScenarioFile {
    /// One `[[fault]]`.
    struct FaultTable: Codable, Hashable {
        var kind: String
        var at: String?
        var lasts: String?
        var nodes: Int?
        var share: Fraction?
        var every: String?
        var until: String?
        var perMinute: Bool?
        /// `crash`: "kept", "empty" or "backup". `disk`: "full", "tears", "slow" or "loses-last".
        var disk: String?
        /// `disk`: how long a slow write takes, or how much is lost.
        var time: String?
        /// `clock`: "frozen", or how far it is ahead, such as "61s" or "-5s".
        var clock: String?
        /// `clock`: so much too fast.
        var driftPartsPerMillion: Int?
        var bytesPerSecond: Int?
        /// `network`: what is otherwise for so long.
        var network: NetworkTable?

        enum CodingKeys: String, CodingKey {
            case kind, at, lasts, nodes, share, every, until, disk, time, clock, network
            case perMinute = "per_minute"
            case driftPartsPerMillion = "drift_parts_per_million"
            case bytesPerSecond = "bytes_per_second"
        }
    }
}

extension ScenarioFile.FaultTable {
    private static let kinds = [
        "crash", "restore", "join", "pause", "disconnect", "partition", "mute", "network",
        "slow-reader", "clock", "disk", "remove",
    ]
    /// Kinds that need no end, or have none.
    private static let endless = ["crash", "join", "disconnect", "remove"]

    func planned(_ link: LinkModel) throws(ScenarioFileError) -> PlannedFault {
        var fault = PlannedFault(try plannedKind(link))
        if let at { fault.at = try Units.duration(at, "fault.at") }
        if let lasts { fault.lasts = try Units.duration(lasts, "fault.lasts") }
        if let every { fault.every = try Units.duration(every, "fault.every") }
        if let until { fault.until = try Units.duration(until, "fault.until") }
        fault.portion = try Units.portion(nodes: nodes, share: share)
        fault.isPerMinute = perMinute ?? false
        guard fault.lasts != nil || Self.endless.contains(kind) else {
            throw ScenarioFileError("a fault of kind \"\(kind)\" needs lasts")
        }
        guard fault.at >= .zero, fault.lasts ?? .zero >= .zero, fault.every ?? .seconds(1) > .zero
        else { throw ScenarioFileError("times of faults are not negative") }
        guard (fault.every == nil && !fault.isPerMinute) == (fault.until == nil) else {
            throw ScenarioFileError("every and per_minute need until, and until one of them")
        }
        return fault
    }

    private func plannedKind(_ link: LinkModel) throws(ScenarioFileError) -> PlannedFault.Kind {
        switch kind {
        case "crash": return .crash(try startingDisk())
        case "restore": return .restore
        case "join": return .join
        case "pause": return .pause
        case "disconnect": return .disconnect
        case "partition": return .partition
        case "mute": return .mute
        case "network":
            guard let network else { throw ScenarioFileError("a network fault needs network") }
            var worse = link
            try network.set(&worse)
            return .network(worse)
        case "slow-reader":
            guard let bytesPerSecond, bytesPerSecond > 0 else {
                throw ScenarioFileError("a slow-reader needs bytes_per_second")
            }
            return .slowReader(bytesPerSecond: bytesPerSecond)
        case "clock": return .clock(try clockFault())
        case "disk": return .disk(try diskFault())
        case "remove": return .remove
        default: throw .notOne(of: Self.kinds, "fault.kind", kind)
        }
    }

    private func startingDisk() throws(ScenarioFileError) -> StartingDisk {
        switch disk {
        case nil, "kept": return .kept
        case "empty": return .empty
        case let other?: throw .notOne(of: ["kept", "empty"], "fault.disk", other)
        }
    }

    private func clockFault() throws(ScenarioFileError) -> ClockFault {
        switch (clock, driftPartsPerMillion) {
        case ("frozen"?, nil): return .frozen
        case (let offset?, nil): return .offset(try Units.duration(offset, "fault.clock"))
        case (nil, let parts?): return .drift(partsPerMillion: parts)
        default:
            throw ScenarioFileError("a clock has clock = … or drift_parts_per_million = …")
        }
    }

    private func diskFault() throws(ScenarioFileError) -> DiskFault {
        let time = try self.time.map { text throws(ScenarioFileError) in
            try Units.duration(text, "fault.time")
        }
        switch disk {
        case "full": return .full
        case "tears": return .tears
        case "slow": return .slow(time ?? .milliseconds(100))
        case "loses-last": return .losesLast(time ?? .seconds(1))
        default:
            throw .notOne(
                of: ["full", "tears", "slow", "loses-last"], "fault.disk", disk ?? "")
        }
    }
}
