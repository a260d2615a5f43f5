import Core
import Foundation
import GRDB

extension LogState {
    /// Reads the whole state in one transaction: one scan of the events, sorted by key afterwards.
    init(reading db: Database) throws {
        self = try Self.read(db, nil).state
    }

    /// As above, with what `file` holds instead of the rows that it repeats.
    static func read(
        _ db: Database, _ file: SnapshotFile?
    ) throws -> (state: LogState, opening: Opening, end: SnapshotEnd) {
        var state = try LogState(beginning: db)
        var opening = Opening()
        var end = SnapshotEnd()
        if let file, let mark = try SnapshotMark(reading: db) {
            do {
                let part = try state.reading(file, until: mark, db)
                (state, end) = (part.state, part.end)
                opening.fromSnapshot = state.keys.count
            } catch let fault as SnapshotFault {
                opening.problem = fault.description
            }
        }
        try state.readEvents(db)
        opening.fromRows = state.keys.count - opening.fromSnapshot
        try state.readRest(db)
        return (state, opening, end)
    }

    private func reading(
        _ file: SnapshotFile, until mark: SnapshotMark, _ db: Database
    ) throws -> (state: LogState, end: SnapshotEnd) {
        var state = self
        state.reserve(try Self.count(db))
        let length = try file.read(log: id, until: mark) { state.take($0, $1) }
        let held = try Data.fetchOne(
            db, sql: "SELECT id FROM event WHERE position = ?",
            arguments: [Int64(clamping: mark.position)])
        guard let last = state.places.last?.key.id, held == Data(last.bytes) else {
            throw SnapshotFault("the log holds something else at its end")
        }
        return (state, SnapshotEnd(length: length, position: mark.position))
    }

    private init(beginning db: Database) throws {
        guard let row = try Row.fetchOne(db, sql: "SELECT id, physical, counter FROM log"),
            let id = LogID(bytes: try row.bytes(0))
        else { throw Damage(detail: "the log's own row is missing") }
        self.init(id: id)
        clock = try row.timestamp(1)
    }

    private mutating func readRest(_ db: Database) throws {
        try readMissing(db)
        try readAside(db)
        try readEquivocations(db)
        peers = try PeerRecord.all(db)
        try readMembership(db)
    }

    private mutating func readMembership(_ db: Database) throws {
        let sql = """
            SELECT id, header, signature, salt, body FROM event
            WHERE position IN (SELECT position FROM control) ORDER BY position
            """
        controls = try Row.fetchCursor(db, sql: sql).map { try $0.event(from: 0) }.array
        let rows = try Row.fetchCursor(db, sql: "SELECT id, previous FROM link")
        while let row = try rows.next() { links[try row.identifier(0)] = try row.identifier(1) }
        invites = try Row.fetchCursor(db, sql: "SELECT * FROM invite ORDER BY id").map { row in
            let number = try row.bytes(0).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Invite(
                id: number, secret: try row.bytes(1), expires: try row.number(2),
                usedBy: try row.optionalIdentifier(3))
        }.array
        alarms = try Row.fetchCursor(db, sql: "SELECT * FROM alarm ORDER BY time").map { row in
            let name = String(decoding: try row.bytes(0), as: UTF8.self)
            guard let kind = Alarm.Kind(rawValue: name) else {
                throw Damage(detail: "an alarm's kind is \(name)")
            }
            return Alarm(
                kind: kind, node: try row.identifier(1),
                evidence: String(decoding: try row.bytes(2), as: UTF8.self),
                time: try row.number(3))
        }.array
    }

    /// Reads the rows after `lastPosition`.
    private mutating func readEvents(_ db: Database) throws {
        if keys.isEmpty { reserve(try Self.count(db)) }
        try EventRows.each(db, after: lastPosition) { take($0, $1) }
        // Events come roughly in the order of their clocks, which this sort turns into time; SQLite
        // would fetch each row by its time index from a random place.
        keys.sort()
    }

    private mutating func take(_ position: UInt64, _ place: ChainPlace) {
        lastPosition = position
        keys.append(place.key)
        places.append(place)
    }

    private mutating func reserve(_ count: Int) {
        keys.reserveCapacity(count)
        places.reserveCapacity(count)
    }

    /// Not less than there are events, as a rule: counting would go through all of an index.
    private static func count(_ db: Database) throws -> Int {
        let last = try Int.fetchOne(db, sql: "SELECT max(position) FROM event") ?? 0
        return min(last, StorageLimits.reservedRows)
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
            SELECT node, state, approval, approved_there, label, cursor_log, cursor_position,
                since, cut_sequence, cut_id
            FROM peer ORDER BY node
            """
        var records = try Row.fetchCursor(db, sql: sql).map { try PeerRecord($0) }.array
        for index in records.indices {
            let node = Data(records[index].node.bytes)
            let addresses = try Row.fetchCursor(
                db, sql: "SELECT address, is_given FROM endpoint WHERE node = ? ORDER BY place",
                arguments: [node])
            while let row = try addresses.next() {
                let address = String(decoding: try row.bytes(0), as: UTF8.self)
                if try row.number(1) == 1 {
                    records[index].given.append(address)
                } else {
                    records[index].endpoints.append(address)
                }
            }
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
        let approval = try row.optionalBytes(2).map { bytes in
            let name = String(decoding: bytes, as: UTF8.self)
            guard let approval = Approval(rawValue: name) else {
                throw Damage(detail: "an approval is \(name)")
            }
            return approval
        }
        let cut = try row.optionalNumber(8).map { sequence in
            guard let cut = Cut(sequence: sequence, id: try row.optionalIdentifier(9)) else {
                throw Damage(detail: "a cut at \(sequence) is not whole")
            }
            return cut
        }
        self.init(
            node: try row.identifier(0), state: state, approval: approval,
            isApprovedThere: try row.number(3) == 1,
            label: String(decoding: try row.bytes(4), as: UTF8.self),
            cursor: log.flatMap { log in position.map { Core.Cursor(log: log, position: $0) } },
            since: try row.number(7), cut: cut)
    }
}
