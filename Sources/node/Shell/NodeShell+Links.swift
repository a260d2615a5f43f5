import Core
import Federation
import FederationAPI
import Gossip
import Logging

/// What lets the tasks of a link go on.
struct LinkSignals: Sendable {
    /// The engine wants more to be read.
    var read: AsyncStream<Void>.Continuation
    /// What is to be written; the engine gives the next bytes only when these were taken, so at
    /// most one element waits. The end of the stream ends the link.
    var write: AsyncStream<[UInt8]>.Continuation
    /// The engine has let go of the link.
    var end: AsyncStream<Void>.Continuation
}

/// The other ends of a link's signals.
private struct LinkWork: Sendable {
    var read: AsyncStream<Void>
    var write: AsyncStream<[UInt8]>
    var end: AsyncStream<Void>
}

/// Links: bytes both ways, and how they end. What the bytes say is the engine's.
extension NodeShell {
    /// How long what was written last may need, once the engine has let go.
    private static let farewell: Duration = .seconds(1)

    /// Opens a link for the engine and carries it until it is over.
    nonisolated func dial(_ name: LinkName, _ destination: Destination) async {
        guard let node = destination.node else { return }
        var failure = TransportFailure.unreachable("no address is known")
        for text in await ordered(destination) {
            if Task.isCancelled { break }
            guard let endpoint = Endpoint(text) else { continue }
            do throws(TransportError) {
                let link = try await client.openLink(
                    to: endpoint, pin: node, signedBy: key,
                    guardedBy: destination.dialGuard(of: text))
                await remember(text, of: node)
                return await carry(link, as: name)
            } catch {
                failure = TransportFailure(error, at: endpoint)
            }
            if case .refused = failure { break }
        }
        await deliver(.unlinked(name, failure))
    }

    /// Carries a link that a peer has opened.
    nonisolated func carry(_ link: PeerLink) async {
        await carry(link, as: LinkName(number: await number(), isOurs: false))
    }

    private nonisolated func carry(_ link: PeerLink, as name: LinkName) async {
        guard let work = await begin(name) else { return link.close() }
        await deliver(.linked(name, link.caller.proven))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.read(link, name, work.read) }
            group.addTask { await self.write(link, name, work.write) }
            group.addTask {
                for await _ in work.end {}
                // What is cancelled meanwhile ends at once.
                try? await Task.sleep(for: Self.farewell)
            }
            await group.next()
            link.close()
            group.cancelAll()
        }
        await forget(name)
        await deliver(.unlinked(name, nil))
    }

    private func begin(_ name: LinkName) -> LinkWork? {
        guard !isOver else { return nil }
        // One signal says all; a second one adds nothing.
        let read = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let write = AsyncStream.makeStream(of: [UInt8].self)
        let end = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        links[name] = LinkSignals(
            read: read.continuation, write: write.continuation, end: end.continuation)
        return LinkWork(read: read.stream, write: write.stream, end: end.stream)
    }

    private nonisolated func read(
        _ link: PeerLink, _ name: LinkName, _ signals: AsyncStream<Void>
    ) async {
        for await _ in signals {
            do throws(TransportError) {
                guard let bytes = try await link.read() else { return }
                await deliver(.received(name, bytes))
            } catch {
                logger.debug(
                    "a link ended",
                    metadata: ["peer": "\(link.node.short)", "error": "\(error)"])
                return
            }
        }
    }

    private nonisolated func write(
        _ link: PeerLink, _ name: LinkName, _ chunks: AsyncStream<[UInt8]>
    ) async {
        for await bytes in chunks {
            do throws(TransportError) {
                try await link.write(bytes)
            } catch {
                logger.debug(
                    "a link ended",
                    metadata: ["peer": "\(link.node.short)", "error": "\(error)"])
                return
            }
            await deliver(.written(name))
        }
    }

    /// The engine lets go of a link: what it has written still goes out.
    func endLink(_ name: LinkName) {
        links[name]?.write.finish()
        links[name]?.end.finish()
    }

    private func forget(_ name: LinkName) {
        guard let signals = links.removeValue(forKey: name) else { return }
        signals.read.finish()
        signals.write.finish()
        signals.end.finish()
    }
}
