public import Core
import Foundation
import GRDB

extension EventLog {
    static let eventColumns = "position, sender, id, header, signature, salt, body"

    /// The entries after `position`, less those that `excludingSender` handed to us.
    ///
    /// Holds at most `limit` entries (at least 1 is taken for 0) and `maxBytes` of wire form, but
    /// one entry however large it is. Looks at no more than 10,000 rows: go on from `lastPosition`
    /// until `isEnd`.
    public func entries(
        after position: UInt64, limit: Int, maxBytes: Int, excludingSender: NodeID? = nil
    ) throws(StorageError) -> LogPage {
        try reading("reading the log") { db in
            let scan = PageScan(
                position: position, limit: limit, maxBytes: maxBytes, excluded: excludingSender)
            return try scan.page(db)
        }
    }

    /// The events with these ids, in this order; those that are not held are left out.
    public func events(
        ids: [EventID], maxBytes: Int = .max
    ) throws(StorageError) -> [Event] {
        try reading("reading events") { db in try Self.events(ids, maxBytes, db) }
    }

    static func events(_ ids: [EventID], _ maxBytes: Int, _ db: Database) throws -> [Event] {
        let sql = "SELECT \(eventColumns) FROM event WHERE id = ?"
        let statement = try db.cachedStatement(sql: sql)
        var events: [Event] = []
        var size = 0
        for id in ids where size < maxBytes {
            let row = try Row.fetchOne(statement, arguments: [Data(id.bytes)])
            guard let event = try row?.event() else { continue }
            size += event.wireSize
            events.append(event)
        }
        return events
    }
}

/// One page's question.
struct PageScan: Sendable {
    let position: UInt64
    let limit: Int
    let maxBytes: Int
    let excluded: NodeID?

    func page(_ db: Database) throws -> LogPage {
        var page = LogPage(lastPosition: position)
        var names = NodeNames(db)
        var bytes = 0
        var scanned = 0
        let sql = """
            SELECT \(EventLog.eventColumns) FROM event WHERE position > ? ORDER BY position
            """
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: sql), arguments: [Int64(clamping: position)])
        while let row = try rows.next() {
            let isFull = page.entries.count >= max(limit, 1)
            guard !isFull, scanned < StorageLimits.scannedRows else { return page.unfinished }
            scanned += 1
            let place = try row.number(0)
            let sender = try row.optionalNumber(1).map { try names.node($0) }
            if excluded == nil || sender != excluded {
                let event = try row.event()
                bytes += event.wireSize
                guard bytes <= maxBytes || page.entries.isEmpty else { return page.unfinished }
                page.entries.append(LogEntry(position: place, event: event, sender: sender))
            }
            page.lastPosition = place
        }
        return page
    }
}

extension LogPage {
    fileprivate var unfinished: LogPage {
        var page = self
        page.isEnd = false
        return page
    }
}
