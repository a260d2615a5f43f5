import Core
import Federation

/// A route of the operator's socket.
enum OperatorRoute: Equatable {
    case status, identity, peers, addPeer, post, importEvents, sync, shutdown
    case join, invite, exposure, policy, reloadPolicy, gossip
    case setGossip(String)
    case approve(NodeID), reject(NodeID), remove(NodeID), revoke(NodeID)
    case explain(String)
    case page(since: Cursor?, limit: Int)
    case stream(since: Cursor?)

    static let pageLimit = 500

    init(method: String, target: String, lastEventID: String?) throws(Route.Problem) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let root = WireRequest.root + "/"
        guard parts[0].hasPrefix(root) else { throw .notFound }
        let path = parts[0].dropFirst(root.count).split(
            separator: "/", omittingEmptySubsequences: false)
        let query = Query(parts.count > 1 ? parts[1] : nil, allowed: ["since", "limit"])
        guard let query else { throw .badQuery }
        if path.count > 1 {
            self = try Self.peer(method, Array(path))
        } else {
            self = try Self.plain(method, path[0], query, lastEventID)
        }
    }

    private static func plain(
        _ method: String, _ path: Substring, _ query: Query, _ lastEventID: String?
    ) throws(Route.Problem) -> OperatorRoute {
        switch (path, method) {
        case ("status", "GET"): return .status
        case ("identity", "GET"): return .identity
        case ("peers", "GET"): return .peers
        case ("peers", "POST"): return .addPeer
        case ("events", "POST"): return .post
        case ("import", "POST"): return .importEvents
        case ("sync", "POST"): return .sync
        case ("shutdown", "POST"): return .shutdown
        case ("join", "POST"): return .join
        case ("invites", "POST"): return .invite
        case ("exposure", "GET"): return .exposure
        case ("policy", "GET"): return .policy
        case ("gossip", "GET"): return .gossip
        case ("events", "GET"):
            return .page(since: try since(query["since"]), limit: try limit(query["limit"]))
        case ("stream", "GET"): return .stream(since: try since(lastEventID ?? query["since"]))
        case ("status", _), ("identity", _), ("stream", _), ("exposure", _), ("policy", _),
            ("gossip", _):
            throw .methodNotAllowed("GET")
        case ("peers", _), ("events", _): throw .methodNotAllowed("GET, POST")
        case ("sync", _), ("shutdown", _), ("import", _), ("join", _), ("invites", _):
            throw .methodNotAllowed("POST")
        default: throw .notFound
        }
    }

    private static func peer(
        _ method: String, _ path: [Substring]
    ) throws(Route.Problem) -> OperatorRoute {
        switch (path[0], path[1], path.count) {
        case ("policy", "reload", 2):
            guard method == "POST" else { throw .methodNotAllowed("POST") }
            return .reloadPolicy
        case ("gossip", let mode, 2) where ["on", "off", "auto"].contains(mode):
            guard method == "POST" else { throw .methodNotAllowed("POST") }
            return .setGossip(String(mode))
        case ("explain", let id, 2):
            guard method == "GET" else { throw .methodNotAllowed("GET") }
            guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy(Self.isHexDigit) else {
                throw .notFound
            }
            return .explain(String(id))
        default: break
        }
        guard path[0] == "peers", let node = NodeID(hex: path[1]) else { throw .notFound }
        switch (path.count, path.last, method) {
        case (2, _, "DELETE"): return .remove(node)
        case (2, _, _): throw .methodNotAllowed("DELETE")
        case (3, "approve", "POST"): return .approve(node)
        case (3, "reject", "POST"): return .reject(node)
        case (3, "revoke", "POST"): return .revoke(node)
        case (3, "approve", _), (3, "reject", _), (3, "revoke", _):
            throw .methodNotAllowed("POST")
        default: throw .notFound
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func since(_ text: String?) throws(Route.Problem) -> Cursor? {
        guard let text else { return nil }
        guard let cursor = Cursor(text) else { throw .badQuery }
        return cursor
    }

    private static func limit(_ text: String?) throws(Route.Problem) -> Int {
        guard let text else { return pageLimit }
        guard let limit = Int(text), (1...pageLimit).contains(limit) else { throw .badQuery }
        return limit
    }
}
