import Logging
import ServiceLifecycle
import Storage

/// Keeps the log's snapshot from falling far behind, so that a node that is killed starts fast too.
struct SnapshotKeeper: Service {
    let log: EventLog
    let logger: Logger

    /// At most a few megabytes of reading and writing a minute, and none where little has come.
    private static let every: Duration = .seconds(60)
    /// SQLite reads as many rows in half a second.
    private static let minimum = 50_000

    func run() async throws {
        await cancelWhenGracefulShutdown { await keep() }
    }

    private func keep() async {
        while !Task.isCancelled {
            // Cancelled: the loop ends.
            try? await Task.sleep(for: Self.every)
            guard !Task.isCancelled else { return }
            do {
                let count = try await log.asyncKeepSnapshot(minimum: Self.minimum)
                if count > 0 { logger.info("\(count) rows added to the snapshot") }
            } catch {
                logger.warning("the snapshot can't be kept", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension EventLog {
    /// Says how the log was read.
    func announceOpening(to logger: Logger) {
        if let problem = opening.problem {
            logger.warning("the snapshot is not used: \(problem)")
        }
        logger.info(
            "log opened",
            metadata: [
                "fromSnapshot": "\(opening.fromSnapshot)", "fromRows": "\(opening.fromRows)",
            ])
    }
}
