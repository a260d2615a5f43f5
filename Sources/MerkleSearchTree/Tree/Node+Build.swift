import Core

/// Building from ascending keys in one pass.
extension TreeNode {
    /// The settled subtree of `keys`, strictly ascending. O(n).
    init(ascending keys: [Key]) {
        var open = Array(repeating: OpenPage(), count: Scheme.highestLevel + 1)
        for key in keys {
            let height = Scheme.level(of: key)
            if height > 0 {
                let below = Self.close(&open, below: height)
                open[height].children.append(below)
            }
            open[height].keys.append(key)
        }
        self = Self.close(&open, below: open.count)
    }

    /// Seals the open pages of the levels below `height` into one another and returns the highest.
    private static func close(_ open: inout [OpenPage], below height: Int) -> Node {
        var below = Node.empty
        for level in 0..<height where !open[level].keys.isEmpty {
            if level > 0 { open[level].children.append(below) }
            // `map` copies into an array without spare capacity; `Array(_:)` would keep the buffer
            // and its slack.
            below = seal(
                level: Int8(level), keys: open[level].keys.map { $0 },
                children: open[level].children.map { $0 })
            below.settle()
            open[level].keys.removeAll(keepingCapacity: true)
            open[level].children.removeAll(keepingCapacity: true)
        }
        return below
    }

    /// The right edge of a level while keys still come.
    private struct OpenPage {
        var keys: [Key] = []
        var children: [Node] = []
    }
}
