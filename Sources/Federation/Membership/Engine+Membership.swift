import Core

/// Statements: what this node says about others, and what follows from what others say.
extension Engine {
    /// Has a statement written into the log with the next commit, unless it is the last word there.
    mutating func say(_ statement: Statement) {
        let said = index.controls[key.node].map(\.statement) + statements
        let isRepeated = said.last { $0.target == statement.target } == statement
        guard !isRepeated, ownKeyEnd == nil else { return }
        statements.append(statement)
        hasDirtyRecords = true
    }

    /// The statements that wait, as work for the next commit.
    var statementJob: Job? {
        guard !statements.isEmpty, let author = Author(role: .node, name: "operator") else {
            return nil
        }
        let drafts = statements.prefix(Limits.batchEvents).map {
            Draft(author: author, kind: $0.kind, body: $0.encoded())
        }
        return Job(.statements, drafts: drafts)
    }

    /// Finds anew who is admitted, and acts on what has changed.
    mutating func refreshMembership(_ now: Instant, _ effects: inout [Effect]) {
        isMembershipStale = false
        let old = membership
        let ground = Membership.Ground(
            own: key.node, policy: policy, records: peers.mapValues(\.record))
        membership = Membership(ground, index.controls, index.chains)
        let changes = old.changes(to: membership)
        enforceRevocations(now, &effects)
        guard !changes.isEmpty || old.rotations != membership.rotations else { return }
        index.sift(from: old, to: membership)
        followRotations(now, &effects)
        for node in membership.contested.subtracting(old.contested).sorted() {
            alarm(
                .contestedRotation, node,
                "its chain names more than one successor: none is followed by itself", &effects)
        }
        guard settings.isAutomatic, !changes.isEmpty else { return }
        // What was refused or passed over before may be wanted now.
        for node in peerOrder where peers[node]?.isActive == true {
            peers[node]?.compareAt = now + EngineLimits.compareSoon
        }
    }

    /// Ends the registrations of revoked keys.
    private mutating func enforceRevocations(_ now: Instant, _ effects: inout [Effect]) {
        for node in peerOrder {
            guard let record = peers[node]?.record, record.state != .revoked,
                membership.revocations[node] != nil
            else { continue }
            peers[node]?.record.cut = membership.extents[node]?.cut ?? .nothing
            end(node, as: .revoked, now, &effects)
        }
    }

    /// Approves the successors of approved peers.
    private mutating func followRotations(_ now: Instant, _ effects: inout [Effect]) {
        for old in peerOrder {
            guard let rotation = membership.rotations[old], let record = peers[old]?.record,
                record.isApprovedHere, rotation.successor != key.node
            else { continue }
            if peers[rotation.successor] == nil {
                peers[rotation.successor] = Peer(
                    PeerRecord(
                        node: rotation.successor, given: record.given,
                        endpoints: record.endpoints, label: record.label,
                        since: wall.microseconds))
                peerOrder = peers.keys.sorted()
            }
            follow(rotation.successor, from: old, now, &effects)
        }
    }

    private mutating func follow(
        _ successor: NodeID, from old: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        approve(successor, .rotation)
        peers[old]?.record.cut = membership.extents[old]?.cut
        end(old, as: .removed, now, &effects)
        settleState(of: successor, now, &effects)
        peers[successor]?.registration.retryAt = now + EngineLimits.courtesy
    }

    /// The key that a registration takes over from: an approved peer whose signed event names the
    /// newcomer. Nil where none is named.
    func predecessor(_ confirmation: Confirmation) throws(Refusal) -> NodeID? {
        guard let event = confirmation.predecessor else { return nil }
        let old = event.header.origin
        guard case .rotate(let successor, let proof)? = Statement(event),
            successor == confirmation.node, event.bodyMatches, event.isSigned(),
            Signature.verify(proof, of: Statement.rotationMessage(from: old), by: successor)
        else {
            throw Refusal(.badRotation, "what names this key as a successor does not hold")
        }
        guard peers[old]?.record.isApprovedHere == true,
            membership.rotations[old].map({ $0.successor == successor }) ?? true,
            !membership.contested.contains(old), membership.revocations[old] == nil
        else { return nil }
        return old
    }

    /// Carries an approval over to the successor; the event itself joins the next commit.
    mutating func follow(_ old: NodeID, to successor: NodeID) {
        approve(successor, .rotation)
        if let given = peers[old]?.record.given { peers[successor]?.record.given = given }
    }

    mutating func revoke(
        _ node: NodeID, _ cut: Cut?, _ token: Token, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard node != key.node else {
            say(.revoke(node, nil))
            return submit(Job(.records(.done(token))), &effects)
        }
        let cut = cut ?? index.cut(of: node, membership)
        say(.revoke(node, cut))
        guard peers[node] != nil else {
            return submit(Job(.records(.done(token))), &effects)
        }
        peers[node]?.record.cut = cut
        end(node, as: .revoked, now, &effects)
        submit(Job(.records(.operation(token, node))), &effects)
    }

    /// Why this node signs nothing more: its own chain says that the key has ended.
    var ownKeyEnd: Refusal? {
        for control in index.controls[key.node] {
            switch control.statement {
            case .rotate(let successor, _):
                return Refusal(
                    .revoked, "this key was rotated to \(successor.hex): nothing is signed with it")
            case .revoke(key.node, _):
                return Refusal(.revoked, "this key was revoked by its own operator")
            default: continue
            }
        }
        return nil
    }

    /// Takes another policy over. What it forbids ends at once.
    mutating func replace(
        _ policy: Policy, _ token: Token, _ now: Instant, _ effects: inout [Effect]
    ) {
        settings.policy = policy
        isMembershipStale = true
        let isTooLow = AuthTier.deviceBound < policy.minAuthTier
        for node in peerOrder where peers[node]?.record.state == .active {
            let wasHeld = peers[node]?.isHeldBack == true
            peers[node]?.isHeldBack = isTooLow
            if isTooLow, !wasHeld {
                hangUp(on: node, tierRefusal, now, &effects)
            } else if !isTooLow, wasHeld {
                startDownload(from: node, now, &effects)
            }
        }
        // Whom the old policy kept waiting, the new one may let in.
        for node in peerOrder where peers[node]?.record.state == .pending {
            settleState(of: node, now, &effects)
        }
        submit(Job(.records(.done(token))), &effects)
    }

    /// Lets go of events that wait for a voucher.
    mutating func release(_ ids: [EventID]) {
        guard !ids.isEmpty else { return }
        releases += ids
        hasDirtyRecords = true
    }

    /// Notes what an operator must look at; the first time for each kind and key.
    mutating func alarm(
        _ kind: Alarm.Kind, _ node: NodeID, _ evidence: String, _ effects: inout [Effect]
    ) {
        guard !alarms.contains(where: { $0.kind == kind && $0.node == node }),
            alarms.count < EngineLimits.alarms
        else { return }
        let alarm = Alarm(kind: kind, node: node, evidence: evidence, time: wall.microseconds)
        alarms.append(alarm)
        dirtyAlarms.append(alarm)
        hasDirtyRecords = true
        report(.alarm(alarm), &effects)
    }
}
