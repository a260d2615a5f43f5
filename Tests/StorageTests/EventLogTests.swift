import Core
import Foundation
import GRDB
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(2)))
struct EventLogTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func aNewLogIsEmptyAndKeepsItsId() throws {
        var source = EventSource(seed: 1)
        let id = try source.logID()
        let (log, state) = try EventLog.create(in: folder.path, id: id)
        expectEqual(state, LogState(id: id))
        #expect(log.id == id)
        #expect(try log.entries(after: 0, limit: 1, maxBytes: 1) == LogPage(lastPosition: 0))
        try log.close()
        #expect(try EventLog.open(in: folder.path).log.id == id)
    }

    @Test func theWriterSyncsEachCommit() throws {
        let (log, _) = try EventLog.filled(1, in: folder)
        let values = try log.pool.write { db in
            try ["synchronous", "secure_delete", "foreign_keys", "application_id", "user_version"]
                .map { try Int.fetchOne(db, sql: "PRAGMA \($0)") }
        }
        #expect(values == [2, 1, 1, 0x4645_4452, 2])
        let mode = try log.pool.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
        #expect(mode == "wal")
    }

    @Test func onlyTheOwnerMayReadTheFiles() throws {
        let (log, _) = try EventLog.filled(1, in: folder)
        for name in try folder.contents().keys {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: folder.path + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        try log.close()
    }

    @Test func aReaderInTheMiddleOfAWriteSeesTheLogBeforeIt() throws {
        let (log, entries) = try EventLog.filled(3, in: folder)
        try log.pool.write { db in
            try db.execute(sql: "DELETE FROM event")
            #expect(try log.all() == entries)
            try db.execute(sql: "INSERT INTO kind (value) VALUES (x'00')")
        }
        #expect(try log.all().isEmpty)
    }

    @Test func readersBesideAWriterSeeWholeBatches() async throws {
        let (log, _) = try EventLog.filled(10, in: folder)
        var source = EventSource(seed: 2)
        let batches = try (1..<40).map { try source.entries(10, from: UInt64($0) * 10 + 1) }
        try await withThrowingTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    var position: UInt64 = 0
                    while position < 400 {
                        let page = try await log.asyncEntries(
                            after: position, limit: 1000, maxBytes: 1 << 24)
                        #expect(page.lastPosition % 10 == 0)
                        #expect(
                            page.entries.map(\.position).elementsEqual(
                                position + 1..<page.lastPosition + 1))
                        position = page.lastPosition
                    }
                }
            }
            for batch in batches { _ = try await log.asyncWrite(LogWrite(batch)) }
            try await group.waitForAll()
        }
        let ids = batches[3].map(\.event.id)
        #expect(try await log.asyncEvents(ids: ids).map(\.id) == ids)
    }

    @Test func aPageThatHoldsNothingForItsReaderMovesItsCursor() throws {
        var source = EventSource(seed: 3, origins: 1)
        let log = try EventLog.create(in: folder.path, id: try source.logID()).log
        let count = StorageLimits.scannedRows + 10
        let sender = source.keys[0].node
        let entries = try (1...count).map {
            LogEntry(
                position: UInt64($0), event: try source.event(bodyBytes: 1), sender: sender)
        }
        try log.write(LogWrite(entries))
        let page = try log.entries(
            after: 0, limit: 10, maxBytes: 1000, excludingSender: sender)
        #expect(page.entries.isEmpty)
        #expect(page.lastPosition == UInt64(StorageLimits.scannedRows))
        #expect(!page.isEnd)
        let next = try log.entries(
            after: page.lastPosition, limit: 10, maxBytes: 1000, excludingSender: sender)
        #expect(next == LogPage(lastPosition: UInt64(count)))
    }

    @Test func onlyTheNewestRefusalsAreKept() throws {
        var source = EventSource(seed: 4)
        let log = try EventLog.create(in: folder.path, id: try source.logID()).log
        let refusals = (0..<StorageLimits.refusals + 50).map { index in
            RefusedEvent(id: source.id(), sender: nil, reason: "bad-form", time: UInt64(index))
        }
        for part in [refusals[..<9000], refusals[9000...]] {
            var write = LogWrite()
            write.refused = Array(part)
            try log.write(write)
        }
        #expect(try log.refusals(.max) == refusals[50...].reversed())
        let statistics = try log.statistics()
        #expect(statistics.refused == StorageLimits.refusals)
        #expect(statistics.refusedDropped == 50)
    }

    @Test func statisticsCountEachOrigin() throws {
        let (log, entries) = try EventLog.filled(120, in: folder)
        var event = try #require(entries.last?.event)
        event.body = nil
        let statistics = try log.statistics()
        #expect(statistics.events == 120)
        #expect(statistics.missingBodies == 0)
        #expect(statistics.fileBytes > 40_000)
        #expect(
            statistics.origins.map(\.origin) == Set(entries.map(\.event.header.origin)).sorted())
        for share in statistics.origins {
            let own = entries.map(\.event.header).filter { $0.origin == share.origin }
            #expect(share.events == own.count)
            #expect(share.lastSequence == own.map(\.sequence).max())
        }
    }

    @Test func aPositionThatReadersMayHavePassedIsRefusedWithItsWholeWrite() throws {
        let (log, entries) = try EventLog.filled(5, in: folder)
        var source = EventSource(seed: 9)
        var write = LogWrite(try source.entries(2, from: 8))
        write.clock = Timestamp(physical: 77, counter: 0)
        // Taken, free but passed, twice the same.
        for position: UInt64 in [3, 7, 8, 0, .max] {
            write.entries[1].position = position
            let error = #expect(throws: StorageError.self) { try log.write(write) }
            guard case .invalidWrite = error else {
                Issue.record("\(position): \(String(describing: error))")
                continue
            }
        }
        #expect(try log.all() == entries)
        #expect(try log.state().clock == .zero)
        write.entries[1].position = 9
        #expect(try log.write(write).inserted == 2)
    }

    @Test func aBodyThatIsNotTheSignedOneIsRefusedInAnEntry() throws {
        let (log, entries) = try EventLog.filled(1, in: folder)
        var source = EventSource(seed: 9)
        var entry = try source.entries(1, from: 2)[0]
        entry.event.body = source.body(10)
        #expect(throws: StorageError.self) { try log.write(LogWrite([entry])) }
        #expect(try log.all() == entries)
    }

    @Test func twoEventsAtOnePlaceOfAChainAreBothKept() throws {
        var one = EventSource(seed: 1, origins: 1)
        var other = EventSource(seed: 2, origins: 1)
        let log = try EventLog.create(in: folder.path, id: try one.logID()).log
        let entries = [
            LogEntry(position: 1, event: try one.event(), sender: nil),
            LogEntry(position: 2, event: try other.event(), sender: nil),
        ]
        #expect(try log.write(LogWrite(entries)).inserted == 2)
        #expect(try log.state().places.map(\.sequence) == [1, 1])
    }

    @Test func aClosedLogSaysSo() throws {
        let (log, entries) = try EventLog.filled(1, in: folder)
        try log.close()
        #expect(throws: StorageError.self) { try log.write(LogWrite(entries)) }
        #expect(throws: StorageError.self) { try log.all() }
        #expect(try folder.contents()["log.sqlite-wal"]?.isEmpty ?? true)
    }
}
