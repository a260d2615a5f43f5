/// The policy that is in force, rule by rule.
public struct PolicyView: Codable, Hashable, Sendable {
    /// One setting.
    public struct Rule: Codable, Hashable, Sendable {
        /// As in `[federation.policy]`.
        public var name: String
        public var value: String
        /// What it means now, and whom it concerns.
        public var effect: String

        public init(_ name: String, _ value: String, _ effect: String) {
            self.name = name
            self.value = value
            self.effect = effect
        }
    }

    public var rules: [Rule]
    /// Origins whose events are admitted, with the reason.
    public var admitted: [String: String]
    /// Why the last change of the configuration was not taken over; absent where it was.
    public var error: String?

    public init(rules: [Rule], admitted: [String: String], error: String? = nil) {
        self.rules = rules
        self.admitted = admitted
        self.error = error
    }
}
