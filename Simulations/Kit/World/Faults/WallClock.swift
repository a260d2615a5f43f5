public import Core

/// A wall clock that is wrong.
struct WallClock: Hashable, Sendable {
    /// When it read `reading`.
    let since: Instant
    let reading: WallTime
    /// Millionths of its seconds that pass in a true one: 0 for a clock that stands.
    let rate: Int64

    /// Its reading at a moment not before `since`.
    func read(at now: Instant) -> WallTime {
        let passed = now.microseconds - since.microseconds
        // In two parts, so that no run is too long for it.
        let whole = passed / Self.million * rate
        let rest = passed % Self.million * rate / Self.million
        return reading + .microseconds(whole + rest)
    }

    static let million: Int64 = 1_000_000
}

extension Simulation {
    /// What a right wall clock reads now.
    var wall: WallTime { options.wall + (now - .zero) }

    /// What a node's wall clock reads now.
    public func wall(of index: Int) -> WallTime {
        nodes[index].clock?.read(at: now) ?? wall
    }

    mutating func setClock(of index: Int, _ fault: ClockFault) {
        let reading = wall(of: index)
        switch fault {
        case .offset(let offset):
            nodes[index].clock = WallClock(
                since: now, reading: wall + offset, rate: WallClock.million)
        case .drift(let partsPerMillion):
            nodes[index].clock = WallClock(
                since: now, reading: reading, rate: WallClock.million + Int64(partsPerMillion))
        case .frozen: nodes[index].clock = WallClock(since: now, reading: reading, rate: 0)
        case .right: nodes[index].clock = nil
        }
    }
}
