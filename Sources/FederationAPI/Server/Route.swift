package import Core
package import Federation

/// A route of the public port.
package enum Route: Equatable {
    case register, identity, push, reconcile, bodies, status, ownRecord
    case pull(since: Cursor?)
    case stream(since: Cursor?)
    case leave(NodeID)

    /// Why a target is no route.
    package enum Problem: Error, Equatable {
        case notFound
        case methodNotAllowed(String)
        case badQuery
    }

    /// Reads a request target such as "/api/federation/events?since=…".
    package init(method: String, target: String, lastEventID: String? = nil) throws(Problem) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let root = WireRequest.root + "/"
        guard parts[0].hasPrefix(root) else { throw .notFound }
        let path = parts[0].dropFirst(root.count)
        let query = parts.count > 1 ? parts[1] : nil
        switch path {
        case "register": self = try Self.only("POST", method, query, .register)
        case "reconcile": self = try Self.only("POST", method, query, .reconcile)
        case "bodies": self = try Self.only("POST", method, query, .bodies)
        case "identity": self = try Self.only("GET", method, query, .identity)
        case "status": self = try Self.only("GET", method, query, .status)
        case "peers": self = try Self.only("GET", method, query, .ownRecord)
        case "events" where method == "GET": self = .pull(since: try Self.since(query))
        case "events":
            guard method == "POST" else { throw .methodNotAllowed("GET, POST") }
            self = try Self.only("POST", method, query, .push)
        case "stream":
            guard method == "GET" else { throw .methodNotAllowed("GET") }
            // A browser that reconnects repeats the URL of its first request: the newer header
            // wins.
            let last = lastEventID.map { "since=" + $0 }
            self = .stream(since: try Self.since(last.map { $0[...] } ?? query))
        default:
            guard path.hasPrefix("peers/"), let node = NodeID(hex: path.dropFirst("peers/".count))
            else { throw .notFound }
            self = try Self.only("DELETE", method, query, .leave(node))
        }
    }

    private static func only(
        _ wanted: String, _ method: String, _ query: Substring?, _ route: Route
    ) throws(Problem) -> Route {
        guard method == wanted else { throw .methodNotAllowed(wanted) }
        guard query == nil || query == "" else { throw .badQuery }
        return route
    }

    private static func since(_ query: Substring?) throws(Problem) -> Cursor? {
        guard let query = Query(query, allowed: ["since"]) else { throw .badQuery }
        guard let text = query["since"] else { return nil }
        guard let cursor = Cursor(text) else { throw .badQuery }
        return cursor
    }

    /// Whether a decoded message may be sent to this route.
    package func takes(_ request: Federation.Request) -> Bool {
        switch (self, request) {
        case (.register, .introduce), (.register, .confirm), (.push, .push), (.bodies, .bodies),
            (.reconcile, .reconcile), (.reconcile, .fetch), (.reconcile, .admissions):
            true
        default: false
        }
    }

    /// The message of a route without a body; nil where the body is the message.
    package var bodiless: Federation.Request? {
        switch self {
        case .status: .status
        case .ownRecord: .ownRecord
        case .pull(let since): .pull(since: since)
        case .stream(let since): .stream(since: since)
        case .leave: .leave
        case .register, .identity, .push, .reconcile, .bodies: nil
        }
    }
}
