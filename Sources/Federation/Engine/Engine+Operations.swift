import Core

/// What the operator orders, and what discovery sees.
extension Engine {
    mutating func operate(
        _ operation: Operation, _ token: Token, _ now: Instant, _ effects: inout [Effect]
    ) {
        switch operation {
        case .add(let endpoint):
            let destination = Destination(node: nil, endpoints: [endpoint])
            register(with: destination, isOrdered: true, isSameHost: false, token, now, &effects)
        case .join(let node, let endpoints, let invite):
            guard node != key.node else {
                let refusal = Refusal(.misaddressed, "this is this node's own invite")
                return report(.operation(token, .failed(refusal)), &effects)
            }
            let destination = Destination(node: node, endpoints: endpoints)
            register(
                with: destination, isOrdered: true, isSameHost: false, invite: invite, token, now,
                &effects)
        case .invite(let life): makeInvite(life: life, token, &effects)
        case .revoke(let node, let cut): revoke(node, cut, token, now, &effects)
        case .rotate(let successor, let proof): rotate(to: successor, proof, token, &effects)
        case .setPolicy(let policy): replace(policy, token, now, &effects)
        case .setGossip(let gossip): replace(gossip, token, now, &effects)
        case .approve(let node):
            guard known(node, token, &effects), !refusesRevoked(node, token, &effects) else {
                return
            }
            approve(node, .byOperator)
            settleState(of: node, now, &effects)
            peers[node]?.registration.retryAt = now
            submit(Job(.records(.operation(token, node))), &effects)
            continueRegistration(with: node, now, &effects)
        case .reject(let node):
            guard known(node, token, &effects) else { return }
            end(node, as: .rejected, now, &effects)
            submit(Job(.records(.operation(token, node))), &effects)
        case .remove(let node):
            guard known(node, token, &effects), let peer = peers[node] else { return }
            if peer.isActive, peer.isDialable {
                // The peer should know; where it doesn't hear it, it finds out by being refused.
                effects.append(
                    .send(self.token(for: .leave), to: peer.destination(policy), .leave))
            }
            end(node, as: .removed, now, &effects)
            submit(Job(.records(.operation(token, node))), &effects)
        case .sync(let node):
            guard active(node, token, &effects) else { return }
            completeSketches()
            // Without a cursor the pull would bring the whole log, what we hold too.
            if peers[node]?.record.cursor == nil, eventCount > 0 {
                startSession(
                    with: node, operation: (token, SyncResult(peer: node)), now, &effects)
            } else {
                startPull(node, fromStart: false, reconciles: true, token, &effects)
            }
        case .pull(let node, let fromStart):
            guard active(node, token, &effects) else { return }
            startPull(node, fromStart: fromStart, reconciles: false, token, &effects)
        case .reconcile(let node):
            guard active(node, token, &effects) else { return }
            completeSketches()
            startSession(with: node, operation: (token, SyncResult(peer: node)), now, &effects)
        }
    }

    private mutating func known(
        _ node: NodeID, _ token: Token, _ effects: inout [Effect]
    ) -> Bool {
        guard peers[node] == nil else { return true }
        let refusal = Refusal(.unknownPeer, "no such peer: see federate peers list")
        report(.operation(token, .failed(refusal)), &effects)
        return false
    }

    /// A revocation is for good: not even the operator approves the key again.
    private mutating func refusesRevoked(
        _ node: NodeID, _ token: Token, _ effects: inout [Effect]
    ) -> Bool {
        guard let event = membership.revocations[node] else { return false }
        let refusal = Refusal(
            .revoked, "its key was revoked by event \(event.hex): its owner makes a new node")
        report(.operation(token, .failed(refusal)), &effects)
        return true
    }

    private mutating func active(
        _ node: NodeID, _ token: Token, _ effects: inout [Effect]
    ) -> Bool {
        guard known(node, token, &effects) else { return false }
        guard peers[node]?.isActive != true else { return true }
        let state = peers[node]?.record.state.rawValue ?? ""
        let refusal = Refusal(.notActive, "the peer is \(state): approve it on both sides")
        report(.operation(token, .failed(refusal)), &effects)
        return false
    }

    mutating func sighted(
        _ sighting: Sighting, _ now: Instant, _ effects: inout [Effect]
    ) {
        var sighting = sighting
        sighting.endpoints.removeAll { DialRule.isNonsense($0, onLANof: sighting.isSameHost) }
        let node = sighting.node
        guard node != key.node, !sighting.endpoints.isEmpty else { return }
        guard let peer = peers[node] else {
            return introduce(to: sighting, now, &effects)
        }
        if sighting.isSameHost { peers[node]?.isSameHost = true }
        guard peer.record.state == .active || peer.record.state == .pending else { return }
        peers[node]?.seenAt = Array(sighting.endpoints.prefix(MessageLimits.endpoints))
        if peer.isActive {
            startDownload(from: node, now, &effects)
        } else if peer.registration.step == .idle {
            peers[node]?.registration.retryAt = now
            continueRegistration(with: node, now, &effects)
        }
    }

    /// A node that is not known yet was seen: one of the two introduces itself, the other waits a
    /// little.
    private mutating func introduce(
        to sighting: Sighting, _ now: Instant, _ effects: inout [Effect]
    ) {
        let wait = key.node < sighting.node ? Duration.zero : EngineLimits.courtesy
        remember(sighting, until: now + wait)
        continueSightings(now, &effects)
    }

    mutating func remember(_ sighting: Sighting, until due: Instant) {
        guard sightings[sighting.node] != nil || sightings.count < EngineLimits.sightings else {
            return
        }
        sightings[sighting.node] = (sighting, due)
    }

    mutating func continueSightings(_ now: Instant, _ effects: inout [Effect]) {
        for node in sightings.keys.sorted() {
            guard let (sighting, due) = sightings[node], due <= now else { continue }
            guard peers[node] == nil else {
                sightings[node] = nil
                continue
            }
            guard attempts.count < EngineLimits.attempts else {
                sightings[node]?.due = now + EngineLimits.courtesy
                continue
            }
            // Kept until it succeeds or the node vanishes, so that nothing is dialled that is no
            // longer there.
            sightings[node]?.due = now + EngineLimits.introductionLife
            let destination = Destination(node: node, endpoints: sighting.endpoints)
            register(
                with: destination, isOrdered: false, isSameHost: sighting.isSameHost, nil, now,
                &effects)
        }
    }
}
