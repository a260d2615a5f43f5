import Core

/// Finds the values whose cells these are, as far as it can; more cells go on where it stood.
///
/// Peeling (Eppstein et al., "What's the Difference?", SIGCOMM 2011, section 4): a cell of one
/// value shows it, and without it other cells come to hold one. A cell is taken for one of one
/// value where the check agrees, 24 bits, and the value falls on it.
struct CellDecoder: Sendable {
    private let hash: SketchHash
    private var sums: [UInt64] = []
    private var checks: [UInt32] = []
    /// The values found and the next cell that each falls on.
    private var found: [UInt64: CellMapping] = [:]
    private var peeled = 0

    init(hash: SketchHash) { self.hash = hash }

    /// What was found so far, ascending.
    var values: [UInt64] { found.keys.sorted() }

    /// Adds the next cells and looks for what they show.
    mutating func add(_ cells: Cells) {
        sums += cells.sums
        checks += cells.checks
        for value in found.keys { remove(value) }
        peel(from: cells.first)
    }

    /// All values, or nil where cells are left over that nothing explains. `syndromes` are those of
    /// the same values: they explain as many as there are of them.
    mutating func decode(rescue syndromes: [UInt64]) -> [UInt64]? {
        if isEmpty { return values }
        guard !syndromes.isEmpty else { return nil }
        var rest = syndromes
        for value in found.keys { PinSketch.toggle(value, in: &rest) }
        guard let others = PinSketch.decode(rest) else { return nil }
        var rescued = self
        for value in others {
            guard rescued.found[value] == nil else { return nil }
            rescued.found[value] = hash.mapping(value)
            rescued.remove(value)
        }
        guard rescued.isEmpty else { return nil }
        self = rescued
        return values
    }

    private var isEmpty: Bool {
        sums.allSatisfy { $0 == 0 } && checks.allSatisfy { $0 == 0 }
    }

    private mutating func peel(from first: Int) {
        var pending = Array(first..<sums.count)
        while let cell = pending.popLast() {
            // Crafted cells could show values in turns for ever.
            guard isPure(cell), peeled <= 2 * sums.count + 8 else { continue }
            peeled += 1
            let value = sums[cell]
            if found.removeValue(forKey: value) == nil { found[value] = hash.mapping(value) }
            var mapping = hash.mapping(value)
            let check = hash.check(value)
            while mapping.index < sums.count {
                toggle(mapping.index, value, check)
                if isLikelyPure(mapping.index) { pending.append(mapping.index) }
                mapping.advance()
            }
            if found[value] != nil { found[value] = mapping }
        }
    }

    /// Takes a value out of the cells from its next one on.
    private mutating func remove(_ value: UInt64) {
        guard var mapping = found[value] else { return }
        let check = hash.check(value)
        while mapping.index < sums.count {
            toggle(mapping.index, value, check)
            mapping.advance()
        }
        found[value] = mapping
    }

    private mutating func toggle(_ cell: Int, _ value: UInt64, _ check: UInt32) {
        sums[cell] ^= value
        checks[cell] ^= check
    }

    private func isLikelyPure(_ cell: Int) -> Bool {
        sums[cell] != 0 && hash.check(sums[cell]) == checks[cell]
    }

    private func isPure(_ cell: Int) -> Bool {
        guard isLikelyPure(cell) else { return false }
        var mapping = hash.mapping(sums[cell])
        while mapping.index < cell { mapping.advance() }
        return mapping.index == cell
    }
}
