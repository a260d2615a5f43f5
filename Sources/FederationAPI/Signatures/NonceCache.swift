import Core

/// Remembers each peer's nonces for as long as a signature can be good: twice
/// `RequestSignature.life`.
///
/// Two generations a key: one is filled, one only asked; both together hold every nonce for 2 to 4
/// minutes. Only keys of peers get in, so their number is bounded by the policy.
struct NonceCache {
    /// What happened to a nonce.
    enum Outcome: Equatable {
        case fresh, seen
        /// No room to remember it, so it must not be accepted.
        case full
    }

    private struct Generations {
        var current: Set<[UInt8]> = []
        var previous: Set<[UInt8]> = []
        var since: ContinuousClock.Instant
    }

    static let life: Duration = .seconds(120)
    /// 500 requests a second of one peer; about 4 MiB.
    let perKey: Int
    private var keys: [NodeID: Generations] = [:]

    init(perKey: Int = 60_000) { self.perKey = perKey }

    /// Keys that are remembered.
    var count: Int { keys.count }

    /// Takes a nonce in.
    mutating func insert(
        _ nonce: [UInt8], of node: NodeID, at now: ContinuousClock.Instant
    ) -> Outcome {
        var generations = keys.removeValue(forKey: node) ?? Generations(since: now)
        defer { keys[node] = generations }
        rotate(&generations, at: now)
        if generations.current.contains(nonce) || generations.previous.contains(nonce) {
            return .seen
        }
        guard generations.current.count + generations.previous.count < perKey else { return .full }
        generations.current.insert(nonce)
        return .fresh
    }

    /// Forgets keys that have been silent; call it now and then.
    mutating func sweep(at now: ContinuousClock.Instant) {
        keys = keys.filter { $0.value.since.duration(to: now) < Self.life + Self.life }
    }

    private func rotate(_ generations: inout Generations, at now: ContinuousClock.Instant) {
        let age = generations.since.duration(to: now)
        guard age >= Self.life else { return }
        generations.previous = age < Self.life + Self.life ? generations.current : []
        generations.current = []
        generations.since = now
    }
}
