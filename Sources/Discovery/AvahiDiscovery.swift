import Core
public import Logging
public import ServiceLifecycle
import Synchronization

/// Publishes this node as `_teambook._tcp` and sees the others on the LAN, by the system's Avahi
/// over D-Bus.
///
/// Optional by nature: where there is no Avahi or no D-Bus, `run()` says so in its state and tries
/// again, after 250 ms at first and 30 s at most; it throws only for a caller's mistake or for want
/// of a thread. Make it once the server's port is bound, and read `changes` in one task.
public final class AvahiDiscovery: Service {
    private let advertisement: Advertisement?
    private let logger: Logger
    private let inbox = Inbox()
    private let feed = DiscoveryFeed()
    private let hasRun = Atomic(false)

    /// - Parameters:
    ///   - advertisement: what to publish; nil to browse only.
    ///   - logger: told of states (info), candidates and refusals (debug).
    public init(advertisement: Advertisement?, logger: Logger) {
        self.advertisement = advertisement
        self.logger = logger
    }

    /// For one reader.
    public var changes: DiscoveryChanges { DiscoveryChanges(feed: feed) }

    /// What is known now; from any thread.
    public var snapshot: DiscoverySnapshot { feed.snapshot }

    /// Runs once, until graceful shutdown or cancellation, then withdraws the advertisement and
    /// returns within a second, even where the bus hangs.
    ///
    /// - Throws: `DiscoveryError.ranTwice` or `noPollThread`.
    public func run() async throws {
        guard !hasRun.exchange(true, ordering: .relaxed) else { throw DiscoveryError.ranTwice }
        let inbox = inbox
        let session = try AvahiSession(advertisement: advertisement) { inbox.post($0) }
        await withTaskCancellationOrGracefulShutdownHandler {
            await loop(session)
        } onCancelOrGracefulShutdown: {
            inbox.close()
        }
        if await !session.close(within: DiscoveryLimits.goodbye) {
            logger.warning("D-Bus does not answer; left without a goodbye to the LAN")
        }
        feed.apply(.state(.stopped))
    }

    private func loop(_ session: AvahiSession) async {
        let clock = ContinuousClock()
        let start = clock.now
        var machine = DiscoveryMachine(own: advertisement?.node)
        var effects: [DiscoveryMachine.Effect] = []
        machine.start(into: &effects)
        while true {
            for effect in effects { perform(effect, session) }
            effects.removeAll(keepingCapacity: true)
            let deadline = machine.nextDeadline.map { start + ($0 - .zero) }
            guard let events = await inbox.next(until: deadline) else { return }
            let now = Instant(microseconds: (clock.now - start).microseconds)
            for event in events { machine.handle(event, at: now, into: &effects) }
            machine.advance(to: now, into: &effects)
        }
    }

    private func perform(_ effect: DiscoveryMachine.Effect, _ session: AvahiSession) {
        switch effect {
        case .connect: session.connect()
        case .report(let change):
            log(change)
            feed.apply(change)
        case .count(let refusal): log(refusal, count: feed.count(refusal))
        }
    }
}

extension AvahiDiscovery {
    private func log(_ change: DiscoveryChange) {
        switch change {
        case .state(let state): logger.info("\(state)")
        case .appeared(let candidate): log("candidate appeared", candidate)
        case .changed(let candidate): log("candidate changed", candidate)
        case .vanished(let node): logger.debug("candidate vanished", metadata: ["node": "\(node)"])
        }
    }

    private func log(_ message: Logger.Message, _ candidate: Candidate) {
        let endpoints = candidate.endpoints.map { "\($0.address) port \($0.port)" }
        logger.debug(
            message,
            metadata: [
                "node": "\(candidate.node)", "label": "\(candidate.label)",
                "endpoints": .array(endpoints.map { .string($0) }),
            ])
    }

    /// At the first, second, fourth, eighth … time: a flood on the LAN must not become one in the
    /// log.
    private func log(_ refusal: Refusal, count: Int) {
        guard count & (count - 1) == 0 else { return }
        logger.debug(
            "passed over an announcement",
            metadata: ["reason": "\(refusal.rawValue)", "count": "\(count)"])
    }
}
