import Core
import NIOCore
import NIOHTTP1

/// A whole response.
struct HTTPReply: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]

    var contentType: String { headers.first(name: "content-type") ?? "" }
}

extension HTTPConnection {
    /// Sends one request and takes the whole response. `isUntouched` is set back once a byte of the
    /// response has come: until then a stale connection may be the cause, and the request may be
    /// sent again.
    func exchange(
        _ head: HTTPRequestHead, _ body: [UInt8], limits: ClientLimits,
        isUntouched: inout Bool
    ) async throws(TransportError) -> (reply: HTTPReply, isReusable: Bool) {
        var untouched = true
        defer { isUntouched = untouched }
        return try await limited(to: limits.responseTimeout, "the response") {
            send(head, body)
            let first = try await next()
            untouched = false
            return try await collect(first, limit: limits.responseBytes)
        }
    }

    func collect(
        _ first: HTTPClientResponsePart, limit: Int
    ) async throws -> (reply: HTTPReply, isReusable: Bool) {
        guard case .head(let head) = first else {
            throw TransportError.badResponse("a body without a head")
        }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > limit
        {
            throw TransportError.tooLarge
        }
        var reply = HTTPReply(status: Int(head.status.code), headers: head.headers, body: [])
        while true {
            switch try await next() {
            case .body(let buffer):
                guard reply.body.count + buffer.readableBytes <= limit else {
                    throw TransportError.tooLarge
                }
                reply.body.append(contentsOf: buffer.readableBytesView)
            case .end:
                return (reply, head.isKeepAlive && isActive)
            case .head:
                throw TransportError.badResponse("two heads")
            }
        }
    }
}
