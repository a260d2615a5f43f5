public import Core

/// Links that have ended: how often for which cause, and the last ones.
public struct LinkEndings: Hashable, Sendable {
    /// Who ended a link.
    public enum Side: String, Hashable, Sendable, CaseIterable {
        /// This node said bye.
        case here
        /// The other one did.
        case there
        /// The connection broke off, and nobody said why.
        case nobody
    }

    /// One link that has ended.
    public struct Ending: Hashable, Sendable {
        public var node: NodeID
        /// Whether this node dialled.
        public var isOutbound: Bool
        public var side: Side
        /// Nil where nobody said why.
        public var cause: ByeCause?
        public var at: Instant
    }

    private var said = [Int](repeating: 0, count: ByeCause.allCases.count)
    private var heard = [Int](repeating: 0, count: ByeCause.allCases.count)
    /// Links that broke off without a bye.
    public private(set) var broken = 0
    /// Dials that came to no link.
    public internal(set) var failedDials = 0
    /// The last ones, the newest last. Visits that are done are left out: they would be all of
    /// them.
    public private(set) var last: [Ending] = []

    public init() {}

    /// How often this node ended a link for this cause; refused hellos are among them.
    public func said(_ cause: ByeCause) -> Int { said[Int(cause.rawValue)] }

    /// How often others did.
    public func heard(_ cause: ByeCause) -> Int { heard[Int(cause.rawValue)] }

    mutating func note(_ ending: Ending) {
        switch (ending.side, ending.cause) {
        case (.here, let cause?): said[Int(cause.rawValue)] += 1
        case (.there, let cause?): heard[Int(cause.rawValue)] += 1
        default: broken += 1
        }
        guard ending.cause != .done else { return }
        if last.count == GossipLimits.endings { last.removeFirst() }
        last.append(ending)
    }
}

extension GossipMachine {
    /// Notes that a link ends; called once for each.
    mutating func noteEnd(
        of link: LinkState, by side: LinkEndings.Side, _ cause: ByeCause?, _ now: Instant
    ) {
        endings.note(
            LinkEndings.Ending(
                node: link.node, isOutbound: link.name.isOurs, side: side, cause: cause, at: now))
    }
}
