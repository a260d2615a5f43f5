import Core
import Federation
import MerkleSearchTree

/// Who is admitted, as docs/PROTOCOL.md, "Membership", says it: all events are looked at anew for
/// each question, nothing is remembered.
struct MembershipModel {
    let own: NodeID
    let policy: Policy
    let records: [PeerRecord]
    let events: [EventID: Event]

    private(set) var extents: [NodeID: Extent] = [:]
    private var decided: Set<NodeID> = []
    private var vouchers: Set<NodeID> = []
    private var fresh: Set<NodeID> = []
    private var wholeBases: Set<NodeID> = []
    private var successors: [NodeID: NodeID] = [:]
    private var cuts: [NodeID: Cut] = [:]

    init(own: NodeID, policy: Policy, records: [PeerRecord], events: [Event]) {
        self.own = own
        self.policy = policy
        self.records = records
        self.events = Dictionary(events.map { ($0.id, $0) }) { a, _ in a }
        decide()
    }

    /// The tree's root over what is admitted.
    var root: Digest { MerkleSearchTree(sorted: admitted.map(\.key).sorted()).root }

    var admitted: [Event] {
        events.values.filter { event in
            extents[event.header.origin].map { isWithin(event, $0) } ?? false
        }
    }

    /// "An event is within a cut when …"
    private func isWithin(_ event: Event, _ extent: Extent) -> Bool {
        guard case .upTo(let cut) = extent else { return true }
        guard let id = cut.id, event.header.sequence <= cut.sequence else { return false }
        var branch: [UInt64: EventID] = [:]
        var place = cut.sequence
        var wanted: EventID? = id
        while let next = wanted, place > 0 {
            branch[place] = next
            let held = events[next].map(\.header)
            let isThere = held?.origin == event.header.origin && held?.sequence == place
            wanted = isThere ? held?.previous : nil
            place -= 1
        }
        return branch[event.header.sequence].map { $0 == event.id } ?? (event.header.sequence > 0)
    }

    /// The statements of an origin that count within an extent, in the order of its chain.
    private func said(by origin: NodeID, _ extent: Extent) -> [(Event, Statement)] {
        events.values.filter { $0.header.origin == origin }
            .compactMap { event in Statement(event).map { (event, $0) } }
            .sorted { a, b in
                (a.0.header.sequence, a.0.id) < (b.0.header.sequence, b.0.id)
            }
            .prefix(1024).filter { isWithin($0.0, extent) }
    }

    private func end(of origin: NodeID, _ extent: Extent) -> (extent: Extent, heirs: Set<NodeID>) {
        let ends = said(by: origin, extent).filter { _, statement in
            switch statement {
            case .vouch: false
            case .revoke(let target, let cut): target == origin && cut == nil
            case .rotate(let heir, let proof):
                heir != origin
                    && Signature.verify(
                        proof, of: Array("teambook-rotate-v1\0".utf8) + origin.bytes, by: heir)
            }
        }
        guard let (event, first) = ends.first else { return (extent, []) }
        let heirs: [NodeID] = ends.compactMap {
            if case .rotate(let heir, _) = $0.1 { heir } else { nil }
        }
        if case .revoke = first { return (.upTo(Cut(through: event)), []) }
        return (.upTo(Cut(through: event)), Set(heirs))
    }

    private mutating func decide() {
        noteRevocations()
        extents[own] = .whole
        decided.insert(own)
        vouchers.insert(own)
        fresh.insert(own)
        for record in records where record.isOver {
            decided.insert(record.node)
            admit(record.node, .upTo(record.cut ?? .nothing), mayVouch: false)
        }
        let approved = Set(records.filter { !$0.isOver && $0.isApprovedHere }.map(\.node))
        for node in policy.revocationsFrom.union(policy.origins) {
            // Revoked, its registration ends, and so does its vouching.
            settle(node, .whole, mayVouch: approved.contains(node) && !isRevoked(node))
        }
        for node in approved { settle(node, .whole, mayVouch: !isRevoked(node)) }
        handOn()
        let listed = policy.revocationsFrom.union(policy.origins).subtracting([own])
            .subtracting(records.filter(\.isOver).map(\.node))
        // A key that was rotated speaks as long as its successor does.
        for record in records where record.state == .removed && extents[record.node] != nil {
            let heirs = end(of: record.node, .upTo(record.cut ?? .nothing)).heirs
            if heirs.count == 1, heirs.allSatisfy(vouchers.contains) { fresh.insert(record.node) }
        }
        guard policy.autoAcceptKnown else { return }
        for _ in 0..<16 {
            let step = fresh
            fresh = []
            var widest: [NodeID: Extent] = [:]
            for voucher in step {
                for (node, extent) in lastWords(of: voucher)
                where !decided.contains(node) || listed.contains(node) {
                    widest[node] = max(widest[node] ?? extent, extent)
                }
            }
            for (node, extent) in widest {
                if listed.contains(node), !vouchers.contains(node), extent == .whole {
                    vouchers.insert(node)
                    fresh.insert(node)
                }
                settle(node, extent, mayVouch: true)
            }
            handOn()
        }
    }

