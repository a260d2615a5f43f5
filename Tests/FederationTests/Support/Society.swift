import Core
import Federation

/// Events of many keys that vouch for each other, revoke, rotate, and sign places twice; drawn.
///
/// Node 1 is the one under test. 2, 4 and 5 are approved by it, 2 and 3 may revoke, 6 was removed,
/// 7 rejected, 8 is listed in the policy; 10 to 17 are others, 18 and 19 only successors.
struct Society {
    let isHostileToPeers: Bool
    let policy: Policy
    private(set) var records: [PeerRecord] = []
    private(set) var events: [Event] = []
    private var dice: Dice
    private var chains: [UInt8: [Event]] = [:]

    private static let approved: [UInt8] = [2, 4, 5]
    private static let judges: [UInt8] = [2, 3]
    private static let others: [UInt8] = Array(10...17)
    private static let heirs: [UInt8] = [18, 19]

    init(seed: UInt64) {
        dice = Dice(seed: seed)
        // What an approved peer's registration comes to is for good, so it depends on what came
        // first where its judges are judged, or it rotates and is revoked. Such are left out.
        isHostileToPeers = seed.isMultiple(of: 2)
        policy = Policy(
            autoAcceptKnown: dice.below(8) > 0, vouchForApproved: false,
            origins: [Node.key(8).node], revocationsFrom: Set(Self.judges.map { Node.key($0).node })
        )
        var names: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8] + Self.others + Self.heirs
        names.sort { _, _ in dice.below(2) == 0 }
        for name in names { chains[name] = [Signer(name).post(1, after: nil, "\(name) begins")] }
        for _ in 0..<3 { for name in names where dice.below(4) > 0 { go(on: name) } }
        for name in names where mayFork(name) && dice.below(3) == 0 { fork(name) }
        for name in names { events += chains[name] ?? [] }
        makeRecords()
    }

    /// In another order.
    mutating func shuffled() -> [Event] {
        var left = events
        var order: [Event] = []
        while !left.isEmpty { order.append(left.remove(at: dice.below(left.count))) }
        return order
    }

    private mutating func makeRecords() {
        records = Self.approved.map { .active($0) }
        var removed = PeerRecord.of(6, .removed)
        removed.cut = drawCut(of: 6)
        var rejected = PeerRecord.of(7, .rejected)
        rejected.cut = .nothing
        records += [removed, rejected]
    }

    private func mayFork(_ name: UInt8) -> Bool {
        if name == 1 { return false }
        return isHostileToPeers
            ? !Self.judges.contains(name) : !Self.approved.contains(name)
    }

    /// Up to an event of the chain, the last one of a branch or not; sometimes one that nobody has.
    private mutating func drawCut(of name: UInt8) -> Cut {
        let chain = chains[name] ?? []
        switch dice.below(8) {
        case 0: return .nothing
        case 1: return Cut(through: Signer(name).post(9, after: chain[0].id, "never sent"))
        default: return Cut(through: chain[dice.below(chain.count)])
        }
    }

    private mutating func go(on name: UInt8) {
        guard let last = chains[name]?.last else { return }
        add(to: name, after: last)
    }

    /// A second event at a place that is taken, and what follows it.
    private mutating func fork(_ name: UInt8) {
        guard let chain = chains[name] else { return }
        let place = dice.below(chain.count)
        if place == 0 {
            chains[name]?.append(Signer(name).post(1, after: nil, "another beginning"))
        } else {
            add(to: name, after: chain[place - 1])
        }
        for _ in 0..<dice.below(3) { go(on: name) }
    }

    private mutating func add(to name: UInt8, after last: Event) {
        let sequence = last.header.sequence + 1
        let signer = Signer(name)
        let event =
            draw(by: name).map { signer.say($0, sequence, after: last.id) }
            ?? signer.post(sequence, after: last.id, "\(name) \(dice.below(1000))")
        chains[name]?.append(event)
    }

    private mutating func draw(by name: UInt8) -> Statement? {
        switch dice.below(10) {
        case 0...4:
            let target = one(of: [UInt8](2...8) + Self.others)
            let isLimited = dice.below(4) == 0
            return .vouch(Node.key(target).node, upTo: isLimited ? drawCut(of: target) : nil)
        case 5, 6:
            var targets = Self.others + [6, 8]
            if isHostileToPeers { targets += [4, 5] } else if name == 1 { targets += [3] }
            let target = one(of: targets)
            return .revoke(Node.key(target).node, drawCut(of: target))
        case 7: return mayEnd(name) ? .revoke(Node.key(name).node, nil) : nil
        case 8:
            guard mayEnd(name) || (!isHostileToPeers && [4, 5].contains(name)) else { return nil }
            // Of peers that are approved nobody contests it: what they come to is for good.
            let heirs =
                Self.approved.contains(name) ? [name == 4 ? 18 : 19] : Self.heirs + [16, 17]
            return .rotation(from: name, to: one(of: heirs))
        default: return nil
        }
    }

    private func mayEnd(_ name: UInt8) -> Bool {
        if name == 1 || Self.heirs.contains(name) { return false }
        return isHostileToPeers
            ? !Self.approved.contains(name) && !Self.judges.contains(name)
            : !Self.approved.contains(name)
    }

    private mutating func one(of names: [UInt8]) -> UInt8 { names[dice.below(names.count)] }
}
