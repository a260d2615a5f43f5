public import Core
import Federation
import Gossip

/// What goes wrong, now or later.
extension Simulation {
    /// Lets a fault happen now. One that can't happen is recorded and changes nothing.
    public mutating func apply(_ fault: Fault) {
        let hadEffect = carryOut(fault)
        faults.append(RecordedFault(time: now, fault: fault, hadEffect: hadEffect))
    }

    /// Lets a fault happen at `time`, or now where that has passed.
    public mutating func schedule(_ fault: Fault, at time: Instant) {
        inputsWaiting += 1
        heap.push(.fault(fault), at: max(now, time))
    }

    /// Whether a node is stopped.
    public func isPaused(_ index: Int) -> Bool { nodes[index].isPaused }

    /// Says whether it could happen.
    private mutating func carryOut(_ fault: Fault) -> Bool {
        switch fault {
        case .start(let node, let disk): return start(node, from: disk)
        case .partition(let sides): return cut(sides)
        case .mute(let from, let to): return mute(from, to)
        case .heal: heal()
        case .network(let model): use(model)
        case .crash(let node), .backUp(let node), .pause(let node), .resume(let node),
            .disconnect(let node), .bandwidth(let node, _), .slowReader(let node, _),
            .clock(let node, _), .disk(let node, _):
            return nodes.indices.contains(node) && carryOut(fault, at: node)
        }
        return true
    }

    /// A fault of one node, which is there.
    private mutating func carryOut(_ fault: Fault, at node: Int) -> Bool {
        let (isUp, isPaused) = (nodes[node].isUp, nodes[node].isPaused)
        switch fault {
        case .crash where isUp: crash(node)
        case .backUp: nodes[node].backup = NodeBackup(nodes[node].log, of: nodes[node].key.node)
        case .pause where isUp && !isPaused: pause(node)
        case .resume where isPaused: resume(node)
        case .disconnect where isUp: disconnect(node)
        case .bandwidth(_, let bandwidth): nodes[node].bandwidth = bandwidth
        case .slowReader(_, let pace):
            guard pace ?? 1 > 0 else { return false }
            nodes[node].reader = pace.map { SlowReader(bytesPerSecond: $0) }
        case .clock(_, let fault): setClock(of: node, fault)
        case .disk(_, let fault): setDisk(of: node, fault)
        default: return false
        }
        return true
    }
}

/// Crashes.
extension Simulation {
    /// Takes a node down at once, as `kill -9` does: its engine and all writes that are not durable
    /// are lost.
    ///
    /// Requests of others that it has not answered time out; streams with it break when a segment
    /// would be refused.
    public mutating func crash(_ index: Int) {
        precondition(nodes[index].isUp, "the node is down")
        nodes[index].past += nodes[index].engine?.gossip.tally ?? LinkTally()
        nodes[index].pastReceived += nodes[index].engine?.receivedEvents ?? 0
        nodes[index].engine = nil
        nodes[index].isUp = false
        nodes[index].wakeAt = nil
        nodes[index].life += 1
        trace.add(.crashed, node: index, at: now)
        losePower(index)
        unpause(index)
        for number in calls.keys.sorted() {
            guard let call = calls[number] else { continue }
            if call.caller == index {
                abandon(number, call)
            } else if call.callee == index, call.isRepeat {
                forget(number)
            } else if call.callee == index, call.stream != nil {
                let broken = StreamEnd(failure: .unreachable("the connection was reset"))
                let wait = latency(of: call.wayBack, call.luck.next(call.replies))
                heap.push(.ended(number, broken), at: now + .microseconds(wait))
            }
        }
        nodes[index].streams = [:]
        breakPipes(of: index)
    }
}

/// Who hears whom.
extension Simulation {
    /// Cuts the network: from now on a node hears only those on its own side. `sides` names each
    /// node's.
    public mutating func partition(sides: [Int]) {
        let isCut = cut(sides)
        precondition(isCut, "a side for each node")
    }

    /// Ends all cuts.
    public mutating func heal() {
        mutes = []
        for index in nodes.indices { nodes[index].side = 0 }
        releaseStalled()
    }

    private mutating func cut(_ sides: [Int]) -> Bool {
        guard sides.count == nodes.count else { return false }
        for (index, side) in sides.enumerated() { nodes[index].side = side }
        releaseStalled()
        return true
    }

    private mutating func mute(_ from: [Int], _ to: [Int]) -> Bool {
        guard (from + to).allSatisfy({ nodes.indices.contains($0) }) else { return false }
        mutes.append(Mute(from: Set(from), to: Set(to)))
        return true
    }

    /// Whether nothing that one node sends arrives at the other.
    func isCut(from: Int, to: Int) -> Bool {
        if nodes[from].side != nodes[to].side { return true }
        return !mutes.isEmpty && mutes.contains { $0.from.contains(from) && $0.to.contains(to) }
    }
}

/// One direction that is cut.
struct Mute: Sendable {
    var from: Set<Int>
    var to: Set<Int>
}
