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

    /// Whether it could happen.
    private mutating func carryOut(_ fault: Fault) -> Bool {
        switch fault {
        case .crash(let node):
            guard nodes.indices.contains(node), nodes[node].isUp else { return false }
            crash(node)
        case .start(let node, from: .kept):
            guard nodes.indices.contains(node), !nodes[node].isUp else { return false }
            start(node)
        case .partition(let sides):
            guard sides.count == nodes.count else { return false }
            partition(sides: sides)
        case .heal: heal()
        case .network(let model): options.link = model
        default: return false
        }
        return true
    }
}

/// Crashes and cuts.
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
        for number in calls.keys.sorted() {
            guard let call = calls[number] else { continue }
            if call.caller == index {
                abandon(number, call)
            } else if call.callee == index, call.stream != nil {
                let broken = StreamEnd(failure: .unreachable("the connection was reset"))
                heap.push(.ended(number, broken), at: now + latency())
            }
        }
        nodes[index].streams = [:]
        breakPipes(of: index)
    }

    /// Cuts the network: from now on a node hears only those on its own side. `sides` names each
    /// node's.
    public mutating func partition(sides: [Int]) {
        precondition(sides.count == nodes.count, "a side for each node")
        for (index, side) in sides.enumerated() { nodes[index].side = side }
        releaseStalled()
    }

    /// Ends a partition.
    public mutating func heal() { partition(sides: nodes.map { _ in 0 }) }
}
