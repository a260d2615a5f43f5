import Core
import Foundation
import GRDB

extension LogState {
    /// Reads the whole state from one snapshot: one scan of the events, sorted by key afterwards.
    init(reading db: Database) throws {
        guard let row = try Row.fetchOne(db, sql: "SELECT id, physical, counter FROM log"),
            let id = LogID(bytes: try row.bytes(0))
        else { throw Damage(detail: "the log's own row is missing") }
        self.init(id: id)
        clock = try row.timestamp(1)
        try readEvents(db)
        try readMissing(db)
        try readAside(db)
        try readEquivocations(db)
        peers = try PeerRecord.all(db)
    }

    private mutating func readEvents(_ db: Database) throws {
        let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM event") ?? 0
        keys.reserveCapacity(count)
        places.reserveCapacity(count)
        var names = NodeNames(db)
        let sql = """
            SELECT position, id, physical, counter, origin, scope, sequence
            FROM event ORDER BY position
            """
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() {
            lastPosition = try row.number(0)
            let id: EventID = try row.identifier(1)
            keys.append(EventKey(time: try row.timestamp(2), id: id))
            places.append(
                ChainPlace(
                    origin: try names.node(try row.number(4)), scope: try row.bytes(5),
                    sequence: try row.number(6), id: id))
        }
        // Events come roughly in the order of their clocks, which this sort turns into time; SQLite
        // would fetch each row by its time index from a random place.
        keys.sort()
    }

    private mutating func readMissing(_ db: Database) throws {
        let sql = "SELECT id FROM event WHERE body IS NULL ORDER BY position"
        missingBodies = try Row.fetchCursor(db, sql: sql).map { try $0.identifier(0) }.array
    }

    private mutating func readAside(_ db: Database) throws {
        let sql = """
            SELECT sender, id, header, signature, salt, body FROM aside
            ORDER BY physical, counter, id
            """
        aside = try Row.fetchCursor(db, sql: sql).map { row in
            AsideEvent(event: try row.event(from: 1), sender: try row.optionalIdentifier(0))
        }.array
    }

    private mutating func readEquivocations(_ db: Database) throws {
        let sql = "SELECT * FROM equivocation ORDER BY origin, scope, sequence, first, second"
        equivocations = try Row.fetchCursor(db, sql: sql).map { row in
            Equivocation(
                origin: try row.identifier(0), scope: try row.bytes(1),
                sequence: try row.number(2), first: try row.identifier(3),
                second: try row.identifier(4))
        }.array
    }
}

extension PeerRecord {
    /// Every record, ascending by node.
    static func all(_ db: Database) throws -> [PeerRecord] {
        let sql = """
            SELECT node, state, approved_here, approved_there, label, cursor_log,
                cursor_position, since
            FROM peer ORDER BY node
            """
        var records = try Row.fetchCursor(db, sql: sql).map { try PeerRecord($0) }.array
        for index in records.indices {
            let node = Data(records[index].node.bytes)
            let addresses = try Row.fetchCursor(
                db, sql: "SELECT address FROM endpoint WHERE node = ? ORDER BY place",
                arguments: [node])
            records[index].endpoints = try addresses.map {
                String(decoding: try $0.bytes(0), as: UTF8.self)
            }.array
        }
        return records
    }

    private init(_ row: Row) throws {
        let name = String(decoding: try row.bytes(1), as: UTF8.self)
        guard let state = State(rawValue: name) else {
            throw Damage(detail: "a peer's state is \(name)")
        }
        let log = try row.optionalBytes(5).flatMap { LogID(bytes: $0) }
        let position = try row.optionalNumber(6)
        self.init(
            node: try row.identifier(0), state: state, isApprovedHere: try row.number(2) == 1,
            isApprovedThere: try row.number(3) == 1,
            label: String(decoding: try row.bytes(4), as: UTF8.self),
            cursor: log.flatMap { log in position.map { Core.Cursor(log: log, position: $0) } },
            since: try row.number(7))
    }
}
