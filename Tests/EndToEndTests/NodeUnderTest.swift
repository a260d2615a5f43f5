import FederationAPI
import Foundation

/// A `federate` process and its data folder, on loopback only.
final class NodeUnderTest {
    let folder: String
    private var process: Process?

    /// The binary beside the test bundle, unless `FEDERATE_BINARY` names another one, such as that
    /// of a release.
    static let binary: URL = {
        if let path = ProcessInfo.processInfo.environment["FEDERATE_BINARY"] {
            return URL(fileURLWithPath: path)
        }
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("federate")
            if FileManager.default.isExecutableFile(atPath: candidate.path),
                !(candidate.hasDirectoryPath)
            {
                return candidate
            }
        }
        return URL(fileURLWithPath: ".build/debug/federate")
    }()

    init(_ label: String, initialize: [String] = []) throws {
        folder =
            NSTemporaryDirectory()
            + "federate-e2e-\(getpid())-\(label)-\(UUID().uuidString.prefix(8))"
        let result = try Self.run(["init", "--data", folder, "--label", label] + initialize)
        guard result.code == 0 else { throw Failure("init: \(result.errors)") }
    }

    /// A second folder with all that the first one holds, its key included.
    init(copyOf other: NodeUnderTest, _ label: String) throws {
        folder =
            NSTemporaryDirectory()
            + "federate-e2e-\(getpid())-\(label)-\(UUID().uuidString.prefix(8))"
        try FileManager.default.copyItem(atPath: other.folder, toPath: folder)
    }

    deinit {
        kill()
        // A temporary folder.
        try? FileManager.default.removeItem(atPath: folder)
    }

    var socket: SocketClient { SocketClient(socket: folder + "/control.sock") }

    /// Starts the node and waits until it answers; returns its address.
    @discardableResult
    func start(_ arguments: [String] = []) async throws -> String {
        let process = Process()
        process.executableURL = Self.binary
        process.arguments =
            ["start", "--data", folder, "--listen", "127.0.0.1:0", "--no-mdns"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        return try await eventually("the node answers") {
            guard process.isRunning else { throw Failure("the node ended at once") }
            // A node that starts does not answer yet.
            guard let view: StatusView = try? await self.socket.get("/api/federation/status")
            else { return nil }  // not yet
            return view.listening.first
        }
    }

    /// As a loss of power to the process: nothing is flushed.
    func kill() {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// As a laptop whose lid is shut: its connections stay open, and it does nothing.
    func suspend() {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGSTOP)
    }

    /// Lets it go on.
    func resume() {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGCONT)
    }

    /// What an operator sends to have the settings read again.
    func hangUp() {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGHUP)
    }

    /// Ctrl-C; the exit code.
    func interrupt() -> Int32 {
        guard let process else { return -1 }
        process.interrupt()
        process.waitUntilExit()
        self.process = nil
        return process.terminationStatus
    }

    /// The node's id, whether it runs or not.
    func node() throws -> String {
        let result = try run(["identity", "--json"])
        guard result.code == 0 else { throw Failure("identity: \(result.errors)") }
        let output = Data(result.output.utf8)
        return try JSONDecoder().decode(IdentityView.self, from: output).node
    }

    /// Changes a line of the node's settings.
    func configure(_ old: String, _ new: String) throws {
        let path = folder + "/config.toml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard text.contains(old) else { throw Failure("no \(old) in config.toml") }
        try text.replacingOccurrences(of: old, with: new)
            .write(toFile: path, atomically: false, encoding: .utf8)
    }

    func status() async throws -> StatusView {
        try await socket.get("/api/federation/status")
    }

    func peers() async throws -> [PeerView] { try await socket.get("/api/federation/peers") }

    func run(_ arguments: [String], input: String = "") throws -> Finished {
        try Self.run(arguments + ["--data", folder], input: input)
    }

    /// What a command printed, and its exit code.
    struct Finished {
        var code: Int32
        var output: String
        var errors: String
    }

    /// Runs a command to its end.
    static func run(_ arguments: [String], input: String = "") throws -> Finished {
        let process = Process()
        process.executableURL = binary
        process.arguments = arguments
        let scratch = NSTemporaryDirectory() + "federate-e2e-\(getpid())-\(UUID().uuidString)"
        let files = ["in", "out", "err"].map { scratch + "." + $0 }
        try Data(input.utf8).write(to: URL(fileURLWithPath: files[0]))
        for file in files.dropFirst() { try Data().write(to: URL(fileURLWithPath: file)) }
        defer {
            for file in files { try? FileManager.default.removeItem(atPath: file) }  // temporary
        }
        process.standardInput = FileHandle(forReadingAtPath: files[0])
        process.standardOutput = FileHandle(forWritingAtPath: files[1])
        process.standardError = FileHandle(forWritingAtPath: files[2])
        try process.run()
        process.waitUntilExit()
        return Finished(
            code: process.terminationStatus,
            output: try String(contentsOfFile: files[1], encoding: .utf8),
            errors: try String(contentsOfFile: files[2], encoding: .utf8))
    }
}

/// What went wrong in the test's own machinery.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Asks until there is an answer, for at most 30 seconds.
@discardableResult
func eventually<Value>(
    _ what: String, within patience: Duration = .seconds(30), _ ask: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
        if let value = try await ask() { return value }
        try await Task.sleep(for: .milliseconds(20))  // between two questions, not for an event
    }
    throw Failure("not within \(patience): \(what)")
}

/// Two running nodes that have registered and approved each other.
func connect(_ a: NodeUnderTest, to b: NodeUnderTest, at address: String) async throws {
    let added = try a.run(["peers", "add", address])
    guard added.code == 0 else { throw Failure("add: \(added.errors)") }
    let node = try await a.status().node
    let approved = try b.run(["peers", "approve", node])
    guard approved.code == 0 else { throw Failure("approve: \(approved.errors)") }
    try await eventually("both are active") {
        let states = try await a.peers().map(\.state) + b.peers().map(\.state)
        return states == ["active", "active"] ? true : nil
    }
}

/// Waits until two nodes hold the same root and each has proved it to itself.
@discardableResult
func waitUntilEqual(_ a: NodeUnderTest, _ b: NodeUnderTest) async throws -> StatusView {
    try await eventually("both are equal") {
        // A node that restarts does not answer yet.
        guard let first = try? await a.status(), let second = try? await b.status() else {
            return nil  // restarting
        }
        return first.root == second.root && first.peers.equal == 1 && second.peers.equal == 1
            ? first : nil
    }
}
