import Core
import Federation
import Foundation
import Synchronization
import Testing

@testable import FederationAPI

extension NetworkTests {
    @Suite(.timeLimit(.minutes(2)))
    struct OperatorServerTests {
        let port = TestOperator(node: SecretKey.test(1).node)
        let root = "/api/federation"
        let peer = SecretKey.test(7).node

        @Test func theSocketIsItsOwnersAloneAndGoneAfterwards() async throws {
            let path = try await withOperator(port) { _, path in
                let found = try FileManager.default.attributesOfItem(atPath: path)
                #expect(found[.posixPermissions] as? Int == 0o600)
                #expect(found[.type] as? FileAttributeType == .typeSocket)
                let folder = (path as NSString).deletingLastPathComponent
                let others = try FileManager.default.contentsOfDirectory(atPath: folder)
                    .filter { $0 != "control.sock" }
                // The nursery is empty, and gone with the server.
                #expect(others.count <= 1)
                return path
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        @Test func aStaleSocketIsReplaced() async throws {
            try await withFolder { folder in
                let path = folder + "/control.sock"
                try Data("stale".utf8).write(to: URL(fileURLWithPath: path))
                let (ready, continuation) = AsyncStream.makeStream(of: Int.self)
                let server = OperatorServer(port: port, socket: path, logger: silent) {
                    continuation.yield(0)
                }
                try await withService(server, ready: ready) { _ in
                    let status: StatusView = try await SocketClient(socket: path)
                        .get("\(root)/status")
                    #expect(status.eventCount == 3)
                }
                let left = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(left.isEmpty)
            }
        }

        @Test func aPathThatIsTooLongIsAClearError() async {
            let path = "/tmp/" + String(repeating: "a", count: 120) + "/control.sock"
            let server = OperatorServer(port: port, socket: path, logger: silent) {}
            await #expect {
                try await server.run()
            } throws: { error in
                "\(error)".contains("shorter path")
            }
        }

        @Test func theRoutesOfTrustAnswerTheirViews() async throws {
            try await withOperator(port) { client, _ in
                let invite: InviteView = try await client.send(
                    "POST", "\(root)/invites", body: InviteBody(seconds: 60))
                #expect(invite.invite == "00000000000000ff")
                let joined: PeerView = try await client.send("POST", "\(root)/join", body: invite)
                #expect(joined.state == "active")
                let exposure: ExposureView = try await client.get("\(root)/exposure")
                #expect(exposure.kinds == ["message.post": 3])
                let policy: PolicyView = try await client.get("\(root)/policy")
                #expect(policy.rules.first?.name == "max_peers")
                let reloaded: PolicyView = try await client.send(
                    "POST", "\(root)/policy/reload", body: DoneView())
                #expect(reloaded.error == "line 3")
                let explained: ExplainView = try await client.get("\(root)/explain/ab12")
                #expect(explained.id == "ab12")
                let _: DoneView = try await client.send(
                    "POST", "\(root)/peers/\(peer.hex)/revoke", body: DoneView())
            }
            #expect(
                port.calls == [
                    "invite 60", "join 00000000000000ff", "reload", "explain ab12",
                    "revoke \(peer)",
                ])
        }

        @Test(arguments: ["explain/", "explain/AB", "explain/..", "explain/a/b", "policy/other"])
        func aTargetThatIsNoRouteIsNotFound(_ target: String) async throws {
            try await withOperator(port) { client, _ in
                await #expect(throws: SocketError.self) {
                    let _: DoneView = try await client.get("\(root)/\(target)")
                }
            }
            #expect(port.calls.isEmpty)
        }

