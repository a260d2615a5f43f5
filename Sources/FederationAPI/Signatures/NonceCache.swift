import Core

/// Remembers each key's nonces for as long as a signature can be good: twice
/// `RequestSignature.life`.
///
/// Two generations a key: one is filled, one only asked; both together hold every nonce for 2 to 4
/// minutes. Keys of active peers have room for all that a peer can ask; their number is bounded by
/// the policy. Keys that are no active peer's have room for what a registration takes, and there is
/// room for only so many of them.
struct NonceCache {
    /// What happened to a nonce.
    enum Outcome: Equatable {
        case fresh, seen
        /// No room to remember it, so it must not be accepted.
        case full
    }

    private struct Generations {
        var current: Set<Nonce> = []
        var previous: Set<Nonce> = []
        var since: ContinuousClock.Instant
        var isPeer: Bool

        func contains(_ nonce: Nonce) -> Bool {
            current.contains(nonce) || previous.contains(nonce)
        }
    }

    static let life: Duration = .seconds(120)
    /// 400 requests a second of one active peer, more than its budget allows; about 4 MiB.
    let perPeer: Int
    /// Of one key that is no active peer's: one in four seconds.
    let perStranger: Int
    /// Keys that are no active peer's: four times as many as may be pending.
    let strangers: Int
    private var keys: [NodeID: Generations] = [:]
    private var strangerCount = 0
    private var swept: ContinuousClock.Instant?

    init(perPeer: Int = 100_000, perStranger: Int = 60, strangers: Int = 1024) {
        self.perPeer = perPeer
        self.perStranger = perStranger
        self.strangers = strangers
    }

    /// Keys that are remembered.
    var count: Int { keys.count }

    /// Whether a nonce was taken within the last two minutes. (Up to four are remembered; older
    /// ones are stale by their date.)
    func contains(_ nonce: Nonce, of node: NodeID, at now: ContinuousClock.Instant) -> Bool {
        guard let generations = keys[node] else { return false }
        return generations.since.duration(to: now) < Self.life + Self.life
            && generations.contains(nonce)
    }

    /// Takes a nonce in. `isPeer` says whether the key is an active peer's at present.
    mutating func insert(
        _ nonce: Nonce, of node: NodeID, isPeer: Bool, at now: ContinuousClock.Instant
    ) -> Outcome {
        sweep(at: now)
        var generations = keys[node] ?? Generations(since: now, isPeer: true)
        rotate(&generations, at: now)
        guard !generations.contains(nonce) else { return .seen }
        let held = generations.current.count + generations.previous.count
        guard held < (isPeer ? perPeer : perStranger) else { return .full }
        let wasStranger = keys[node].map { !$0.isPeer } ?? false
        guard isPeer || wasStranger || strangerCount < strangers else { return .full }
        strangerCount += (isPeer ? 0 : 1) - (wasStranger ? 1 : 0)
        generations.isPeer = isPeer
        generations.current.insert(nonce)
        keys[node] = generations
        return .fresh
    }

    /// Forgets keys that have been silent; looks for them once in a nonce's life.
    private mutating func sweep(at now: ContinuousClock.Instant) {
        if let swept, swept.duration(to: now) < Self.life { return }
        swept = now
        keys = keys.filter { $0.value.since.duration(to: now) < Self.life + Self.life }
        strangerCount = keys.values.count { !$0.isPeer }
    }

    private func rotate(_ generations: inout Generations, at now: ContinuousClock.Instant) {
        let age = generations.since.duration(to: now)
        guard age >= Self.life else { return }
        generations.previous = age < Self.life + Self.life ? generations.current : []
        generations.current = []
        generations.since = now
    }
}
