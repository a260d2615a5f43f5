import Core
import Federation
import Gossip

/// What can go wrong, beside the losses of `LinkModel`.
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
