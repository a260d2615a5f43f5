import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(1)))
struct MemoryLogTests {
    private let log: MemoryLog
    private let peer = Seeds(9).key(1).node

    /// Ten events; every third one was handed over by `peer`.
    init() {
        let keys = [Seeds(9).key(0)]
        let workload = Workload(
            Scenario(nodes: 1, events: 10), .new(perMille: 0), keys, Seeds(9))
        var write = LogWrite()
        for (place, event) in workload.shared.enumerated() {
            write.entries.append(
                LogEntry(
                    position: UInt64(place + 1), event: event,
                    sender: place % 3 == 0 ? peer : nil))
        }
        write.clock = Timestamp(physical: 5, counter: 6)
        var log = MemoryLog(id: LogID(bytes: [UInt8](repeating: 7, count: 16))!)
        log.apply(write)
        self.log = log
    }

    private func page(
        after: UInt64, events: Int = 500, bytes: Int = 1 << 20, excluding: NodeID? = nil
    ) -> (positions: [UInt64], through: UInt64, isEnd: Bool) {
        let query = Query.page(after: after, events: events, bytes: bytes, excluding: excluding)
        guard case .page(let entries, let through, let isEnd) = log.answer(query) else {
            return ([], 0, false)
        }
        return (entries.map(\.position), through, isEnd)
    }

    @Test func aPageHoldsWhatFollowsThePosition() {
        #expect(page(after: 0) == (Array(1...10), 10, true))
        #expect(page(after: 7) == ([8, 9, 10], 10, true))
        #expect(page(after: 10) == ([], 10, true))
    }

    @Test func aPageIsBoundedByCountAndBytes() {
        #expect(page(after: 2, events: 3) == ([3, 4, 5], 5, false))
        let two = log.entries[2].event.wireSize + log.entries[3].event.wireSize
        #expect(page(after: 2, bytes: two) == ([3, 4], 4, false))
        #expect(page(after: 2, bytes: two - 1) == ([3], 3, false))
    }

    @Test func anEventLargerThanThePageStillComes() {
        #expect(page(after: 4, bytes: 1) == ([5], 5, false))
    }

    @Test func whatTheReaderSentIsPassedAndNotGivenBack() {
        #expect(page(after: 0, excluding: peer) == ([2, 3, 5, 6, 8, 9], 10, true))
        #expect(page(after: 0, events: 2, excluding: peer) == ([2, 3], 4, false))
        #expect(page(after: 9, excluding: peer) == ([], 10, true))
    }

    @Test func theEventThatReachesTheBytesIsTheLast() {
        let ids = log.entries.prefix(4).map(\.event.id)
        let two = log.entries.prefix(2).reduce(0) { $0 + $1.event.wireSize }
        for (bytes, count) in [(two, 2), (two + 1, 3), (1, 1), (0, 0)] {
            guard case .events(let events) = log.answer(.events(ids, bytes: bytes)) else {
                Issue.record("not events")
                return
            }
            #expect(events.map(\.id) == Array(ids.prefix(count)))
        }
    }

    @Test func eventsComeInTheOrderAskedForWithoutThoseNotHeld() {
        let ids = [log.entries[4].event.id, EventID.zero, log.entries[1].event.id]
        guard case .events(let events) = log.answer(.events(ids)) else {
            Issue.record("not events")
            return
        }
        #expect(events.map(\.id) == [ids[0], ids[2]])
    }

    @Test func theStateIsWhatAnEngineNeeds() {
        let state = log.state
        #expect(state.keys == log.entries.map(\.event.key).sorted())
        #expect(state.lastPosition == 10)
        #expect(state.clock == Timestamp(physical: 5, counter: 6))
        #expect(Set(state.places.map(\.sequence)) == Set(1...10))
    }

    @Test func recordsAreReplacedAndReleasedEventsForgotten() {
        var log = log
        let event = log.entries[0].event
        var first = LogWrite()
        first.peers = [PeerRecord(node: peer, label: "old")]
        first.aside = [AsideEvent(event: event, sender: nil)]
        log.apply(first)
        #expect(log.aside.count == 1)
        var second = LogWrite()
        second.peers = [PeerRecord(node: peer, label: "new")]
        second.released = [event.id]
        log.apply(second)
        #expect(log.peers.map(\.label) == ["new"])
        #expect(log.aside.isEmpty)
    }
}
