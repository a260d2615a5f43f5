import Core
import Logging
import ServiceLifecycle
import Testing

@testable import Discovery

/// The queues between Avahi's thread, `run()` and the reader; and `run()` itself wherever the tests
/// run, with or without a bus: it only browses.
@Suite(.timeLimit(.minutes(2)))
struct ShellTests {
    @Test func theInboxKeepsOrderAndEndsWhenClosed() async {
        let inbox = Inbox()
        inbox.post(.began)
        inbox.post(.running(host: "h"))
        #expect(await inbox.next(until: nil) == [.began, .running(host: "h")])
        inbox.post(.began)
        inbox.close()
        #expect(await inbox.next(until: nil) == nil)
        #expect(await inbox.next(until: .now + .seconds(100)) == nil)
    }

    @Test func theInboxWakesAtTheDeadlineAndCanBeWaitedForAgain() async {
        let inbox = Inbox()
        #expect(await inbox.next(until: .now + .milliseconds(5)) == [])
        async let later: Void = {
            // Gives the loop under test a moment between two looks.
            try? await Task.sleep(for: .milliseconds(5))
            inbox.post(.began)
        }()
        var events: [AvahiEvent] = []
        while events.isEmpty, let more = await inbox.next(until: .now + .seconds(60)) {
            events += more
        }
        #expect(events == [.began])
        await later
    }

    @Test func aFullInboxGivesWayToOneOverflow() async throws {
        let inbox = Inbox()
        for number in 0..<(DiscoveryLimits.inboxEvents + 3) {
            inbox.post(.removed(key("s\(number)")))
        }
        let events = try #require(await inbox.next(until: nil))
        #expect(
            events == [.overflowed]
                + (0..<3).map {
                    .removed(key("s\(DiscoveryLimits.inboxEvents + $0)"))
                })
    }

    @Test func aSlowReaderIsToldTheNewestTruthOnly() async {
        let feed = DiscoveryFeed()
        let (first, second) = (candidate(node(1), ["10.0.0.1"]), candidate(node(1), ["10.0.0.2"]))
        feed.apply(.state(.connecting))
        feed.apply(.appeared(first))
        feed.apply(.appeared(candidate(node(2), ["10.0.0.3"])))
        feed.apply(.changed(second))
        feed.apply(.vanished(node(2)))
        feed.apply(.state(.running(host: "h")))
        #expect(await feed.next() == .state(.running(host: "h")))
        #expect(await feed.next() == .appeared(second))
        feed.apply(.changed(first))
        feed.apply(.changed(second))
        feed.apply(.appeared(candidate(node(3), ["10.0.0.4"])))
        #expect(await feed.next() == .appeared(candidate(node(3), ["10.0.0.4"])))
        feed.apply(.vanished(node(1)))
        #expect(await feed.next() == .vanished(node(1)))
        #expect(feed.snapshot.candidates.map(\.node) == [node(3)])
    }

    @Test func refusalsAreCounted() {
        let feed = DiscoveryFeed()
        #expect(feed.count(.badLabel) == 1)
        #expect(feed.count(.badLabel) == 2)
        #expect(feed.snapshot.refusals == [.badLabel: 2])
    }

    @Test func aCancelledReaderEnds() async {
        let feed = DiscoveryFeed()
        let reader = Task { await feed.next() }
        reader.cancel()
        #expect(await reader.value == nil)
    }

    @Test func runEndsPromptlyWhenCancelled() async throws {
        let discovery = AvahiDiscovery(advertisement: nil, logger: quiet)
        let running = Task { try await discovery.run() }
        for await change in discovery.changes where change != .state(.connecting) { break }
        let start = ContinuousClock.now
        running.cancel()
        try await running.value
        #expect(ContinuousClock.now - start < promptly)
        #expect(discovery.snapshot.state == .stopped)
        await #expect(throws: DiscoveryError.ranTwice) { try await discovery.run() }
    }

    @Test(arguments: [true, false])
    func readerAndDiscoveryShareAGroupInEitherOrder(readerFirst: Bool) async throws {
        let discovery = AvahiDiscovery(advertisement: nil, logger: quiet)
        let reader = Reader(changes: discovery.changes)
        let services: [any Service] = readerFirst ? [reader, discovery] : [discovery, reader]
        let group = ServiceGroup(services: services, logger: quiet)
        async let ended: Void = group.run()
        while discovery.snapshot.state == .stopped { await Task.yield() }
        let start = ContinuousClock.now
        await group.triggerGracefulShutdown()
        try await ended
        #expect(ContinuousClock.now - start < promptly)
    }

    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// A second by contract; more where tests share two cores, yet far below the 25 s that D-Bus may
/// hang.
let promptly = Duration.seconds(4)

private struct Reader: Service {
    let changes: DiscoveryChanges

    func run() async throws { for await _ in changes {} }
}
