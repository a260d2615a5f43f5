public import Core

/// Who is admitted here, how far, and why: a pure function of the operator's decisions and of the
/// statements that are held, in whatever order both came (docs/PROTOCOL.md, "Membership").
///
/// Validity is another thing: an event is valid for what it is, and admitted for whose it is.
public struct Membership: Sendable {
    /// What this follows from, beside the statements.
    struct Ground: Sendable {
        var own: NodeID
        var policy: Policy
        var records: [NodeID: PeerRecord]
    }

    /// A successor that a key names, and the event by which it does.
    public struct Rotation: Hashable, Sendable {
        public var successor: NodeID
        public var event: EventID
    }

    /// How much of each origin's chain is admitted; who is not in it, is not.
    public private(set) var extents: [NodeID: Extent] = [:]
    /// What decided on each origin on which something was decided.
    public private(set) var reasons: [NodeID: AdmissionReason] = [:]
    /// The honoured revocation of each key that somebody revoked, whoever it is here.
    public private(set) var revocations: [NodeID: EventID] = [:]
    /// Keys that name exactly one successor, and which.
    public private(set) var rotations: [NodeID: Rotation] = [:]
    /// Keys that name several: nobody can say which one is the owner's.
    public private(set) var contested: Set<NodeID> = []
    /// Events at or below an origin's cut that don't lead to it.
    private var strays: [NodeID: Set<EventID>] = [:]
    /// How far each key would count that has ended itself before.
    private var bases: [NodeID: Extent] = [:]

    /// Of the origins and their extents; equal exactly where two nodes admit the same.
    private(set) var context: UInt64 = 0

    /// Admits nobody.
    init() {}

    init(_ ground: Ground, _ controls: Controls, _ chains: [ChainName: Chain]) {
        var closure = Closure(ground: ground, controls: controls, chains: chains)
        closure.run()
        extents = closure.extents
        reasons = closure.reasons
        revocations = closure.revocations
        rotations = closure.rotations
        contested = closure.contested
        strays = closure.strays
        bases = closure.bases
        context = Self.context(of: list)
    }

    /// Whether the event with this place is admitted.
    func admits(_ origin: NodeID, _ sequence: UInt64, _ id: EventID) -> Bool {
        switch extents[origin] {
        case nil: return false
        case .whole?: return true
        case .upTo(let cut)?:
            if sequence > cut.sequence { return false }
            return sequence == cut.sequence
                ? id == cut.id : strays[origin]?.contains(id) != true
        }
    }

    /// Why an event is not admitted; nil where it is.
    func refusal(of header: Header, _ id: EventID) -> RefusalCode? {
        if admits(header.origin, header.sequence, id) { return nil }
        let origin = header.origin
        let hasEnded =
            revocations[origin] != nil || rotations[origin] != nil || contested.contains(origin)
        return hasEnded ? .revoked : .notAdmitted
    }

    /// Whether an event that is not admitted is kept all the same, because who is admitted would
    /// else depend on what came first: of a key that has ended itself, what shows which branch a
    /// cut beyond its end stands on, an end at the same place that comes before, and one event that
    /// contests its successor.
    func decides(_ event: Event, isContest: Bool) -> Bool {
        let header = event.header
        guard let base = bases[header.origin] else { return false }
        if let cut = base.cut { return header.sequence < cut.sequence || event.id == cut.id }
        guard let end = extents[header.origin]?.cut, end.sequence == header.sequence,
            let id = end.id, event.id < id
        else { return isContest }
        return isContest || endsItsKey(event)
    }

    private func endsItsKey(_ event: Event) -> Bool {
        switch Statement(event) {
        case .revoke(event.header.origin, nil)?: true
        case .rotate?: Control(event)?.proofHolds ?? false
        default: false
        }
    }

    /// Whether an event shows for the first time that a key names several successors.
    func contests(_ event: Event) -> Bool {
        let origin = event.header.origin
        guard let rotation = rotations[origin],
            case .rotate(let successor, _)? = Statement(event),
            successor != rotation.successor, successor != origin
        else { return false }
        return Control(event)?.proofHolds ?? false
    }

    /// Whether all of an origin's chain counts because somebody vouches for it, or for the key that
    /// it took over from: what `auto_accept_known` needs to approve it.
    func isVouchedFor(_ origin: NodeID) -> Bool {
        guard extents[origin] == .whole else { return false }
        return switch reasons[origin] {
        case .vouched?, .successor?: true
        default: false
        }
    }

    /// Whether nothing was decided about an origin: its events may wait for a voucher.
    func isUnknown(_ origin: NodeID) -> Bool { reasons[origin] == nil }

    /// Origins about which the two decide differently.
    func changes(to other: Membership) -> [NodeID] {
        Set(extents.keys).union(other.extents.keys).filter {
            extents[$0] != other.extents[$0] || strays[$0] != other.strays[$0]
        }.sorted()
    }

    /// Every origin of which something is admitted, ascending.
    var list: [AdmittedOrigin] {
        extents.keys.sorted().compactMap { origin in
            extents[origin].map { AdmittedOrigin(origin: origin, extent: $0) }
        }
    }

    /// Digest of what a session's sides must have in common.
    static func context(of list: [AdmittedOrigin]) -> UInt64 {
        var sum = SHA256()
        sum.update("teambook-context-v1\0")
        for line in list {
            var writer = CBORWriter()
            line.write(to: &writer)
            sum.update(writer.bytes)
        }
        return (sum.finish() as Digest).w0
    }

    /// What both lists admit; both ascend.
    static func common(
        _ mine: [AdmittedOrigin], _ theirs: [AdmittedOrigin]
    ) -> [AdmittedOrigin] {
        let other = Dictionary(theirs.map { ($0.origin, $0.extent) }) { a, _ in a }
        return mine.compactMap { line in
            other[line.origin].map {
                AdmittedOrigin(origin: line.origin, extent: min(line.extent, $0))
            }
        }
    }
}

extension AdmittedOrigin {
    /// `[origin, cut / null]`.
    func write(to writer: inout CBORWriter) {
        writer.array(2)
        writer.data(origin)
        writer.optional(extent.cut) { $0.cut($1) }
    }

    init(from reader: inout CBORReader) throws(CBORError) {
        try reader.array(exactly: 2)
        origin = try reader.identifier()
        let cut = try reader.optional { r throws(CBORError) in try r.cut() }
        extent = cut.map { .upTo($0) } ?? .whole
    }
}
