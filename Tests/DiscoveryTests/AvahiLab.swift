import Foundation
import Synchronization
import Testing

/// One simulated host in a network namespace of its own, with a private bus and Avahi on its
/// loopback; or only the place for one, until `startAvahi`.
final class AvahiLab: Sendable {
    let folder: String
    let netns: String

    private let announcers = Mutex<[Process]>([])
    private static let count = Atomic(0)

    /// Runs `body` on a new host, then ends and removes what belongs to it, whatever happened.
    static func run(withAvahi: Bool = true, _ body: (AvahiLab) async throws -> Void) async throws {
        let lab = try AvahiLab()
        defer { lab.remove() }
        if withAvahi { try lab.startAvahi() }
        try await body(lab)
    }

    private init() throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        netns = "disc\(ProcessInfo.processInfo.processIdentifier)-\(number)"
        folder = "/tmp/\(netns)"
        try execute("ip", "netns", "add", netns)
    }

    /// Starts bus and daemon; returns their pids.
    @discardableResult
    func startAvahi() throws -> (bus: pid_t, daemon: pid_t) {
        let output = try avahi("start", folder, "--netns", netns)
        func pid(_ name: String) throws -> pid_t {
            let line = try #require(output.split(separator: "\n").first { $0.hasPrefix(name) })
            return try #require(pid_t(line.dropFirst(name.count)))
        }
        return (try pid("DBUS_PID="), try pid("AVAHI_PID="))
    }

    /// A call of scripts/private-avahi.
    @discardableResult
    func avahi(_ arguments: String...) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try execute([root.appending(path: "scripts/private-avahi").path] + arguments)
    }

    /// Announces a service of our type with these TXT items until the lab ends; returns once it
    /// stands.
    func announce(_ name: String, _ text: [String], type: String = "_teambook._tcp") throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["ip", "netns", "exec", netns, "avahi-publish", "-s", name, type, "9"] + text
        process.environment = environment
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        try process.runUnblocked()
        announcers.withLock { $0.append(process) }
        var output = ""
        while !output.contains("Established") {
            let more = pipe.fileHandleForReading.availableData
            guard !more.isEmpty else { throw CommandFailed(command: text, output: output) }
            output += String(decoding: more, as: UTF8.self)
        }
    }

    func remove() {
        for process in announcers.withLock({ $0 }) { process.terminate() }
        do {
            try avahi("stop", folder)
            try execute("ip", "netns", "del", netns)
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            Issue.record("could not remove \(netns): \(error)")
        }
    }

    var environment: [String: String] {
        ProcessInfo.processInfo.environment.merging(
            ["DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(folder)/bus"]) { _, new in new }
    }

    /// What is missing for real Avahi on simulated hosts, or nil where all is there.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "they make network namespaces, which needs root" }
        for tool in ["ip", "unshare", "dbus-daemon", "avahi-daemon", "avahi-publish"] {
            do { try execute("sh", "-c", "PATH=$PATH:/usr/sbin; command -v \(tool)") } catch {
                return "\(tool) is not installed"
            }
        }
        do { try execute("unshare", "--net", "--mount", "true") } catch {
            return "this machine forbids network namespaces"
        }
        return nil
    }()

    /// For `.enabled(if:)`: says aloud what is left out.
    static func isPossible() -> Bool {
        if let obstacle { print("skipped: tests with real Avahi: \(obstacle)") }
        return obstacle == nil
    }
}

struct CommandFailed: Error {
    var command: [String]
    var output: String
}

@discardableResult
private func execute(_ command: String...) throws -> String { try execute(command) }

/// Runs a command to its end; throws its output where it fails.
@discardableResult
private func execute(_ command: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.runUnblocked()
    let output = String(
        decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw CommandFailed(command: command, output: output)
    }
    return output
}

extension Process {
    /// Runs with no signal blocked: children inherit the mask of the thread that starts them, test
    /// threads block nearly all, and a daemon that cannot hear SIGTERM would have to be killed.
    func runUnblocked() throws {
        var none = sigset_t()
        var before = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
