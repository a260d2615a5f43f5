import ArgumentParser
import FederationAPI

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
            abstract: "Print views, trees, duplicates, latency, links and why they ended.")

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        func run() async throws {
            let view = try await location.folder.withNode { try await $0.gossip() }
            if format.json { return try Terminal.json(view) }
            for line in view.lines { Terminal.out(line.printable) }
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
