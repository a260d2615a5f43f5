import ArgumentParser
import Core
import Foundation

/// `federate init`
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a node: a new identity, its settings and an empty log.")

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag

    @Option(help: "How the node calls itself (default: this machine's name).")
    var label: String?

    @Option(help: "Where to listen, host:port; port 0 takes any that is free.")
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "A secret shared by the nodes of a LAN that accept each other; \"new\" makes one.",
            discussion: "At least 16 bytes. It is kept in config.toml, which only you can read."))
    var joinSecret: String?

    @Flag(
        help:
            "Approve nodes of the LAN that prove the join secret; without one, nodes of this host.")
    var autoAcceptLAN = false

    @Option(help: "A human in whose name this node posts; may be repeated.")
    var human: [String] = []

    func run() throws {
        var configuration = Configuration()
        configuration.label = label ?? String(ProcessInfo.processInfo.hostName.prefix(64))
        configuration.listen = listen
        let secret = joinSecret == "new" ? Hex.encode(Secrets.system(count: 16)) : joinSecret
        if let secret, secret.utf8.count < 16 {
            throw ValidationError("--join-secret needs at least 16 bytes; \"new\" makes a good one")
        }
        for name in human where Author(role: .human, name: name) == nil {
            throw ValidationError("--human \(name): a name has 1 to 64 of a-z 0-9 . _ -")
        }
        configuration.federation = .init(
            joinSecret: secret, policy: .init(autoAcceptLAN: autoAcceptLAN, maxPeers: 0))
        configuration.authors = .init(humans: human)
        _ = try configuration.address()
        let folder = location.folder
        let key = try folder.initialize(configuration)
        if format.json {
            try Terminal.json(["node": key.node.hex, "data": folder.path])
        } else {
            Terminal.out("node  \(key.node.hex)")
            Terminal.out("data  \(folder.path)")
            if joinSecret == "new", let secret { Terminal.out("join secret  \(secret)") }
            Terminal.out("Next: federate start --data \(folder.path)")
        }
    }
}
