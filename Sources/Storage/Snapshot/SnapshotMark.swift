import Foundation
import GRDB

/// What the log itself says of its snapshot: the last chunk that counts.
///
/// It is written when the chunk is durable, in the database whose rows the chunk repeats. A log
/// that was put back to an earlier state so names an earlier chunk, or none, and rows that it no
/// longer has are never believed.
struct SnapshotMark: Equatable {
    var position: UInt64
    var seal: [UInt8]

    /// A table of its own, made when first needed: programs that don't know it lose nothing.
    private static let creation = """
        CREATE TABLE IF NOT EXISTS snapshot (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            position INTEGER NOT NULL,
            seal BLOB NOT NULL
        ) STRICT
        """

    init(position: UInt64, seal: [UInt8]) {
        self.position = position
        self.seal = seal
    }

    /// Nil where the log names no snapshot.
    init?(reading db: Database) throws {
        guard try db.tableExists("snapshot"),
            let row = try Row.fetchOne(db, sql: "SELECT position, seal FROM snapshot")
        else { return nil }
        position = try row.number(0)
        seal = try row.bytes(1)
    }

    func write(_ db: Database) throws {
        try db.execute(sql: Self.creation)
        try db.execute(
            sql: "INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?)",
            arguments: [Int64(clamping: position), Data(seal)])
    }
}
