import Core
import Testing

@testable import Gossip

/// A log in memory: what was stored, nothing else.
struct TestLog: GossipLog {
    var events: [EventID: Event] = [:]
    var admitted: Set<NodeID> = []

    func holds(_ origin: NodeID, at sequence: UInt64) -> Bool {
        events.values.contains { $0.header.origin == origin && $0.header.sequence == sequence }
    }
    func holds(_ event: Event) -> Bool { events[event.id] != nil }
    func admits(_ origin: NodeID, at sequence: UInt64) -> Bool { admitted.contains(origin) }
    func last(of origin: NodeID) -> UInt64 {
        events.values.filter { $0.header.origin == origin }.map(\.header.sequence).max() ?? 0
    }
}

/// Keys and events by small numbers.
enum Things {
    static func key(_ number: Int) -> SecretKey {
        let digest: Digest = SHA256.hash(Array("key \(number)".utf8))
        guard let key = SecretKey(seed: digest.bytes) else { preconditionFailure("32 bytes") }
        return key
    }
    static func node(_ number: Int) -> NodeID { key(number).node }

    static func event(_ origin: Int, _ sequence: UInt64, bytes: Int = 20) -> Event {
        let body = Body(
            salt: [UInt8](repeating: 1, count: 16), bytes: [UInt8](repeating: 7, count: bytes))
        guard let author = Author(role: .ai, name: "w") else { preconditionFailure("a name") }
        let header = Header(
            origin: node(origin), sequence: sequence, previous: sequence == 1 ? nil : .zero,
            time: Timestamp(physical: 1_000_000 + sequence, counter: 0),
            author: author, kind: "message.post", bodyLength: bytes,
            bodyHash: body.hash)
        return Event(signing: header, body: body, with: key(origin))
    }
}

/// One machine and the peers around it, whose frames the test writes by hand.
final class Lab {
    var machine: GossipMachine
    var log = TestLog()
    var now = Instant.zero
    /// Frames that the machine has sent, by link, not taken yet.
    var sent: [LinkName: [Frame]] = [:]
    /// What it wanted otherwise, in order.
    var effects: [GossipEffect] = []
    /// Whether the network takes what is transmitted.
    var isStuck: Set<LinkName> = []
    private var buffers: [LinkName: FrameBuffer] = [:]
    private var tables: [LinkName: OriginTable] = [:]
    private var readTables: [LinkName: OriginTable] = [:]
    private var count: UInt64 = 0

    /// Node 0 with peers 1 to `peers` registered.
    init(peers: Int, _ settings: GossipSettings = GossipSettings(mode: .on), seed: UInt64 = 1) {
        machine = GossipMachine(
            node: Things.node(0), settings: settings, dice: Dice(seed: seed))
        log.admitted = Set((0...max(peers, 20)).map(Things.node))
        give(.registry((1...peers).map(Things.node).sorted()))
    }

    func give(_ input: GossipInput) {
        var wanted: [GossipEffect] = []
        machine.handle(input, at: now, log, into: &wanted)
        take(wanted)
    }

    /// Lets time pass, timer by timer.
    func pass(_ time: Duration) {
        let end = now + time
        while let due = machine.nextDeadline, due <= end {
            now = max(now, due)
            var wanted: [GossipEffect] = []
            machine.advance(to: now, log, into: &wanted)
            take(wanted)
        }
        now = end
    }

    private func take(_ wanted: [GossipEffect]) {
        for effect in wanted {
            guard case .transmit(let name, let bytes) = effect else {
                effects.append(effect)
                continue
            }
            buffers[name, default: FrameBuffer()].append(bytes)
            do {
                while let frame = try buffers[name]?.next() {
                    sent[name, default: []].append(try Frame(decoding: frame))
                }
            } catch {
                Issue.record("the machine sent what is no frame: \(error)")
            }
            if !isStuck.contains(name) { give(.written(name)) }
        }
    }

    /// A peer dials, and is taken as a neighbor unless the answer says otherwise.
    @discardableResult
    func dialled(by peer: Int, _ purpose: LinkPurpose = .neighbor) -> LinkName {
        count += 1
        let name = LinkName(number: count, isOurs: false)
        give(.linked(name, Things.node(peer)))
        send(.hello(versions: [1], purpose), over: name)
        return name
    }

    /// Dials of the machine that wait for an answer.
    var dials: [(link: LinkName, node: NodeID)] {
        effects.compactMap { if case .dial(let link, let node) = $0 { (link, node) } else { nil } }
    }

    /// Answers a dial with an open link and a welcome.
    func welcome(_ link: LinkName, _ node: NodeID) {
        effects.removeAll { if case .dial(link, _) = $0 { true } else { false } }
        give(.linked(link, node))
        send(.welcome(version: 1), over: link)
    }

    func send(_ frame: Frame, over name: LinkName) {
        var bytes: [UInt8] = []
        FrameBuffer.write(frame.encoded(), to: &bytes)
        give(.received(name, bytes))
    }

    /// Packs ranges as the other end of the link would.
    func packed(_ ranges: [PlaceRange], over name: LinkName) -> [UInt8] {
        var bytes: [UInt8] = []
        for range in ranges { tables[name, default: OriginTable()].write(range, to: &bytes) }
        return bytes
    }

    func announce(_ origin: Int, _ sequences: ClosedRange<UInt64>, over name: LinkName) {
        let range = PlaceRange(
            origin: Things.node(origin), from: sequences.lowerBound,
            count: UInt64(sequences.count), hop: 2)
        send(.announce(packed([range], over: name)), over: name)
    }

    func sendEvent(_ event: Event, over name: LinkName) {
        send(.event(hop: 1, event.encoded()), over: name)
    }

    /// What a shell and an engine do with events that came: all are valid.
    func acceptAll() {
        for effect in takeEffects() {
            guard case .take(let events, let node) = effect else { continue }
            give(.accepted(events, from: node, isLate: false))
            for event in events { log.events[event.id] = event }
            give(.stored(events.map { StoredEvent(event: $0, way: .fresh, sender: node) }))
        }
    }

    func post(_ event: Event) {
        log.events[event.id] = event
        give(.stored([StoredEvent(event: event, way: .own, sender: nil)]))
    }

    func takeEffects() -> [GossipEffect] {
        defer { effects = [] }
        return effects
    }

    /// Frames sent over a link since the last look.
    func frames(_ name: LinkName) -> [Frame] { sent.removeValue(forKey: name) ?? [] }

    /// Ranges of packed frames that went over a link, as its other end reads them.
    func ranges(_ packed: [UInt8], over name: LinkName) throws -> [PlaceRange] {
        try readTables[name, default: OriginTable()].read(packed)
    }

    /// Neighbors now.
    var neighbors: [NodeID] { machine.standing.neighbors.map(\.node) }
}
