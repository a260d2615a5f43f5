import Core

/// Finds who is admitted, step by step from the nodes that the operator decided on.
///
/// An origin's extent is settled at the first step that reaches it and never looked at again, so
/// that statements which contradict each other in a circle end, and end the same everywhere.
struct Closure {
    let ground: Membership.Ground
    let controls: Controls
    let chains: [ChainName: Chain]
    var extents: [NodeID: Extent] = [:]
    var reasons: [NodeID: AdmissionReason] = [:]
    var revocations: [NodeID: EventID] = [:]
    var rotations: [NodeID: Membership.Rotation] = [:]
    var contested: Set<NodeID> = []
    var strays: [NodeID: Set<EventID>] = [:]
    /// Where honoured revocations of others cut a key.
    private var cuts: [NodeID: (cut: Cut, event: EventID)] = [:]
    /// Origins that count as voucher of the next step.
    private var wave: [NodeID] = []

    init(ground: Membership.Ground, controls: Controls, chains: [ChainName: Chain]) {
        self.ground = ground
        self.controls = controls
        self.chains = chains
    }

    mutating func run() {
        let judges = ground.policy.revocationsFrom.sorted()
        // The operator's own word comes first: it may end a judge; judges can't end each other.
        collectRevocations(by: ground.own, .whole)
        let own = cuts
        for judge in judges where judge != ground.own {
            let base = own[judge].map { Extent.upTo($0.cut) } ?? .whole
            collectRevocations(by: judge, shorten(base, of: judge))
        }
        reasons[ground.own] = .own
        extents[ground.own] = .whole
        wave = [ground.own]
        settleEnded()
        for origin in judges { settle(origin, .whole, .policy) }
        for origin in ground.policy.origins.sorted() { settle(origin, .whole, .policy) }
        settleApproved()
        var steps = 1
        while ground.policy.autoAcceptKnown, !wave.isEmpty, steps <= MembershipLimits.vouchDepth {
            let vouchers = wave
            wave = []
            settleVouched(by: vouchers, steps: steps)
            steps += 1
        }
    }

    /// What the operator ended stays ended, whoever vouches.
    private mutating func settleEnded() {
        for record in ground.records.values.sorted(by: { $0.node < $1.node }) where record.isOver {
            settle(record.node, .upTo(record.cut ?? .nothing), .ended(record.state))
        }
    }

    private mutating func settleApproved() {
        for record in ground.records.values.sorted(by: { $0.node < $1.node })
        where !record.isOver {
            guard let approval = record.approval else { continue }
            settle(record.node, .whole, .approved(approval))
        }
    }

    /// Notes whom a judge revokes; the lowest cut of all judges counts.
    private mutating func collectRevocations(by judge: NodeID, _ extent: Extent) {
        let reach = Reach(extent, chains[ChainName(origin: judge, scope: [])])
        for control in controls[judge] where reach.contains(control) {
            guard case .revoke(let target, let cut?) = control.statement, target != judge,
                target != ground.own
            else { continue }
            if let held = cuts[target], (held.cut, held.event) <= (cut, control.id) { continue }
            cuts[target] = (cut, control.id)
        }
    }

    /// Fixes how far an origin is admitted, unless that is fixed.
    private mutating func settle(
        _ origin: NodeID, _ base: Extent, _ reason: AdmissionReason
    ) {
        guard reasons[origin] == nil, extents.count < MembershipLimits.origins else { return }
        reasons[origin] = reason
        var extent = base
        if let (cut, event) = cuts[origin], extent >= .upTo(cut) {
            extent = min(extent, .upTo(cut))
            revocations[origin] = event
        }
        extent = shorten(extent, of: origin)
        if case .upTo(let cut) = extent {
            guard cut.sequence > 0 else { return }
            strays[origin] = chains[ChainName(origin: origin, scope: [])]?.strays(below: cut) ?? []
        }
        extents[origin] = extent
        if mayVouch(origin, reason) { wave.append(origin) }
        followRotation(of: origin)
    }

