import Core
import Discovery
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// One simulated host of the real-Avahi tests, in a process of its own because libdbus reads the
/// bus address once a process: `discovery-probe ID PORT [LABEL [INSTANCE]]`, or `discovery-probe
/// browse`.
///
/// Prints each change as one JSON line (`Line`) and ends on SIGTERM.
@main
struct Probe {
    static func main() async throws {
        var logger = Logger(label: "probe") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .debug
        let discovery = AvahiDiscovery(advertisement: try advertisement(), logger: logger)
        // Groups shut down from the last to the first: so the printer is told that discovery
        // stopped.
        let services: [any Service] = [Printer(changes: discovery.changes), discovery]
        let group = ServiceGroup(
            services: services, gracefulShutdownSignals: [.sigterm], logger: logger)
        try await group.run()
        try Printer.write(Line(refusals: discovery.snapshot.refusals))
    }

    private static func advertisement() throws -> Advertisement? {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "browse" { return nil }
        guard let id = arguments.first, let node = NodeID(hex: id), arguments.count > 1,
            let port = UInt16(arguments[2])
        else { throw Usage() }
        return try Advertisement(
            node: node, port: port, label: arguments.count > 2 ? arguments[3] : "",
            instance: arguments.count > 3 ? arguments[4] : nil)
    }
}

struct Usage: Error, CustomStringConvertible {
    var description: String { "usage: discovery-probe ID PORT [LABEL [INSTANCE]] | browse" }
}

/// Prints until it is told to shut down.
struct Printer: Service {
    let changes: DiscoveryChanges

    func run() async throws {
        for await change in changes { try Self.write(Line(change)) }
    }

    static func write(_ line: Line) throws {
        let json = try JSONEncoder().encode(line)
        try FileHandle.standardOutput.write(contentsOf: json + [UInt8(ascii: "\n")])
    }
}

/// A change as the tests read it.
struct Line: Codable {
    /// Seconds since 1970.
    var time = Date().timeIntervalSince1970
    var kind: String
    var node: String?
    var label: String?
    var endpoints: [String]?
    var isLocalHost: Bool?
    var text: String?

    /// The last line: what was passed over, by reason.
    init(refusals: [Refusal: Int]) {
        self.init(
            kind: "refusals", text: refusals.keys.map(\.rawValue).sorted().joined(separator: " "))
    }

    init(_ change: DiscoveryChange) {
        switch change {
        case .appeared(let candidate): self.init("appeared", candidate)
        case .changed(let candidate): self.init("changed", candidate)
        case .vanished(let node): self.init(kind: "vanished", node: node.hex)
        case .state(let state): self.init(kind: Self.kind(of: state), text: state.description)
        }
    }

    private init(kind: String, node: String? = nil, text: String? = nil) {
        self.kind = kind
        self.node = node
        self.text = text
    }

    private init(_ kind: String, _ candidate: Candidate) {
        self.init(kind: kind, node: candidate.node.hex)
        label = candidate.label
        endpoints = candidate.endpoints.map { "\($0.address) \($0.port)" }
        isLocalHost = candidate.isLocalHost
    }

    private static func kind(of state: DiscoveryState) -> String {
        switch state {
        case .stopped: "stopped"
        case .connecting: "connecting"
        case .unavailable: "unavailable"
        case .running: "running"
        case .published: "published"
        }
    }
}
