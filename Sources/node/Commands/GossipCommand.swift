import ArgumentParser
import FederationAPI
import Foundation

/// `federate gossip`
struct GossipCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gossip", abstract: "See neighbors and broadcast trees, switch gossip.",
        discussion: """
            A switch holds until the node's next start; what it starts with stands in config.toml \
            under [gossip]. Nothing is lost by switching: what is missing on either side is found \
            by comparing logs.
            """,
        subcommands: [GossipStatus.self, On.self, Off.self, Auto.self],
        defaultSubcommand: GossipStatus.self)

    struct GossipStatus: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Print views, trees, duplicates, latency and what each link carried.")

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        func run() async throws {
            let view = try await location.folder.withNode { try await $0.gossip() }
            if format.json { try Terminal.json(view) } else { view.print() }
        }
    }

    struct On: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gossip from now on.")
        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag
        func run() async throws { try await GossipCommand.set("on", location, format) }
    }

    struct Off: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stream each peer's log instead, and refuse links.")
        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag
        func run() async throws { try await GossipCommand.set("off", location, format) }
    }

    struct Auto: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gossip while there are more than 8 active peers.")
        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag
        func run() async throws { try await GossipCommand.set("auto", location, format) }
    }

    private static func set(
        _ mode: String, _ location: DataOption, _ format: JSONFlag
    ) async throws {
        let view = try await location.folder.withNode { try await $0.setGossip(mode) }
        if format.json { return try Terminal.json(view) }
        Terminal.out(view.headline)
    }
}

extension GossipView {
    /// How things stand, in a line.
    var headline: String {
        "gossip     \(mode)\(isOn ? ", on" : ", resting"): \(neighbors.count) neighbors of "
            + "\(target) aimed at, \(passive.count) peers in reserve"
    }

    fileprivate func print() {
        Terminal.out(headline)
        for neighbor in neighbors { Terminal.out("neighbor   \(Self.line(neighbor))".printable) }
        Terminal.out("trees      of \(origins) origins; \(missing) events announced and missing")
        let ratio = String(format: "%.3f", duplicatesRatio)
        Terminal.out(
            "events     \(delivered) new, \(duplicates) duplicates (\(ratio) for each new one)")
        if let p50 = latencyMilliseconds.p50, let p99 = latencyMilliseconds.p99 {
            Terminal.out(
                String(
                    format: "latency    p50 %.0f ms, p99 %.0f ms, by the clocks of origin and node",
                    p50, p99))
        }
        Terminal.out(
            String(format: "hops       %.1f on average, %d at most", lastHop.mean, lastHop.max))
        Terminal.out(
            "repairs    \(grafts) grafts, \(prunes) prunes, \(overflows) full queues, "
                + "\(brokenPromises) broken promises")
        let kinds = bytesByKind.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        Terminal.out("sent       \(kinds.joined(separator: ", ")) bytes")
    }

    private static func line(_ neighbor: Neighbor) -> String {
        var parts = [String(neighbor.node.prefix(10)), neighbor.label]
        parts.append(neighbor.isOutbound ? "dialled" : "dialled us")
        if let time = neighbor.roundTripMilliseconds {
            parts.append(String(format: "%.1f ms", time))
        }
        parts.append("hands us \(neighbor.parentOf) origins, is sent \(neighbor.eagerOrigins)")
        parts.append("\(neighbor.delivered) new, \(neighbor.duplicates) duplicates")
        if neighbor.isDegraded { parts.append("DEGRADED: reads too slowly, is only told") }
        return parts.filter { !$0.isEmpty }.joined(separator: "  ")
    }
}
