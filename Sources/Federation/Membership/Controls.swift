import Core

/// One statement with its place.
struct Control: Hashable, Sendable {
    let origin: NodeID
    let sequence: UInt64
    let id: EventID
    let previous: EventID?
    let statement: Statement
    /// Of a rotation, whether the successor's proof holds; set once, when it is taken in.
    fileprivate(set) var isProven = false

    /// Nil where the event says nothing about membership.
    init?(_ event: Event) {
        guard event.header.scope.isEmpty, let statement = Statement(event) else { return nil }
        self.statement = statement
        origin = event.header.origin
        sequence = event.header.sequence
        id = event.id
        previous = event.header.previous
    }

    var proofHolds: Bool {
        guard case .rotate(let successor, let proof) = statement else { return true }
        let message = Statement.rotationMessage(from: origin)
        return Signature.verify(proof, of: message, by: successor)
    }

    /// Whether the origin's own key ends with this.
    var endsOwnKey: Bool { statement.ends(origin) }
}

/// The statements held, by origin, each list in the order of its chain.
///
/// Of one origin only the first count, as many as `MembershipLimits` says: what counts depends on
/// the set of events alone, and a chain full of statements costs no more than that.
struct Controls: Hashable, Sendable {
    private var lists: [NodeID: [Control]] = [:]

    subscript(origin: NodeID) -> [Control] { lists[origin] ?? [] }

    /// Every origin that has said something, ascending.
    var origins: [NodeID] { lists.keys.sorted() }

    /// Takes a statement in; false where it was there or is one too many.
    @discardableResult
    mutating func insert(_ control: Control) -> Bool {
        var list = lists[control.origin] ?? []
        let place = list.firstIndex {
            ($0.sequence, $0.id) >= (control.sequence, control.id)
        }
        guard place.map({ list[$0].id != control.id }) ?? true else { return false }
        guard (place ?? list.count) < MembershipLimits.statementsPerOrigin else { return false }
        // Here, so that it is done once for each that counts, not each time that somebody asks.
        var control = control
        control.isProven = control.proofHolds
        list.insert(control, at: place ?? list.count)
        if list.count > MembershipLimits.statementsPerOrigin { list.removeLast() }
        lists[control.origin] = list
        return true
    }
}

/// Bounds of what vouching can bring about, each with its reason.
public enum MembershipLimits {
    /// Statements of one origin that count: a stolen key can't fill the memory of others.
    public static let statementsPerOrigin = 1024
    /// Nodes that one voucher may bring in: what a stolen key can let in before it is revoked.
    public static let vouchesPerVoucher = 64
    /// Steps from an approved peer: 64 nodes a step reach any federation in a few.
    public static let vouchDepth = 16
    /// How often a key's standing is handed on from key to key: more than its owner ever needs, and
    /// a stolen key can't fill the memory of others with successors.
    public static let rotations = 16
    /// Origins admitted in all; both sides of a session may have to list them.
    public static let origins = 4096
}
