import ArgumentParser
import Core
import Discovery
import Federation
import FederationAPI
import Foundation
import Logging
import ServiceLifecycle
import Storage

/// `federate start`
struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the node until Ctrl-C.",
        discussion: "Makes the node first where the folder holds none.")

    @OptionGroup var location: DataOption

    @Option(help: "Where to listen, host:port; overrides config.toml.")
    var listen: String?

    @Flag(help: "Neither publish nor browse by Avahi.")
    var noMdns = false

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "warning"

    func validate() throws {
        if Logger.Level(rawValue: logLevel) == nil {
            throw ValidationError("--log-level \(logLevel) is none of the levels")
        }
    }

    func run() async throws {
        let folder = location.folder
        if !folder.isInitialized {
            var configuration = Configuration()
            configuration.label = String(ProcessInfo.processInfo.hostName.prefix(64))
            _ = try folder.initialize(configuration)
            Terminal.note("made a new node in \(folder.path)")
        }
        var configuration = try folder.readConfiguration()
        if let listen { configuration.listen = listen }
        if noMdns { configuration.discovery = .init(mdns: false, net: nil) }
        let lock = try DataFolderLock(folder: folder.path)
        defer { lock.release() }
        var logger = Logger(label: "federate") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .warning
        try await NodeProcess(folder: folder, configuration: configuration, logger: logger).run()
    }
}
