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

    /// Days since 1970, today's last.
    static func epochs(at wall: WallTime) -> [UInt64] {
        let (day, hour): (UInt64, UInt64) = (86_400_000_000, 3_600_000_000)
        let today = wall.microseconds / day
        if wall.microseconds % day < hour, today > 0 { return [today - 1, today] }
        if wall.microseconds % day >= day - hour { return [today + 1, today] }
        return [today]
    }
}
