import Core

/// What happens by itself.
extension Engine {
    /// Plans the first contact after a start: peers are told how we stand to them, which also heals
    /// what was lost.
    mutating func planStart(with node: NodeID) {
        guard settings.isAutomatic, let record = peers[node]?.record else { return }
        let soon = dice.duration(in: .zero ... .milliseconds(500))
        switch record.state {
        case .active: peers[node]?.download.retryAt = .zero + soon
        case .pending where record.isApprovedHere: peers[node]?.registration.retryAt = .zero + soon
        default: break
        }
    }

    static func deadline(of peer: Peer) -> Instant? {
        var deadline: Instant?
        func consider(_ instant: Instant?) {
            guard let instant else { return }
            deadline = min(deadline ?? instant, instant)
        }
        if peer.registration.step == .idle { consider(peer.registration.retryAt) }
        guard peer.isActive else { return deadline }
        if peer.download.state == .idle { consider(peer.download.retryAt) }
        if !peer.upload.isBusy, !peer.upload.ids.isEmpty { consider(peer.upload.retryAt) }
        if peer.session == nil { consider(peer.compareAt) }
        return deadline
    }

    mutating func advancePeer(_ node: NodeID, _ now: Instant, _ effects: inout [Effect]) {
        continueRegistration(with: node, now, &effects)
        guard let peer = peers[node], peer.isActive else { return }
        if let retryAt = peer.download.retryAt, retryAt <= now {
            startDownload(from: node, now, &effects)
            peers[node]?.download.retryAt = nil
        }
        if let retryAt = peer.upload.retryAt, retryAt <= now {
            continueUpload(to: node, now, &effects)
        }
        if let compareAt = peer.compareAt, compareAt <= now, peer.session == nil {
            startSession(with: node, operation: nil, now, &effects)
        }
    }

    mutating func continueRegistration(
        with node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let peer = peers[node], peer.registration.step == .idle,
            let retryAt = peer.registration.retryAt, retryAt <= now
        else { return }
        peers[node]?.registration.retryAt = nil
        guard peer.record.state == .pending || peer.record.state == .active,
            peer.isDialable
        else { return }
        register(
            with: peer.destination(policy), isOrdered: false, isSameHost: peer.isSameHost,
            invite: peer.invite, nil, now, &effects)
    }
}
