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
    /// How far each key would count that has ended itself before.
    var bases: [NodeID: Extent] = [:]
    /// Where honoured revocations of others cut a key.
    private var cuts: [NodeID: (cut: Cut, event: EventID)] = [:]
    /// Origins whose vouching counts, and those of them that the next step begins with.
    private var vouchers: Set<NodeID> = []
    private var wave: [NodeID] = []
    /// Keys of this step that may name a successor.
    private var givers: [NodeID] = []

    init(ground: Membership.Ground, controls: Controls, chains: [ChainName: Chain]) {
        self.ground = ground
        self.controls = controls
        self.chains = chains
    }

    mutating func run() {
        let records = ground.records.values.sorted { $0.node < $1.node }
        let judges = ground.policy.revocationsFrom.sorted()
        collectRevocations(by: judges)
        reasons[ground.own] = .own
        extents[ground.own] = .whole
        enroll(ground.own)
        // What the operator ended stays ended, whoever else says something.
        for record in records where record.end != nil {
            reasons[record.node] = .ended(record.state)
        }
        for origin in judges + ground.policy.origins.sorted() {
            let isApproved = ground.records[origin]?.isApprovedAlone == true
            settle(origin, .whole, .policy, mayVouch: isApproved)
        }
        for record in records where record.isApprovedAlone {
            guard let approval = record.approval else { continue }
            settle(record.node, .whole, .approved(approval), mayVouch: true)
        }
        // After those that the operator wants: where there is no room for all, they come first.
        for record in records {
            if let end = record.end { admit(record.node, .upTo(end), mayVouch: false) }
        }
        for record in records where speaksThroughSuccessor(record) { enroll(record.node) }
        handOn()
        var steps = 1
        while ground.policy.autoAcceptKnown, !wave.isEmpty, steps <= MembershipLimits.vouchDepth {
            let vouchers = wave
            wave = []
            settleVouched(by: vouchers, steps: steps)
            handOn()
            steps += 1
        }
    }

    /// What a key said before its owner rotated it counts as long as one that went on for it is
    /// approved, or is this node's own.
    private func speaksThroughSuccessor(_ record: PeerRecord) -> Bool {
        guard record.state == .removed, extents[record.node] != nil else { return false }
        return heirs(of: record.node).contains { heir in
            heir == ground.own || ground.records[heir]?.isApprovedAlone == true
        }
    }

    /// The keys that went on for this one, one after the other; they may go round in a circle.
    private func heirs(of origin: NodeID) -> [NodeID] {
        var heirs: [NodeID] = []
        while let next = rotations[heirs.last ?? origin]?.successor, next != origin,
            heirs.count < MembershipLimits.rotations, !heirs.contains(next)
        {
            heirs.append(next)
        }
        return heirs
    }

    private mutating func enroll(_ origin: NodeID) {
        if vouchers.insert(origin).inserted { wave.append(origin) }
    }

    /// Decides on an origin, unless that was done.
    private mutating func settle(
        _ origin: NodeID, _ base: Extent, _ reason: AdmissionReason, mayVouch: Bool
    ) {
        guard reasons[origin] == nil, extents.count < MembershipLimits.origins else { return }
        reasons[origin] = reason
        admit(origin, base, mayVouch: mayVouch)
    }

    /// Fixes how far an origin is admitted.
    private mutating func admit(_ origin: NodeID, _ base: Extent, mayVouch: Bool) {
        guard extents.count < MembershipLimits.origins else { return }
        let lowered = cuts[origin].map { min(base, .upTo($0.cut)) } ?? base
        let end = ownEnd(of: origin, within: lowered)
        revocations[origin] = revocations[origin] ?? end.revocation
        if end.successors.count > 1 {
            contested.insert(origin)
        } else if let (successor, event) = end.successors.first {
            rotations[origin] = Membership.Rotation(successor: successor, event: event)
            if base == .whole { givers.append(origin) }
        }
        if case .upTo(let cut) = end.extent {
            guard cut.sequence > 0 else { return }
            strays[origin] = chains[ChainName(origin: origin, scope: [])]?.strays(below: cut) ?? []
        }
        extents[origin] = end.extent
        if end.extent != lowered { bases[origin] = lowered }
        if mayVouch { enroll(origin) }
    }

    /// Successors stand where the keys stood that named them, if those named no other. What was
    /// said of a successor itself in the same step comes first.
    private mutating func handOn() {
        for _ in 0..<MembershipLimits.rotations where !givers.isEmpty {
            var heirs: [NodeID: (key: NodeID, mayVouch: Bool)] = [:]
            for key in givers.sorted() {
                guard let heir = rotations[key]?.successor, reasons[heir] == nil else { continue }
                let mayVouch = vouchers.contains(key) || heirs[heir]?.mayVouch == true
                heirs[heir] = (heirs[heir]?.key ?? key, mayVouch)
            }
            givers = []
            for (heir, line) in heirs.sorted(by: { $0.key < $1.key }) {
                settle(heir, .whole, .successor(of: line.key), mayVouch: line.mayVouch)
            }
        }
        givers = []
    }

    private mutating func settleVouched(by vouchers: [NodeID], steps: Int) {
        var found: [NodeID: (extent: Extent, voucher: NodeID)] = [:]
        for voucher in vouchers.sorted() {
            for (target, extent) in vouched(by: voucher)
            where reasons[target] == nil || isOnlyListed(target) {
                if let held = found[target], held.extent >= extent { continue }
                found[target] = (extent, voucher)
            }
        }
        for target in found.keys.sorted() {
            guard let (extent, voucher) = found[target] else { continue }
            if isOnlyListed(target), extent == .whole { enroll(target) }
            settle(target, extent, .vouched(by: voucher, steps: steps), mayVouch: true)
        }
    }

    /// Whether the policy admits it and nobody gave it a voice yet: it gets the one that it would
    /// have without being listed.
    private func isOnlyListed(_ origin: NodeID) -> Bool {
        reasons[origin] == .policy && !vouchers.contains(origin)
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
        // The owner's later keys have the last word.
        for heir in heirs(of: voucher) {
            for target in named(by: heir) { targets[target] = nil }
        }
        return targets
    }

    /// About whom an origin has said, as far as it is admitted, how far it vouches.
    private func named(by origin: NodeID) -> [NodeID] {
        guard let extent = extents[origin] else { return [] }
        let reach = Reach(extent, chains[ChainName(origin: origin, scope: [])])
        return controls[origin].compactMap { control in
            guard case .vouch(let target, _) = control.statement, reach.contains(control) else {
                return nil
            }
            return target
        }
    }
}

