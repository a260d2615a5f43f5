import ArgumentParser
import Core
import Federation
import FederationAPI
import Foundation

/// `federate import`
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take in an export, or the history of a git repository.",
        discussion: """
            federate import events.jsonl     signed events of an export, each checked
            federate import --git PATH       each commit that HEAD reaches becomes an event
            """)

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag

    @Argument(help: "A file of `federate export`, or - for standard input.", completion: .file())
    var file: String?

    @Option(help: "A git repository.", completion: .directory)
    var git: String?

    @Option(help: "In whose name the commits are posted.")
    var author = "node:git"

    func validate() throws {
        if (file == nil) == (git == nil) { throw ValidationError("give a file or --git PATH") }
        if Author(author) == nil { throw ValidationError("--author \(author) is not role:name") }
    }

    func run() async throws {
        let counts = try await location.folder.withNode { node in
            if let git { return try await importGit(git, node) }
            return try await importLines(node)
        }
        if format.json {
            try Terminal.json(counts)
        } else {
            for (what, count) in counts.sorted(by: { $0.key < $1.key }) {
                Terminal.out("\(count) \(what)")
            }
        }
        if counts["set aside", default: 0] > 0 {
            Terminal.note(
                "set aside: from the future, or of an origin that this node does not admit. "
                    + "Approve the peer, or list its id under origins in config.toml; "
                    + "federate explain ID says which")
        }
        let taken: Set = ["stored", "already held", "set aside"]
        if !counts.keys.allSatisfy(taken.contains) { throw ExitCode(1) }
    }

    private func importGit(_ path: String, _ node: any LocalNode) async throws -> [String: Int] {
        let history = try GitHistory(readingFrom: path, author: author)
        var progress = Progress("import", total: history.drafts.count)
        defer { progress.end() }
        var count = 0
        for start in stride(from: 0, to: history.drafts.count, by: 500) {
            let end = min(start + 500, history.drafts.count)
            count += try await node.post(Array(history.drafts[start..<end])).count
            progress.show(count)
        }
        return ["stored": count]
    }

    /// What goes to the node at once; its socket takes four times as much.
    static let batchBytes = 4 << 20

    private func importLines(_ node: any LocalNode) async throws -> [String: Int] {
        var lines = try LineReader(file ?? "-")
        var counts: [String: Int] = [:]
        var batch: [EventView] = []
        var size = 0
        var number = 0
        var progress = Progress("import", total: nil)
        defer { progress.end() }
        func flush() async throws {
            guard !batch.isEmpty else { return }
            for outcome in try await node.importEvents(batch) { counts[outcome, default: 0] += 1 }
            batch = []
            size = 0
            progress.show(number)
        }
        while let line = try lines.next() {
            number += 1
            do {
                let view = try JSONDecoder().decode(EventView.self, from: Data(line))
                _ = try view.event()
                batch.append(view)
            } catch let refusal as Refusal {
                counts["malformed", default: 0] += 1
                Terminal.note("line \(number): \(refusal.detail)")
            } catch {
                counts["malformed", default: 0] += 1
                Terminal.note("line \(number) is not an event of an export")
            }
            size += line.count
            if batch.count == 200 || size >= Import.batchBytes { try await flush() }
        }
        try await flush()
        return counts
    }
}

/// `federate export`
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the whole log as JSON lines, which import takes in again.")

    @OptionGroup var location: DataOption

    @Argument(help: "Where to write (default: standard output).", completion: .file())
    var file: String?

    func run() async throws {
        let output = try Self.open(file)
        try await location.folder.withNode { node in
            let total = Int(try await node.status().eventCount)
            var progress = Progress("export", total: file == nil ? 0 : total)
            defer { progress.end() }
            var since: Cursor?
            var count = 0
            while true {
                let page = try await node.page(since: since, limit: 500)
                for event in page.events {
                    try Terminal.write(ViewJSON.encode(event) + [0x0a], to: output)
                }
                count += page.events.count
                if file != nil { progress.show(count) }
                if page.isEnd { return }
                since = Cursor(page.next)
            }
        }
    }

    private static func open(_ path: String?) throws(UserError) -> FileHandle {
        guard let path else { return .standardOutput }
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw UserError("\(path) can't be written") }
        return handle
    }
}
