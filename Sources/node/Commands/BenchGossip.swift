import ArgumentParser
import Core
import Federation
import Foundation
import Gossip

extension Bench {
    struct Gossip: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What the gossip layer of one node takes: memory, time and bytes an event.",
            discussion: """
                One machine without a network: a neighbor hands over events of many origins in \
                turn, the others announce them, or take them from here.
                """)

        @OptionGroup var format: JSONFlag

        @Option(help: "Origins.")
        var origins = 1000

        @Option(help: "Neighbors.")
        var neighbors = 6

        @Option(help: "Events of each origin.")
        var events = 20

        @Option(help: "Bytes of each body.")
        var bodyBytes = 512

        func validate() throws {
            guard (1...GossipLimits.origins).contains(origins) else {
                throw ValidationError("--origins is 1 to \(GossipLimits.origins)")
            }
            guard GossipLimits.activeViews.contains(neighbors) else {
                throw ValidationError("--neighbors is 2 to \(GossipLimits.activeViews.upperBound)")
            }
            guard events > 0 else { throw ValidationError("--events is at least 1") }
            guard (0...Limits.bodyBytes).contains(bodyBytes) else {
                throw ValidationError("--body-bytes is 0 to \(Limits.bodyBytes)")
            }
        }

        func run() throws {
            let keys = (0..<origins).map { _ in SecretKey.generate() }
            let nodes = keys.map(\.node)
            // Resident memory comes in pages: several nodes make the error small.
            let before = Bench.residentBytes()
            var beds = (0..<Self.nodes).map { _ in TestBed(origins: nodes, neighbors: neighbors) }
            let empty = Bench.residentBytes() - before
            let clock = ContinuousClock()
            var spent = Duration.zero
            for sequence in 1...UInt64(events) {
                for key in keys {
                    let event = Self.event(key, sequence, bodyBytes)
                    spent += clock.measure {
                        for number in beds.indices { beds[number].passOn(event) }
                    }
                }
            }
            let held = Bench.residentBytes() - before
            let count = Double(origins * events)
            let tally = beds[0].machine.tally
            let announced = Double(tally.announced)
            let kibibytes = 1024 * Double(Self.nodes)
            try Bench.show(
                [
                    Figure(name: "origins", value: Double(origins), unit: ""),
                    Figure(name: "neighbors", value: Double(neighbors), unit: ""),
                    Figure(
                        name: "memory without trees", value: Double(empty) / kibibytes,
                        unit: "KiB a node"),
                    Figure(
                        name: "memory with a tree for each origin",
                        value: Double(held) / kibibytes, unit: "KiB a node"),
                    Figure(
                        name: "time for an event, taken and passed on",
                        value: Bench.seconds(spent) * 1e6 / count / Double(Self.nodes), unit: "us"),
                    Figure(
                        name: "announced, neighbors an event", value: announced / count, unit: ""),
                    Figure(
                        name: "bytes of an announcement",
                        value: Double(tally.sentBytes(.announce)) / max(announced, 1), unit: "B"),
                ], format)
        }

        private static let nodes = 16

        private static func event(_ key: SecretKey, _ sequence: UInt64, _ bytes: Int) -> Event {
            let body = Body(
                salt: [UInt8](repeating: 1, count: 16), bytes: [UInt8](repeating: 7, count: bytes))
            guard let author = Author(role: .node, name: "bench") else {
                preconditionFailure("a name within its bounds")
            }
            let header = Header(
                origin: key.node, sequence: sequence, previous: sequence == 1 ? nil : .zero,
                time: Timestamp(physical: 1_700_000_000_000_000 + sequence, counter: 0),
                author: author, kind: "message.post", bodyLength: bytes, bodyHash: body.hash)
            return Event(signing: header, body: body, with: key)
        }
    }

    /// A machine, and neighbors who are only as lively as the measurement needs.
    private struct TestBed {
        private struct Log: GossipLog {
            var last: [NodeID: UInt64] = [:]

            func holds(_ origin: NodeID, at sequence: UInt64) -> Bool {
                sequence <= last[origin] ?? 0
            }
            func holds(_ event: Event) -> Bool {
                holds(event.header.origin, at: event.header.sequence)
            }
            func admits(_ origin: NodeID, at sequence: UInt64) -> Bool { last[origin] != nil }
            func last(of origin: NodeID) -> UInt64 { last[origin] ?? 0 }
        }

        var machine: GossipMachine
        private var log = Log()
        private var now = Instant.zero
        private var names: [LinkName] = []
        /// Origins as each neighbor numbers them.
        private var tables: [OriginTable]

        init(origins: [NodeID], neighbors: Int) {
            let peers = (0..<neighbors).map { _ in SecretKey.generate().node }
            machine = GossipMachine(
                node: SecretKey.generate().node,
                settings: GossipSettings(mode: .on, activeView: neighbors), dice: Dice(seed: 1))
            tables = peers.map { _ in OriginTable() }
            for origin in origins { log.last[origin] = 0 }
            give(.registry(peers.sorted()))
            // It dials half of them, and the others dial it.
            pass(.seconds(1))
            for (number, node) in peers.enumerated() where machine.link(to: node) == nil {
                let name = LinkName(number: UInt64(number), isOurs: false)
                give(.linked(name, node))
                give(.received(name, Self.bytes(.hello(versions: [Frame.version], .neighbor))))
            }
            names = machine.neighborNames.map(\.link)
            precondition(names.count == neighbors)
        }

        /// One neighbor hands an event over, one is sent it, the others want to be told only.
        mutating func passOn(_ event: Event) {
            let header = event.header
            let parent = header.origin.bytes.first.map { Int($0) % names.count } ?? 0
            give(.received(names[parent], Self.bytes(.event(hop: 1, event.encoded()))))
            let place = PlaceRange(
                origin: header.origin, from: header.sequence, count: 1, hop: 2)
            for neighbor in names.indices.dropFirst(2) {
                let number = (parent + neighbor) % names.count
                var packed: [UInt8] = []
                tables[number].write(place, to: &packed)
                let frame: Frame = header.sequence == 1 ? .prune(packed) : .announce(packed)
                give(.received(names[number], Self.bytes(frame)))
            }
            // 20 events a second.
            pass(.milliseconds(50))
        }

        private mutating func pass(_ time: Duration) {
            let end = now + time
            while let due = machine.nextDeadline, due <= end {
                now = max(now, due)
                var wanted: [GossipEffect] = []
                machine.advance(to: now, log, into: &wanted)
                carryOut(wanted)
            }
            now = end
        }

        private mutating func give(_ input: GossipInput) {
            var wanted: [GossipEffect] = []
            machine.handle(input, at: now, log, into: &wanted)
            carryOut(wanted)
        }

        private mutating func carryOut(_ wanted: [GossipEffect]) {
            for effect in wanted {
                switch effect {
                case .transmit(let name, _): give(.written(name))
                case .dial(let name, let node):
                    give(.linked(name, node))
                    give(.received(name, Self.bytes(.welcome(version: Frame.version))))
                case .asked, .answered, .serve, .unlink: break
                case .take(let events, let node):
                    give(.accepted(events, from: node, isLate: false))
                    for event in events { log.last[event.header.origin] = event.header.sequence }
                    give(.stored(events.map { StoredEvent(event: $0, way: .fresh, sender: node) }))
                default: break
                }
            }
        }

        private static func bytes(_ frame: Frame) -> [UInt8] {
            var bytes: [UInt8] = []
            FrameBuffer.write(frame.encoded(), to: &bytes)
            return bytes
        }
    }
}
