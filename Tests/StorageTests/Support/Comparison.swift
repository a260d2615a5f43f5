import Core
import Testing

/// Places have no order that matters.
func sorted(_ places: [ChainPlace]) -> [ChainPlace] { places.sorted { $0.key < $1.key } }

func expectEqual(
    _ a: LogState, _ b: LogState, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(a.id == b.id, comment, sourceLocation: sourceLocation)
    #expect(a.clock == b.clock, comment, sourceLocation: sourceLocation)
    #expect(a.lastPosition == b.lastPosition, comment, sourceLocation: sourceLocation)
    #expect(a.keys == b.keys, comment, sourceLocation: sourceLocation)
    #expect(sorted(a.places) == sorted(b.places), comment, sourceLocation: sourceLocation)
    #expect(a.missingBodies == b.missingBodies, comment, sourceLocation: sourceLocation)
    #expect(a.aside == b.aside, comment, sourceLocation: sourceLocation)
    #expect(
        Set(a.equivocations) == Set(b.equivocations), comment, sourceLocation: sourceLocation)
    #expect(
        a.equivocations.count == b.equivocations.count, comment, sourceLocation: sourceLocation)
    #expect(a.links == b.links, comment, sourceLocation: sourceLocation)
    #expect(a.controls == b.controls, comment, sourceLocation: sourceLocation)
    #expect(a.invites == b.invites, comment, sourceLocation: sourceLocation)
    #expect(Set(a.alarms) == Set(b.alarms), comment, sourceLocation: sourceLocation)
    #expect(a.peers == b.peers, comment, sourceLocation: sourceLocation)
}
