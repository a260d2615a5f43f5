import Core
import Foundation
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(5)))
struct SnapshotTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func aLogReadFromItsSnapshotIsTheLogReadFromItsRows(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        var source = EventSource(seed: seed)
        var (log, state) = try EventLog.create(in: folder.path, id: try source.logID())
        for round in 0..<6 {
            // Not all of what is there is in the snapshot, and positions have gaps.
            for _ in 0..<2 {
                let count = 1 + source.dice.below(40)
                let from = state.lastPosition + 1 + UInt64(source.dice.below(3))
                let entries = try source.entries(count, from: from)
                try log.write(LogWrite(entries))
                state.lastPosition = from + UInt64(count) - 1
                if source.dice.below(2) == 0 { try log.keepSnapshot() }
            }
            try log.close()
            (log, state) = try EventLog.open(in: folder.path)
            #expect(log.opening.problem == nil, "round \(round)")
            expectEqual(state, try log.state(), "round \(round)")
        }
        #expect(log.opening.fromSnapshot > 0)
        try log.close()
    }

    @Test func onlyLaterRowsAreReadFromTheLog() throws {
        let folder = try TemporaryFolder()
        var (log, entries) = try EventLog.filled(50, in: folder)
        #expect(try log.keepSnapshot() == 50)
        #expect(try log.keepSnapshot() == 0)
        var source = EventSource(seed: 9)
        entries += try source.entries(7, from: 51)
        try log.write(LogWrite(Array(entries[50...])))
        #expect(try log.keepSnapshot(minimum: 8) == 0)
        try log.close()
        let state: LogState
        (log, state) = try EventLog.open(in: folder.path)
        #expect(log.opening == Opening(fromSnapshot: 50, fromRows: 7))
        #expect(state.keys == entries.map(\.event.key).sorted())
        #expect(try log.keepSnapshot() == 7)
        try log.close()
        log = try EventLog.open(in: folder.path).log
        #expect(log.opening == Opening(fromSnapshot: 57, fromRows: 0))
        try log.close()
    }

    /// Whatever became of the file, the log opens as if there were none.
    @Test(arguments: ["gone", "empty", "cut short", "flipped", "of another log", "noise"])
    func aSnapshotThatIsNotWholeIsIgnored(damage: String) throws {
        let folder = try TemporaryFolder()
        let (log, entries) = try EventLog.filled(60, in: folder)
        try log.keepSnapshot()
        try log.close()
        try Self.damage(folder, damage)
        let (again, state) = try EventLog.open(in: folder.path)
        #expect(again.opening.fromSnapshot == 0)
        #expect(again.opening.problem != nil)
        #expect(state.keys == entries.map(\.event.key).sorted())
        expectEqual(state, try again.state())
        // The next one is whole again.
        #expect(try again.keepSnapshot() == 60)
        try again.close()
        let third = try EventLog.open(in: folder.path).log
        #expect(third.opening == Opening(fromSnapshot: 60, fromRows: 0))
        try third.close()
    }

    private static func damage(_ folder: TemporaryFolder, _ kind: String) throws {
        let whole = try folder.read("log.snapshot")
        switch kind {
        case "gone": try FileManager.default.removeItem(atPath: folder.path + "/log.snapshot")
        case "empty": try folder.write(Data(), to: "log.snapshot")
        case "cut short": try folder.write(whole.dropLast(), to: "log.snapshot")
        case "of another log":
            let other = try TemporaryFolder()
            let (log, _) = try EventLog.filled(60, in: other, seed: 2)
            try log.keepSnapshot()
            try log.close()
            try folder.write(try other.read("log.snapshot"), to: "log.snapshot")
        case "noise": try folder.write(Data((0..<5000).map { UInt8($0 & 255) }), to: "log.snapshot")
        default:
            var flipped = whole
            flipped[whole.count / 2] ^= 4
            try folder.write(flipped, to: "log.snapshot")
        }
    }

    /// Every byte, one after the other.
    @Test func aFlippedBitIsNeverBelieved() throws {
        let folder = try TemporaryFolder()
        let (log, _) = try EventLog.filled(3, in: folder)
        try log.keepSnapshot()
        let truth = try log.state()
        try log.close()
        let whole = try folder.read("log.snapshot")
        for place in whole.indices {
            var flipped = whole
            flipped[place] ^= 1 << UInt8(place % 8)
            try folder.write(flipped, to: "log.snapshot")
            let (log, state) = try EventLog.open(in: folder.path)
            #expect(log.opening.problem != nil, "byte \(place)")
            expectEqual(state, truth, "byte \(place)")
            try log.close()
        }
    }

    /// A log that was put back to yesterday goes on otherwise than it did: what the snapshot has of
    /// the life that is lost must not come back, not even once positions have caught up with it.
    @Test func aSnapshotNewerThanARestoredLogIsRefused() throws {
        let folder = try TemporaryFolder()
        let (log, entries) = try EventLog.filled(30, in: folder)
        try log.keepSnapshot()
        try log.close()
        let yesterday = try folder.read()
        var source = EventSource(seed: 5)
        let lost = try EventLog.open(in: folder.path).log
        try lost.write(LogWrite(try source.entries(20, from: 31)))
        try lost.keepSnapshot()
        try lost.close()
        let newer = try folder.read("log.snapshot")

        try folder.write(yesterday)
        var (back, state) = try EventLog.open(in: folder.path)
        #expect(back.opening == Opening(fromSnapshot: 30, fromRows: 0))
        #expect(state.keys == entries.map(\.event.key).sorted())
        var other = EventSource(seed: 6)
        let otherEntries = try other.entries(20, from: 31)
        try back.write(LogWrite(otherEntries))
        try back.close()
        // The new life has not kept a snapshot yet: the old one's tail is still there.
        (back, state) = try EventLog.open(in: folder.path)
        let held = (entries + otherEntries).map(\.event.key).sorted()
        #expect(back.opening == Opening(fromSnapshot: 30, fromRows: 20))
        #expect(state.keys == held)
        try back.keepSnapshot()
        try back.close()
        // Nor is it believed where only the file comes back.
        try folder.write(newer, to: "log.snapshot")
        (back, state) = try EventLog.open(in: folder.path)
        #expect(back.opening.fromSnapshot == 0)
        #expect(back.opening.problem != nil)
        #expect(state.keys == held)
        try back.close()
    }

    /// The probe writes and keeps snapshots without a pause; it is killed at any moment of it.
    @Test func aKillWhileASnapshotIsWrittenLosesNothing() throws {
        let folder = try TemporaryFolder()
        var dice = Dice(seed: UInt64(Date.now.timeIntervalSince1970))
        var used = 0
        for round in 0..<20 {
            let probe = try Probe(["snapshot", folder.path, "\(round)"])
            for _ in 0...dice.below(15) { _ = probe.line() }
            // Not to wait for something: see above.
            usleep(UInt32(dice.below(4000)))
            probe.kill()
            let lock = try DataFolderLock(folder: folder.path)
            let (log, state) = try EventLog.open(in: folder.path)
            #expect(log.opening.problem == nil, "round \(round)")
            used += log.opening.fromSnapshot > 0 ? 1 : 0
            expectEqual(state, try log.state(), "round \(round)")
            if round % 2 == 0 { try log.close() }
            lock.release()
        }
        #expect(used > 10)
    }

    /// A full disk keeps the log as it is, and the snapshot out of the way.
    @Test func aSnapshotThatCannotBeWrittenIsAnErrorAndNothingMore() throws {
        let folder = try TemporaryFolder()
        let (log, _) = try EventLog.filled(10, in: folder)
        try FileManager.default.createDirectory(
            atPath: folder.path + "/log.snapshot", withIntermediateDirectories: false)
        #expect(throws: StorageError.self) { try log.keepSnapshot() }
        try log.close()
        let (again, state) = try EventLog.open(in: folder.path)
        #expect(again.opening == Opening(fromSnapshot: 0, fromRows: 10))
        #expect(state.keys.count == 10)
        try again.close()
    }
}
