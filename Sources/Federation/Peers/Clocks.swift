import Core

/// The clocks of the peers, measured at each handshake and, to the second, at each signed request.
extension Engine {
    /// Notes how far a peer's clock is ahead of ours.
    mutating func measured(
        _ offset: Duration, of node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard peers[node] != nil else { return }
        let before = clockWarning
        peers[node]?.clock = Peer.ClockReading(offset: offset, at: now)
        if clockWarning != before, let warning = clockWarning {
            report(.trouble(nil, warning), &effects)
        }
    }

    /// A request carries its signing time in whole seconds: too coarse to replace a handshake's
    /// measure, good enough to see that a clock was set since.
    mutating func noteClock(
        _ signedAt: WallTime?, of node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let signedAt else { return }
        let offset = signedAt - wall
        let known = peers[node]?.clock?.offset ?? .zero
        guard (offset - known).magnitude > EngineLimits.clockNoise || peers[node]?.clock == nil
        else { return }
        measured(offset, of: node, now, &effects)
    }

    /// How far this node's clock is ahead of the median of the active peers' clocks, and how many
    /// those are.
    public var clockAhead: (offset: Duration, peers: Int)? {
        let offsets = peers.active.compactMap { peers[$0]?.clock?.offset }.sorted()
        guard !offsets.isEmpty else { return nil }
        let middle = offsets.count / 2
        let median =
            offsets.count % 2 == 1 ? offsets[middle] : (offsets[middle - 1] + offsets[middle]) / 2
        return (.zero - median, offsets.count)
    }

    /// What the operator should know about this node's clock; nil where all is well.
    public var clockWarning: String? {
        guard let (offset, count) = clockAhead, offset.magnitude > EngineLimits.clockTolerance
        else { return nil }
        let seconds = offset.magnitude.components.seconds
        let side = offset > .zero ? "ahead of" : "behind"
        let whom = count == 1 ? "your only active peer" : "the median of \(count) peers"
        return "your clock is \(seconds) s \(side) \(whom): correct this machine's clock"
    }

    /// Why nothing may be signed now: others would have to set it aside. One or two peers can't
    /// silence a node, since their clocks may be the wrong ones.
    var clockRefusal: Refusal? {
        guard let (offset, count) = clockAhead, count >= EngineLimits.clockWitnesses,
            offset > EngineLimits.clockTolerance
        else { return nil }
        return Refusal(.clockAhead, clockWarning ?? "your clock is ahead")
    }
}

extension WallTime {
    /// From `b` to `a`.
    static func - (a: Self, b: Self) -> Duration {
        .microseconds(Int64(clamping: a.microseconds) - Int64(clamping: b.microseconds))
    }
}

extension Duration {
    var magnitude: Duration { self < .zero ? .zero - self : self }
}
