import Core
import MerkleSearchTree

/// Sketches follow the day, so that all nodes keep those of the same epoch.
extension Engine {
    /// Keeps today's sketch, and near midnight that of the day beside it: peers' clocks differ.
    /// What is missing is made bit by bit, so that nothing has to wait for it.
    mutating func keepSketches(_ now: Instant) {
        guard wall.microseconds > 0 else { return }
        let epochs = Self.epochs(at: wall)
        if index.sets.epochs != epochs { index.setEpochs(epochs) }
        guard let missing = epochs.reversed().first(where: { !index.sets.isPrepared($0) }) else {
            sketchAt = nil
            return
        }
        if let sketchAt, sketchAt > now { return }
        let isReady = index.prepareSketch(missing, keys: EngineLimits.sketchKeys)
        sketchAt = now + (isReady ? .zero : EngineLimits.sketchEvery)
    }

    /// Whether every sketch that is to be kept is ready.
    public var hasSketches: Bool {
        index.sets.epochs.allSatisfy { index.sets.isPrepared($0) }
    }

    /// Makes what is missing at once where nothing else waits: for a command without a running
    /// node, whose only session would come before the sketch that it needs.
    mutating func completeSketches() {
        guard !settings.isAutomatic else { return }
        for epoch in index.sets.epochs { _ = index.prepareSketch(epoch, keys: .max) }
    }

    /// Days since 1970, today's last.
    static func epochs(at wall: WallTime) -> [UInt64] {
        let (day, hour): (UInt64, UInt64) = (86_400_000_000, 3_600_000_000)
        let today = wall.microseconds / day
        if wall.microseconds % day < hour, today > 0 { return [today - 1, today] }
        if wall.microseconds % day >= day - hour { return [today + 1, today] }
        return [today]
    }
}
