import ArgumentParser
import Core
import Federation
import Foundation
import Logging
import MerkleSearchTree
import Storage

/// `federate bench`
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure this machine: the tree, taking in events, gossip, proving who asks.",
        subcommands: [Tree.self, Ingest.self, Gossip.self, Auth.self, Fill.self])

    /// A figure for people and, by `--json`, for programs.
    struct Figure: Codable {
        var name: String
        var value: Double
        var unit: String
    }

    static func show(_ figures: [Figure], _ format: JSONFlag) throws {
        if format.json { return try Terminal.json(figures) }
        for figure in figures {
            let value = String(format: figure.value < 100 ? "%.3f" : "%.0f", figure.value)
            Terminal.out(
                "\(figure.name.padding(toLength: 48, withPad: " ", startingAt: 0)) \(value) "
                    + figure.unit
            )
        }
    }

    /// Memory that the process has in use.
    static func residentBytes() -> Int {
        // Where there is no /proc, the figure is 0.
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize())
    }

    static func seconds(_ duration: Duration) -> Double { Double(duration.microseconds) / 1e6 }
}

extension Bench {
    struct Tree: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build a tree from sorted keys, then insert into it.")

        @OptionGroup var format: JSONFlag

        @Option(help: "Keys.")
        var keys = 1_000_000

        func validate() throws {
            if keys < 100 { throw ValidationError("--keys is at least 100") }
        }

        func run() throws {
            let all = Self.keys(keys + keys / 10)
            var dice = Dice(seed: 1)
            let late = Set((0..<keys / 10).map { _ in dice.below(all.count) })
            let sorted = all.indices.filter { !late.contains($0) }.map { all[$0] }
            let more = late.sorted().map { all[$0] }.shuffled(using: &dice)
            let before = Bench.residentBytes()
            let clock = ContinuousClock()
            var tree = MerkleSearchTree()
            let build = clock.measure {
                tree = MerkleSearchTree(sorted: sorted)
                precondition(tree.root != .zero)
            }
            let memory = Bench.residentBytes() - before
            let appended = Self.keys(keys / 100, from: all.count)
            let snapshot = tree
            let single = clock.measure { for key in appended { tree.insert(key) } }
            tree = snapshot
            let batched = clock.measure {
                for start in stride(from: 0, to: appended.count, by: 100) {
                    tree.insert(contentsOf: appended[start..<min(start + 100, appended.count)])
                }
            }
            tree = snapshot
            let scattered = clock.measure {
                for start in stride(from: 0, to: more.count, by: 500) {
                    tree.insert(contentsOf: more[start..<min(start + 500, more.count)])
                }
            }
            let aggregates = Self.aggregates(sorted, more, clock)
            var random = sorted
            random.shuffle(using: &dice)
            tree = MerkleSearchTree()
            let whole = clock.measure { _ = tree.insert(contentsOf: random) }
            precondition(tree.root == snapshot.root)
            let count = Double(sorted.count)
            try Bench.show(
                [
                    Figure(name: "build from sorted keys", value: Bench.seconds(build), unit: "s"),
                    Figure(name: "keys", value: count, unit: ""),
                    Figure(name: "memory", value: Double(memory) / count, unit: "B an item"),
                    Figure(
                        name: "insert, random order into an empty tree",
                        value: Bench.seconds(whole) * 1e6 / count, unit: "us"),
                    Figure(
                        name: "insert, newest, by 100, root after each 100",
                        value: Bench.seconds(batched) * 1e6 / Double(appended.count), unit: "us"),
                    Figure(
                        name: "insert, newest, one by one, root after each",
                        value: Bench.seconds(single) * 1e6 / Double(appended.count), unit: "us"),
                    Figure(
                        name: "insert, scattered, by 500, root after each 500",
                        value: Bench.seconds(scattered) * 1e6 / Double(more.count), unit: "us"),
                ] + aggregates, format)
        }

        /// The tree with a sketch and the way from ids to keys.
        private static func aggregates(
            _ sorted: [EventKey], _ more: [EventKey], _ clock: ContinuousClock
        ) -> [Figure] {
            let before = Bench.residentBytes()
            var index = ReconcileIndex()
            let build = clock.measure { index = ReconcileIndex(sorted: sorted) }
            let memory = Bench.residentBytes() - before
            let insert = clock.measure {
                for start in stride(from: 0, to: more.count, by: 1000) {
                    index.insert(contentsOf: more[start..<min(start + 1000, more.count)])
                }
            }
            precondition(index.tree.count == sorted.count + more.count)
            let apart = Self.snapshots(of: index)
            return [
                Figure(
                    name: "memory of each of 100 snapshots, 10 keys apart",
                    value: apart / 1024, unit: "KiB"),
                Figure(
                    name: "build with all aggregates", value: Bench.seconds(build), unit: "s"),
                Figure(
                    name: "memory with all aggregates",
                    value: Double(memory) / Double(sorted.count), unit: "B an item"),
                Figure(
                    name: "insert, scattered, by 1000, all aggregates",
                    value: Bench.seconds(insert) * 1e6 / Double(more.count), unit: "us"),
            ]
        }

