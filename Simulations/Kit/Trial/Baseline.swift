/// What runs have shown before, to compare with: lines of `federate simulate --json`.
///
/// One seed gives one run, so nothing here is noise of the machine: the tolerance says how much a
/// change of the engine may shift where a message goes first without being worse.
public struct BaselineRun: Codable, Hashable, Sendable {
    /// From durable at the origin to durable elsewhere.
    public struct Latency: Codable, Hashable, Sendable {
        public var p50: Double
        public var p99: Double
    }

    /// Of the longest ways, in hops.
    public struct Hops: Codable, Hashable, Sendable {
        public var mean: Double
    }

    /// Names the run.
    public var replay: String
    public var latencyMilliseconds: Latency
    public var lastHop: Hops
    public var bytesPerDelivery: Double
    public var bytesByKind: [String: Int]
    public var messages: Int
    public var rounds: Int
    public var rmr: Double
    public var settledSeconds: Double?
    public var verdict: String

    /// What is worse in `self` than it was in `before`, in words; empty where nothing is. What is
    /// within `tolerance` (0.1 is a tenth), or within the resolution of its measure, is the same.
    public func regressions(since before: BaselineRun, tolerance: Double) -> [String] {
        var worse: [String] = []
        func compare(_ name: String, _ now: Double, _ then: Double, _ resolution: Double) {
            guard now > then * (1 + tolerance) + resolution else { return }
            worse.append("\(name): \(Text.fixed(now, 2)), was \(Text.fixed(then, 2))")
        }
        compare("p50 ms", latencyMilliseconds.p50, before.latencyMilliseconds.p50, 1)
        compare("p99 ms", latencyMilliseconds.p99, before.latencyMilliseconds.p99, 2)
        compare("bytes a delivery", bytesPerDelivery, before.bytesPerDelivery, 2)
        for (kind, bytes) in bytesByKind.sorted(by: { $0.key < $1.key }) {
            compare("bytes of \(kind)", Double(bytes), Double(before.bytesByKind[kind] ?? 0), 4096)
        }
        compare("rounds", Double(rounds), Double(before.rounds), 4)
        compare("last hop", lastHop.mean, before.lastHop.mean, 0.1)
        compare("messages", Double(messages), Double(before.messages), 20)
        compare("RMR", rmr, before.rmr, 0.02)
        switch (settledSeconds, before.settledSeconds) {
        case (let now?, let then?): compare("settled s", now, then, 0.5)
        case (nil, _?): worse.append("never equal")
        default: break
        }
        if verdict != "pass", before.verdict == "pass" { worse.append("verdict: \(verdict)") }
        return worse
    }
}
