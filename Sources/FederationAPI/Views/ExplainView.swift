/// Why an event or a peer is here, or not.
public struct ExplainView: Codable, Hashable, Sendable {
    /// One refusal of an event, as far as it is remembered.
    public struct RefusalView: Codable, Hashable, Sendable {
        public var event: String
        /// Who handed it over; absent for the operator.
        public var sender: String?
        public var firstCode: String
        /// RFC 3339.
        public var firstTime: String
        public var lastCode: String
        public var lastTime: String
        public var count: UInt64

        public init(
            event: String, sender: String?, firstCode: String, firstTime: String,
            lastCode: String, lastTime: String, count: UInt64
        ) {
            self.event = event
            self.sender = sender
            self.firstCode = firstCode
            self.firstTime = firstTime
            self.lastCode = lastCode
            self.lastTime = lastTime
            self.count = count
        }
    }

    /// One fact, and what it means.
    public struct Fact: Codable, Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// event, peer or origin.
    public var subject: String
    public var id: String
    /// One word: stored, hidden, set-aside, refused, unknown; or a registration's state.
    public var state: String
    /// One sentence.
    public var why: String
    /// What the operator can do; absent where nothing needs to be done.
    public var advice: String?
    public var facts: [Fact]
    public var refusals: [RefusalView]

    public init(
        subject: String, id: String, state: String, why: String, advice: String? = nil,
        facts: [Fact] = [], refusals: [RefusalView] = []
    ) {
        self.subject = subject
        self.id = id
        self.state = state
        self.why = why
        self.advice = advice
        self.facts = facts
        self.refusals = refusals
    }
}
