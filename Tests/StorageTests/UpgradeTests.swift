import Core
import Foundation
import GRDB
import Testing

@testable import Storage

/// A log of the first version opens with all it held.
@Suite(.timeLimit(.minutes(1)))
struct UpgradeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func makeVersionOne(_ id: LogID, _ peer: NodeID, _ vouch: Event) throws {
        let queue = try DatabaseQueue(path: folder.path + "/log.sqlite")
        try queue.write { db in
            try db.execute(sql: Schema.first + "PRAGMA user_version = 1")
            try db.execute(
                sql: "INSERT INTO log VALUES (1, ?, 7, 0, 0)", arguments: [Data(id.bytes)])
            try db.execute(
                sql: """
                    INSERT INTO node VALUES (1, ?);
                    INSERT INTO author VALUES (1, ?);
                    INSERT INTO kind VALUES (1, ?);
                    INSERT INTO peer VALUES (?, 'active', 1, 1, x'', NULL, NULL, 5);
                    INSERT INTO endpoint VALUES (?, 0, ?);
                    INSERT INTO refusal VALUES (1, ?, x'', ?, 9);
                    """,
                arguments: [
                    Data(vouch.header.origin.bytes), Data("node:operator".utf8),
                    Data(vouch.header.kind.utf8), Data(peer.bytes), Data(peer.bytes),
                    Data("https://b:1".utf8), Data(vouch.id.bytes), Data("bad-body".utf8),
                ])
            try db.execute(
                sql: "INSERT INTO event VALUES (1, ?, ?, ?, 1, x'', 1, NULL, 1, 1, ?, ?, ?, ?)",
                arguments: [
                    Data(vouch.id.bytes), Int64(vouch.header.time.physical),
                    vouch.header.time.counter,
                    Data(vouch.headerBytes), Data(vouch.signature),
                    vouch.body.map { Data($0.salt) }, vouch.body.map { Data($0.bytes) },
                ])
        }
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
        try queue.close()
    }

    @Test func aLogOfVersionOneIsBroughtUp() throws {
        var source = EventSource(seed: 1, origins: 2)
        let id = try source.logID()
        var vouch = try source.event(kind: EventKind.vouch)
        while vouch.header.sequence > 1 || !vouch.header.scope.isEmpty {
            vouch = try EventSource(seed: source.dice.next(), origins: 2).firstVouch()
        }
        let peer = source.keys[1].node
        try makeVersionOne(id, peer, vouch)
        let (log, state) = try EventLog.open(in: folder.path)
        #expect(state.id == id)
        #expect(state.keys == [vouch.key])
        #expect(state.controls == [vouch])
        #expect(state.peers.map(\.approval) == [.byOperator])
        #expect(state.peers.map(\.endpoints) == [["https://b:1"]])
        let refusal = try #require(try log.refusals(10).first)
        #expect((refusal.firstReason, refusal.firstTime, refusal.count) == ("bad-body", 9, 1))
        try log.close()
        #expect(try EventLog.open(in: folder.path).state.controls == [vouch])
    }
}

extension EventSource {
    fileprivate consuming func firstVouch() throws -> Event { try event(kind: EventKind.vouch) }
}
