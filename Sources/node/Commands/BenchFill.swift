import ArgumentParser
import Core
import Federation
import Foundation
import Storage

extension Bench {
    /// Makes nodes that hold the same events but for a few, as long use would leave them.
    ///
    /// The events are signed once and written to each log past the engine, in large commits.
    struct Fill: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make nodes with the same events, and some that only one of them has.",
            discussion: """
                Each folder becomes a node of its own, whose policy admits the events' origins. \
                Benchmarks/million uses it.
                """)

        @OptionGroup var format: JSONFlag

        @Argument(help: "The new nodes' folders.", completion: .directory)
        var folders: [String]

        @Option(help: "Events that all of them hold.")
        var events = 1_000_000

        @Option(help: "Further events, each in one log, their times scattered over the others'.")
        var differences = 0

        @Option(help: "Bytes of each body.")
        var bodyBytes = 16

        func validate() throws {
            if events < 1 { throw ValidationError("--events is at least 1") }
            if differences < 0 { throw ValidationError("--differences is not below 0") }
            guard (0...Limits.bodyBytes).contains(bodyBytes) else {
                throw ValidationError("--body-bytes is 0 to \(Limits.bodyBytes)")
            }
        }

        func run() async throws {
            var source = try BenchEvents(
                shared: events, own: differences, nodes: folders.count, bodyBytes: bodyBytes)
            var logs: [FilledLog] = []
            for path in folders { logs.append(try FilledLog(DataFolder(path), source.origins)) }
            let clock = ContinuousClock()
            let start = clock.now
            var progress = Progress("fill", total: events + differences)
            while let batch = await source.next() {
                try await write(batch, to: &logs)
                progress.show(source.made)
            }
            progress.end()
            for log in logs { try log.log.close() }
            let seconds = Bench.seconds(clock.now - start)
            try Bench.show(
                [
                    Figure(name: "signed", value: Double(source.made), unit: "events"),
                    Figure(name: "signed and stored in each log", value: seconds, unit: "s"),
                ], format)
        }

        private func write(_ batch: BenchEvents.Batch, to logs: inout [FilledLog]) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for place in logs.indices {
                    let write = logs[place].write(batch.events(of: place))
                    group.addTask { [log = logs[place].log] in _ = try await log.asyncWrite(write) }
                }
                try await group.waitForAll()
            }
        }
    }
}

/// A new node's log while it is filled.
private struct FilledLog {
    let log: EventLog
    private var position: UInt64

    init(_ folder: DataFolder, _ origins: [NodeID]) throws {
        var configuration = Configuration()
        configuration.label = URL(fileURLWithPath: folder.path).lastPathComponent
        configuration.listen = "127.0.0.1:0"
        configuration.federation = .init(policy: .init(origins: origins.map(\.hex)))
        _ = try folder.initialize(configuration)
        let (log, state) = try EventLog.open(in: folder.path)
        self.log = log
        position = state.lastPosition
    }

    mutating func write(_ events: [Event]) -> LogWrite {
        var write = LogWrite()
        for event in events {
            position += 1
            write.entries.append(LogEntry(position: position, event: event, sender: nil))
        }
        write.clock = events.last?.header.time
        return write
    }
}

/// Chains of several origins, a millisecond between one event and the next.
///
/// What only one node has comes from an origin of its own, so that no chain has a gap.
struct BenchEvents {
    struct Batch {
        /// The events that all have, in the order of their times.
        var shared: [Event] = []
        /// Those that one node has, by node.
        var own: [[Event]]

        func events(of node: Int) -> [Event] {
            (shared + own[node]).sorted { $0.key < $1.key }
        }
    }

    private static let chainCount = 16
    private static let batchSize = 20_000
    private static let start: UInt64 = 1_700_000_000_000_000

    private(set) var made = 0
    private var chains: [BenchChain]
    private var ownChains: [BenchChain]
    private let shared: Int
    private let own: Int
    private var next = 0
    private var nextOwn = 0

    init(shared: Int, own: Int, nodes: Int, bodyBytes: Int) throws {
        guard let author = Author(role: .node, name: "bench") else {
            throw UserError("bench is no author's name")
        }
        self.shared = shared
        self.own = own
        chains = (0..<Self.chainCount).map { _ in BenchChain(author, bodyBytes) }
        ownChains = (0..<nodes).map { _ in BenchChain(author, bodyBytes) }
    }

    var origins: [NodeID] { (chains + ownChains).map(\.origin).sorted() }

    /// The next events, signed on all cores; nil at the end.
    mutating func next() async -> Batch? {
        guard next < shared else { return nil }
        let end = min(next + Self.batchSize, shared)
        var times = [[UInt64]](repeating: [], count: chains.count)
        for number in next..<end {
            times[number % chains.count].append(Self.start + 1000 * UInt64(number))
        }
        var batch = Batch(own: ownChains.map { _ in [] })
        await withTaskGroup(of: (Int, BenchChain, [Event]).self) { group in
            for (place, chain) in chains.enumerated() {
                group.addTask { [times = times[place]] in
                    var chain = chain
                    let events = times.map { chain.sign(at: $0) }
                    return (place, chain, events)
                }
            }
            for await (place, chain, events) in group {
                chains[place] = chain
                batch.shared += events
            }
        }
        while nextOwn < own, place(ofOwn: nextOwn) < end {
            let node = nextOwn % ownChains.count
            let time = Self.start + 1000 * UInt64(place(ofOwn: nextOwn)) + 500
            batch.own[node].append(ownChains[node].sign(at: time))
            nextOwn += 1
        }
        made += end - next + batch.own.reduce(0) { $0 + $1.count }
        next = end
        return batch
    }

    /// After which shared event one of the others comes.
    private func place(ofOwn number: Int) -> Int { (2 * number + 1) * shared / (2 * own) }
}

/// One origin's chain as it is signed.
struct BenchChain: Sendable {
    private let key = SecretKey.generate()
    private let author: Author
    private let bytes: [UInt8]
    private var sequence: UInt64 = 0
    private var previous: EventID?

    init(_ author: Author, _ bodyBytes: Int) {
        self.author = author
        bytes = [UInt8](repeating: 46, count: bodyBytes)
    }

    var origin: NodeID { key.node }

    mutating func sign(at physical: UInt64) -> Event {
        sequence += 1
        // Nothing here is a secret that a salt would hide.
        let body = Body(salt: [UInt8](repeating: 0, count: Limits.saltBytes), bytes: bytes)
        let header = Header(
            origin: origin, sequence: sequence, previous: previous,
            time: Timestamp(physical: physical, counter: 0), author: author, kind: "bench",
            bodyLength: bytes.count, bodyHash: body.hash)
        let event = Event(signing: header, body: body, with: key)
        previous = event.id
        return event
    }
}
