import Core
import Federation
import FederationAPI
import Gossip

/// What lets a link's tasks go on: each is one task that reads and one that writes.
struct LinkSignals: Sendable {
    /// The engine wants more to be read.
    var read: AsyncStream<Void>.Continuation
    /// What is to be written; the engine gives the next bytes only when these were taken. The end
    /// of the stream ends the link.
    var write: AsyncStream<[UInt8]>.Continuation
}

/// Links: bytes both ways, and how they end. What the bytes say is the engine's.
extension NodeShell {
    /// Opens a link for the engine and carries it until it is over.
    nonisolated func dial(_ name: LinkName, _ destination: Destination) async {
        await deliver(.unlinked(name, .unreachable("links are not there yet")))
    }

    func endLink(_ name: LinkName) {
        guard let signals = links.removeValue(forKey: name) else { return }
        signals.write.finish()
        signals.read.finish()
    }
}
