import ArgumentParser
import Core
import FederationAPI
import Foundation

/// `federate invite`
struct InviteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite",
        abstract: "Make an invite: whoever accepts it becomes a peer in one step, once.",
        discussion: "The node must run, or have endpoints in config.toml.")

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag
    @OptionGroup var qr: QROption

    @Option(help: "How long it is good: 15m, 24h, 7d; at most 30d.")
    var expires = "24h"

    @Flag(help: "Only say what the new peer would see; make no invite.")
    var showExposure = false

    func validate() throws {
        guard Self.seconds(expires) != nil else {
            throw ValidationError("--expires \(expires) is not like 15m, 24h or 7d")
        }
    }

    func run() async throws {
        if showExposure { return try await expose() }
        let seconds = Self.seconds(expires) ?? 0
        let view = try await location.folder.withNode { try await $0.invite(seconds: seconds) }
        guard let node = NodeID(hex: view.node), let id = Hex.decode(view.invite),
            let secret = Hex.decode(view.secret),
            let code = InviteCode(
                endpoints: view.endpoints, node: node, invite: id, secret: secret,
                expires: view.expires)
        else { throw UserError("the node's answer makes no invite: \(view.endpoints)") }
        try InviteText.show(code, qr, format)
    }

    private func expose() async throws {
        let view = try await location.folder.withNode { try await $0.exposure() }
        if format.json { return try Terminal.json(view) }
        Terminal.out("A new peer would get \(view.events) events, \(view.bytes) bytes of bodies:")
        for (kind, count) in view.kinds.sorted(by: { $0.key < $1.key }) {
            Terminal.out("  \(count)  \(kind)".printable)
        }
        Terminal.out("by \(view.authors.count) authors:")
        for (author, count) in view.authors.sorted(by: { $0.value > $1.value }).prefix(10) {
            Terminal.out("  \(count)  \(author)".printable)
        }
        Terminal.out("and everything that is posted later.")
    }

    /// Seconds of "90", "15m", "24h" or "7d"; nil for anything else.
    static func seconds(_ text: String) -> Int? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard let number = Int(digits), number > 0, number < 1 << 32 else { return nil }
        let seconds = number * (unit ?? 1)
        return (60...30 * 86_400).contains(seconds) ? seconds : nil
    }
}

/// `federate join`
struct Join: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Accept an invite: registers with the node that made it, and approves it.")

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag

    @Argument(help: "What `federate invite` printed there; - reads it from standard input.")
    var code: String

    func run() async throws {
        let code = try InviteText.read(code, at: .system())
        let view = InviteView(
            node: code.node.hex, endpoints: code.endpoints, invite: Hex.encode(code.invite),
            secret: Hex.encode(code.secret), expires: code.expires)
        let peer = try await location.folder.withNode { try await $0.join(view) }
        try Peers.show(peer, format)
        guard peer.state != "active" else { return }
        throw UserError("the registration is \(peer.state): see federate explain \(peer.node)")
    }
}

/// `federate policy`
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "See what the policy does, and have it read again.",
        subcommands: [ExplainPolicy.self, Reload.self], defaultSubcommand: ExplainPolicy.self)

    struct ExplainPolicy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain", abstract: "Print each rule in force, and whom it lets in.")

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        func run() async throws {
            let view = try await location.folder.withNode { try await $0.policy() }
            if format.json { return try Terminal.json(view) }
            view.print()
        }
    }

    struct Reload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read [federation.policy] of config.toml again, without a restart.",
            discussion: """
                A policy that can't be read leaves the old one in force: exit code 1. SIGHUP to \
                the running node does the same.
                """)

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        func run() async throws {
            let view = try await location.folder.withNode { try await $0.reloadPolicy() }
            if format.json { try Terminal.json(view) }
            if let error = view.error { throw UserError("the policy stays as it was: \(error)") }
            if !format.json { view.print() }
        }
    }
}

extension PolicyView {
    fileprivate func print() {
        for rule in rules {
            let name = rule.name.padding(toLength: 20, withPad: " ", startingAt: 0)
            let value = rule.value.padding(
                toLength: max(14, rule.value.count), withPad: " ", startingAt: 0)
            Terminal.out("\(name)\(value)\(rule.effect)".printable)
        }
        Terminal.out("Admitted origins: \(admitted.count)")
        for (origin, why) in admitted.sorted(by: { $0.key < $1.key }).prefix(100) {
            Terminal.out("  \(origin)  \(why)".printable)
        }
        if admitted.count > 100 { Terminal.out("  … all of them with --json") }
        if let error { Terminal.out("config.toml is not in force: \(error)".printable) }
    }
}

/// `federate explain`
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why an event, a peer or an origin is here or not, and what to do.",
        discussion: "Exit code 1 where the event is not in the log, or the peer not active.")

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag

    @Argument(help: "The id of an event or a node, or its first digits.")
    var id: String

    func validate() throws {
        let digits = Set("0123456789abcdef")
        guard (1...64).contains(id.count), id.allSatisfy(digits.contains) else {
            throw ValidationError("\(id) is no id: 64 hexadecimal digits, or the first of them")
        }
    }

    func run() async throws {
        let view = try await location.folder.withNode { try await $0.explain(id) }
        if format.json { try Terminal.json(view) } else { view.print() }
        let good: Set = ["stored", "active", "admitted"]
        if !good.contains(view.state) { throw ExitCode(1) }
    }
}

extension ExplainView {
    fileprivate func print() {
        Terminal.out("\(subject) \(id)")
        Terminal.out("\(state): \(why)".printable)
        if let advice { Terminal.out("do: \(advice)".printable) }
        for fact in facts {
            let name = fact.name.padding(toLength: 20, withPad: " ", startingAt: 0)
            Terminal.out("  \(name)\(fact.value)".printable)
        }
        for refusal in refusals {
            let event = subject == "event" ? "" : " event \(refusal.event.prefix(10))"
            let sender = refusal.sender.map { " from \($0.prefix(10))" } ?? ""
            Terminal.out(
                "  refused \(refusal.count) times\(event)\(sender): first \(refusal.firstTime) "
                    + "\(refusal.firstCode), last \(refusal.lastTime) \(refusal.lastCode)")
        }
    }
}
