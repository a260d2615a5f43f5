import Foundation
import GRDB

/// A table that holds each value once and gives it a number: `node`, `author` and `kind`.
///
/// Numbers are remembered for one transaction only: what a rollback takes back is never trusted
/// again.
struct Interned {
    private let selection: String
    private let insertion: String
    private var numbers: [[UInt8]: Int64] = [:]

    init(_ table: String) {
        selection = "SELECT number FROM \(table) WHERE value = ?"
        insertion = "INSERT INTO \(table) (value) VALUES (?)"
    }

    /// The number of `value`, which is new to the table if need be.
    mutating func number(of value: [UInt8], in db: Database) throws -> Int64 {
        if let number = numbers[value] { return number }
        let number = try find(Data(value), in: db) ?? add(Data(value), to: db)
        numbers[value] = number
        return number
    }

    /// The number of `value`, or nil where no row has it.
    func find(_ value: Data, in db: Database) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: selection), arguments: [value])
    }

    private func add(_ value: Data, to db: Database) throws -> Int64 {
        try db.cachedStatement(sql: insertion).execute(arguments: [value])
        return db.lastInsertedRowID
    }
}
