public import Core
import GRDB
import Synchronization

/// A node's log on disk: events, peers with their cursors, and the clock, in one SQLite file.
///
/// `create` or `open` it once a process, under a `DataFolderLock`, never twice at a time. `write`
/// is one transaction and returns when it is durable: what was acknowledged is there after `kill
/// -9` or a loss of power. Writes wait for one another; reads run beside them, each on one
/// consistent snapshot. All calls block their thread; those that begin with `async` don't.
///
/// SQLite is set to a write-ahead log with synchronous=FULL: one sync of the disk a write, so that
/// large batches are cheap and small ones cost the disk's latency.
public final class EventLog: Sendable {
    /// Names this life of the log.
    public let id: LogID
    /// The file is `log.sqlite` in it.
    public let folder: String
    /// How it was read when it was opened.
    public let opening: Opening
    let pool: DatabasePool
    let path: String
    /// Where the snapshot ends; locked while one is kept.
    let snapshot: Mutex<SnapshotEnd>

    init(
        _ id: LogID, _ file: LogFile, _ pool: DatabasePool, _ opening: Opening, _ end: SnapshotEnd
    ) {
        self.id = id
        self.pool = pool
        self.opening = opening
        snapshot = Mutex(end)
        folder = file.folder
        path = file.path
    }

    /// Folds the write-ahead log into the file and closes it; every later call throws.
    ///
    /// A log that is not closed loses nothing: the next `open` only takes longer, because it checks
    /// the file.
    public func close() throws(StorageError) {
        // Without a snapshot the next start only takes longer.
        _ = try? keepSnapshot(minimum: StorageLimits.snapshotRows)
        do {
            pool.writeWithoutTransaction { db in
                // Where this fails (a full disk), the write-ahead log stays and is read at the next
                // opening.
                _ = try? Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            try pool.close()
        } catch {
            throw StorageError(error, doing: "closing the log", path: path)
        }
    }

    /// Runs `body` on one snapshot.
    func reading<Value>(
        _ doing: String, _ body: (Database) throws -> Value
    ) throws(StorageError) -> Value {
        do {
            return try pool.read(body)
        } catch {
            throw StorageError(error, doing: doing, path: path)
        }
    }
}