        /// Bytes that each of a hundred snapshots keeps, with ten newest keys between them.
        private static func snapshots(of index: ReconcileIndex) -> Double {
            var index = index
            let before = Bench.residentBytes()
            let newest = keys(1000, from: 10 * index.tree.count)
            let snapshots = (0..<100).map { number in
                index.insert(contentsOf: newest[number * 10..<number * 10 + 10])
                return index
            }
            let bytes = Bench.residentBytes() - before
            precondition(snapshots.last?.tree.root == index.tree.root)
            return Double(bytes) / 100
        }

        private static func keys(_ count: Int, from first: Int = 0) -> [EventKey] {
            (first..<first + count).map { number in
                EventKey(
                    physical: 1_700_000_000_000_000 + 1000 * UInt64(number), counter: 0,
                    id: SHA256.hash(Array("item-1-\(number)".utf8)))
            }
        }
    }

    struct Ingest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify, store durably and index events, beside the raw rate of verification."
        )

        @OptionGroup var format: JSONFlag

        @Option(help: "Events.")
        var events = 20_000

        @Option(help: "Bytes of each body.")
        var bodyBytes = 300

        @Option(help: "Batches on their way at once.")
        var inFlight = 16

        func run() async throws {
            let events = Self.make(events, bodyBytes: bodyBytes)
            let cache = KeyCache()
            for event in events.prefix(64) { _ = event.isSigned(isValidKey: cache.isValid) }
            let clock = ContinuousClock()
            let raw = await clock.measure { await Self.verify(events, cache) }
            let path = NSTemporaryDirectory() + "federate-bench-\(getpid())"
            // A temporary folder.
            defer { try? FileManager.default.removeItem(atPath: path) }
            let folder = DataFolder(path)
            var configuration = Configuration()
            let origins = Set(events.map(\.header.origin.hex)).sorted()
            configuration.federation = .init(policy: .init(origins: origins))
            _ = try folder.initialize(configuration)
            let shell = try await folder.openShell(isAutomatic: false, logger: .silent)
            let start = clock.now
            let stored = await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await shell.run() }
                let stored = await Self.takeIn(events, shell, inFlight: inFlight)
                group.cancelAll()
                return stored
            }
            let whole = clock.now - start
            try shell.log.close()
            guard stored == events.count else {
                throw UserError("only \(stored) of \(events.count) events were stored")
            }
            let rawRate = Double(events.count) / Bench.seconds(raw)
            let rate = Double(events.count) / Bench.seconds(whole)
            try Bench.show(
                [
                    Figure(name: "verify only, all cores", value: rawRate, unit: "events/s"),
                    Figure(name: "verify, store durably, index", value: rate, unit: "events/s"),
                    Figure(name: "ratio", value: rate / rawRate, unit: ""),
                ], format)
        }

        private static func make(_ count: Int, bodyBytes: Int) -> [Event] {
            let keys = (0..<16).map { _ in SecretKey.generate() }
            var previous = [EventID?](repeating: nil, count: keys.count)
            var secrets = Secrets(seed: .zero)
            let author = Author(role: .node, name: "bench")
            return (0..<count).compactMap { number in
                let key = keys[number % keys.count]
                guard let author else { return nil }
                let bytes = [UInt8](repeating: UInt8(number & 255), count: bodyBytes)
                let body = Body(salt: secrets.draw(16), bytes: bytes)
                let header = Header(
                    origin: key.node, sequence: UInt64(number / keys.count) + 1,
                    previous: previous[number % keys.count],
                    time: Timestamp(physical: 1_700_000_000_000_000 + UInt64(number), counter: 0),
                    author: author, kind: "bench", bodyLength: bodyBytes, bodyHash: body.hash)
                let event = Event(signing: header, body: body, with: key)
                previous[number % keys.count] = event.id
                return event
            }
        }

        private static func verify(_ events: [Event], _ cache: KeyCache) async {
            await withTaskGroup(of: Bool.self) { group in
                for start in stride(from: 0, to: events.count, by: 256) {
                    let part = events[start..<min(start + 256, events.count)]
                    group.addTask { part.allSatisfy { $0.isSigned(isValidKey: cache.isValid) } }
                }
                for await isValid in group { precondition(isValid) }
            }
        }

        private static func takeIn(
            _ events: [Event], _ shell: NodeShell, inFlight: Int
        ) async -> Int {
            await withTaskGroup(of: Int.self) { group in
                var stored = 0
                var running = 0
                for start in stride(from: 0, to: events.count, by: 500) {
                    if running == inFlight {
                        stored += await group.next() ?? 0
                        running -= 1
                    }
                    let part = Array(events[start..<min(start + 500, events.count)])
                    group.addTask { await shell.takeIn(part).count { $0 == .stored } }
                    running += 1
                }
                for await count in group { stored += count }
                return stored
            }
        }
    }
}