    /// The origin's own word: a key that ends itself counts up to and including the event that says
    /// so. The lowest such event counts, as far as the extent reaches.
    private mutating func shorten(_ extent: Extent, of origin: NodeID) -> Extent {
        var shortest = extent
        var successors: [NodeID: EventID] = [:]
        let reach = Reach(extent, chains[ChainName(origin: origin, scope: [])])
        for control in controls[origin] where reach.contains(control) {
            switch control.statement {
            case .vouch: continue
            case .revoke(let target, let cut):
                // It may end itself where it stands, not reach back: else a thief of the key could
                // also take its history away.
                guard target == origin, cut == nil else { continue }
                revocations[origin] = revocations[origin] ?? control.id
            case .rotate(let successor, let proof):
                let message = Statement.rotationMessage(from: origin)
                guard successor != origin, Signature.verify(proof, of: message, by: successor)
                else { continue }
                successors[successor] = min(successors[successor] ?? control.id, control.id)
            }
            shortest = min(shortest, .upTo(Cut(through: control.id, at: control.sequence)))
        }
        if successors.count > 1 { contested.insert(origin) }
        if successors.count == 1, let (successor, event) = successors.first {
            rotations[origin] = Membership.Rotation(successor: successor, event: event)
        }
        return shortest
    }

    /// A successor stands where the key stood that named it, if it named no other.
    private mutating func followRotation(of origin: NodeID) {
        guard let rotation = rotations[origin], reasons[origin].map({ !$0.isOver }) ?? false
        else { return }
        settle(rotation.successor, .whole, .successor(of: origin))
    }

    private mutating func settleVouched(by vouchers: [NodeID], steps: Int) {
        var found: [NodeID: (extent: Extent, voucher: NodeID)] = [:]
        for voucher in vouchers.sorted() {
            for (target, extent) in vouched(by: voucher) where reasons[target] == nil {
                if let held = found[target], held.extent >= extent { continue }
                found[target] = (extent, voucher)
            }
        }
        for target in found.keys.sorted() {
            guard let (extent, voucher) = found[target] else { continue }
            settle(target, extent, .vouched(by: voucher, steps: steps))
        }
    }

    /// The first nodes that an origin has vouched for, each with its last word on it.
    private func vouched(by voucher: NodeID) -> [NodeID: Extent] {
        guard let extent = extents[voucher] else { return [:] }
        let reach = Reach(extent, chains[ChainName(origin: voucher, scope: [])])
        var targets: [NodeID: Extent] = [:]
        for control in controls[voucher] where reach.contains(control) {
            guard case .vouch(let target, let cut) = control.statement, target != voucher,
                targets[target] != nil || targets.count < MembershipLimits.vouchesPerVoucher
            else { continue }
            targets[target] = cut.map { .upTo($0) } ?? .whole
        }
        return targets
    }
}

/// Which events of a chain an extent reaches.
struct Reach {
    private let cut: Cut?
    private let strays: Set<EventID>

    init(_ extent: Extent, _ chain: Chain?) {
        cut = extent.cut
        strays = extent.cut.flatMap { chain?.strays(below: $0) } ?? []
    }

    func contains(_ control: Control) -> Bool { contains(control.sequence, control.id) }

    func contains(_ sequence: UInt64, _ id: EventID) -> Bool {
        guard let cut else { return true }
        if sequence == cut.sequence { return id == cut.id }
        return sequence < cut.sequence && !strays.contains(id)
    }
}

extension Closure {
    /// Whether the origin's vouching counts: it is approved, vouched for, or took over from such.
    /// What a key said before its owner rotated it counts as long as the successor is approved.
    private func mayVouch(_ origin: NodeID, _ reason: AdmissionReason) -> Bool {
        switch reason {
        case .own, .approved, .vouched, .successor: true
        case .policy: false
        case .ended(let state):
            state == .removed
                && rotations[origin].map {
                    ground.records[$0.successor]?.isApprovedHere == true
                } ?? false
        }
    }
}

extension AdmissionReason {
    fileprivate var isOver: Bool { if case .ended = self { true } else { false } }
}
