public import Core
import Federation
import NIOCore
import NIOHTTP1

/// Why a command got no answer from the running node.
public enum SocketError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody listens: no node runs on this data folder, or the caller may not open the socket.
    case notRunning(path: String)
    /// The node said no.
    case problem(ProblemView)
    case badResponse(String)
    case timedOut
    /// The node ended before it answered.
    case closed
    case cancelled

    public var description: String {
        switch self {
        case .notRunning(let path): "no node answers on \(path); start one with: federate start"
        case .problem(let problem): "refused (\(problem.code)): \(problem.detail)"
        case .badResponse(let why): "the node's answer can't be understood: \(why)"
        case .timedOut: "the node did not answer in time"
        case .closed: "the node ended before it answered"
        case .cancelled: "cancelled"
        }
    }

    init(_ error: TransportError, path: String) {
        switch error {
        case .cannotConnect: self = .notRunning(path: path)
        case .timedOut: self = .timedOut
        case .cancelled: self = .cancelled
        case .closed: self = .closed
        default: self = .badResponse("\(error)")
        }
    }
}

/// Speaks to the running node through its control socket; one connection a call.
public struct SocketClient: Sendable {
    private let path: String
    private let limits: ClientLimits

    /// `timeout` is for a whole answer; a sync with far peers takes long.
    public init(socket path: String, timeout: Duration = .seconds(30)) {
        self.path = path
        var limits = ClientLimits()
        limits.responseTimeout = timeout
        limits.responseBytes = 64 << 20
        limits.streamLineBytes = 64 << 20
        self.limits = limits
    }

    /// GETs a view.
    public func get<View: Decodable & Sendable>(
        _ target: String, as type: View.Type = View.self
    ) async throws(SocketError) -> View {
        try await send("GET", target, [], as: type)
    }

    /// Sends a body and takes a view.
    public func send<View: Decodable & Sendable>(
        _ method: String, _ target: String, body: some Encodable, as type: View.Type = View.self
    ) async throws(SocketError) -> View {
        try await send(method, target, ViewJSON.encode(body), as: type)
    }

    /// Sends bytes as they are and takes whatever comes, refusals included.
    public func raw(
        _ method: String, _ target: String, body: [UInt8] = []
    ) async throws(SocketError) -> (status: Int, body: [UInt8]) {
        do throws(TransportError) {
            let connection = try await HTTPConnection.open(socket: path)
            defer { connection.close() }
            var untouched = true
            let reply = try await connection.exchange(
                Self.head(method, target, body.count), body, limits: limits,
                isUntouched: &untouched
            ).reply
            return (reply.status, reply.body)
        } catch {
            throw SocketError(error, path: path)
        }
    }

    private func send<View: Decodable & Sendable>(
        _ method: String, _ target: String, _ body: [UInt8], as: View.Type
    ) async throws(SocketError) -> View {
        let (status, bytes) = try await raw(method, target, body: body)
        return try Self.read(status, bytes)
    }

    private static func read<View: Decodable>(
        _ status: Int, _ bytes: [UInt8]
    ) throws(SocketError) -> View {
        do {
            guard (200..<300).contains(status) else {
                throw SocketError.problem(try ViewJSON.decode(bytes))
            }
            return try ViewJSON.decode(bytes)
        } catch let error as SocketError {
            throw error
        } catch {
            throw .badResponse("status \(status): \(error)")
        }
    }

    private static func head(_ method: String, _ target: String, _ length: Int) -> HTTPRequestHead {
        var headers = HTTPHeaders([("host", "localhost"), ("accept", MediaType.json)])
        if method != "GET" {
            headers.add(name: "content-type", value: MediaType.json)
            headers.add(name: "content-length", value: "\(length)")
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method), uri: target, headers: headers)
    }
}

extension SocketClient {
    /// Follows the log: calls `each` with page after page until the node ends it or `each` returns
    /// false.
    public func watch(
        since: Cursor?, each: (PageView) async -> Bool
    ) async throws(SocketError) {
        let reply: HTTPReply?
        do throws(TransportError) {
            let connection = try await HTTPConnection.open(socket: path)
            defer { connection.close() }
            reply = try await follow(connection, since, each)
        } catch {
            throw SocketError(error, path: path)
        }
        guard let reply else { return }
        let _: DoneView = try Self.read(reply.status, reply.body)
    }

    /// Nil at the end of the stream, or the answer that came instead of one.
    private func follow(
        _ connection: HTTPConnection, _ since: Cursor?, _ each: (PageView) async -> Bool
    ) async throws(TransportError) -> HTTPReply? {
        let target = "\(WireRequest.root)/stream" + (since.map { "?since=\($0.text)" } ?? "")
        let first = try await connection.limited(to: limits.responseTimeout, "the stream") {
            connection.send(Self.head("GET", target, 0), [])
            return try await connection.next()
        }
        guard case .head(let head) = first, head.status == .ok else {
            return try await connection.limited(to: limits.responseTimeout, "the answer") {
                try await connection.collect(first, limit: limits.responseBytes).reply
            }
        }
        try await connection.frames(limits) { frame throws(TransportError) in
            do {
                let page: PageView = try ViewJSON.decode(Array(frame.data.utf8))
                return await each(page)
            } catch {
                throw .badResponse("stream: \(error)")
            }
        }
        return nil
    }
}
