import ArgumentParser
import Core
import FederationAPI

/// `federate peers`
struct Peers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See, add, approve and remove peers.",
        subcommands: [
            List.self, Add.self, Approve.self, Reject.self, Remove.self, Revoke.self,
        ],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List peers and their states.")

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        func run() async throws {
            let peers = try await location.folder.withNode { try await $0.peers() }
            if format.json { return try Terminal.json(peers) }
            if peers.isEmpty { Terminal.note("no peers yet: federate peers add https://HOST:7443") }
            for peer in peers {
                Terminal.out("\(peer.node)  \(peer.line)")
                if let text = peer.sessionLine { Terminal.out("  \(text)") }
                if let command = peer.approveCommand {
                    Terminal.out("  safety number: \(peer.safetyNumber ?? "-") (compare it there)")
                    Terminal.out("  approve it with: \(command)")
                }
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register with the node at an address, and approve it.")

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        @Argument(help: "Where the node listens: https://HOST:PORT")
        var url: String

        func run() async throws {
            let peer = try await location.folder.withNode { try await $0.addPeer(url: url) }
            try Peers.show(peer, format)
            guard !format.json, peer.state == "pending" else { return }
            Terminal.out("safety number: \(peer.safetyNumber ?? "-")")
            Terminal.out("It becomes active when its operator approves this node there.")
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Approve a node that registered; it also brings back one that was removed.")

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        @Argument(help: "The node's id, or its first digits.")
        var node: String

        func run() async throws {
            let peer = try await location.folder.withNode { local in
                try await local.approve(try await Peers.find(node, local))
            }
            try Peers.show(peer, format)
        }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn down a node that registered.")

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        @Argument(help: "The node's id, or its first digits.")
        var node: String

        func run() async throws {
            let peer = try await location.folder.withNode { local in
                try await local.reject(try await Peers.find(node, local))
            }
            try Peers.show(peer, format)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a registration. What was synced stays.")

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        @Argument(help: "The node's id, or its first digits.")
        var node: String

        func run() async throws {
            let peer = try await location.folder.withNode { local in
                try await local.remove(try await Peers.find(node, local))
            }
            try Peers.show(peer, format)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Declare a key stolen or lost: nothing that it signs later is taken.",
            discussion: """
                Writes a signed revocation into the log. It holds on this node, and on every node \
                whose revocations_from names this one. What the key signed so far stays. It can't \
                be taken back.
                """)

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        @Argument(help: "The node's whole id, or the first digits of a peer's.")
        var node: String

        @Flag(help: "Don't ask.")
        var yes = false

        func run() async throws {
            try await location.folder.withNode { local in
                let whole = NodeID(hex: node)
                let node = if let whole { whole } else { try await Peers.find(node, local) }
                if !yes {
                    guard Terminal.isOutputTerminal else {
                        throw ValidationError("--yes is needed where nobody can be asked")
                    }
                    Terminal.note("Revoke \(node.hex) for good? Type yes: ", terminator: "")
                    guard readLine() == "yes" else { throw UserError("nothing was revoked") }
                }
                try await local.revoke(node)
                if format.json { return try Terminal.json(["revoked": node.hex]) }
                Terminal.out("\(node.hex) is revoked")
            }
        }
    }

    static func show(_ peer: PeerView, _ format: JSONFlag) throws {
        if format.json { return try Terminal.json(peer) }
        Terminal.out("\(peer.node)  \(peer.line)")
    }

    /// The peer whose id begins with `digits`.
    static func find(_ digits: String, _ local: any LocalNode) async throws -> NodeID {
        let found = try await local.peers().filter { $0.node.hasPrefix(digits) }
        guard let peer = found.first, let node = NodeID(hex: peer.node) else {
            throw UserError("no peer's id begins with \(digits): see federate peers list")
        }
        guard found.count == 1 else {
            throw UserError("\(found.count) peers' ids begin with \(digits): give more digits")
        }
        return node
    }
}

/// `federate sync`
struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Pull from a peer, or from all, then compare logs. Exit code 1 unless all are equal.")

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag

    @Argument(help: "The peer's id, or its first digits (default: all active peers).")
    var node: String?

    func run() async throws {
        let views = try await location.folder.withNode(timeout: .seconds(3600)) { local in
            var peer: NodeID?
            if let node { peer = try await Peers.find(node, local) }
            return try await local.sync(with: peer)
        }
        if format.json {
            try Terminal.json(views)
        } else {
            for view in views {
                let verdict = view.equal == true ? "equal" : view.reason ?? "not compared"
                Terminal.out(
                    "\(view.peer.prefix(10))  received \(view.eventsReceived), sent "
                        + "\(view.eventsSent), \(view.roundTrips) round trips: \(verdict)")
                if let session = view.session { Terminal.out("            \(session.line)") }
            }
        }
        if !views.allSatisfy({ $0.equal == true }) { throw ExitCode(1) }
    }
}
