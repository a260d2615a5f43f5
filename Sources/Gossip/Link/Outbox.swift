import Core

/// What waits for one neighbor, in three queues: control before events before messages of sessions.
///
/// Nothing ever waits for a neighbor: a queue that is full drops what is new and says so. What is
/// put on the wire is composed when the network has taken what went before, so that announcements,
/// grafts and prunes coalesce for as long as it is slow.
struct Outbox: Sendable {
    /// An event that waits.
    private struct Payload: Sendable {
        var frame: [UInt8]
        var place: PlaceRange
    }

    /// What an entry for a place takes here.
    static let entryBytes = MemoryLayout<PlaceRange>.stride

    private var control: Queue<(frame: [UInt8], kind: Frame.Kind)> = Queue()
    private var controlBytes = 0
    private var grafts: [PlaceRange] = []
    private var wants: [PlaceRange] = []
    private var prunes: [NodeID] = []
    private var announcements: [PlaceRange] = []
    /// Where in `announcements` an origin's last entry stands.
    private var lastOf: [NodeID: Int] = [:]
    private var payload: Queue<Payload> = Queue()
    private var payloadBytes = 0
    private var bulk: Queue<(bytes: [UInt8], eventBytes: Int)> = Queue()
    private(set) var bulkBytes = 0
    /// How much of the first message of `bulk` was sent.
    private var sent = 0
    /// Origins as this side has numbered them.
    private(set) var table = OriginTable()

    /// Bytes that wait, about.
    var bytes: Int {
        payloadBytes + bulkBytes + controlBytes
            + (announcements.count + grafts.count + wants.count) * Self.entryBytes
            + prunes.count * 32
    }

    var isEmpty: Bool {
        control.isEmpty && grafts.isEmpty && wants.isEmpty && prunes.isEmpty
            && announcements.isEmpty && payload.isEmpty && bulk.isEmpty
    }

    /// Whether there is more than announcements, which may be gathered a little longer.
    var isUrgent: Bool {
        !(control.isEmpty && grafts.isEmpty && wants.isEmpty && prunes.isEmpty && payload.isEmpty
            && bulk.isEmpty)
    }

    /// False where the queue is full: the neighbor reads nothing.
    mutating func put(_ frame: Frame, _ kind: Frame.Kind) -> Bool {
        guard control.count < GossipLimits.controlFrames else { return false }
        let bytes = frame.encoded()
        control.append((bytes, kind))
        controlBytes += bytes.count
        return true
    }

    mutating func graft(_ range: PlaceRange) {
        guard grafts.count < GossipLimits.missingOfOne else { return }
        prunes.removeAll { $0 == range.origin }
        if let last = grafts.last, last.origin == range.origin, range.count > 0,
            last.from + last.count == range.from
        {
            grafts[grafts.count - 1].count += range.count
        } else {
            grafts.append(range)
        }
    }

    mutating func want(_ range: PlaceRange) {
        guard wants.count < GossipLimits.missingOfOne else { return }
        wants.append(range)
    }

    mutating func prune(_ origin: NodeID) {
        guard !prunes.contains(origin), prunes.count < GossipLimits.origins else { return }
        prunes.append(origin)
    }

    /// False where there is no room: a session must tell.
    mutating func announce(_ place: PlaceRange) -> Bool {
        if let last = lastOf[place.origin] {
            let held = announcements[last]
            if held.from + held.count == place.from, held.isLarge == place.isLarge {
                announcements[last].count += place.count
                announcements[last].hop = max(held.hop, place.hop)
                return true
            }
        }
        guard announcements.count < GossipLimits.announcements else { return false }
        lastOf[place.origin] = announcements.count
        announcements.append(place)
        return true
    }

    /// False where the queue is full.
    mutating func push(_ event: [UInt8], hop: UInt8, at place: PlaceRange) -> Bool {
        guard payload.count < GossipLimits.payloadFrames,
            payloadBytes + event.count <= GossipLimits.payloadBytes || payload.isEmpty
        else { return false }
        let frame = Frame.event(hop: hop, event).encoded()
        payload.append(Payload(frame: frame, place: place))
        payloadBytes += frame.count
        return true
    }

    /// Turns the events that wait into announcements; false where not all of them found room.
    mutating func degrade() -> Bool {
        var isComplete = true
        while let next = payload.popFirst() {
            isComplete = announce(next.place) && isComplete
        }
        payloadBytes = 0
        return isComplete
    }

    /// False where there is no room.
    mutating func send(_ message: LinkMessage, eventBytes: Int) -> Bool {
        let bytes = message.encoded()
        guard bulkBytes + bytes.count <= GossipLimits.bulkBytes else { return false }
        bulk.append((bytes, eventBytes))
        bulkBytes += bytes.count
        return true
    }

    /// What to put on the wire next; empty where nothing waits, or only announcements that may.
    mutating func chunk(withAnnouncements: Bool, _ tally: inout LinkTally) -> [UInt8] {
        guard isUrgent || withAnnouncements && !announcements.isEmpty else { return [] }
        var bytes: [UInt8] = []
        func put(_ frame: [UInt8], _ kind: Frame.Kind) {
            FrameBuffer.write(frame, to: &bytes)
            tally.sent(frame.count + 4, kind)
        }
        while let next = control.popFirst() { put(next.frame, next.kind) }
        controlBytes = 0
        var left = prunes.map { PlaceRange(origin: $0, from: 0, count: 0) }
        prunes = []
        for part in parts(&left) { put(packed(part, Frame.prune), .prune) }
        for part in parts(&grafts) { put(packed(part, Frame.graft), .graft) }
        for part in parts(&wants) { put(packed(part, Frame.want), .graft) }
        if withAnnouncements || isUrgent, !announcements.isEmpty {
            for part in parts(&announcements) { put(packed(part, Frame.announce), .announce) }
            lastOf = [:]
        }
        while bytes.count < GossipLimits.chunkBytes, let next = payload.popFirst() {
            payloadBytes -= next.frame.count
            put(next.frame, .event)
        }
        while bytes.count + GossipLimits.partBytes <= GossipLimits.chunkBytes, let next = bulk.first
        {
            let end = min(sent + GossipLimits.partBytes, next.bytes.count)
            let part = Frame.part(isEnd: end == next.bytes.count, Array(next.bytes[sent..<end]))
                .encoded()
            FrameBuffer.write(part, to: &bytes)
            tally.sent(
                part: end - sent, of: next.bytes.count, eventBytes: next.eventBytes,
                frame: part.count + 4)
            sent = end
            guard end == next.bytes.count else { continue }
            bulkBytes -= next.bytes.count
            sent = 0
            _ = bulk.popFirst()
        }
        return bytes
    }

    /// Takes all ranges out, in pieces that fit into a frame.
    private func parts(_ ranges: inout [PlaceRange]) -> [ArraySlice<PlaceRange>] {
        defer { ranges = [] }
        return stride(from: 0, to: ranges.count, by: 512).map {
            ranges[$0..<min($0 + 512, ranges.count)]
        }
    }

    private mutating func packed(
        _ ranges: some Sequence<PlaceRange>, _ frame: ([UInt8]) -> Frame
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for range in ranges { table.write(range, to: &bytes) }
        return frame(bytes).encoded()
    }
}
