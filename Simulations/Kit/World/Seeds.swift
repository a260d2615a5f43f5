public import Core

/// All randomness of a run, from one seed, in streams that don't touch each other: a fault that is
/// switched on reshuffles neither latencies nor the workload.
public struct Seeds: Hashable, Sendable {
    public let seed: UInt64

    public init(_ seed: UInt64) { self.seed = seed }

    /// The stream called `name`, for the participant `index`.
    public func dice(_ name: StaticString, _ index: Int = 0) -> Dice {
        Dice(seed: digest(name, index).w0)
    }

    /// What an engine takes its salts and nonces from.
    public func secrets(_ name: StaticString, _ index: Int = 0) -> Secrets {
        Secrets(seed: digest(name, index))
    }

    /// A node's key.
    public func key(_ index: Int) -> SecretKey {
        guard let key = SecretKey(seed: digest("key", index).bytes) else {
            preconditionFailure("a digest has the 32 bytes of a seed")
        }
        return key
    }

    /// 32 bytes that depend on seed, name and index alone.
    public func digest(_ name: StaticString, _ index: Int = 0) -> Digest {
        SHA256.hash(Array("teambook-simulation \(seed) \(name) \(index)".utf8))
    }
}
