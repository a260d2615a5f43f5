import Core
import Foundation
import GRDB

/// The statements of one write. What it throws rolls all of them back.
struct LogTransaction {
    let db: Database
    private var nodes = Interned("node")
    private var authors = Interned("author")
    private var kinds = Interned("kind")

    init(_ db: Database) { self.db = db }

    mutating func apply(_ write: LogWrite) throws -> Written {
        var written = Written()
        try insert(write.entries, &written)
        for (id, body) in write.bodies { try fill(id, with: body, &written) }
        for aside in write.aside { try setAside(aside) }
        for id in write.released { try run("DELETE FROM aside WHERE id = ?", [Data(id.bytes)]) }
        try refuse(write.refused)
        for equivocation in write.equivocations { try record(equivocation) }
        for (id, previous) in write.links {
            try run(
                "INSERT INTO link VALUES (?, ?) ON CONFLICT DO NOTHING",
                [Data(id.bytes), Data(previous.bytes)])
        }
        for peer in write.peers { try replace(peer) }
        for invite in write.invites { try replace(invite) }
        for id in write.endedInvites {
            try run("DELETE FROM invite WHERE id = ?", [Self.bytes(id)])
        }
        for alarm in write.alarms { try record(alarm) }
        if let clock = write.clock { try advance(to: clock) }
        return written
    }

    /// Runs one prepared statement and returns the number of rows it changed.
    @discardableResult
    func run(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
        return db.changesCount
    }

    private func advance(to clock: Timestamp) throws {
        let physical = try signed(clock.physical)
        try run(
            "UPDATE log SET physical = ?1, counter = ?2 WHERE (physical, counter) < (?1, ?2)",
            [physical, clock.counter])
    }
}

extension LogTransaction {
    private mutating func insert(_ entries: [LogEntry], _ written: inout Written) throws {
        guard !entries.isEmpty else { return }
        var last = try Int64.fetchOne(db, sql: "SELECT max(position) FROM event") ?? 0
        let statement = try db.cachedStatement(sql: Self.insertion)
        for entry in entries {
            let position = try signed(entry.position)
            guard try insert(entry, at: position, statement) else { continue }
            // A reader may have passed this place: it would never see the event.
            guard position > last else {
                throw StorageError.invalidWrite(detail: "position \(position) is not after \(last)")
            }
            last = position
            written.inserted += 1
            if EventKind.statements.contains(entry.event.header.kind) {
                try run("INSERT INTO control VALUES (?)", [position])
            }
        }
    }

    private static let insertion = """
        INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
        ON CONFLICT (id) DO NOTHING
        """

    private mutating func insert(
        _ entry: LogEntry, at position: Int64, _ statement: Statement
    ) throws -> Bool {
        let event = entry.event
        let header = event.header
        guard event.bodyMatches, event.signature.count == 64 else {
            let detail = "the body or signature of event \(event.id) is not the one it names"
            throw StorageError.invalidWrite(detail: detail)
        }
        let author = Array(header.author.description.utf8)
        try statement.execute(
            arguments: [
                position, Data(event.id.bytes), try signed(header.time.physical),
                header.time.counter, try nodes.number(of: header.origin.bytes, in: db),
                Data(header.scope), try signed(header.sequence),
                try entry.sender.map { try nodes.number(of: $0.bytes, in: db) },
                try authors.number(of: author, in: db),
                try kinds.number(of: Array(header.kind.utf8), in: db), Data(event.headerBytes),
                Data(event.signature), event.body.map { Data($0.salt) },
                event.body.map { Data($0.bytes) },
            ])
        return db.changesCount > 0
    }

    private func fill(_ id: EventID, with body: Body, _ written: inout Written) throws {
        let sql = """
            SELECT position, sender, id, header, signature, salt, body FROM event
            WHERE id = ? AND body IS NULL
            """
        let statement = try db.cachedStatement(sql: sql)
        let row = try Row.fetchOne(statement, arguments: [Data(id.bytes)])
        guard let row else { return }
        var event = try row.event()
        event.body = body
        guard event.bodyMatches else { return }
        written.filled += try run(
            "UPDATE event SET salt = ?, body = ? WHERE id = ?",
            [Data(body.salt), Data(body.bytes), Data(id.bytes)])
    }

