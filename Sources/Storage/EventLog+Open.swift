public import Core
import Foundation
import GRDB

extension EventLog {
    /// Makes an empty log, and the folder where there is none. Never replaces a log: throws
    /// `alreadyThere`.
    ///
    /// The file appears under its name only when it is complete, so that a crash leaves no
    /// half-made log.
    public static func create(
        in folder: String, id: LogID
    ) throws(StorageError) -> (log: EventLog, state: LogState) {
        try DataFolder.make(folder)
        let file = LogFile(folder: folder)
        guard !FileManager.default.fileExists(atPath: file.path) else {
            throw .alreadyThere(path: file.path)
        }
        // SQLite would play an old write-ahead log into the new file.
        guard !FileManager.default.fileExists(atPath: file.walPath) else {
            throw .damaged(
                doing: "making a log", path: file.path,
                detail: "it is gone, its log.sqlite-wal is left")
        }
        try build(at: file.path + ".new", id: id)
        guard unsafe rename(file.path + ".new", file.path) == 0 else {
            throw StorageError(errno: errno, doing: "making a log", path: file.path)
        }
        try DataFolder.sync(folder)
        return try open(in: folder)
    }

    /// Opens the log and reads what an engine starts from.
    ///
    /// A file that is missing, damaged, newer than this program or not a log throws, and is left
    /// byte for byte as it was. The whole file is checked (SQLite's quick_check) if it was not
    /// closed properly or is at most 64 MiB; damage in a larger one that was closed properly shows
    /// when it is read, because each event that is read must have its hash.
    ///
    /// O(events), by the snapshot where there is one (`keepSnapshot`); `opening` says what it gave.
    public static func open(
        in folder: String
    ) throws(StorageError) -> (log: EventLog, state: LogState) {
        let file = LogFile(folder: folder)
        try file.examine()
        do {
            let pool = try DatabasePool(path: file.path, configuration: configuration)
            try pool.writeWithoutTransaction(makeDurable)
            try pool.write(upgrade)
            let (state, opening, end) = try pool.read { db in
                try LogState.read(db, SnapshotFile(folder: folder))
            }
            return (EventLog(state.id, file, pool, opening, end), state)
        } catch {
            throw StorageError(error, doing: "opening the log", path: file.path)
        }
    }

    /// What an engine starts from, as it is now. Reads every event's row (see `open`).
    public func state() throws(StorageError) -> LogState {
        try reading("reading the log's state", LogState.init(reading:))
    }

    /// GRDB's pool sets synchronous=NORMAL after it has prepared a connection, so it is set
    /// afterwards and read back: under NORMAL an acknowledged write can be lost with the power.
    private static func makeDurable(_ db: Database) throws {
        try db.execute(sql: "PRAGMA synchronous = FULL")
        let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
        guard level == 2 else {
            throw DatabaseError(message: "synchronous is \(level ?? -1) and should be 2")
        }
    }

    /// Brings a log of an earlier version up to this one's, whole or not at all.
    private static func upgrade(_ db: Database) throws {
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version < Schema.version else { return }
        try db.execute(sql: Schema.second)
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = StorageLimits.readers
        configuration.busyMode = .timeout(StorageLimits.busySeconds)
        configuration.prepareDatabase { db in
            let cache =
                db.configuration.readonly
                ? StorageLimits.readerCacheKiB : StorageLimits.writerCacheKiB
            try db.execute(
                sql: """
                    PRAGMA cache_size = -\(cache);
                    PRAGMA wal_autocheckpoint = \(StorageLimits.checkpointPages);
                    PRAGMA secure_delete = ON;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA journal_size_limit = \(StorageLimits.walBytes);
                    """)
        }
        return configuration
    }

    private static func build(at path: String, id: LogID) throws(StorageError) {
        do {
            for part in ["", "-journal", "-wal", "-shm"]
            where FileManager.default.fileExists(atPath: path + part) {
                try FileManager.default.removeItem(atPath: path + part)
            }
            // SQLite gives its companion files the mode of this one.
            let descriptor = unsafe Foundation.open(path, O_CREAT | O_EXCL | O_RDWR, 0o600)
            guard descriptor >= 0 else {
                throw StorageError(errno: errno, doing: "making a log", path: path)
            }
            Foundation.close(descriptor)
            let queue = try DatabaseQueue(path: path)
            try queue.write { db in
                try db.execute(sql: Schema.creation)
                try db.execute(
                    sql: "INSERT INTO log VALUES (1, ?, 0, 0, 0)", arguments: [Data(id.bytes)])
            }
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
            try queue.close()
            try DataFolder.sync(path)
        } catch {
            throw StorageError(error, doing: "making a log", path: path)
        }
    }
}
