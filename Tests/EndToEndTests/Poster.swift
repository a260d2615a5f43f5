import FederationAPI
import Foundation
import Synchronization

/// Posts to one node at an even pace, through whatever happens to the node meanwhile.
final class Poster: Sendable {
    /// What became of the posts so far.
    struct Posted {
        /// Of the events that the node said are durable.
        var ids: [String] = []
        /// Posts that got no answer. Whether they were stored is not known; others are made for
        /// them.
        var unanswered = 0
    }

    private let socket: SocketClient
    private let pace: Duration
    private let state = Mutex((posted: Posted(), last: Int?.none))

    /// Posts one event each `pace` once it runs.
    init(to node: NodeUnderTest, each pace: Duration) {
        // Longer than the node is stopped for.
        socket = SocketClient(socket: node.folder + "/control.sock", timeout: .seconds(120))
        self.pace = pace
    }

    var posted: Posted { state.withLock { $0.posted } }

    /// Lets `run()` end once `count` events are acknowledged and the post that is under way is
    /// over.
    func end(after count: Int = 0) { state.withLock { $0.last = count } }

    /// Posts until `end(after:)` allows an end.
    func run() async throws {
        let start = ContinuousClock.now
        while true {
            let (done, last) = state.withLock { ($0.posted.ids.count, $0.last ?? .max) }
            guard done < last else { return }
            // The pace is part of the test: faults are to come while events do.
            try await Task.sleep(until: start + pace * done)
            try await post("event \(done) \(String(repeating: "x", count: 400))")
        }
    }

    private func post(_ body: String) async throws {
        do throws(SocketError) {
            let receipts: [PostReceipt] = try await socket.send(
                "POST", "/api/federation/events", body: [PostDraft(body: body)])
            state.withLock { $0.posted.ids += receipts.map(\.id) }
        } catch {
            switch error {
            case .problem, .cancelled: throw error
            case .notRunning, .badResponse, .timedOut, .closed: break
            }
            state.withLock { $0.posted.unanswered += 1 }
            try await Task.sleep(for: .milliseconds(50))  // between two tries, not for an event
        }
    }
}