    private func isRevoked(_ node: NodeID) -> Bool {
        let base = cuts[node].map { Extent.upTo($0) } ?? .whole
        let revokesItself = said(by: node, end(of: node, base).extent).contains {
            $0.1 == .revoke(node, nil)
        }
        return cuts[node] != nil || revokesItself
    }

    private func lastWords(of voucher: NodeID) -> [NodeID: Extent] {
        var words: [NodeID: Extent] = [:]
        for (_, statement) in said(by: voucher, extents[voucher] ?? .upTo(.nothing)) {
            guard case .vouch(let node, let cut) = statement, node != voucher,
                words.count < 64 || words[node] != nil
            else { continue }
            words[node] = cut.map { .upTo($0) } ?? .whole
        }
        // "a vouch of such a later key … takes the place of those of the former keys"
        var later = [voucher]
        while let key = successors[later[later.count - 1]], later.count <= 16, !later.contains(key)
        {
            later.append(key)
            for (_, statement) in said(by: key, extents[key] ?? .upTo(.nothing)) {
                if case .vouch(let node, _) = statement { words[node] = nil }
            }
        }
        return words
    }

    private mutating func noteRevocations() {
        noteRevocations(by: own, .whole)
        let first = cuts
        for judge in policy.revocationsFrom.subtracting([own]) {
            var base = first[judge].map { Extent.upTo($0) } ?? .whole
            for record in records where record.node == judge && record.isOver {
                base = min(base, .upTo(record.cut ?? .nothing))
            }
            noteRevocations(by: judge, end(of: judge, base).extent)
        }
    }

    private mutating func noteRevocations(by judge: NodeID, _ extent: Extent) {
        for (_, statement) in said(by: judge, extent) {
            guard case .revoke(let node, let cut?) = statement, node != judge, node != own,
                judge == own || !policy.revocationsFrom.contains(node)
            else { continue }
            cuts[node] = min(cuts[node] ?? cut, cut)
        }
    }

    private mutating func settle(_ node: NodeID, _ base: Extent, mayVouch: Bool) {
        guard decided.insert(node).inserted else { return }
        admit(node, base, mayVouch: mayVouch)
    }

    private mutating func admit(_ node: NodeID, _ base: Extent, mayVouch: Bool) {
        let lowered = cuts[node].map { min(base, .upTo($0)) } ?? base
        let (extent, heirs) = end(of: node, lowered)
        if base == .whole { wholeBases.insert(node) }
        if heirs.count == 1 { successors[node] = heirs.first }
        guard extent != .upTo(.nothing) else { return }
        extents[node] = extent
        if mayVouch {
            vouchers.insert(node)
            fresh.insert(node)
        }
    }

    /// "A key that names exactly one successor hands its standing on …"
    private mutating func handOn() {
        for _ in 0..<16 {
            var heirs: [NodeID: Bool] = [:]
            for key in wholeBases {
                let lowered = cuts[key].map { Extent.upTo($0) } ?? .whole
                let named = end(of: key, lowered).heirs
                if named.count == 1, let heir = named.first, !decided.contains(heir) {
                    heirs[heir] = (heirs[heir] ?? false) || vouchers.contains(key)
                }
            }
            for (heir, mayVouch) in heirs { settle(heir, .whole, mayVouch: mayVouch) }
        }
    }
}
