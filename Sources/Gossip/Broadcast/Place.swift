import Core

/// A place in an origin's chain.
struct Place: Hashable, Comparable, Sendable {
    var origin: NodeID
    var sequence: UInt64

    init(_ origin: NodeID, _ sequence: UInt64) {
        self.origin = origin
        self.sequence = sequence
    }

    init(_ event: Event) { self.init(event.header.origin, event.header.sequence) }

    static func < (a: Self, b: Self) -> Bool {
        a.origin != b.origin ? a.origin < b.origin : a.sequence < b.sequence
    }
}

/// An event that was announced and has not come.
struct Missing: Sendable {
    struct Announcer: Sendable {
        var link: LinkName
        var hop: UInt8
    }

    var announcers: [Announcer]
    let since: Instant
    /// When to ask the next announcer.
    var due: Instant
    /// How often somebody was asked.
    var tries = 0
    /// Who was asked last.
    var asked: LinkName?
    var isLarge: Bool
    /// Whether it is one of a long row.
    var isOfRow: Bool

    /// Whether it is asked for alone, without becoming a child of whoever has it.
    var isWanted: Bool { isLarge || isOfRow }
    /// What it takes of its first announcer's window, as long as it is missing.
    let weight: Int
}

/// What a neighbor has announced and is asked for a few at a time.
struct Row: Sendable {
    /// What is left of it.
    var range: PlaceRange
    let since: Instant

    func contains(_ place: Place) -> Bool {
        range.origin == place.origin && place.sequence >= range.from
            && place.sequence - range.from < range.count
    }
}

/// An event on its way into the log.
struct Coming: Sendable {
    var link: LinkName
    var hop: UInt8
    /// The copy that is looked at: the id covers neither signature nor body.
    var event: Event
}
