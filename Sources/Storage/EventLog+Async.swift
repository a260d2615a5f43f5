public import Core
import Dispatch
import GRDB

/// The same calls for asynchronous callers: they block no thread. A task that is cancelled
/// meanwhile throws `failed`, and then its write may or may not have been stored.
extension EventLog {
    /// `write`. Calls that one caller makes without waiting are done in no promised order.
    public func asyncWrite(_ write: LogWrite) async throws(StorageError) -> Written {
        do {
            return try await pool.write { db in
                var transaction = LogTransaction(db)
                return try transaction.apply(write)
            }
        } catch {
            throw StorageError(error, doing: "writing to the log", path: path)
        }
    }

    /// `keepSnapshot`. It holds one of the readers' places, no thread of Swift's own.
    public func asyncKeepSnapshot(minimum: Int) async throws(StorageError) -> Int {
        let result = await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                continuation.resume(
                    returning: Result { () throws(StorageError) in
                        try self.keepSnapshot(minimum: minimum)
                    })
            }
        }
        return try result.get()
    }

    /// `entries`.
    public func asyncEntries(
        after position: UInt64, limit: Int, maxBytes: Int, excludingSender: NodeID? = nil
    ) async throws(StorageError) -> LogPage {
        let scan = PageScan(
            position: position, limit: limit, maxBytes: maxBytes, excluded: excludingSender)
        do {
            return try await pool.read { db in try scan.page(db) }
        } catch {
            throw StorageError(error, doing: "reading the log", path: path)
        }
    }

    /// `events`.
    public func asyncEvents(
        ids: [EventID], maxBytes: Int = .max
    ) async throws(StorageError) -> [Event] {
        do {
            return try await pool.read { db in try Self.events(ids, maxBytes, db) }
        } catch {
            throw StorageError(error, doing: "reading events", path: path)
        }
    }
}
