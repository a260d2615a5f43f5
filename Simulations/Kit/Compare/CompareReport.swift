/// What each method needed for one pair of logs.
public struct CompareReport: Hashable, Sendable {
    /// One method's session.
    public struct Result: Hashable, Sendable {
        public let method: String
        /// All messages, both ways, with the request for missing events and the proof; without the
        /// events.
        public let bytes: Int
        /// Messages of the initiator, each with its answer. Pushed events travel beside them.
        public let roundTrips: Int
        /// Processor time of each side; trees that stand are not counted.
        public let initiator: Duration
        public let responder: Duration
        /// Whether the difference found is the true one, and the roots were proven equal.
        public let isExact: Bool
    }

    public let scenario: CompareScenario
    public let results: [Result]

    /// Whether every method found the true difference.
    public var isPass: Bool { !results.isEmpty && results.allSatisfy(\.isExact) }

    /// For people; ends with a newline.
    public func table() -> String {
        var table = TextTable([
            "method", "bytes", "vs naive", "round trips", "initiator ms", "responder ms", "exact",
        ])
        let naive = results.first { $0.method == SyncMethod.naive.rawValue }?.bytes
        for result in results {
            table.add([
                result.method, Text.grouped(result.bytes), Text.ratio(result.bytes, to: naive),
                Text.grouped(result.roundTrips), Text.milliseconds(result.initiator),
                Text.milliseconds(result.responder), result.isExact ? "yes" : "no",
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
                json.field("method", result.method)
                json.field("bytes", result.bytes)
                json.field("roundTrips", result.roundTrips)
                json.object("cpuMilliseconds") { json in
                    json.field("initiator", number: Text.milliseconds(result.initiator))
                    json.field("responder", number: Text.milliseconds(result.responder))
                }
                json.field("exact", result.isExact)
            }
        }
        return json.text
    }
}
