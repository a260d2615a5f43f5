package import Core
package import Federation

/// A request of the protocol as HTTP carries it; `Route` reads it on the other side.
package struct WireRequest: Sendable {
    package var method: String
    /// Path and query.
    package var target: String
    package var body: [UInt8]
    /// Whether it proves its sender by itself.
    package var isUnsigned: Bool

    static let root = "/api/federation"

    package init(_ request: Federation.Request, of node: NodeID) {
        method = "POST"
        body = []
        isUnsigned = false
        func query(_ since: Cursor?) -> String { since.map { "?since=\($0.text)" } ?? "" }
        let path: String
        switch request {
        case .introduce, .confirm:
            path = "/register"
            isUnsigned = true
        case .push: path = "/events"
        case .reconcile, .fetch, .admissions: path = "/reconcile"
        case .bodies: path = "/bodies"
        case .pull(let since):
            (method, path) = ("GET", "/events" + query(since))
        case .stream(let since):
            (method, path) = ("GET", "/stream" + query(since))
        case .status: (method, path) = ("GET", "/status")
        case .ownRecord: (method, path) = ("GET", "/peers")
        case .leave: (method, path) = ("DELETE", "/peers/\(node.hex)")
        }
        target = Self.root + path
        if method == "POST" { body = request.encoded() }
    }
}
