/// What each method needed for one pair of logs.
public struct CompareReport: Hashable, Sendable {
    /// One method's session.
    public struct Result: Hashable, Sendable {
        public let method: CompareMethod
        /// All messages, both ways, with the requests for missing events and the proof; without the
        /// events.
        public var bytes = 0
        /// Until the difference is known: messages of the initiator with their answers, those that
        /// go at once together.
        public var roundTrips = 0
        /// With the exchange of events and the proof.
        public var roundTripsInAll = 0
        /// Processor time of each side until the difference is known; trees and sketches stand.
        public var initiator = Duration.zero
        public var responder = Duration.zero
        /// With the proof: inserting what came, and hashing the union.
        public var initiatorInAll = Duration.zero
        public var responderInAll = Duration.zero
        /// Events that moved though the other side held them.
        public var extraEvents = 0
        /// How the machines found the difference, in the end.
        public var way = ""
        /// Whether the difference found is the true one, and the roots were proven equal.
        public var isExact = false

        init(method: CompareMethod) { self.method = method }
    }

    public let scenario: CompareScenario
    public let results: [Result]

    /// Whether every method found the true difference.
    public var isPass: Bool { !results.isEmpty && results.allSatisfy(\.isExact) }

    /// For people; ends with a newline.
    public func table() -> String {
        var table = TextTable([
            "method", "bytes", "vs naive", "round trips", "in all", "initiator ms",
            "responder ms", "exact",
        ])
        let naive = results.first { $0.method == .naive }?.bytes
        for result in results {
            table.add([
                result.method.rawValue, Text.grouped(result.bytes),
                Text.ratio(result.bytes, to: naive), Text.grouped(result.roundTrips),
                Text.grouped(result.roundTripsInAll), Text.milliseconds(result.initiator),
                Text.milliseconds(result.responder),
                result.method == .cursor ? "unproven" : result.isExact ? "yes" : "no",
            ])
        }
        let items = Text.grouped(scenario.items)
        let different = Text.grouped(scenario.different)
        return """
            \(items) items in common, \(different) more on one side only, \
            \(scenario.placement.rawValue), seed \(scenario.seed)

            \(table.text)
            Bytes of session messages both ways, the proof included; events, HTTP and TLS are not \
            in them.
            Round trips and processor time until the difference is known; "in all" with the \
            exchange and the proof.
            cursor: \(CompareMethod.cursor.remark).

            """
    }

    /// For programs; one line without a newline.
    public func json() -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("items", scenario.items)
            json.field("different", scenario.different)
            json.field("placement", scenario.placement.rawValue)
            json.field("seed", scenario.seed)
            json.array("results", results) { json, result in
                json.field("method", result.method.rawValue)
                json.field("bytes", result.bytes)
                json.field("roundTrips", result.roundTrips)
                json.field("roundTripsInAll", result.roundTripsInAll)
                json.object("cpuMilliseconds") { json in
                    json.field("initiator", number: Text.milliseconds(result.initiator))
                    json.field("responder", number: Text.milliseconds(result.responder))
                    json.field("initiatorInAll", number: Text.milliseconds(result.initiatorInAll))
                    json.field("responderInAll", number: Text.milliseconds(result.responderInAll))
                }
                json.field("exact", result.isExact)
            }
        }
        return json.text
    }
}
