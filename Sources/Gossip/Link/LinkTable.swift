import Core

/// The links that are open, by name. There are few of them and each is large: a state is looked for
/// name by name and changed where it is, where a dictionary would move it out and back.
struct LinkTable: Sendable {
    /// Ascending.
    private(set) var keys: [LinkName] = []
    /// None is nil.
    private var states: [LinkState?] = []
    /// Who is at the other ends.
    private var nodes: [NodeID] = []

    var isEmpty: Bool { keys.isEmpty }
    /// By name, ascending.
    var values: some Sequence<LinkState> { states.lazy.compactMap { $0 } }

    /// O(links).
    // Where this is not inlined, reading one field copies the whole state.
    @inline(__always)
    subscript(name: LinkName) -> LinkState? {
        _read {
            if let place = keys.firstIndex(of: name) { yield states[place] } else { yield nil }
        }
        _modify {
            if let place = keys.firstIndex(of: name) {
                yield &states[place]
                if states[place] == nil { remove(at: place) }
            } else {
                var state: LinkState?
                yield &state
                if let state { insert(state, as: name) }
            }
        }
    }

    /// Who is at a link's other end; nil where it is not open.
    func node(of name: LinkName) -> NodeID? { keys.firstIndex(of: name).map { nodes[$0] } }

    /// Takes a link out; nil where it is not open.
    mutating func removeValue(forKey name: LinkName) -> LinkState? {
        guard let place = keys.firstIndex(of: name) else { return nil }
        let state = states[place]
        remove(at: place)
        return state
    }

    private mutating func insert(_ state: LinkState, as name: LinkName) {
        let place = keys.firstIndex { $0 > name } ?? keys.endIndex
        keys.insert(name, at: place)
        states.insert(state, at: place)
        nodes.insert(state.node, at: place)
    }

    private mutating func remove(at place: Int) {
        keys.remove(at: place)
        states.remove(at: place)
        nodes.remove(at: place)
    }
}
