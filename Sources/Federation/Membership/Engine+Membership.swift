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
        // Nothing is said after the key's last word.
        let end = statements.firstIndex { $0.ends(key.node) }.map { $0 + 1 }
        let drafts = statements.prefix(min(Limits.batchEvents, end ?? .max)).map {
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
        if !changes.isEmpty {
            index.sift(from: old, to: membership)
            commons.removeAll()
        }
        // What follows is done whether or not something has changed: the process may have ended
        // between a statement and what follows from it.
        release(index.turnedAway(membership))
        followRotations(now, &effects)
        enforceRevocations(now, &effects)
        withdrawApprovals(now, &effects)
        for node in membership.contested.sorted() {
            alarm(
                .contestedRotation, node,
                "its chain names more than one successor: none is followed by itself", &effects)
        }
        guard settings.isAutomatic, !changes.isEmpty else { return }
        // What was refused or passed over before may be wanted now.
        for node in peers.order where peers[node]?.isActive == true && usesStreams(with: node) {
            peers[node]?.compareAt = now + EngineLimits.compareSoon
        }
    }

    /// Ends the registrations of revoked keys.
    private mutating func enforceRevocations(_ now: Instant, _ effects: inout [Effect]) {
        for node in peers.order {
            guard let record = peers[node]?.record, !record.isOver,
                membership.revocations[node] != nil
            else { continue }
            if record.isApprovedAlone {
                peers[node]?.record.cut = membership.extents[node]?.cut ?? .nothing
                end(node, as: .revoked, now, &effects)
            } else {
                // How far it counts was never decided here; the statements say.
                end(node, as: .revoked, notesCut: false, now, &effects)
            }
        }
    }

    /// Takes back what was approved on the word of others that counts no more.
    private mutating func withdrawApprovals(_ now: Instant, _ effects: inout [Effect]) {
        for node in peers.order where peers[node]?.record.approval == .vouched {
            guard membership.extents[node] != .whole else { continue }
            peers[node]?.record.approval = nil
            markDirty(node)
            rest(node, Refusal(.notActive, "nobody vouches for this node any more"), now, &effects)
        }
        // A thief that rotates a stolen key must not outlive its revocation.
        for old in peers.order where membership.revocations[old] != nil {
            for control in index.controls[old] where control.isProven {
                guard case .rotate(let heir, _) = control.statement,
                    membership.rotations[old]?.successor != heir,
                    let approval = peers[heir]?.record.approval, approval.isInheritable,
                    !membership.rotations.values.contains(where: { $0.successor == heir })
                else { continue }
                end(heir, as: .revoked, notesCut: false, now, &effects)
            }
        }
    }

    /// Approves the successors of approved peers.
    private mutating func followRotations(_ now: Instant, _ effects: inout [Effect]) {
        for old in peers.order {
            guard let rotation = membership.rotations[old], let record = peers[old]?.record,
                let approval = record.approval, rotation.successor != key.node
            else { continue }
            guard handings(to: old) < MembershipLimits.rotations else {
                let why =
                    "it was rotated too often to be followed: approve \(rotation.successor.hex)"
                if peers[old]?.lastTrouble != why { report(.trouble(old, why), &effects) }
                peers[old]?.lastTrouble = why
                continue
            }
            meet(rotation.successor, asSuccessorOf: record)
            approve(rotation.successor, approval.isPersonal ? .rotation : approval)
            peers[old]?.record.cut = membership.extents[old]?.cut
            end(old, as: .removed, now, &effects)
            settleState(of: rotation.successor, now, &effects)
            if peers[rotation.successor]?.record.isOver == false {
                peers[rotation.successor]?.registration.retryAt = now + EngineLimits.courtesy
            }
        }
    }

    /// A successor is looked for where the key before it was.
    private mutating func meet(_ successor: NodeID, asSuccessorOf record: PeerRecord) {
        guard let known = peers[successor]?.record else {
            peers.add(
                Peer(
                    PeerRecord(
                        node: successor, given: record.given, endpoints: record.endpoints,
                        label: record.label, since: wall.microseconds)))
            return
        }
        if known.given.isEmpty, !known.isOver { peers[successor]?.record.given = record.given }
    }

    /// How often a standing was handed on until `node` had it.
    private func handings(to node: NodeID) -> Int {
        var key = node
        for count in 0..<MembershipLimits.rotations {
            let before = peers.order.first { old in
                membership.rotations[old]?.successor == key && peers[old]?.record.isOver == true
            }
            guard let before else { return count }
            key = before
        }
        return MembershipLimits.rotations
    }

    mutating func revoke(
        _ node: NodeID, _ cut: Cut?, _ token: Token, _ now: Instant, _ effects: inout [Effect]
    ) {
        // Without a signature nobody else would ever hear of it.
        if let refusal = signingRefusal {
            return report(.operation(token, .failed(refusal)), &effects)
        }
        guard node != key.node else {
            say(.revoke(node, nil))
            return submit(Job(.records(.done(token))), &effects)
        }
        // It never brings back what does not count now.
        let held = index.cut(of: node, membership)
        let isWhole = membership.extents[node] == .whole
        let cut = cut.map { isWhole ? $0 : min($0, held) } ?? held
        say(.revoke(node, cut))
        guard peers[node] != nil else {
            return submit(Job(.records(.done(token))), &effects)
        }
        peers[node]?.record.cut = cut
        end(node, as: .revoked, now, &effects)
        submit(Job(.records(.operation(token, node))), &effects)
    }

    /// Why nothing can be signed now.
    var signingRefusal: Refusal? {
        if let refusal = ownKeyEnd ?? restoreRefusal ?? clockRefusal { return refusal }
        var clock = index.clock
        do throws(ClockError) {
            _ = try clock.tick(wall: wall)
            return nil
        } catch {
            return Refusal(.clockBehind, "\(error): correct this machine's clock")
        }
    }

    /// Why this node signs nothing more: its own chain says that the key has ended.
    var ownKeyEnd: Refusal? {
        let isRevoked = Refusal(.revoked, "this key was revoked by its own operator")
        if statements.contains(.revoke(key.node, nil)) { return isRevoked }
        for control in index.controls[key.node] {
            switch control.statement {
            case .rotate(let successor, _) where control.isProven:
                return Refusal(
                    .revoked, "this key was rotated to \(successor.hex): nothing is signed with it")
            case .revoke(key.node, nil): return isRevoked
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
        for node in peers.order {
            let wasHeld = peers[node]?.isHeldBack == true
            peers[node]?.isHeldBack = isTooLow
            guard peers[node]?.record.state == .active else { continue }
            if isTooLow, !wasHeld {
                hangUp(on: node, tierRefusal, now, &effects)
            } else if !isTooLow, wasHeld {
                startDownload(from: node, now, &effects)
            }
        }
        // Whom the old policy kept waiting, the new one may let in.
        for node in peers.order where peers[node]?.record.state == .pending {
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
