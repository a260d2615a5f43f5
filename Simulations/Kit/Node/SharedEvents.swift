import Core

/// Lets the logs of all nodes share the bytes of an event that each has read for itself: of a
/// thousand copies one is kept. Only what is equal byte by byte is shared.
///
/// Two generations, as in `VerdictMemo`: what comes after both is a copy of its own.
struct SharedEvents: Sendable {
    private var young: [EventID: Event] = [:]
    private var old: [EventID: Event] = [:]

    /// Events of a generation: as a rule all nodes have stored an event long before so many more
    /// have come.
    static let generation = 8192

    /// The events of a write, with the bytes that others hold already.
    mutating func share(_ entries: inout [LogEntry]) {
        for place in entries.indices { entries[place].event = shared(entries[place].event) }
    }

    private mutating func shared(_ event: Event) -> Event {
        if let known = young[event.id] { return Self.areSame(known, event) ? known : event }
        let known = old[event.id] ?? event
        if young.count >= Self.generation {
            old = young
            young = [:]
        }
        young[event.id] = known
        return Self.areSame(known, event) ? known : event
    }

    /// The id and the header follow from the header's bytes.
    private static func areSame(_ a: Event, _ b: Event) -> Bool {
        a.headerBytes == b.headerBytes && a.signature == b.signature && a.body == b.body
    }
}
