import Core

/// Schema 2 of `log.sqlite`, and the way to it from schema 1.
///
/// An event's row is keyed by its position, so that a page of the log is one range scan; ids are
/// unique by SQLite. Header, signature and body are columns of their own, so that a redaction can
/// drop salt and body alone. `node`, `author` and `kind` hold each value once: a row refers to it
/// by a small number.
///
/// Text that came from outside is stored as a blob of UTF-8, because GRDB binds a `String` up to
/// its first NUL.
enum Schema {
    static let version = 2
    /// "FEDR", in the file's header: tells our file from any other SQLite database.
    static let application = 0x4645_4452

    static let creation = "\(first) \(second)"

    /// What version 1 was, without its number.
    static let first = """
        CREATE TABLE log (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            id BLOB NOT NULL CHECK (length(id) = 16),
            physical INTEGER NOT NULL,
            counter INTEGER NOT NULL,
            refusals_dropped INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE node (number INTEGER PRIMARY KEY, value BLOB NOT NULL UNIQUE) STRICT;
        CREATE TABLE author (number INTEGER PRIMARY KEY, value BLOB NOT NULL UNIQUE) STRICT;
        CREATE TABLE kind (number INTEGER PRIMARY KEY, value BLOB NOT NULL UNIQUE) STRICT;

        CREATE TABLE event (
            position INTEGER PRIMARY KEY CHECK (position > 0),
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
            physical INTEGER NOT NULL,
            counter INTEGER NOT NULL,
            origin INTEGER NOT NULL REFERENCES node,
            scope BLOB NOT NULL,
            sequence INTEGER NOT NULL,
            sender INTEGER REFERENCES node,
            author INTEGER NOT NULL REFERENCES author,
            kind INTEGER NOT NULL REFERENCES kind,
            header BLOB NOT NULL,
            signature BLOB NOT NULL,
            salt BLOB,
            body BLOB,
            CHECK ((salt IS NULL) = (body IS NULL))
        ) STRICT;
        CREATE INDEX event_time ON event (physical, counter);
        CREATE INDEX event_chain ON event (origin, scope, sequence);
        CREATE INDEX event_missing ON event (position) WHERE body IS NULL;

        CREATE TABLE aside (
            id BLOB PRIMARY KEY,
            physical INTEGER NOT NULL,
            counter INTEGER NOT NULL,
            sender BLOB,
            header BLOB NOT NULL,
            signature BLOB NOT NULL,
            salt BLOB,
            body BLOB
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE refusal (
            number INTEGER PRIMARY KEY,
            id BLOB NOT NULL,
            sender BLOB NOT NULL,
            reason BLOB NOT NULL,
            time INTEGER NOT NULL,
            UNIQUE (id, sender)
        ) STRICT;

        CREATE TABLE equivocation (
            origin BLOB NOT NULL,
            scope BLOB NOT NULL,
            sequence INTEGER NOT NULL,
            first BLOB NOT NULL,
            second BLOB NOT NULL,
            PRIMARY KEY (origin, scope, sequence, first, second)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE peer (
            node BLOB PRIMARY KEY,
            state TEXT NOT NULL,
            approved_here INTEGER NOT NULL,
            approved_there INTEGER NOT NULL,
            label BLOB NOT NULL,
            cursor_log BLOB,
            cursor_position INTEGER,
            since INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE endpoint (
            node BLOB NOT NULL REFERENCES peer,
            place INTEGER NOT NULL,
            address BLOB NOT NULL,
            PRIMARY KEY (node, place)
        ) STRICT, WITHOUT ROWID;

        PRAGMA application_id = \(application);
        """

    /// From 1 to 2. `control` names the events that decide who is admitted, `link` what an event
    /// follows where that is not what stands before it.
    static let second = """
        CREATE TABLE control (position INTEGER PRIMARY KEY REFERENCES event) STRICT;
        INSERT INTO control SELECT position FROM event WHERE kind IN
            (SELECT number FROM kind WHERE value IN (\(controlKinds)));

        CREATE TABLE link (id BLOB PRIMARY KEY, previous BLOB NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE invite (
            id BLOB PRIMARY KEY,
            secret BLOB NOT NULL,
            expires INTEGER NOT NULL,
            used_by BLOB
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE alarm (
            kind TEXT NOT NULL,
            node BLOB NOT NULL,
            evidence BLOB NOT NULL,
            time INTEGER NOT NULL,
            PRIMARY KEY (kind, node)
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE refusal ADD COLUMN first_time INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE refusal ADD COLUMN first_reason BLOB NOT NULL DEFAULT x'';
        ALTER TABLE refusal ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
        UPDATE refusal SET first_time = time, first_reason = reason;

        ALTER TABLE peer ADD COLUMN approval TEXT;
        ALTER TABLE peer ADD COLUMN cut_sequence INTEGER;
        ALTER TABLE peer ADD COLUMN cut_id BLOB;
        UPDATE peer SET approval = 'operator' WHERE approved_here;
        ALTER TABLE peer DROP COLUMN approved_here;

        ALTER TABLE endpoint ADD COLUMN is_given INTEGER NOT NULL DEFAULT 0;
        PRAGMA user_version = \(version);
        """

    private static let controlKinds = EventKind.statements.map { kind in
        let digits = kind.utf8.map { byte in
            String(UInt16(byte) + 256, radix: 16).dropFirst()
        }
        return "x'\(digits.joined())'"
    }.joined(separator: ", ")
}
