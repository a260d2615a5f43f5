public import Federation

/// Problem details (RFC 9457) of a refusal.
public struct ProblemView: Codable, Hashable, Sendable {
    public var type: String
    public var title: String
    public var status: Int
    public var detail: String
    /// The refusal's code (docs/PROTOCOL.md, "Refusals").
    public var code: String
    public var retryAfterSeconds: Double?

    public init(_ refusal: Refusal, status: Int) {
        type = "about:blank"
        title = refusal.code.rawValue
        self.status = status
        detail = refusal.detail
        code = refusal.code.rawValue
        retryAfterSeconds = refusal.retryAfter?.inSeconds
    }
}
