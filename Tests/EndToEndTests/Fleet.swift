import FederationAPI
import Foundation

/// Running nodes that are all registered with each other and gossip with a few neighbors each.
final class Fleet {
    let nodes: [NodeUnderTest]

    /// Starts `count` nodes that aim at `view` neighbors, with further settings of gossip, and
    /// waits until each has registered with all others.
    init(of count: Int, view: Int, settings: [String] = []) async throws {
        nodes = try (0..<count).map { number in
            let node = try NodeUnderTest("gossip\(number)")
            try node.configure("enabled = \"auto\"", "enabled = true")
            let lines = ["active_view = \(view)"] + settings
            try node.configure("active_view = 6", lines.joined(separator: "\n"))
            // Without a join secret: whoever runs on this machine.
            try node.configure("auto_accept_lan = false", "auto_accept_lan = true")
            // A node that was started again knows no longer that its peers run on this machine, and
            // would not dial those on loopback that it was not given by its operator.
            try node.configure("allow_addresses = []", "allow_addresses = [\"127.0.0.0/8\"]")
            return node
        }
        var addresses: [String] = []
        for node in nodes { addresses.append(try await node.start()) }
        try await register(at: addresses)
    }

    private func register(at addresses: [String]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, node) in nodes.enumerated() {
                let (socket, others) = (node.socket, addresses[(number + 1)...])
                group.addTask {
                    for address in others {
                        let _: PeerView = try await socket.send(
                            "POST", "/api/federation/peers", body: AddPeerBody(url: address))
                    }
                }
            }
            try await group.waitForAll()
        }
        try await eventually("all are registered with all", within: .seconds(60)) {
            let statuses = try await self.statuses()
            return statuses.allSatisfy { $0.peers.active == self.nodes.count - 1 } ? true : nil
        }
    }

    func statuses() async throws -> [StatusView] {
        var views: [StatusView] = []
        for node in nodes { views.append(try await node.status()) }
        return views
    }

    /// Waits until each node has at least `count` neighbors.
    func waitForNeighbors(_ count: Int) async throws {
        for (number, node) in nodes.enumerated() {
            try await eventually("node \(number) has \(count) neighbors", within: .seconds(90)) {
                try node.gossip().neighbors.count >= count ? true : nil
            }
        }
    }

    /// Waits until all hold the same events and none lacks a body.
    @discardableResult
    func waitUntilAllEqual(within patience: Duration = .seconds(120)) async throws -> StatusView {
        var last = ""
        do {
            return try await eventually("all are equal", within: patience) {
                let statuses = try await self.statuses()
                last = statuses.map { "\($0.eventCount) \($0.root.prefix(6))" }
                    .joined(separator: ", ")
                let first = statuses[0]
                let isEqual = statuses.allSatisfy {
                    $0.root == first.root && $0.eventCount == first.eventCount
                        && $0.missingBodies == 0
                }
                return isEqual ? first : nil
            }
        } catch let failure as Failure {
            throw Failure("\(failure): events and root of each: \(last)")
        }
    }
}

extension NodeUnderTest {
    /// What `federate gossip status --json` prints.
    func gossip() throws -> GossipView {
        let result = try run(["gossip", "status", "--json"])
        guard result.code == 0 else { throw Failure("gossip status: \(result.errors)") }
        return try JSONDecoder().decode(GossipView.self, from: Data(result.output.utf8))
    }

    /// An event's place, of what `federate export` prints of it.
    struct Held: Decodable {
        var id: String
        var origin: String
        var sequence: UInt64
        var kind: String
    }

    func held() throws -> [Held] {
        let result = try run(["export"])
        guard result.code == 0 else { throw Failure("export: \(result.errors)") }
        return try result.output.split(separator: "\n").map { line in
            try JSONDecoder().decode(Held.self, from: Data(line.utf8))
        }
    }
}
