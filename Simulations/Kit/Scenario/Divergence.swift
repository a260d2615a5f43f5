/// How the logs differ that a method has to make equal.
public enum Divergence: Hashable, Sendable {
    /// So many thousandths of all events are new: their nodes write them during the first seconds
    /// of the run. The others are held by all from the start.
    case new(perMille: Int)
    /// Nothing is new, but one node holds nothing, not even a cursor: it comes up as the run
    /// begins.
    case emptyPeer

    /// What `federate simulate` shows.
    public static let frontPage: [Divergence] = [
        .new(perMille: 0), .new(perMille: 10), .new(perMille: 100), .new(perMille: 1000),
        .emptyPeer,
    ]

    /// From what somebody types: percent with one decimal at most, such as "1" or "0.5", or
    /// "empty".
    public init?(_ text: String) {
        if text == "empty" {
            self = .emptyPeer
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int(parts[0]), (0...100).contains(whole) else {
            return nil
        }
        var perMille = whole * 10
        if parts.count == 2 {
            guard parts[1].count == 1, let tenth = Int(parts[1]) else { return nil }
            perMille += tenth
        }
        guard perMille <= 1000 else { return nil }
        self = .new(perMille: perMille)
    }

    /// "1 %", or "empty peer".
    public var name: String {
        switch self {
        case .new(let perMille) where perMille % 10 == 0: "\(perMille / 10) %"
        case .new(let perMille): "\(Text.decimal(Int64(perMille), places: 1)) %"
        case .emptyPeer: "empty peer"
        }
    }

    /// How many of `count` events are new: rounded, at least one where any is to be.
    func newCount(of count: Int) -> Int {
        guard case .new(let perMille) = self, perMille > 0 else { return 0 }
        return max(1, (count * perMille + 500) / 1000)
    }
}