/// How keys end.
extension Closure {
    /// What an origin says of its own key.
    private struct OwnEnd {
        var extent: Extent
        var first: Cut?
        var revocation: EventID?
        var successors: [NodeID: EventID] = [:]
    }

    /// The origin's own word: a key that ends itself counts up to and including the event that says
    /// so. The first such event counts, as far as the extent reaches; where it names a successor,
    /// other events there may contest that.
    private func ownEnd(of origin: NodeID, within extent: Extent) -> OwnEnd {
        var end = OwnEnd(extent: extent)
        let said = controls[origin]
        guard !said.isEmpty else { return end }
        let reach = Reach(extent, chains[ChainName(origin: origin, scope: [])])
        for control in said where reach.contains(control) {
            switch control.statement {
            case .vouch: continue
            case .revoke(let target, let cut):
                // It may end itself where it stands, not reach back: else a thief of the key could
                // also take its history away.
                guard target == origin, cut == nil, end.first == nil else { continue }
                end.revocation = control.id
                end.first = Cut(through: control.id, at: control.sequence)
            case .rotate(let successor, _):
                guard successor != origin, control.isProven, end.revocation == nil else { continue }
                end.successors[successor] = end.successors[successor] ?? control.id
                end.first = end.first ?? Cut(through: control.id, at: control.sequence)
            }
        }
        if let first = end.first { end.extent = .upTo(first) }
        return end
    }

    /// Notes whom this node and the judges revoke; the lowest cut of all counts.
    private mutating func collectRevocations(by judges: [NodeID]) {
        // The operator's own word comes first: it may end a judge; judges can't end each other.
        collectRevocations(by: ground.own, .whole)
        let own = cuts
        for judge in judges where judge != ground.own {
            let base = [own[judge]?.cut, ground.records[judge]?.end].compactMap { $0 }.min()
            let extent = base.map { Extent.upTo($0) } ?? .whole
            collectRevocations(by: judge, ownEnd(of: judge, within: extent).extent)
        }
        revocations = cuts.mapValues(\.event)
    }

    private mutating func collectRevocations(by judge: NodeID, _ extent: Extent) {
        let reach = Reach(extent, chains[ChainName(origin: judge, scope: [])])
        for control in controls[judge] where reach.contains(control) {
            guard case .revoke(let target, let cut?) = control.statement, target != judge,
                target != ground.own,
                judge == ground.own || !ground.policy.revocationsFrom.contains(target)
            else { continue }
            if let held = cuts[target], (held.cut, held.event) <= (cut, control.id) { continue }
            cuts[target] = (cut, control.id)
        }
    }
}

extension PeerRecord {
    /// Up to where a node counts whose registration has ended; nil where it has not, or where
    /// others decide: a key that was revoked before anybody here approved it.
    fileprivate var end: Cut? {
        guard isOver else { return nil }
        return state == .revoked ? cut : cut ?? .nothing
    }

    /// Whether it was approved here for itself, and not because somebody vouches for it.
    var isApprovedAlone: Bool { !isOver && isApprovedHere && approval != .vouched }
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
