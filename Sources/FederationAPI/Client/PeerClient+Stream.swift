public import Core
public import Federation
import NIOCore
import NIOHTTP1

extension PeerClient {
    /// Opens a peer's stream and calls `each` with page after page, until the server ends it (it
    /// does after 15 minutes; go on from the last page's `next`) or `each` returns false.
    ///
    /// The next page is read from the socket only when `each` has returned, so a slow receiver
    /// slows the sender down. A stream that is silent for `ClientLimits.streamSilence` throws
    /// `timedOut`; cancelling the task closes the socket.
    public func stream(
        since: Cursor?, from endpoint: Endpoint, pin: NodeID, signedBy key: SecretKey,
        guardedBy dialGuard: DialGuard? = nil, each: (Page) async -> Bool
    ) async throws(TransportError) {
        let wire = WireRequest(.stream(since: since), of: key.node)
        var challenge: String?
        while true {
            let connection = try await pool.open(endpoint, pin: pin, guardedBy: dialGuard)
            defer { connection.close() }
            let head = head(wire, to: pin, at: endpoint, key: key, challenge: challenge)
            let first = try await connection.limited(to: limits.responseTimeout, "the stream") {
                connection.send(head, [])
                return try await connection.next()
            }
            guard case .head(let answer) = first else { throw .badResponse("no head") }
            if answer.status == .ok, answer.headers.first(name: "content-type") == MediaType.events
            {
                return try await connection.frames(limits) { frame throws(TransportError) in
                    await each(try Self.page(frame))
                }
            }
            let reply = try await connection.limited(to: limits.responseTimeout, "the answer") {
                try await connection.collect(first, limit: limits.responseBytes).reply
            }
            guard reply.status == 401, challenge == nil,
                let found = reply.headers.first(name: "teambook-challenge"), found.count <= 64
            else { throw Self.refusal(in: reply) }
            challenge = found
        }
    }

    private static func refusal(in reply: HTTPReply) -> TransportError {
        guard reply.contentType.hasPrefix(MediaType.cbor),
            // What is no refusal is reported as a bad response.
            case .refused(let refusal) = try? Federation.Response(decoding: reply.body)
        else { return .badResponse("status \(reply.status), \(reply.contentType)") }
        return .refused(refusal)
    }

    private static func page(_ frame: StreamParser.Frame) throws(TransportError) -> Page {
        guard let bytes = Base64URL.decode(frame.data),
            // What is no page is reported as a bad response.
            case .page(let page) = try? Federation.Response(decoding: bytes)
        else { throw .badResponse("stream: not a page") }
        return page
    }
}

extension HTTPConnection {
    /// Reads a stream whose head has come, event by event, until it ends or `each` returns false.
    /// The next bytes are read when `each` has returned.
    func frames(
        _ limits: ClientLimits,
        _ each: (StreamParser.Frame) async throws(TransportError) -> Bool
    ) async throws(TransportError) {
        var parser = StreamParser(lineBytes: limits.streamLineBytes)
        while true {
            let part = try await limited(to: limits.streamSilence, "the next ping") {
                try await next()
            }
            guard case .body(let buffer) = part else { return }
            let frames: [StreamParser.Frame]
            do {
                frames = try parser.feed(buffer.readableBytesView)
            } catch {
                throw .badResponse("stream: \(error)")
            }
            for frame in frames where frame.event == "page" {
                guard try await each(frame) else { return }
            }
        }
    }
}