        @Test func everyRouteAnswersItsView() async throws {
            try await withOperator(port) { client, _ in
                let status: StatusView = try await client.get("\(root)/status")
                #expect(status.refused == ["malformed": 1])
                let identity: IdentityView = try await client.get("\(root)/identity")
                #expect(identity.node == port.node.hex)
                let peers: [PeerView] = try await client.get("\(root)/peers")
                #expect(peers.first?.approveCommand == "federate peers approve \(peer.short)")
                let added: PeerView = try await client.send(
                    "POST", "\(root)/peers", body: AddPeerBody(url: "https://b.example:2"))
                #expect(added.state == "pending")
                let approved: PeerView = try await client.send(
                    "POST", "\(root)/peers/\(peer.hex)/approve", body: DoneView())
                #expect(approved.state == "active")
                let rejected: PeerView = try await client.send(
                    "POST", "\(root)/peers/\(peer.hex)/reject", body: DoneView())
                #expect(rejected.state == "rejected")
                let page: PageView = try await client.get("\(root)/events?limit=7")
                #expect(page.events.count == 1)
                #expect(page.isEnd)
                let all: [SyncView] = try await client.send(
                    "POST", "\(root)/sync", body: SyncBody())
                #expect(all.first?.equal == true)
                let one: [SyncView] = try await client.send(
                    "POST", "\(root)/sync", body: SyncBody(peer: peer.hex))
                #expect(one.count == 1)
                let events = (1...2).map { EventView(Sample.event(.test(1), $0)) }
                let taken: [String] = try await client.send(
                    "POST", "\(root)/import", body: events)
                #expect(taken == ["stored", "stored"])
                let done: DoneView = try await client.send(
                    "POST", "\(root)/shutdown", body: DoneView())
                #expect(done.done)
            }
            #expect(
                port.calls == [
                    "add https://b.example:2", "approve \(peer)", "reject \(peer)", "page - 7",
                    "sync all", "sync \(peer)", "import [1, 2]", "shutdown",
                ])
        }

        @Test func oneDraftOrManyArePosted() async throws {
            try await withOperator(port) { client, _ in
                let one: PostReceipt = try await client.send(
                    "POST", "\(root)/events", body: PostDraft(author: "ai:a-1", body: "hello"))
                #expect(one.sequence == 1)
                let many: [PostReceipt] = try await client.send(
                    "POST", "\(root)/events",
                    body: [PostDraft(body: "a"), PostDraft(bodyBase64: "AA")])
                #expect(many.map(\.sequence) == [1, 2])
            }
            let drafts = port.state.withLock { $0.drafts }
            #expect(drafts.count == 3)
            #expect(drafts[0] == PostDraft(author: "ai:a-1", body: "hello"))
            #expect(try drafts[2].bytes() == [0])
        }

        @Test(arguments: [
            ("POST", "/events", "{", 400), ("POST", "/events", "", 400),
            ("POST", "/events", #"{"body":"a","bodyBase64":"AA"}"#, 400),
            ("POST", "/events", #"{"bodyBase64":"A"}"#, 400), ("POST", "/events", "{}", 400),
            ("POST", "/peers", #"{"url":"http://x"}"#, 400), ("POST", "/peers", "[]", 400),
            ("POST", "/sync", #"{"peer":"xyz"}"#, 400), ("GET", "/events?limit=0", "", 400),
            ("GET", "/events?limit=501", "", 400), ("GET", "/events?since=x", "", 400),
            ("GET", "/nothing", "", 404), ("PUT", "/status", "", 405),
            ("GET", "/peers/xyz/approve", "", 404),
        ])
        func aBadRequestIsAProblem(
            _ method: String, _ path: String, _ body: String, _ status: Int
        ) async throws {
            try await withOperator(port) { client, _ in
                let answer = try await client.raw(method, root + path, body: Array(body.utf8))
                #expect(answer.status == status)
                let problem: ProblemView = try ViewJSON.decode(answer.body)
                #expect(problem.status == status)
                #expect(!problem.detail.isEmpty)
            }
        }

        @Test func aRefusalReachesTheCommand() async throws {
            try await withOperator(port) { client, _ in
                await #expect {
                    let _: PeerView = try await client.send(
                        "DELETE", "\(root)/peers/\(peer.hex)", body: DoneView())
                } throws: { error in
                    guard case .problem(let problem) = error as? SocketError else { return false }
                    return problem.code == "not-found" && problem.detail == "no such peer"
                }
            }
        }

        @Test func watchFollowsTheLog() async throws {
            let pages = (1...3).map { Sample.page([Sample.event(.test(1), $0)], at: $0) }
            port.state.withLock { $0.pages = pages }
            try await withOperator(port) { client, _ in
                var found: [PageView] = []
                try await client.watch(since: nil) {
                    found.append($0)
                    return found.count < 3
                }
                #expect(found == pages.map(PageView.init))
                let bad = Cursor(log: Sample.log, position: 99)
                await #expect {
                    try await client.watch(since: bad) { _ in true }
                } throws: { error in
                    guard case .problem(let problem) = error as? SocketError else { return false }
                    return problem.code == "cursor-reset"
                }
            }
        }

        @Test func noNodeIsAClearError() async {
            let client = SocketClient(socket: "/tmp/there-is-no-such.sock")
            await #expect {
                let _: StatusView = try await client.get("\(root)/status")
            } throws: { error in
                "\(error)".contains("federate start")
            }
        }
    }
}
