import Federation
import HTTPTypes
import HummingbirdCore
import NIOCore

/// A response before it is written.
struct ServerReply {
    var status: Int
    var contentType: String
    var body: [UInt8]
    var headers: [(name: String, value: String)] = []
    /// Whether the connection ends after it.
    var closes = false

    /// Any value as JSON.
    static func json(_ value: some Encodable, status: Int = 200) -> ServerReply {
        ServerReply(status: status, contentType: MediaType.json, body: ViewJSON.encode(value))
    }

    /// A peer's answer, in the encoding that it asked for.
    init(_ response: Federation.Response, asCBOR: Bool) {
        if case .refused(let refusal) = response {
            self.init(refusal, asCBOR: asCBOR)
        } else if asCBOR {
            self.init(status: 200, contentType: MediaType.cbor, body: response.encoded())
        } else {
            self = .json(ResponseView(response))
        }
    }

    /// A refusal: problem details (RFC 9457), or CBOR.
    init(_ refusal: Refusal, status: Int? = nil, asCBOR: Bool) {
        let status = status ?? refusal.code.httpStatus
        if asCBOR {
            let body = Federation.Response.refused(refusal).encoded()
            self.init(status: status, contentType: MediaType.cbor, body: body)
        } else {
            let view = ProblemView(refusal, status: status)
            self.init(
                status: status, contentType: MediaType.problem, body: ViewJSON.encode(view))
        }
        if let wait = refusal.retryAfter {
            headers.append(("retry-after", "\(Int64(wait.inSeconds.rounded(.up)))"))
        }
    }

    /// A target that is no route.
    init(_ problem: Route.Problem, asCBOR: Bool) {
        guard case .methodNotAllowed(let allowed) = problem else {
            self.init(problem.refusal, asCBOR: asCBOR)
            return
        }
        self.init(problem.refusal, status: 405, asCBOR: asCBOR)
        headers.append(("allow", allowed))
    }

    init(status: Int, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    func head(closing: Bool) -> HTTPResponse {
        var fields = HTTPFields()
        fields[.contentType] = contentType
        fields[.contentLength] = "\(body.count)"
        // Answers are for one caller at one moment.
        fields[.cacheControl] = "no-store"
        if closing { fields[.connection] = "close" }
        for header in headers {
            if let name = HTTPField.Name(header.name) { fields[name] = header.value }
        }
        return HTTPResponse(status: .init(code: status), headerFields: fields)
    }
}

extension Route.Problem {
    var refusal: Refusal {
        switch self {
        case .notFound: Refusal(.notFound, "no such route")
        case .badQuery:
            Refusal(.malformed, "the query can't be read; it may be since=<log>.<position>")
        case .methodNotAllowed(let allowed): Refusal(.notAllowed, "allowed here: \(allowed)")
        }
    }
}

extension RefusalCode {
    /// The status that says it best.
    var httpStatus: Int {
        switch self {
        case .unauthenticated: 401
        case .unknownScope, .unknownPeer, .notActive, .removed, .notAllowed, .notAdmitted,
            .revoked, .badInvite, .tierTooLow, .badRotation:
            403
        case .notFound: 404
        case .cursorReset, .sessionGone: 410
        case .tooLarge: 413
        case .misaddressed: 421
        case .tooEarly: 425
        case .overBudget: 429
        case .busy, .cannotStore, .clockBehind, .clockAhead, .tooManyPeers: 503
        default: 400
        }
    }
}
