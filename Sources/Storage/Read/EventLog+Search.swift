public import Core
import Foundation
import GRDB

extension EventLog {
    /// At most `limit` entries, newest first. A filter that few events pass costs a look at every
    /// row.
    public func latest(
        _ limit: Int, matching filter: LogFilter = LogFilter(), by order: LogOrder = .position
    ) throws(StorageError) -> [LogEntry] {
        try reading("searching the log") { db in
            guard let (condition, values) = try filter.condition(db) else { return [] }
            let sql = """
                SELECT \(Self.eventColumns) FROM event \(condition) ORDER BY \(order.sql) LIMIT ?
                """
            var names = NodeNames(db)
            let arguments = StatementArguments(values + [max(limit, 0).databaseValue])
            return try Row.fetchCursor(db, sql: sql, arguments: arguments).map { row in
                LogEntry(
                    position: try row.number(0), event: try row.event(),
                    sender: try row.optionalNumber(1).map { try names.node($0) })
            }.array
        }
    }

    /// The events whose id begins with these lowercase hexadecimal digits, at most `limit`,
    /// ascending by id. Anything but 1 to 64 such digits finds nothing.
    public func events(idPrefix: String, limit: Int = 20) throws(StorageError) -> [Event] {
        guard let range = Self.range(idPrefix) else { return [] }
        return try reading("searching the log") { db in
            let sql = """
                SELECT \(Self.eventColumns) FROM event WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?
                """
            let arguments: StatementArguments = [
                Data(range.lowerBound.bytes), Data(range.upperBound.bytes), max(limit, 0),
            ]
            return try Row.fetchCursor(db, sql: sql, arguments: arguments)
                .map { try $0.event() }.array
        }
    }

    private static func range(_ prefix: String) -> ClosedRange<EventID>? {
        guard (1...64).contains(prefix.utf8.count) else { return nil }
        let rest = 64 - prefix.utf8.count
        guard let low = EventID(hex: prefix + String(repeating: "0", count: rest)),
            let high = EventID(hex: prefix + String(repeating: "f", count: rest))
        else { return nil }
        return low...high
    }

    /// At most `limit` refused events, newest first.
    public func refusals(_ limit: Int) throws(StorageError) -> [RefusedEvent] {
        try reading("reading the refusals") { db in
            let sql = "SELECT \(Self.refusalColumns) FROM refusal ORDER BY number DESC LIMIT ?"
            return try Row.fetchCursor(db, sql: sql, arguments: [max(limit, 0)])
                .map(RefusedEvent.init).array
        }
    }

    /// Every refusal of one event that is still remembered, one for each sender, oldest first.
    public func refusals(of id: EventID) throws(StorageError) -> [RefusedEvent] {
        try reading("reading the refusals") { db in
            let sql = "SELECT \(Self.refusalColumns) FROM refusal WHERE id = ? ORDER BY number"
            return try Row.fetchCursor(db, sql: sql, arguments: [Data(id.bytes)])
                .map(RefusedEvent.init).array
        }
    }

    /// The newest refusals of what one peer handed over, at most `limit`.
    public func refusals(
        from sender: NodeID, _ limit: Int
    ) throws(StorageError) -> [RefusedEvent] {
        try reading("reading the refusals") { db in
            let sql = """
                SELECT \(Self.refusalColumns) FROM refusal WHERE sender = ?
                ORDER BY number DESC LIMIT ?
                """
            return try Row.fetchCursor(
                db, sql: sql, arguments: [Data(sender.bytes), max(limit, 0)]
            ).map(RefusedEvent.init).array
        }
    }

    private static let refusalColumns =
        "id, sender, reason, time, first_reason, first_time, count"

    /// The entry of one event: who handed it to us, and when it came in relation to others; nil
    /// where it is not held.
    public func entry(_ id: EventID) throws(StorageError) -> LogEntry? {
        try reading("reading an event") { db in
            let sql = "SELECT \(Self.eventColumns) FROM event WHERE id = ?"
            var names = NodeNames(db)
            return try Row.fetchOne(db, sql: sql, arguments: [Data(id.bytes)]).map { row in
                LogEntry(
                    position: try row.number(0), event: try row.event(),
                    sender: try row.optionalNumber(1).map { try names.node($0) })
            }
        }
    }
}

extension RefusedEvent {
    fileprivate init(_ row: Row) throws {
        let sender = try row.bytes(1)
        self.init(
            id: try row.identifier(0), sender: NodeID(bytes: sender),
            reason: String(decoding: try row.bytes(2), as: UTF8.self), time: try row.number(3))
        firstReason = String(decoding: try row.bytes(4), as: UTF8.self)
        firstTime = try row.number(5)
        count = try row.number(6)
    }
}

extension LogFilter {
    /// The WHERE clause and its values; nil where a value was never stored, so that nothing can
    /// match.
    func condition(
        _ db: Database
    ) throws -> (sql: String, values: [DatabaseValue])? {
        let named: [(table: String, column: String, value: [UInt8]?)] = [
            ("kind", "kind", kind.map { Array($0.utf8) }),
            ("author", "author", author.map { Array($0.description.utf8) }),
            ("node", "origin", origin?.bytes),
        ]
        var terms: [String] = []
        var values: [DatabaseValue] = []
        for case (let table, let column, let value?) in named {
            guard let number = try Interned(table).find(Data(value), in: db) else { return nil }
            terms.append("\(column) = ?")
            values.append(number.databaseValue)
        }
        if let since {
            terms.append("physical >= ?")
            values.append(Int64(clamping: since).databaseValue)
        }
        return (terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND "), values)
    }
}

extension GRDB.Cursor {
    /// All that is left, in order.
    var array: [Element] {
        get throws { try Array(self) }
    }
}
