import ArgumentParser
import Foundation

/// The command line. Exit codes: 0 done, 1 failed, 2 wrong usage.
@main
struct Federate: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "federate",
        abstract: "Peer-to-peer sync of signed events between Teambooks, without a server.",
        discussion: """
            A node lives in a data folder (--data, by default ~/.local/share/federate). Commands \
            talk to the node that runs there, and work on the folder themselves where none runs.

            Start with: federate init, federate start
            """,
        version: version,
        subcommands: [
            Init.self, Start.self, Identity.self, Status.self, Peers.self, Post.self, Log.self,
            Watch.self, Sync.self, InviteCommand.self, Join.self, PolicyCommand.self,
            GossipCommand.self, Explain.self,
            Import.self, Export.self, RequestCommand.self, Simulate.self,
            Compare.self, Bench.self,
        ])

    static func main() async {
        // Writing to a reader that went away must fail, not kill.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as UserError {
            Terminal.note("federate: \(error.description)")
            Foundation.exit(1)
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        let code = exitCode(for: error)
        let message = fullMessage(for: error)
        if code == .success {
            if !message.isEmpty { Terminal.out(message) }
        } else if error is ExitCode {
            // The command has said why.
        } else if code == .validationFailure {
            Terminal.note(message)
        } else {
            Terminal.note("federate: \(error)")
        }
        Foundation.exit(code == .validationFailure ? 2 : code.rawValue)
    }
}

/// What most commands take.
struct DataOption: ParsableArguments {
    @Option(
        name: .long, help: "The node's folder (default: ~/.local/share/federate).",
        completion: .directory)
    var data: String?

    var folder: DataFolder { DataFolder(data) }
}

struct JSONFlag: ParsableArguments {
    @Flag(name: .long, help: "Print JSON.")
    var json = false
}
