import Core
import Gossip
import MerkleSearchTree

/// Our log for others: pages, streams, bodies.
extension Engine {
    /// Answers `pull`.
    mutating func servePage(
        since: Cursor?, _ exchange: Exchange, to node: NodeID, _ effects: inout [Effect]
    ) {
        guard let start = start(since, exchange, &effects) else { return }
        // Whoever begins at the start may have lost what it sent us: it gets all, to the last page.
        if since == nil { peers[node]?.readsAll = true }
        let query = Query.page(
            after: start, events: MessageLimits.pageEvents, bytes: MessageLimits.pageBytes,
            excluding: peers[node]?.readsAll == true ? nil : node)
        effects.append(.load(token(for: .page(exchange, node)), query))
    }

    /// The position that `since` names, or a refusal sent.
    private mutating func start(
        _ since: Cursor?, _ exchange: Exchange, _ effects: inout [Effect]
    ) -> UInt64? {
        guard let since else { return 0 }
        guard since.log == index.id, since.position <= index.lastPosition else {
            refuse(
                exchange,
                Refusal(
                    .cursorReset,
                    "the log \(index.id.hex) has no such place: reconcile, then "
                        + "go on from where its status says that it ends"), &effects)
            return nil
        }
        return since.position
    }

    mutating func serveStream(
        since: Cursor?, _ exchange: Exchange, to node: NodeID, _ effects: inout [Effect]
    ) {
        guard let start = start(since, exchange, &effects) else { return }
        guard streams[node] != nil || streams.count < EngineLimits.streams else {
            return refuse(
                exchange,
                Refusal(.busy, "too many streams are open", retryAfter: .seconds(30)), &effects)
        }
        if let old = streams[node] { effects.append(.close(old.exchange, nil)) }
        streams[node] = OutgoingStream(
            exchange: exchange, isWhole: since == nil, position: start)
        continueStream(of: node, &effects)
    }

    /// Loads the next page where the reader can take one.
    mutating func continueStream(of node: NodeID, _ effects: inout [Effect]) {
        guard let stream = streams[node], stream.state == .resting, stream.hasMore else { return }
        streams[node]?.state = .loading
        streams[node]?.hasMore = false
        let query = Query.page(
            after: stream.position, events: MessageLimits.pageEvents,
            bytes: MessageLimits.pageBytes, excluding: stream.isWhole ? nil : node)
        effects.append(.load(token(for: .streamPage(node, stream.exchange)), query))
    }

    mutating func drained(_ exchange: Exchange, _ now: Instant, _ effects: inout [Effect]) {
        guard let node = reader(of: exchange) else { return }
        streams[node]?.state = .resting
        continueStream(of: node, &effects)
    }

    mutating func abandoned(_ exchange: Exchange) {
        guard let node = reader(of: exchange) else { return }
        streams[node] = nil
    }

    private func reader(of exchange: Exchange) -> NodeID? {
        streams.first { $0.value.exchange == exchange }?.key
    }

    mutating func advanceStream(of node: NodeID, _ now: Instant, _ effects: inout [Effect]) {
        guard let stream = streams[node], let deadline = stream.deadline, deadline <= now else {
            return
        }
        count(.busy)
        streams[node] = nil
        effects.append(
            .close(stream.exchange, Refusal(.busy, "the reader is too slow: resume at the cursor")))
    }

    mutating func loadedStreamPage(
        _ loaded: Loaded, for node: NodeID, _ exchange: Exchange, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let stream = streams[node], stream.exchange == exchange else { return }
        guard case .page(let all, let through, let isEnd) = loaded else {
            streams[node] = nil
            effects.append(.close(stream.exchange, Refusal(.cannotStore, "the log can't be read")))
            return
        }
        streams[node]?.position = max(through, stream.position)
        streams[node]?.state = .resting
        if !isEnd { streams[node]?.hasMore = true }
        let entries = admitted(all, for: node)
        let isSilent =
            entries.isEmpty
            && stream.told.map { through < $0 + EngineLimits.silentPositions } ?? false
        guard !isSilent else { return continueStream(of: node, &effects) }
        streams[node]?.state = .sending(now)
        streams[node]?.told = through
        let page = page(entries, through: max(through, stream.position), isEnd: isEnd)
        effects.append(.reply(stream.exchange, .page(page)))
    }

    /// What is admitted here, and, as far as the peer has said whom it admits, there.
    func admitted(_ entries: [LogEntry], for node: NodeID) -> [LogEntry] {
        let theirs = peers[node]?.admits.map { list in
            Dictionary(list.map { ($0.origin, $0.extent) }) { a, _ in a }
        }
        return entries.filter { entry in
            let header = entry.event.header
            guard index.tree.contains(entry.event.key) else { return false }
            guard let theirs else { return true }
            guard let extent = theirs[header.origin] else { return false }
            return extent.cut.map { header.sequence <= $0.sequence } ?? true
        }
    }

    func page(_ entries: [LogEntry], through: UInt64, isEnd: Bool) -> Page {
        Page(
            next: Cursor(log: index.id, position: through), isEnd: isEnd,
            events: Batch(entries.map(\.event)))
    }

    /// Tells everybody what is new: streams go on, own events go to peers without a stream,
    /// comparisons are planned.
    mutating func spread(_ entries: [LogEntry], _ now: Instant, _ effects: inout [Effect]) {
        for node in streams.keys.sorted() {
            streams[node]?.hasMore = true
            continueStream(of: node, &effects)
        }
        guard settings.isAutomatic else { return }
        let own = entries.filter { $0.sender == nil }.map(\.event.id)
        // Neighbors hear of it by gossip.
        let others = gossip.isOn ? linkWork.offPeers.sorted() : peers.active
        for node in others where peers[node]?.isActive == true {
            if !own.isEmpty, streams[node] == nil { upload(own, to: node, now, &effects) }
            if let planned = peers[node]?.compareAt {
                peers[node]?.compareAt = min(planned, now + EngineLimits.compareSoon)
            }
        }
    }
}
