import Core

extension RunRecord.Fault {
    /// A fault that had an effect, as a report names it.
    init(_ recorded: RecordedFault, since start: Instant) {
        let (kind, nodes) = Self.name(recorded.fault)
        self.init(time: recorded.time - start, kind: kind, nodes: nodes)
    }

    private static func name(_ fault: Fault) -> (kind: String, nodes: [Int]) {
        switch fault {
        case .crash(let node): ("crash", [node])
        case .start(let node, .kept): ("start", [node])
        case .start(let node, .empty): ("start with an empty disk", [node])
        case .start(let node, .backup): ("start from a backup", [node])
        case .backUp(let node): ("backup", [node])
        case .pause(let node): ("pause", [node])
        case .resume(let node): ("resume", [node])
        case .disconnect(let node): ("disconnect", [node])
        case .partition(let sides): ("partition", sides.indices.filter { sides[$0] != sides[0] })
        case .mute(let from, _): ("mute", from)
        case .heal: ("heal", [])
        case .network: ("network", [])
        case .bandwidth(let node, _): ("bandwidth", [node])
        case .slowReader(let node, _): ("slow reader", [node])
        case .clock(let node, _): ("clock", [node])
        case .disk(let node, nil): ("disk is good", [node])
        case .disk(let node, _?): ("disk", [node])
        }
    }
}
