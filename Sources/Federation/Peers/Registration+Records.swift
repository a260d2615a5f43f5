import Core

/// What becomes of a record.
extension Engine {
    var policy: Policy { settings.policy }

    /// Writes down a node that proved its key; a refusal where there is no room for it.
    mutating func meet(
        _ node: NodeID, card: NodeCard, reachedAt: [String], isWanted: Bool, isOrdered: Bool
    ) -> Refusal? {
        if let event = membership.revocations[node],
            isOrdered || peers[node]?.record.isOver != true
        {
            return Refusal(.revoked, "the key was revoked by event \(event.hex)")
        }
        let before = peers[node]?.record
        if peers[node] == nil {
            let isKnown = policy.autoAcceptKnown && membership.isVouchedFor(node)
            let pending = peers.values.count { $0.record.state == .pending }
            // Strangers may not keep out whom the operator or the policy wants.
            guard isOrdered || isWanted || isKnown || pending < EngineLimits.pendingPeers else {
                return Refusal(.tooManyPeers, "too many registrations wait for the operator")
            }
            guard isOrdered || peers.count < EngineLimits.peers else {
                return Refusal(.tooManyPeers, "too many nodes are known here")
            }
            peers.add(Peer(PeerRecord(node: node, since: wall.microseconds)))
        }
        // Who was turned away changes nothing here, not even its own label.
        guard isOrdered || peers[node]?.record.isOver != true else { return nil }
        let given = Self.distinct(reachedAt + (peers[node]?.record.given ?? []))
        let claimed = Self.distinct(card.endpoints)
        if isOrdered { peers[node]?.record.given = given }
        peers[node]?.record.endpoints = claimed
        peers[node]?.record.label = card.label
        if policy.autoAcceptKnown, membership.isVouchedFor(node) { approve(node, .vouched) }
        if peers[node]?.record != before { markDirty(node) }
        return nil
    }

    private static func distinct(_ endpoints: [String]) -> [String] {
        var kept: [String] = []
        for endpoint in endpoints where !kept.contains(endpoint) { kept.append(endpoint) }
        return Array(kept.prefix(MessageLimits.endpoints))
    }

    /// Approves a node. Only the operator brings back one whose registration has ended; an approval
    /// that stands is not replaced by a weaker one, and a revoked key is approved by nobody.
    mutating func approve(_ node: NodeID, _ approval: PeerRecord.Approval) {
        guard let record = peers[node]?.record, membership.revocations[node] == nil else { return }
        let isOperator = approval == .byOperator
        let isNews = record.approval == nil || (record.approval == .vouched && approval != .vouched)
        guard isOperator || (!record.isOver && isNews) else { return }
        peers[node]?.record.approval = approval
        if record.isOver {
            peers[node]?.record.state = .pending
            peers[node]?.record.cut = nil
        }
        markDirty(node)
        isMembershipStale = true
        guard policy.vouchForApproved, approval.isPersonal else { return }
        say(.vouch(node, upTo: nil))
    }

    /// Activates a registration that both sides approved.
    mutating func settleState(of node: NodeID, _ now: Instant, _ effects: inout [Effect]) {
        guard let record = peers[node]?.record else { return }
        if record.state == .pending, record.isApprovedHere, record.isApprovedThere {
            let active = peers.values.count { $0.record.state == .active }
            let obstacle: String? =
                if policy.maxPeers > 0, active >= policy.maxPeers {
                    "max_peers (\(policy.maxPeers)) is reached"
                } else {
                    AuthTier.deviceBound < policy.minAuthTier ? tierRefusal.detail : nil
                }
            if let obstacle {
                peers[node]?.lastTrouble = obstacle
                report(.trouble(node, obstacle), &effects)
            } else {
                peers[node]?.record.state = .active
                markDirty(node)
            }
        }
        announce(node, &effects)
        if peers[node]?.isActive == true { startDownload(from: node, now, &effects) }
    }

    /// What a node hears whose proof is below the policy's.
    var tierRefusal: Refusal {
        Refusal(
            .tierTooLow,
            "this node asks for \(policy.minAuthTier.name), a key alone is device-bound")
    }

    /// Ends what runs with a peer whose registration is over.
    mutating func end(
        _ node: NodeID, as state: PeerRecord.State, notesCut: Bool = true, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let record = peers[node]?.record else { return }
        if record.cut == nil, notesCut {
            // What was synced stays, nothing of it comes later.
            peers[node]?.record.cut = index.cut(of: node, membership)
        }
        if record.isApprovedHere, record.approval?.isPersonal == true, policy.vouchForApproved {
            say(.vouch(node, upTo: peers[node]?.record.cut ?? .nothing))
        }
        peers[node]?.record.state = state
        peers[node]?.record.approval = nil
        peers[node]?.registration.retryAt = nil
        peers[node]?.upload = Peer.Upload()
        peers[node]?.bootstrap = nil
        peers[node]?.comparison = nil
        peers[node]?.invite = nil
        hangUp(on: node, Refusal(state == .revoked ? .revoked : .removed, Self.over), now, &effects)
        release(index.strangers(from: node))
        isMembershipStale = true
        markDirty(node)
        announce(node, &effects)
    }

    private static var over: String { "the registration ended" }

    /// An active registration waits again: what runs with the peer ends.
    mutating func rest(
        _ node: NodeID, _ refusal: Refusal, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard peers[node]?.record.state == .active else { return }
        peers[node]?.record.state = .pending
        peers[node]?.upload = Peer.Upload()
        hangUp(on: node, refusal, now, &effects)
        markDirty(node)
        announce(node, &effects)
    }

    /// Ends every conversation with a peer; its record stays as it is.
    mutating func hangUp(
        on node: NodeID, _ refusal: Refusal, _ now: Instant, _ effects: inout [Effect]
    ) {
        endSession(with: node, refusal, now, &effects)
        endPull(of: node, .failed(refusal), &effects)
        peers[node]?.compareAt = nil
        if let stream = streams.removeValue(forKey: node) {
            effects.append(.close(stream.exchange, refusal))
        }
        if case .streaming(let token)? = peers[node]?.download.state {
            asked[token] = nil
            effects.append(.cancel(token))
        }
        peers[node]?.download = Peer.Download()
        responders.removeAll(of: node)
    }

    /// Tells the operator how a registration stands, once for each change.
    mutating func announce(_ node: NodeID, _ effects: inout [Effect]) {
        guard let peer = peers[node] else { return }
        let standing = Peer.Standing(peer.record)
        guard peer.announced != standing else { return }
        peers[node]?.announced = standing
        report(.peerChanged(peer.record), &effects)
    }
}

extension PeerRecord.Approval {
    /// Whether it may have come from the key before: nobody here looked at this one.
    var isInheritable: Bool {
        switch self {
        case .rotation, .lan, .oneSided: true
        case .byOperator, .invite, .vouched: false
        }
    }

    /// Whether a person decided it, so that the node may vouch for it.
    var isPersonal: Bool {
        switch self {
        case .byOperator, .invite, .rotation: true
        case .lan, .vouched, .oneSided: false
        }
    }
}
