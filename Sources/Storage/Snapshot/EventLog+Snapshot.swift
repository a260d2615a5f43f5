import Core
import GRDB
import Synchronization

/// How a log was read when it was opened.
public struct Opening: Hashable, Sendable {
    /// Rows that came from the snapshot, and those that SQLite gave.
    public var fromSnapshot = 0
    public var fromRows = 0
    /// Why the snapshot was not used, though the log names one.
    public var problem: String?
}

/// Where the snapshot ends: its length, and the last position in it.
struct SnapshotEnd {
    var length = 0
    var position: UInt64 = 0
}

extension EventLog {
    /// Adds the rows that are new since the last time to the snapshot, if they are at least
    /// `minimum`, and returns how many were added. Reads and writes of the log go on meanwhile.
    ///
    /// The next `open` then reads SQLite's rows from there on only. Where this fails, or is cut
    /// short, nothing is lost but time.
    @discardableResult
    public func keepSnapshot(minimum: Int = 1) throws(StorageError) -> Int {
        try snapshot.withLock { end throws(StorageError) in
            let from = end.position
            let sql = "SELECT count(*) FROM (SELECT 1 FROM event WHERE position > ? LIMIT ?)"
            let new = try reading("counting what is new") { db in
                try Int.fetchOne(db, sql: sql, arguments: [Int64(clamping: from), minimum]) ?? 0
            }
            guard new >= max(1, minimum) else { return 0 }
            var added = 0
            while let chunk = try chunk(after: end.position) {
                let bytes = chunk.encoded()
                try SnapshotFile(folder: folder).append(bytes, at: end.length)
                try name(SnapshotMark(position: chunk.lastPosition, seal: chunk.seal))
                end.length += bytes.count
                end.position = chunk.lastPosition
                added += chunk.rows
            }
            return added
        }
    }

    private func chunk(after position: UInt64) throws(StorageError) -> SnapshotChunk? {
        var secrets = Secrets.system()
        var chunk = SnapshotChunk(log: id, seal: secrets.draw(SnapshotChunk.sealBytes))
        try reading("reading what is new") { db in
            try EventRows.each(db, after: position, limit: StorageLimits.snapshotChunkRows) {
                chunk.append(SnapshotChunk.Row(position: $0, place: $1))
            }
        }
        return chunk.rows > 0 ? chunk : nil
    }

    private func name(_ mark: SnapshotMark) throws(StorageError) {
        do {
            try pool.write { db in try mark.write(db) }
        } catch {
            throw StorageError(error, doing: "naming the snapshot", path: path)
        }
    }
}

/// The part of an event's row that an engine starts from.
enum EventRows {
    /// Hands the rows after a position to `take`, in the order of the log.
    static func each(
        _ db: Database, after position: UInt64, limit: Int = .max,
        _ take: (UInt64, ChainPlace) -> Void
    ) throws {
        var names = NodeNames(db)
        let sql = """
            SELECT position, id, physical, counter, origin, scope, sequence
            FROM event WHERE position > ? ORDER BY position LIMIT ?
            """
        let rows = try Row.fetchCursor(db, sql: sql, arguments: [Int64(clamping: position), limit])
        while let row = try rows.next() {
            let key = EventKey(time: try row.timestamp(2), id: try row.identifier(1))
            take(
                try row.number(0),
                ChainPlace(
                    origin: try names.node(try row.number(4)), scope: try row.bytes(5),
                    sequence: try row.number(6), key: key))
        }
    }
}