    private func setAside(_ aside: AsideEvent) throws {
        let event = aside.event
        let time = event.header.time
        try run(
            "INSERT INTO aside VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                Data(event.id.bytes), try signed(time.physical), time.counter,
                aside.sender.map { Data($0.bytes) }, Data(event.headerBytes),
                Data(event.signature), event.body.map { Data($0.salt) },
                event.body.map { Data($0.bytes) },
            ])
    }
}

extension LogTransaction {
    private func refuse(_ refused: [RefusedEvent]) throws {
        guard !refused.isEmpty else { return }
        for refusal in refused {
            try run(
                """
                INSERT INTO refusal (id, sender, reason, time, first_reason, first_time)
                VALUES (?1, ?2, ?3, ?4, ?3, ?4) ON CONFLICT (id, sender) DO UPDATE SET
                    number = (SELECT max(number) + 1 FROM refusal), reason = ?3, time = ?4,
                    count = count + 1
                """,
                [
                    Data(refusal.id.bytes), Data(refusal.sender?.bytes ?? []),
                    Data(refusal.reason.utf8), try signed(refusal.time),
                ])
        }
        let dropped = try run(
            """
            DELETE FROM refusal WHERE number <=
                (SELECT number FROM refusal ORDER BY number DESC LIMIT 1 OFFSET ?)
            """, [StorageLimits.refusals])
        if dropped > 0 {
            try run("UPDATE log SET refusals_dropped = refusals_dropped + ?", [dropped])
        }
    }

    private func record(_ equivocation: Equivocation) throws {
        try run(
            "INSERT INTO equivocation VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                Data(equivocation.origin.bytes), Data(equivocation.scope),
                try signed(equivocation.sequence), Data(equivocation.first.bytes),
                Data(equivocation.second.bytes),
            ])
    }

    private func replace(_ peer: PeerRecord) throws {
        let node = Data(peer.node.bytes)
        try run("DELETE FROM endpoint WHERE node = ?", [node])
        try run(
            """
            INSERT OR REPLACE INTO peer (node, state, approved_there, label, cursor_log,
                cursor_position, since, approval, cut_sequence, cut_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                node, peer.state.rawValue, peer.isApprovedThere, Data(peer.label.utf8),
                peer.cursor.map { Data($0.log.bytes) },
                try peer.cursor.map { try signed($0.position) }, try signed(peer.since),
                peer.approval?.rawValue, try peer.cut.map { try signed($0.sequence) },
                peer.cut?.id.map { Data($0.bytes) },
            ])
        let addresses = peer.given.map { ($0, true) } + peer.endpoints.map { ($0, false) }
        for (place, (address, isGiven)) in addresses.enumerated() {
            try run(
                "INSERT INTO endpoint VALUES (?, ?, ?, ?)",
                [node, place, Data(address.utf8), isGiven])
        }
    }

    private func replace(_ invite: Invite) throws {
        try run(
            "INSERT OR REPLACE INTO invite VALUES (?, ?, ?, ?)",
            [
                Self.bytes(invite.id), Data(invite.secret), try signed(invite.expires),
                invite.usedBy.map { Data($0.bytes) },
            ])
    }

    private func record(_ alarm: Alarm) throws {
        try run(
            "INSERT INTO alarm VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                alarm.kind.rawValue, Data(alarm.node.bytes), Data(alarm.evidence.utf8),
                try signed(alarm.time),
            ])
    }

    /// Random numbers fill all 64 bits, which SQLite's signed integers don't hold.
    private static func bytes(_ number: UInt64) -> Data {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: number)
        return Data(bytes)
    }
}

/// SQLite's integers are signed; nothing that is valid in a log is near the edge.
private func signed(_ value: UInt64) throws -> Int64 {
    guard let value = Int64(exactly: value) else {
        throw StorageError.invalidWrite(detail: "\(value) is above 2^63-1")
    }
    return value
}
