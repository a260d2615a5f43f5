public import Core
import GRDB

extension EventLog {
    /// Stores all of `write` or, where it throws, nothing; durable when it returns.
    ///
    /// An entry whose id is held is skipped, whatever its position; a new one's position must be
    /// above every stored one, and its body must match, else `invalidWrite`. Of `bodies`, those
    /// that are missing here and match their header are stored. `released` is done after `aside`.
    /// The clock never goes back. Of the refusals the newest 10,000 stay, one for each id and
    /// sender.
    ///
    /// After `failed` (an I/O error of the disk) the write may still turn up at the next opening:
    /// it was not acknowledged, and writing it again is harmless.
    @discardableResult
    public func write(_ write: LogWrite) throws(StorageError) -> Written {
        do {
            return try pool.write { db in
                var transaction = LogTransaction(db)
                return try transaction.apply(write)
            }
        } catch {
            throw StorageError(error, doing: "writing to the log", path: path)
        }
    }
}
