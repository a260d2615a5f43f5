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
}

/// An event on its way into the log.
struct Coming: Sendable {
    var link: LinkName
    var hop: UInt8
    /// The copy that is looked at: the id covers neither signature nor body.
    var event: Event
}
