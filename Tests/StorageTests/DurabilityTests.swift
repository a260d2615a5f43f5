import Core
import Foundation
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(5)))
struct DurabilityTests {
    /// The probe acknowledges by a printed line; it is killed in the middle of whatever it does
    /// next.
    @Test func whatWasAcknowledgedSurvivesTwentyKills() throws {
        let folder = try TemporaryFolder()
        var dice = Dice(seed: UInt64(Date.now.timeIntervalSince1970))
        var acknowledged: UInt64 = 0
        for round in 0..<20 {
            let probe = try Probe(["append", folder.path, "\(round)"])
            let lines = 1 + dice.below(25)
            for _ in 0..<lines { acknowledged = try Self.position(probe) ?? acknowledged }
            // Not to wait for something: the kill comes at any moment of a transaction.
            usleep(UInt32(dice.below(3000)))
            probe.kill()
            while let position = try Self.position(probe) { acknowledged = position }
            let lock = try DataFolderLock(folder: folder.path)
            try Self.examine(folder, acknowledged, round)
            lock.release()
        }
        #expect(acknowledged > 2000)
    }

    private static func position(_ probe: Probe) throws -> UInt64? {
        try probe.line().map { try #require(UInt64($0)) }
    }

    private static func examine(
        _ folder: TemporaryFolder, _ acknowledged: UInt64, _ round: Int
    ) throws {
        let (log, state) = try EventLog.open(in: folder.path)
        #expect(state.lastPosition >= acknowledged, "round \(round)")
        #expect(state.keys.map(\.physical).elementsEqual(1..<state.lastPosition + 1))
        #expect(state.peers.map(\.cursor) == [Cursor(log: log.id, position: state.lastPosition)])
        #expect(state.clock.physical == state.lastPosition)
        try log.check()
        let entries = try log.all()
        for (index, entry) in entries.enumerated() {
            #expect(entry.position == UInt64(index) + 1)
            #expect(entry.event.header.sequence == entry.position)
            #expect(entry.event.header.previous == (index > 0 ? entries[index - 1].event.id : nil))
        }
        // Half of the rounds leave the write-ahead log to the next probe.
        if round % 2 == 0 { try log.close() }
    }
}
