import Core
import Foundation
import GRDB
import Testing

@testable import Storage

/// Disks that are full, read-only or held by somebody else.
@Suite(.timeLimit(.minutes(2)))
struct FullDiskTests {
    private static func isFull(_ error: StorageError?) -> Bool {
        if case .full = error { true } else { false }
    }

    private static func isReadOnly(_ error: StorageError?) -> Bool {
        if case .readOnly = error { true } else { false }
    }

    /// Writes batches until one is refused; returns what was acknowledged and the batch that was
    /// not.
    private static func fill(
        _ log: EventLog, _ source: inout EventSource, from position: UInt64 = 1
    ) throws -> (acknowledged: [LogEntry], refused: [LogEntry], error: StorageError?) {
        var acknowledged: [LogEntry] = []
        while true {
            let batch = try source.entries(20, from: position + UInt64(acknowledged.count))
            do {
                try log.write(LogWrite(batch))
                acknowledged += batch
            } catch {
                return (acknowledged, batch, error)
            }
            try #require(acknowledged.count < 100_000)
        }
    }

    @Test func aFileThatMayNotGrowRefusesAWriteAndTakesItWhenItMay() throws {
        let folder = try TemporaryFolder()
        var source = EventSource(seed: 1)
        let log = try EventLog.create(in: folder.path, id: try source.logID()).log
        try log.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 200") }
        let (acknowledged, refused, error) = try Self.fill(log, &source)
        #expect(Self.isFull(error))
        #expect(error?.description.contains("free some space") == true)
        #expect(try log.all() == acknowledged)
        try log.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 9999") }
        #expect(try log.write(LogWrite(refused)).inserted == refused.count)
        #expect(try log.all() == acknowledged + refused)
        try log.check()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "this process may not mount"))
    func aFullDiskLosesNothingThatWasAcknowledged() throws {
        let disk = try #require(try SmallDisk(bytes: 4 << 20))
        let ballast = disk.path + "/ballast"
        try Data(count: 1 << 20).write(to: URL(fileURLWithPath: ballast))
        var source = EventSource(seed: 2)
        let log = try EventLog.create(in: disk.path, id: try source.logID()).log
        let (acknowledged, refused, error) = try Self.fill(log, &source)
        #expect(Self.isFull(error))
        #expect(acknowledged.count > 100)
        #expect(try log.all() == acknowledged)
        // It stays refused, and readable, for as long as there is no room.
        let again = #expect(throws: StorageError.self) { try log.write(LogWrite(refused)) }
        #expect(Self.isFull(again))
        #expect(try log.all() == acknowledged)
        try FileManager.default.removeItem(atPath: ballast)
        #expect(try log.write(LogWrite(refused)).inserted == refused.count)
        try log.close()
        let reopened = try EventLog.open(in: disk.path).log
        #expect(try reopened.all() == acknowledged + refused)
        try reopened.check()
        try reopened.close()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "this process may not mount"))
    func aLogThatIsClosedOnAFullDiskIsWholeWhenThereIsRoomAgain() throws {
        let disk = try #require(try SmallDisk(bytes: 4 << 20))
        let ballast = disk.path + "/ballast"
        try Data(count: 1 << 20).write(to: URL(fileURLWithPath: ballast))
        var source = EventSource(seed: 3)
        let log = try EventLog.create(in: disk.path, id: try source.logID()).log
        let acknowledged = try Self.fill(log, &source).acknowledged
        try log.close()
        do {
            // Whether a log opens without any room is SQLite's affair; what it says must be right.
            let full = try EventLog.open(in: disk.path).log
            #expect(try full.all() == acknowledged)
            try full.close()
        } catch let error as StorageError {
            #expect(Self.isFull(error), "\(error)")
        }
        try FileManager.default.removeItem(atPath: ballast)
        let reopened = try EventLog.open(in: disk.path).log
        #expect(try reopened.all() == acknowledged)
        try reopened.check()
        try reopened.close()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "this process may not mount"))
    func aReadOnlyDiskIsNamed() throws {
        let disk = try #require(try SmallDisk(bytes: 4 << 20))
        var source = EventSource(seed: 4)
        let id = try source.logID()
        try EventLog.create(in: disk.path, id: id).log.close()
        try #require(try disk.makeReadOnly())
        let path = disk.path
        let opening = #expect(throws: StorageError.self) { try EventLog.open(in: path) }
        #expect(Self.isReadOnly(opening), "\(String(describing: opening))")
        let locking = #expect(throws: StorageError.self) { try DataFolderLock(folder: path) }
        #expect(Self.isReadOnly(locking))
        let making = #expect(throws: StorageError.self) {
            try EventLog.create(in: path + "/new", id: id)
        }
        #expect(Self.isReadOnly(making), "\(String(describing: making))")
    }

    private static func allow(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test(.disabled(if: geteuid() == 0, "root may write anywhere"))
    func aReadOnlyFolderIsNamed() throws {
        let folder = try TemporaryFolder()
        try EventLog.filled(3, in: folder).log.close()
        for name in try folder.contents().keys {
            try Self.allow(0o400, folder.path + "/" + name)
        }
        try Self.allow(0o500, folder.path)
        // Else the folder can't be removed; what fails here fails there.
        defer { try? Self.allow(0o700, folder.path) }
        let error = #expect(throws: StorageError.self) { try EventLog.open(in: folder.path) }
        #expect(Self.isReadOnly(error), "\(String(describing: error))")
    }

    @Test func aFileThatAnotherProcessHoldsIsBusy() throws {
        let folder = try TemporaryFolder()
        let (log, entries) = try EventLog.filled(3, in: folder)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: folder.logPath, configuration: configuration)
        try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let doing = "writing to the log"
        #expect(throws: StorageError.busy(doing: doing, path: folder.logPath)) {
            try log.write(LogWrite(entries))
        }
        #expect(try log.all() == entries)
        try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try log.write(LogWrite(entries))
    }
}
