import ArgumentParser
import Core
import FederationAPI
import Foundation

/// `federate status`
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what the node holds and how it stands to its peers.")

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag

    func run() async throws {
        let folder = location.folder
        let (view, peers) = try await folder.withNode { node in
            (try await node.status(), try await node.peers())
        }
        if format.json { return try Terminal.json(view) }
        let isRunning = !view.listening.isEmpty
        Terminal.out("node       \(view.node) \(view.label)")
        Terminal.out(
            "state      "
                + (isRunning ? "runs, \(view.listening.joined(separator: " "))" : "not running"))
        Terminal.out("events     \(view.eventCount)")
        Terminal.out("root       \(view.root)")
        if view.missingBodies > 0 { Terminal.out("missing    \(view.missingBodies) bodies") }
        if view.aside > 0 { Terminal.out("set aside  \(view.aside) events from the future") }
        if view.equivocations > 0 { Terminal.out("ALARM      \(view.equivocations) equivocations") }
        if isRunning { Terminal.out("discovery  \(view.discovery)") }
        if isRunning, let gossip = view.gossip { Terminal.out(gossip.headline) }
        for (code, count) in view.refused.sorted(by: { $0.key < $1.key }) {
            Terminal.out("refused    \(count) \(code)")
        }
        if view.hidden > 0 { Terminal.out("hidden     \(view.hidden) events, not admitted") }
        for alarm in view.alarms {
            let text = "\(alarm.kind) \(alarm.node.prefix(10)): \(alarm.evidence)"
            Terminal.out("ALARM      \(text.printable)")
        }
        for warning in view.warnings { Terminal.out("warning    \(warning)") }
        for peer in peers {
            Terminal.out("peer       \(peer.line)")
            if let text = peer.sessionLine { Terminal.out("           \(text)") }
        }
    }
}

extension PeerView {
    /// One line for a list.
    var line: String {
        var parts = [String(node.prefix(10)), label, state]
        if let sync { parts.append(sync) }
        if let equal { parts.append(equal ? "equal" : "not compared since the last change") }
        if let lastError { parts.append("(\(lastError))") }
        return parts.filter { !$0.isEmpty }.joined(separator: "  ").printable
    }

    /// The last comparison; nil before the first one.
    var sessionLine: String? {
        lastSession.map { session in
            "compared \(session.at ?? "-"), \(session.verdict ?? "-"): \(session.line)"
        }
    }
}

/// `federate log`
struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print events of the log, in the order they came in.")

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag

    @Option(name: [.customShort("n"), .long], help: "How many of the newest events; 0 for all.")
    var limit = 20

    @Option(help: "Only events of this kind.")
    var kind: String?

    @Option(help: "Only events of this author, such as ai:assistant-1.")
    var author: String?

    @Option(help: "Only events of this origin; its first digits are enough.")
    var origin: String?

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit is 0 or more") }
    }

    func run() async throws {
        let events = try await location.folder.withNode { node in try await read(node) }
        for event in events {
            if format.json { try Terminal.json(event) } else { Terminal.out(event.line) }
        }
    }

    private func read(_ node: any LocalNode) async throws -> [EventView] {
        var since: Cursor?
        if limit > 0, kind == nil, author == nil, origin == nil {
            let status = try await node.status()
            let position = status.counters["position"] ?? 0
            since = Cursor("\(status.log).\(position - min(position, UInt64(limit)))")
        }
        var events: [EventView] = []
        while true {
            let page = try await node.page(since: since, limit: 500)
            events += page.events.filter(matches)
            if limit > 0 { events = events.suffix(limit) }
            if page.isEnd { return events }
            since = Cursor(page.next)
        }
    }

    private func matches(_ event: EventView) -> Bool {
        (kind.map { $0 == event.kind } ?? true)
            && (author.map { event.author.hasPrefix("\($0)@") } ?? true)
            && (origin.map { event.origin.hasPrefix($0) } ?? true)
    }
}

extension EventView {
    /// One line for a list: time, author, kind, the body's first line.
    var line: String {
        let body = self.body?.split(separator: "\n").first.map(String.init)
        let text = body ?? (bodyMissing == true ? "(body missing)" : "(\(bodyLength) bytes)")
        let origin = self.origin.prefix(10)
        let who = author.split(separator: "@").first.map(String.init) ?? author
        let proof = authorProof == "proved" ? "" : " (unproved)"
        return "\(time.text)  \(who)@\(origin)\(proof)  \(kind)  \(text)".printable
    }
}

/// `federate watch`
struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print events as they come in, until Ctrl-C. The node must run.")

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag

    @Flag(help: "Begin with the whole log.")
    var all = false

    func run() async throws {
        let folder = location.folder
        let socket = SocketClient(socket: folder.socketPath)
        do throws(SocketError) {
            var since: Cursor?
            if all {
                let status: StatusView = try await socket.get("/api/federation/status")
                since = Cursor("\(status.log).0")
            }
            try await socket.watch(since: since) { page in
                for event in page.events {
                    do {
                        if format.json {
                            try Terminal.json(event)
                        } else {
                            Terminal.out(event.line)
                        }
                    } catch { return false }
                }
                return true
            }
        } catch {
            throw UserError("\(error)")
        }
    }
}
