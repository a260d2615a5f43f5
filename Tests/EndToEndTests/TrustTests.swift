import Core
import FederationAPI
import Foundation
import Testing

/// Who gets in, who does not, and what the operator reads about it: real processes on loopback.
@Suite(.timeLimit(.minutes(3)))
struct TrustTests {
    @Test func anInviteMakesAPeerInOneStepAndOnlyOnce() async throws {
        let host = try NodeUnderTest("host")
        try await host.start()
        #expect(try host.run(["post", "hello"]).code == 0)
        let exposure = try host.run(["invite", "--show-exposure"])
        #expect(exposure.output.contains("1  message.post"), "\(exposure.output)")
        let made = try host.run(["invite", "--no-qr", "--expires", "10m"])
        #expect(made.code == 0, "\(made.errors)")
        let code = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let guest = try NodeUnderTest("guest")
        try await guest.start()
        let joined = try guest.run(["join", "-"], input: code + "\n")
        #expect(joined.code == 0, "\(joined.output)\(joined.errors)")
        try await waitUntilEqual(host, guest)
        #expect(try await host.peers().map(\.state) == ["active"])

        let late = try NodeUnderTest("late")
        try await late.start()
        let second = try late.run(["join", code])
        #expect(second.code == 1)
        #expect(second.errors.contains("bad-invite"), "\(second.errors)")
        // Who was turned away is not even written down.
        #expect(try await host.peers().count == 1)
        let mistyped = try late.run(["join", String(code.dropLast())])
        #expect(mistyped.code == 1 && mistyped.errors.contains("typing mistake"))
    }

    @Test func aRemovedPeersStreamEndsWithinASecondAndItStaysOut() async throws {
        let a = try NodeUnderTest("a")
        let b = try NodeUnderTest("b")
        try await a.start()
        let address = try await b.start()
        try await connect(a, to: b, at: address)
        try await waitUntilEqual(a, b)
        try await eventually("both stream") {
            let states = try await [a.peers().first?.sync, b.peers().first?.sync]
            return states == ["live", "live"] ? true : nil
        }
        let node = try b.node()
        let start = ContinuousClock.now
        #expect(try a.run(["peers", "remove", node]).code == 0)
        try await eventually("b's stream is closed") {
            try await b.peers().first?.sync == "live" ? nil : true
        }
        // The command's own start is in it; the machine may be busy.
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(try a.run(["post", "secret"]).code == 0)
        a.kill()
        let again = try await a.start()
        let tried = try b.run(["peers", "add", again])
        #expect(tried.output.contains("  pending"), "\(tried.output)\(tried.errors)")
        #expect(try await a.peers().map(\.state) == ["removed"])
        #expect(try b.run(["log", "-n", "0"]).output.contains("secret") == false)
        let why = try a.run(["explain", String(node.prefix(12))])
        #expect(why.code == 1 && why.output.contains("removed"), "\(why.output)")
    }

    @Test func aPolicyIsReadAgainAndABadOneLeavesTheOldOneInForce() async throws {
        let node = try NodeUnderTest("policy")
        try await node.start()
        try node.configure("max_peers = 0", "max_peers = 3")
        #expect(try node.run(["policy", "reload"]).code == 0)
        #expect(try node.run(["policy"]).output.contains("0 of it are active"))
        try node.configure("max_peers = 3", "max_peers = -3")
        let bad = try node.run(["policy", "reload"])
        #expect(bad.code == 1 && bad.errors.contains("max_peers"), "\(bad.errors)")
        let view: PolicyView = try await node.socket.get("/api/federation/policy")
        #expect(view.rules.first { $0.name == "max_peers" }?.value == "3")
        #expect(view.error?.contains("max_peers") == true)
        #expect(try await node.status().warnings.contains { $0.contains("max_peers") })
        // What the TOML parser itself would not survive must not end a running node.
        try node.configure("origins = []", "origins = [\r\n}")
        #expect(try node.run(["policy", "reload"]).code == 1)
        try node.configure("origins = [\r\n}", "origins = []")
        try node.configure("max_peers = -3", "max_peers = 5")
        node.hangUp()
        try await eventually("the signal is heard") {
            let view: PolicyView = try await node.socket.get("/api/federation/policy")
            return view.error == nil && view.rules.contains { $0.value == "5" } ? true : nil
        }
    }

    @Test func aRaisedTierShutsEverybodyOutUntilItIsLowered() async throws {
        let a = try NodeUnderTest("tier")
        let b = try NodeUnderTest("peer")
        try await a.start()
        let address = try await b.start()
        try await connect(a, to: b, at: address)
        try await waitUntilEqual(a, b)
        try a.configure("\"device-bound\"", "\"hardware-attested\"")
        #expect(try a.run(["policy", "reload"]).code == 0)
        let refused = try b.run(["sync"])
        #expect(refused.code == 1 && refused.output.contains("tier-too-low"), "\(refused.output)")
        try a.configure("\"hardware-attested\"", "\"device-bound\"")
        #expect(try a.run(["policy", "reload"]).code == 0)
        #expect(try b.run(["sync"]).code == 0)
    }

    @Test func aRevokedKeyIsOutAndItsEarlierEventsStay() async throws {
        let a = try NodeUnderTest("a")
        let b = try NodeUnderTest("b")
        try await a.start()
        let address = try await b.start()
        try await connect(a, to: b, at: address)
        #expect(try b.run(["post", "before"]).code == 0)
        try await waitUntilEqual(a, b)
        let thief = try b.node()
        #expect(try a.run(["peers", "revoke", thief]).code == 2)
        #expect(try a.run(["peers", "revoke", thief, "--yes"]).code == 0)
        #expect(try b.run(["post", "after"]).code == 0)
        let later = try b.run(["export"]).output
        #expect(later.contains("after"))
        let taken = try a.run(["import", "-"], input: later)
        #expect(taken.code == 1 && taken.output.contains("revoked"), "\(taken.output)")
        let log = try a.run(["log", "-n", "0"]).output
        #expect(log.contains("before") && !log.contains("after"))
        #expect(try await a.peers().map(\.state) == ["revoked"])
        a.kill()
        try await a.start()
        #expect(try await a.peers().map(\.state) == ["revoked"])
        let approved = try a.run(["peers", "approve", thief])
        #expect(approved.code == 1 && approved.errors.contains("revoked"), "\(approved.errors)")
        #expect(try await a.peers().map(\.state) == ["revoked"])
    }

    @Test func explainSaysWhyAnEventIsHereOrNot() async throws {
        let a = try NodeUnderTest("a")
        #expect(try a.run(["post", "mine"]).code == 0)
        let line = try a.run(["export"]).output
        let event = try JSONDecoder().decode(EventView.self, from: Data(line.utf8))
        let held = try a.run(["explain", event.id])
        #expect(held.code == 0 && held.output.contains("stored"), "\(held.output)")
        let b = try NodeUnderTest("b")
        #expect(try b.run(["explain", event.id]).output.contains("unknown"))
        #expect(try b.run(["import", "-"], input: line).code == 0)
        let waiting = try b.run(["explain", event.id])
        #expect(waiting.code == 1)
        #expect(waiting.output.contains("set-aside") && waiting.output.contains("origins"))
        let forged = line.replacingOccurrences(of: "\"mine\"", with: "\"thine\"")
        _ = try b.run(["import", "-"], input: forged)
        let refused: ExplainView = try JSONDecoder().decode(
            ExplainView.self,
            from: Data(try b.run(["explain", event.id, "--json"]).output.utf8))
        #expect(refused.refusals.map(\.lastCode) == ["bad-body"])
    }
}
