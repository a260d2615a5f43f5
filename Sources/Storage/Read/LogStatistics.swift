public import Core
import GRDB

/// What a log holds, in numbers.
public struct LogStatistics: Hashable, Sendable {
    /// One origin's share.
    public struct OriginCount: Hashable, Sendable {
        /// Who signed them.
        public var origin: NodeID
        /// Events held.
        public var events: Int
        /// The highest place of its chains, all scopes together.
        public var lastSequence: UInt64
    }

    /// Events held.
    public var events = 0
    /// Bytes of the file and of what is not yet folded into it.
    public var fileBytes: UInt64 = 0
    /// Events held without their body.
    public var missingBodies = 0
    /// Events from the future that wait until they are due.
    public var aside = 0
    /// Refusals kept.
    public var refused = 0
    /// Refusals that were dropped for newer ones.
    public var refusedDropped = 0
    /// Pairs of events that one origin signed for one place.
    public var equivocations = 0
    /// Records of peers, whatever their state.
    public var peers = 0
    /// Ascending by origin.
    public var origins: [OriginCount] = []
}

extension EventLog {
    /// Counts; looks at every event's place in an index (about 0.1 s a million).
    public func statistics() throws(StorageError) -> LogStatistics {
        var statistics = try reading("counting") { db in
            var statistics = LogStatistics()
            func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
            statistics.missingBodies = try count("SELECT count(*) FROM event WHERE body IS NULL")
            statistics.aside = try count("SELECT count(*) FROM aside")
            statistics.refused = try count("SELECT count(*) FROM refusal")
            statistics.refusedDropped = try count("SELECT refusals_dropped FROM log")
            statistics.equivocations = try count("SELECT count(*) FROM equivocation")
            statistics.peers = try count("SELECT count(*) FROM peer")
            statistics.origins = try Self.origins(db)
            statistics.events = statistics.origins.reduce(0) { $0 + $1.events }
            return statistics
        }
        statistics.fileBytes = LogFile(folder: folder).bytes
        return statistics
    }

    /// Events and bytes of bodies by kind and by author, of those that `includes` says: what a
    /// reader of the log would see. Looks at every row.
    public func exposure(
        _ includes: (EventID) -> Bool
    ) throws(StorageError) -> (kinds: [String: Int], authors: [String: Int], bytes: UInt64) {
        try reading("counting") { db in
            let sql = """
                SELECT id, kind.value, author.value, coalesce(length(body), 0)
                FROM event JOIN kind ON kind.number = kind JOIN author ON author.number = author
                """
            var kinds: [String: Int] = [:]
            var authors: [String: Int] = [:]
            var bytes: UInt64 = 0
            let rows = try Row.fetchCursor(db, sql: sql)
            while let row = try rows.next() {
                guard includes(try row.identifier(0)) else { continue }
                kinds[String(decoding: try row.bytes(1), as: UTF8.self), default: 0] += 1
                authors[String(decoding: try row.bytes(2), as: UTF8.self), default: 0] += 1
                bytes += try row.number(3)
            }
            return (kinds, authors, bytes)
        }
    }

    private static func origins(_ db: Database) throws -> [LogStatistics.OriginCount] {
        let sql = """
            SELECT origin, count(*), max(sequence) FROM event GROUP BY origin
            """
        var names = NodeNames(db)
        return try Row.fetchCursor(db, sql: sql).map { row in
            LogStatistics.OriginCount(
                origin: try names.node(try row.number(0)),
                events: Int(clamping: try row.number(1)), lastSequence: try row.number(2))
        }.array.sorted { $0.origin < $1.origin }
    }

    /// Reads and hashes everything; throws `damaged` with the first finding. Takes seconds for a
    /// large log: for the operator who doubts a disk.
    public func check() throws(StorageError) {
        try reading("checking the log") { db in
            try LogFile.check(db, "PRAGMA integrity_check(1)")
            let rows = try Row.fetchCursor(db, sql: "SELECT \(Self.eventColumns) FROM event")
            while let row = try rows.next() {
                let event = try row.event()
                guard event.signature.count == 64 else {
                    throw Damage(detail: "event \(event.id) has a broken signature")
                }
            }
        }
    }
}
