import Core

extension RunRecord {
    /// All of it in one line without a newline, for programs and for `ReportPage`. Times are
    /// microseconds. The same for the same seed, in every process, unless `withWallTime`.
    ///
    /// `held` has a string for each sample, a letter for each node: how much it held, in 63rds, by
    /// `Self.letters`, or "!" while it was down. `arrivals` are [node, time, from, hop], -1 where
    /// there is none. `neighbors` are [time, node, neighbor, 1 or 0]. `registered` is empty where
    /// nodes know more than 24 others on average: of a mesh there is nothing to see.
    public func json(withWallTime: Bool = false) -> String {
        var json = JSONWriter()
        json.object { json in writeFields(to: &json, withWallTime: withWallTime) }
        return json.text
    }

    private static let sparse = 24
    static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_")

    func writeFields(to json: inout JSONWriter, withWallTime: Bool) {
        json.field("scenario", label.scenario)
        json.field("method", label.method)
        json.field("variant", label.variant)
        json.field("seed", label.seed)
        json.field("command", label.command)
        json.field("nodes", nodes)
        json.field("events", events)
        json.field("duration", duration.microseconds)
        writeFigures(to: &json)
        writeSamples(to: &json)
        writeLatencies("latency", latencies, to: &json)
        writeLatencies("catchUp", catchUp, to: &json)
        writeNetwork(to: &json)
        json.field("happenings", happenings)
        if withWallTime, let wallTime { json.field("wallTime", wallTime.microseconds) }
        json.field("traceHash", traceHash)
        json.field("verdict", verdict)
        if let outcome { write(outcome, to: &json) }
        json.strings("failures", failures)
        json.strings("notes", notes)
    }

    private func write(_ outcome: Outcome, to json: inout JSONWriter) {
        json.object("outcome") { json in
            json.field("isEqual", outcome.isEqual)
            json.field("isProven", outcome.isProven)
            json.field("proves", outcome.proves)
            json.field("isMeant", outcome.isMeant)
            json.field(
                "equalAfter", number: outcome.equalAfter.map { "\($0.microseconds)" })
            json.field(
                "provenAfter", number: outcome.provenAfter.map { "\($0.microseconds)" })
            json.field("sessions", outcome.sessions)
            json.field("neededEventBytes", outcome.neededEventBytes)
        }
    }

    private func writeFigures(to json: inout JSONWriter) {
        json.object("bytes") { json in
            for kind in ByteSums.Kind.allCases { json.field(kind.name, bytes[kind]) }
        }
        json.field("messages", messages)
        json.field("roundTrips", roundTrips)
        json.object("perNode") { json in
            json.numbers("up", figures.map(\.bytesUp))
            json.numbers("down", figures.map(\.bytesDown))
            json.numbers("delivered", figures.map(\.delivered))
            json.numbers("duplicates", figures.map(\.duplicates))
            json.numbers("neighbors", figures.map(\.neighbors))
            json.numbers("isUp", figures.map { figures in figures.isUp ? 1 : 0 })
        }
    }

    private func writeSamples(to json: inout JSONWriter) {
        json.object("samples") { json in
            json.numbers("time", samples.map { Int($0.time.microseconds) })
            json.numbers("complete", samples.map(\.complete))
            json.numbers("deliveries", samples.map(\.deliveries))
            json.numbers("share", samples.map { Int(($0.share * 100_000).rounded(.down)) })
            for kind in ByteSums.Kind.allCases {
                json.numbers(kind.name, samples.map { $0.bytes[kind] })
            }
            json.strings("held", samples.map { Self.letters($0.held) })
        }
    }

    private static func letters(_ held: [Int16]) -> String {
        String(held.map { $0 < 0 ? "!" : letters[Int($0) * 63 / 1000] })
    }

    private func writeLatencies(
        _ key: String, _ histogram: LatencyHistogram, to json: inout JSONWriter
    ) {
        json.object(key) { json in
            json.field("count", histogram.count)
            for (name, part) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
                json.field(name, number: histogram.quantile(part).map { "\($0.microseconds)" })
            }
            json.field("max", histogram.longest.microseconds)
            json.numbers("from", histogram.bars.map { Int($0.from.microseconds) })
            json.numbers("counts", histogram.bars.map(\.count))
        }
    }

    private func writeNetwork(to json: inout JSONWriter) {
        let pairs = registered.reduce(0) { $0 + $1.count }
        json.lists("registered", pairs > Self.sparse * nodes ? [] : registered)
        json.lists(
            "neighbors",
            neighborChanges.map {
                [Int($0.time.microseconds), $0.node, $0.neighbor, $0.isUp ? 1 : 0]
            })
        json.array("spreads", spreads) { json, spread in
            json.field("id", spread.id)
            json.field("origin", spread.origin ?? -1)
            json.field("born", spread.born.microseconds)
            json.lists(
                "arrivals",
                spread.arrivals.map {
                    [$0.node, Int($0.time.microseconds), $0.from ?? -1, $0.hop ?? -1]
                })
        }
        json.array("faults", faults) { json, fault in
            json.field("time", fault.time.microseconds)
            json.field("kind", fault.kind)
            json.numbers("nodes", fault.nodes)
        }
        json.numbers("dishonest", dishonest)
    }
}
