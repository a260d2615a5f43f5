import Core
import Foundation
import Testing

/// A `discovery-probe` on a simulated host, and the changes that it prints.
final class ProbeProcess: Sendable {
    /// As the probe prints it.
    struct Line: Codable, Sendable {
        var time: Double
        var kind: String
        var node: String?
        var label: String?
        var endpoints: [String]?
        var isLocalHost: Bool?
        var text: String?
    }

    enum Expected: Sendable {
        case state(String)
        case appeared(NodeID)
        case vanished(NodeID)

        func fits(_ line: Line) -> Bool {
            switch self {
            case .state(let kind): line.kind == kind
            case .appeared(let node): line.kind == "appeared" && line.node == node.hex
            case .vanished(let node): line.kind == "vanished" && line.node == node.hex
            }
        }
    }

    let node: NodeID
    private let process: Process
    private let lines: AsyncStream<Line>
    private let exits: AsyncStream<Int32>

    /// Starts the probe with `node` as its id, and ends it with the lab if the test does not.
    init(
        _ node: NodeID, port: UInt16, label: String = "", instance: String? = nil, in lab: AvahiLab
    ) throws {
        self.node = node
        let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "discovery-probe")
        let (lines, line) = AsyncStream.makeStream(of: Line.self)
        let (exits, exit) = AsyncStream.makeStream(of: Int32.self)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["ip", "netns", "exec", lab.netns, probe.path, node.hex, "\(port)", label]
            + (instance.map { [$0] } ?? [])
        process.environment = lab.environment
        process.standardError = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.terminationHandler = { process in
            exit.yield(process.terminationStatus)
            exit.finish()
        }
        (self.process, self.lines, self.exits) = (process, lines, exits)
        try process.runUnblocked()
        Thread.detachNewThread {
            var rest = Data()
            while true {
                let more = output.fileHandleForReading.availableData
                guard !more.isEmpty else { break }
                rest += more
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    do {
                        line.yield(try JSONDecoder().decode(Line.self, from: rest[..<end]))
                    } catch { Issue.record("the probe printed nonsense: \(error)") }
                    rest = Data(rest[(end + 1)...])
                }
            }
            line.finish()
        }
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Reads on until every expectation has been met, in whatever order; other lines are passed
    /// over. Returns the lines in the order of the expectations.
    @discardableResult
    func next(_ expected: Expected...) async throws -> [Line] {
        var met = [Line?](repeating: nil, count: expected.count)
        for await line in lines {
            if let place = expected.indices.first(where: {
                met[$0] == nil && expected[$0].fits(line)
            }) {
                met[place] = line
            }
            if met.allSatisfy({ $0 != nil }) { return met.compactMap(\.self) }
        }
        Issue.record("the probe ended, or time ran out, before \(expected); met: \(met)")
        throw Missing()
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for its end; returns its status.
    func end() async -> Int32? { await exits.first { _ in true } }
}
