import Core

/// Push: own events to peers that read no stream of ours.
extension Engine {
    mutating func upload(
        _ ids: [EventID], to node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard var upload = peers[node]?.upload else { return }
        // What doesn't fit is found by the next reconcile.
        upload.ids += ids.prefix(EngineLimits.uploads - upload.ids.count)
        peers[node]?.upload = upload
        continueUpload(to: node, now, &effects)
    }

    mutating func continueUpload(to node: NodeID, _ now: Instant, _ effects: inout [Effect]) {
        guard let upload = peers[node]?.upload, !upload.isBusy, !upload.ids.isEmpty,
            upload.retryAt.map({ $0 <= now }) ?? true
        else { return }
        peers[node]?.upload.isBusy = true
        peers[node]?.upload.retryAt = nil
        let ids = Array(upload.ids.prefix(MessageLimits.pageEvents))
        effects.append(.load(token(for: .upload(node)), .events(ids)))
    }

    mutating func loadedUpload(
        _ loaded: Loaded, for node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let peer = peers[node], peer.isActive, case .events(let events) = loaded,
            !events.isEmpty
        else {
            peers[node]?.upload = Peer.Upload()
            return
        }
        let batch = Self.prefix(of: events, bytes: MessageLimits.pageBytes)
        let purpose = Purpose.uploading(node, batch.map(\.id))
        ask(node, .push(Batch(batch)), token(for: purpose), &effects)
    }

    /// The events that fit into `bytes`, at least one.
    static func prefix(of events: [Event], bytes: Int) -> [Event] {
        var size = 0
        return Array(
            events.prefix { event in
                defer { size += event.wireSize }
                return size == 0 || size + event.wireSize <= bytes
            })
    }

    mutating func uploaded(
        _ outcomes: [Outcome], of ids: [EventID], to node: NodeID, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        for case (let id, .refused(let code)) in zip(ids, outcomes) {
            let why = "refused our event \(id.short): \(code.rawValue)"
            report(.trouble(node, why), &effects)
        }
        let sent = Set(ids)
        peers[node]?.upload.ids.removeAll { sent.contains($0) }
        peers[node]?.upload.isBusy = false
        peers[node]?.upload.attempts = 0
        continueUpload(to: node, now, &effects)
    }

    mutating func uploadFailed(to node: NodeID, _ now: Instant) {
        guard let attempts = peers[node]?.upload.attempts else { return }
        peers[node]?.upload.isBusy = false
        peers[node]?.upload.attempts += 1
        peers[node]?.upload.retryAt = now + Backoff.wait(attempts: attempts, &dice)
    }
}
