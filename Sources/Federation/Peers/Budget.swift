public import Core

/// Bounds of what one active peer may ask for, each with its reason. They let an honest peer do
/// all that it ever needs to; a hostile one costs this node a small part of a core and of its link.
public enum BudgetLimits {
    /// Live requests. A peer sends its next push when the one before was answered and puts what
    /// came meanwhile into it, so whoever posts faster than this only fills its pushes better.
    public static let liveRequests = Rate(burst: 1000, perSecond: 100)
    /// Live bytes: sixteen full batches at once, and then as much as a link of 64 Mbit/s carries.
    public static let liveBytes = Rate(burst: 64 << 20, perSecond: 8 << 20)
    /// Requests that catch up: pages hold up to 1,000 events and a session takes some ten rounds,
    /// so this is more than a log can be read with.
    public static let catchUpRequests = Rate(burst: 2000, perSecond: 200)
    /// Bytes that catch up: a log of a quarter GiB at once, further ones at 256 Mbit/s. A peer that
    /// was away for weeks is paced by its link, not by this.
    public static let catchUpBytes = Rate(burst: 256 << 20, perSecond: 32 << 20)
    /// Verifications that brought nothing: duplicates, garbage. Those that brought a new event are
    /// given back, but only when it is stored, so the burst covers what an honest peer has under
    /// way (`EngineLimits.jobs` batches of mostly a hundred events, or some full ones); the rate
    /// costs 3 % of a core at 130 microseconds each.
    public static let verifications = Rate(burst: 16_000, perSecond: 200)
}

/// What one active peer may still ask for.
///
/// Charge each request of a peer once its sender is proven and before any work is done for it:
///
///     if let wait = peer.budget.charge(.live, bytes: count, verifications: events, at: now) {
///         return refuse(exchange, Refusal(.overBudget, "…", retryAfter: wait), &effects)
///     }
///
/// and give back the verifications whose events turned out to be new and valid, so that useful work
/// is free:
///
///     peer.budget.refund(verifications: stored)
public struct Budget: Hashable, Sendable {
    /// Kinds of work, so that one does not use up what is meant for the other.
    public enum Class: Hashable, Sendable, CaseIterable {
        /// Push, status, own record, leave, bodies: what goes on all the time, a little at once.
        case live
        /// Pull, stream, reconcile, fetch, and answers to our own questions: much at once, seldom.
        case catchUp
    }

    /// What one class has.
    private struct Share: Hashable, Sendable {
        var requests = TokenBucket()
        var bytes = TokenBucket()

        func wait(_ kind: Class, requests: Int, bytes: Int, at now: Instant) -> Duration? {
            let first = self.requests.wait(for: Int64(requests), kind.requests, at: now)
            let second = self.bytes.wait(for: Int64(bytes), kind.bytes, at: now)
            return Budget.longer(first, second)
        }

        mutating func take(_ kind: Class, requests: Int, bytes: Int, at now: Instant) {
            self.requests.take(Int64(requests), kind.requests, at: now)
            self.bytes.take(Int64(bytes), kind.bytes, at: now)
        }
    }

    private var live = Share()
    private var catchUp = Share()
    private var verifications = TokenBucket()

    /// The whole budget.
    public init() {}

    /// Pays for a request, or says how long to wait, nothing taken: nil means paid. `bytes` are
    /// those of the message, or of the answer where that is what costs; `verifications` are the
    /// signatures that it orders.
    public mutating func charge(
        _ kind: Class, requests: Int = 1, bytes: Int = 0, verifications: Int = 0, at now: Instant
    ) -> Duration? {
        let share = kind == .live ? live : catchUp
        let wait = Self.longer(
            share.wait(kind, requests: requests, bytes: bytes, at: now),
            self.verifications.wait(
                for: Int64(verifications), BudgetLimits.verifications, at: now))
        guard wait == nil else { return wait }
        switch kind {
        case .live: live.take(kind, requests: requests, bytes: bytes, at: now)
        case .catchUp: catchUp.take(kind, requests: requests, bytes: bytes, at: now)
        }
        self.verifications.take(Int64(verifications), BudgetLimits.verifications, at: now)
        return nil
    }

    /// Pays for live bytes that were read already; says how long nothing more should be read, where
    /// they were more than there was.
    public mutating func owe(bytes: Int, at now: Instant) -> Duration? {
        live.bytes.owe(Int64(bytes), BudgetLimits.liveBytes, at: now)
    }

    private static func longer(_ a: Duration?, _ b: Duration?) -> Duration? {
        guard let a, let b else { return a ?? b }
        return max(a, b)
    }

    /// Gives back verifications that each brought a new valid event; never more than were charged.
    public mutating func refund(verifications count: Int) {
        verifications.giveBack(Int64(count))
    }
}

extension Budget.Class {
    /// The class of a peer's request.
    public init(_ request: Request) {
        switch request {
        case .push, .status, .ownRecord, .leave, .bodies, .introduce, .confirm: self = .live
        case .pull, .stream, .reconcile, .fetch, .admissions: self = .catchUp
        }
    }

    fileprivate var requests: Rate {
        self == .live ? BudgetLimits.liveRequests : BudgetLimits.catchUpRequests
    }

    fileprivate var bytes: Rate {
        self == .live ? BudgetLimits.liveBytes : BudgetLimits.catchUpBytes
    }
}
