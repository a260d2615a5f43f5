import Core
import Foundation
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(3)))
struct EventLogModelTests {
    /// `SEED=7` runs that seed alone.
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init).map { [$0] }
        ?? Array(1...12)

    @Test(arguments: seeds)
    func aLogHoldsWhatTheModelHolds(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        var writes = RandomWrites(seed: seed)
        var model = LogModel(id: try writes.source.logID())
        var log = try EventLog.create(in: folder.path, id: model.id).log
        for round in 0..<30 {
            let write = try writes.next()
            #expect(try log.write(write) == model.apply(write), "seed \(seed), round \(round)")
            guard round % 10 == 9 else { continue }
            expectEqual(try log.state(), model.state, "seed \(seed), round \(round)")
            try log.close()
            let (opened, state) = try EventLog.open(in: folder.path)
            log = opened
            expectEqual(state, model.state, "seed \(seed), reopened after round \(round)")
        }
        try compareReads(log, model, &writes.source)
        try log.check()
        try log.close()
    }

    private func compareReads(
        _ log: EventLog, _ model: LogModel, _ source: inout EventSource
    ) throws {
        #expect(try log.all() == model.entries)
        let last = Int(model.state.lastPosition)
        for _ in 0..<40 {
            let position = UInt64(source.dice.below(last + 3))
            let limit = 1 + source.dice.below(20)
            let maxBytes = source.dice.below(5000)
            let excluded = source.dice.below(2) == 0 ? nil : source.keys[1].node
            let page = try log.entries(
                after: position, limit: limit, maxBytes: maxBytes, excludingSender: excluded)
            #expect(
                page
                    == model.page(
                        after: position, limit: limit, maxBytes: maxBytes, excluding: excluded))
        }
        #expect(try log.refusals(1000) == model.refused.reversed())
        var asked = model.entries.map(\.event)
        asked.shuffle(using: &source.dice)
        #expect(try log.events(ids: [source.id()] + asked.map(\.id)) == asked)
    }

    @Test(arguments: seeds)
    func searchesFindWhatTheModelFinds(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        var source = EventSource(seed: seed)
        let log = try EventLog.create(in: folder.path, id: try source.logID()).log
        let entries = try source.entries(150)
        try log.write(LogWrite(entries))
        let author = try #require(Author(role: .ai, name: "writer-1"))
        let since = entries[75].event.header.time.physical
        let filters = [
            LogFilter(), LogFilter(author: author), LogFilter(origin: source.keys[2].node),
            LogFilter(since: since), LogFilter(kind: "test.note", author: author, since: since),
            LogFilter(kind: "test.other"), LogFilter(origin: source.id()),
        ]
        for filter in filters {
            let found = entries.filter { filter.matches($0.event) }
            #expect(try log.latest(1000, matching: filter) == found.reversed())
            let byTime = found.sorted { $1.event.key < $0.event.key }
            #expect(try log.latest(1000, matching: filter, by: .time) == byTime)
            #expect(try log.latest(5, matching: filter, by: .time) == Array(byTime.prefix(5)))
        }
        let ids = entries.map(\.event.id).sorted()
        for digits in 1...3 {
            let prefix = String(ids[20].hex.prefix(digits))
            let found = try log.events(idPrefix: prefix, limit: 200).map(\.id)
            #expect(found == ids.filter { $0.hex.hasPrefix(prefix) })
        }
        #expect(try log.events(idPrefix: ids[3].hex).map(\.id) == [ids[3]])
        for wrong in ["", "xyz", "AB", ids[3].hex + "0"] {
            #expect(try log.events(idPrefix: wrong).isEmpty)
        }
    }
}

extension LogFilter {
    fileprivate func matches(_ event: Event) -> Bool {
        (kind == nil || kind == event.header.kind)
            && (author == nil || author == event.header.author)
            && (origin == nil || origin == event.header.origin)
            && (since ?? 0) <= event.header.time.physical
    }
}
