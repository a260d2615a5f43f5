import Core
import GRDB

/// Turns the small numbers of a snapshot's rows back into node ids.
struct NodeNames {
    private let db: Database
    private var names: [UInt64: NodeID] = [:]

    init(_ db: Database) { self.db = db }

    mutating func node(_ number: UInt64) throws -> NodeID {
        if let name = names[number] { return name }
        let statement = try db.cachedStatement(sql: "SELECT value FROM node WHERE number = ?")
        guard let row = try Row.fetchOne(statement, arguments: [Int64(number)]) else {
            throw Damage(detail: "node number \(number) is missing")
        }
        let name: NodeID = try row.identifier(0)
        names[number] = name
        return name
    }
}
