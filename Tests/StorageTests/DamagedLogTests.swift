import Core
import Foundation
import GRDB
import Testing

@testable import Storage

/// Files that are not a whole log of this version: a clear error, and nothing on the disk changes.
@Suite(.timeLimit(.minutes(3)))
struct DamagedLogTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The error that opening gives, after a look that the files are as they were.
    private func refusal(isClean: Bool = true) throws -> StorageError? {
        let before = try folder.contents()
        let error = #expect(throws: StorageError.self) { try EventLog.open(in: folder.path) }
        let after = try folder.contents()
        #expect(after["log.sqlite"] == before["log.sqlite"])
        // SQLite makes an empty write-ahead log when it reads; one that holds something stays as it
        // is.
        #expect((after["log.sqlite-wal"] ?? Data()) == (before["log.sqlite-wal"] ?? Data()))
        return error
    }

    private func closedLog(_ count: Int = 200) throws -> (bytes: Data, entries: [LogEntry]) {
        let (log, entries) = try EventLog.filled(count, in: folder)
        try log.close()
        return (try folder.read(), entries)
    }

    /// What SQLite left beside the file in the round before.
    private func removeCompanions() throws {
        for name in try folder.contents().keys where name != "log.sqlite" {
            try FileManager.default.removeItem(atPath: folder.path + "/" + name)
        }
    }

    private static func isDamage(_ error: StorageError?) -> Bool {
        if case .damaged = error { true } else { false }
    }

    @Test func noLogIsNotMade() throws {
        #expect(try refusal() == .missing(path: folder.logPath))
        #expect(try folder.contents().isEmpty)
    }

    @Test func aLogIsNeverReplaced() throws {
        let (bytes, _) = try closedLog()
        var source = EventSource(seed: 5)
        let id = try source.logID()
        #expect(throws: StorageError.alreadyThere(path: folder.logPath)) {
            try EventLog.create(in: folder.path, id: id)
        }
        #expect(try folder.read() == bytes)
    }

    @Test func whatACrashLeftOfACreationIsReplaced() throws {
        try folder.write(Data("half".utf8), to: "log.sqlite.new")
        try folder.write(Data("half".utf8), to: "log.sqlite.new-journal")
        _ = try EventLog.filled(1, in: folder)
        let names = try folder.contents().keys
        #expect(!names.contains { $0.contains(".new") })
    }

    @Test(arguments: [0, 1, 99, 100, 8192])
    func garbageIsRefused(count: Int) throws {
        var source = EventSource(seed: UInt64(count) + 1)
        try folder.write(Data(source.bytes(count)))
        #expect(Self.isDamage(try refusal()))
        #expect(try folder.contents().count == 1)
    }

    @Test func garbageBehindAGoodHeaderIsRefused() throws {
        var bytes = try closedLog().bytes
        var source = EventSource(seed: 6)
        bytes.replaceSubrange(100..., with: source.bytes(bytes.count - 100))
        try folder.write(bytes)
        #expect(Self.isDamage(try refusal()))
    }

    @Test(arguments: [1, 100, 4095, 4096, 8192, 20_000, -4096, -1])
    func aTruncatedFileIsRefused(count: Int) throws {
        let bytes = try closedLog().bytes
        try folder.write(bytes.prefix(count < 0 ? bytes.count + count : count))
        #expect(Self.isDamage(try refusal()))
    }

    @Test func pagesOverwrittenWithNoiseAreFound() throws {
        let bytes = try closedLog().bytes
        var source = EventSource(seed: 7)
        for page in 1..<bytes.count / 4096 {
            var broken = bytes
            try removeCompanions()
            broken.replaceSubrange(page * 4096..<(page + 1) * 4096, with: source.bytes(4096))
            try folder.write(broken)
            #expect(Self.isDamage(try refusal()), "page \(page)")
        }
    }

    /// A flipped bit is found when the file is opened or read, or it changed no event; nothing
    /// crashes.
    @Test(arguments: 1...4)
    func aFlippedBitNeverChangesAnEvent(seed: UInt64) throws {
        let (bytes, entries) = try closedLog(400)
        var dice = Dice(seed: seed)
        var found = 0
        for _ in 0..<100 {
            let place = dice.below(bytes.count)
            var broken = bytes
            broken[place] ^= 1 << UInt8(dice.below(8))
            try removeCompanions()
            try folder.write(broken)
            do {
                let log = try EventLog.open(in: folder.path).log
                let read = try log.all()
                #expect(Self.differences(read, entries) == 0, "byte \(place)")
                try log.check()
            } catch {
                found += 1
            }
        }
        // The rest fell into room that no row uses yet, or into columns that only help a search.
        #expect(found > 40)
    }

    /// Signatures are not hashed: the engine verifies them, and so does each peer.
    private static func differences(_ read: [LogEntry], _ entries: [LogEntry]) -> Int {
        zip(read, entries).count {
            $0.event.headerBytes != $1.event.headerBytes || $0.event.body != $1.event.body
        }
    }

    @Test func aChangedBodyIsDamageWhenItIsRead() throws {
        let (log, entries) = try EventLog.filled(3, in: folder)
        try log.pool.write { db in
            try db.execute(sql: "UPDATE event SET body = x'00' WHERE position = 2")
        }
        #expect(Self.isDamage(#expect(throws: StorageError.self) { try log.all() }))
        #expect(Self.isDamage(#expect(throws: StorageError.self) { try log.check() }))
        #expect(try log.events(ids: [entries[2].event.id]) == [entries[2].event])
    }

    @Test func aNewerVersionIsRefused() throws {
        _ = try closedLog()
        try DatabaseQueue(path: folder.logPath).inDatabase { db in
            try db.execute(sql: "PRAGMA user_version = 3")
        }
        let error = try refusal()
        #expect(error == .newerVersion(path: folder.logPath, found: 3, known: 2))
        #expect(error?.description.contains("newer federate") == true)
    }

    @Test func aNewerVersionThatStandsInTheWriteAheadLogIsRefused() throws {
        let other = try TemporaryFolder()
        let (log, _) = try EventLog.filled(20, in: other)
        try log.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 3") }
        for name in ["log.sqlite", "log.sqlite-wal"] {
            try folder.write(try other.read(name), to: name)
        }
        try log.close()
        #expect(try refusal() == .newerVersion(path: folder.logPath, found: 3, known: 2))
        #expect(try folder.read("log.sqlite-wal").count > 10_000)
    }

    @Test func anotherProgramsDatabaseIsRefused() throws {
        try DatabaseQueue(path: folder.logPath).inDatabase { db in
            try db.execute(sql: "CREATE TABLE recipe (name TEXT)")
        }
        let error = try refusal()
        #expect(error == .notALog(path: folder.logPath, detail: "its application id is 0"))
        #expect(try folder.contents().count == 1)
    }

    @Test func aWriteAheadLogWithoutItsLogIsKept() throws {
        let (log, _) = try EventLog.filled(20, in: folder)
        let wal = try folder.read("log.sqlite-wal")
        try log.close()
        for name in try folder.contents().keys {
            try FileManager.default.removeItem(atPath: folder.path + "/" + name)
        }
        try folder.write(wal, to: "log.sqlite-wal")
        #expect(Self.isDamage(try refusal()))
        var source = EventSource(seed: 1)
        let id = try source.logID()
        let error = #expect(throws: StorageError.self) {
            try EventLog.create(in: folder.path, id: id)
        }
        #expect(Self.isDamage(error))
        #expect(try folder.contents() == ["log.sqlite-wal": wal])
    }
}
