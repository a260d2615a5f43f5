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
            let sql = "SELECT id, sender, reason, time FROM refusal ORDER BY number DESC LIMIT ?"
            return try Row.fetchCursor(db, sql: sql, arguments: [max(limit, 0)]).map { row in
                let sender = try row.bytes(1)
                return RefusedEvent(
                    id: try row.identifier(0), sender: NodeID(bytes: sender),
                    reason: String(decoding: try row.bytes(2), as: UTF8.self),
                    time: try row.number(3))
            }.array
        }
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
