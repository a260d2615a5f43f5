import Core
import Federation
import FederationAPI
import Logging
import Storage

/// Carrying out effects.
extension NodeShell {
    nonisolated func perform(_ effect: Effect) async {
        switch effect {
        case .verify(let token, let events): await verify(token, events)
        case .load(let token, let query): await deliver(.loaded(token, await load(query)))
        case .store(let token, let write): await store(token, write)
        case .send(let token, let destination, let request):
            await send(token, to: destination, request)
        case .open(let token, let destination, let since):
            await stream(token, from: destination, since: since)
        case .link(let name, let destination): await dial(name, destination)
        case .reply, .close, .proceed, .cancel, .transmit, .read, .unlink, .report: break
        }
    }

    private nonisolated func verify(_ token: Token, _ events: [Event]) async {
        let cache = keyCache
        // Below 16 events a task costs more than it saves.
        let chunk = max(16, (events.count + 7) / 8)
        var verdicts = [Bool](repeating: false, count: events.count)
        await withTaskGroup(of: (Int, [Bool]).self) { group in
            for start in stride(from: 0, to: events.count, by: chunk) {
                let part = events[start..<min(start + chunk, events.count)]
                group.addTask { (start, part.map { $0.isSigned(isValidKey: cache.isValid) }) }
            }
            for await (start, part) in group {
                verdicts.replaceSubrange(start..<start + part.count, with: part)
            }
        }
        await deliver(.verified(token, verdicts))
    }

    private nonisolated func load(_ query: Query) async -> Loaded {
        do throws(StorageError) {
            switch query {
            case .page(let after, let events, let bytes, let excluding):
                let page = try await log.asyncEntries(
                    after: after, limit: events, maxBytes: bytes, excludingSender: excluding)
                return .page(
                    entries: page.entries, through: page.lastPosition, isEnd: page.isEnd)
            case .events(let ids, let bytes):
                let events = try await log.asyncEvents(ids: ids, maxBytes: bytes)
                return .events(events)
            }
        } catch {
            logger.error("reading the log failed", metadata: ["error": "\(error)"])
            return .failed("\(error)")
        }
    }

    private nonisolated func store(_ token: Token, _ write: LogWrite) async {
        // A task of its own: a write that has begun is not cancelled when the node shuts down, or
        // an event might be stored and reported as refused.
        let failure = await Task { [log] () -> StorageError? in
            do throws(StorageError) {
                _ = try await log.asyncWrite(write)
                return nil
            } catch {
                return error
            }
        }.value
        guard let failure else { return await deliver(.stored(token)) }
        logger.error("writing the log failed", metadata: ["error": "\(failure)"])
        await deliver(.storeFailed(token, "\(failure)"))
    }

    private nonisolated func send(
        _ token: Token, to destination: Destination, _ request: Request
    ) async {
        var failure = TransportFailure.unreachable("no address is known")
        for text in await ordered(destination) {
            if Task.isCancelled { break }
            guard let endpoint = Endpoint(text) else {
                failure = .unreachable("\(text) is not an address like https://host:port")
                continue
            }
            do throws(TransportError) {
                let received = try await client.send(
                    request, to: endpoint, pin: destination.node, signedBy: key,
                    guardedBy: destination.dialGuard(of: text))
                await remember(text, of: received.node)
                return await deliver(
                    .response(
                        token, from: received.node, tlsKey: received.tlsKey, received.response,
                        wire: received.wire))
            } catch {
                failure = TransportFailure(error, at: endpoint)
            }
        }
        await deliver(.failed(token, failure))
    }

    /// The addresses of a peer, the one that answered last before the others.
    func ordered(_ destination: Destination) -> [String] {
        guard let node = destination.node, let good = reached[node],
            destination.endpoints.contains(good)
        else { return destination.endpoints }
        return [good] + destination.endpoints.filter { $0 != good }
    }

    func remember(_ endpoint: String, of node: NodeID) { reached[node] = endpoint }

    func prepareDownload(_ token: Token) {
        // One signal says all; a second one adds nothing.
        let proceed = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let cancel = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        downloads[token] = Download(proceed: proceed.continuation, cancel: cancel.continuation)
        signals[token] = (proceed.stream, cancel.stream)
    }

    private nonisolated func stream(
        _ token: Token, from destination: Destination, since: Cursor?
    ) async {
        guard let (proceed, cancel) = await takeSignals(token) else { return }
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.read(token, from: destination, since: since, proceed: proceed)
                return true
            }
            group.addTask {
                for await _ in cancel { return false }
                return false
            }
            _ = await group.next()
            group.cancelAll()
        }
        await endDownload(token)
    }

    private nonisolated func read(
        _ token: Token, from destination: Destination, since: Cursor?,
        proceed: AsyncStream<Void>
    ) async {
        guard let node = destination.node else { return }
        var failure: TransportFailure? = .unreachable("no address is known")
        for text in await ordered(destination) {
            if Task.isCancelled { break }
            guard let endpoint = Endpoint(text) else { continue }
            var hasBegun = false
            do throws(TransportError) {
                try await client.stream(
                    since: since, from: endpoint, pin: node, signedBy: key,
                    guardedBy: destination.dialGuard(of: text)
                ) { page in
                    if !hasBegun { await self.remember(text, of: node) }
                    hasBegun = true
                    await self.deliver(.page(token, page))
                    for await _ in proceed { return true }
                    return false
                }
                failure = nil
            } catch {
                failure = TransportFailure(error, at: endpoint)
            }
            // After a page the cursor has moved: the engine opens the stream anew.
            if hasBegun || failure == nil { break }
            if case .refused? = failure { break }
        }
        await deliver(.closed(token, failure))
    }

    private func takeSignals(
        _ token: Token
    ) -> (proceed: AsyncStream<Void>, cancel: AsyncStream<Void>)? {
        signals.removeValue(forKey: token)
    }

    private func endDownload(_ token: Token) {
        downloads.removeValue(forKey: token)?.proceed.finish()
    }
}

extension Destination {
    /// What must be looked at before this address is dialled; nil where the operator, an invite or
    /// the LAN named it.
    func dialGuard(of endpoint: String) -> DialGuard? {
        claimed.contains(endpoint) ? DialGuard(allowed: allowed, isSameHost: isSameHost) : nil
    }
}

extension TransportFailure {
    init(_ error: TransportError, at endpoint: Endpoint) {
        switch error {
        case .wrongIdentity, .identity: self = .wrongIdentity("\(endpoint): \(error)")
        case .timedOut: self = .timedOut
        case .badResponse, .tooLarge, .noLinks: self = .malformed("\(endpoint): \(error)")
        case .refused(let refusal): self = .refused(refusal)
        case .badEndpoint, .forbidden, .cannotConnect, .tls, .closed, .tooManyConnections,
            .cancelled:
            self = .unreachable("\(endpoint): \(error)")
        }
    }
}
