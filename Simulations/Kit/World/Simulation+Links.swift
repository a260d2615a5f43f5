import Core
import Federation
import Gossip

/// Long-lived links: what TCP and TLS are to the running node. A lost segment is sent again, and
/// what comes behind it waits.
extension Simulation {
    /// Both handshakes and the proof of the key: two round trips before the first frame.
    private static let openingLatencies = 3
    /// What the kernels of both sides hold for one that does not read.
    private static let socketBytes = 256 << 10

    mutating func dial(_ name: LinkName, _ destination: Destination, from index: Int) {
        let life = nodes[index].life
        guard let node = destination.node, let callee = indices[node], callee != index else {
            return failDial(name, index, life, .unreachable("nobody is there"), in: .zero)
        }
        if nodes[index].side != nodes[callee].side {
            return failDial(name, index, life, .timedOut, in: options.link.timeout)
        }
        let latency = latency(of: Link(from: index, to: callee))
        guard nodes[callee].isUp else {
            return failDial(name, index, life, .unreachable("nobody listens"), in: latency * 2)
        }
        pipeCount += 1
        pipes[pipeCount] = Pipe(sides: [
            Pipe.Side(node: index, life: life, name: name),
            Pipe.Side(node: callee, life: nodes[callee].life),
        ])
        nodes[index].pipes[name] = pipeCount
        heap.push(
            .dialled(pipeCount), at: now + latency * Self.openingLatencies + retransmission(latency)
        )
    }

    private mutating func failDial(
        _ name: LinkName, _ index: Int, _ life: Int, _ failure: TransportFailure,
        in wait: Duration
    ) {
        heap.push(.dialFailed(index, life: life, name, failure), at: now + wait)
    }

    /// The callee has an open link.
    mutating func dialled(_ number: UInt64) {
        guard let pipe = pipes[number] else { return }
        let (dialler, acceptor) = (pipe[.dialler], pipe[.acceptor])
        let isCut = nodes[dialler.node].side != nodes[acceptor.node].side
        guard !isCut, nodes[acceptor.node].life == acceptor.life, nodes[acceptor.node].isUp else {
            return endPipe(number, at: .dialler, in: .zero)
        }
        nodes[acceptor.node].linkCount += 1
        let name = LinkName(number: nodes[acceptor.node].linkCount, isOurs: false)
        pipes[number]?[.acceptor].name = name
        nodes[acceptor.node].pipes[name] = number
        heap.push(
            .opened(number), at: now + latency(of: Link(from: acceptor.node, to: dialler.node)))
        let caller = Caller(node: nodes[dialler.node].key.node)
        deliver([.linked(name, caller)], to: acceptor.node)
    }

    mutating func opened(_ number: UInt64) {
        guard let pipe = pipes[number], let name = pipe[.dialler].name, isAlive(pipe[.dialler])
        else { return }
        let caller = Caller(node: nodes[pipe[.acceptor].node].key.node)
        deliver([.linked(name, caller)], to: pipe[.dialler].node)
    }

    private func isAlive(_ side: Pipe.Side) -> Bool {
        !side.isOver && nodes[side.node].life == side.life && nodes[side.node].isUp
    }

    private func end(_ name: LinkName, of index: Int) -> (UInt64, PipeEnd)? {
        guard let number = nodes[index].pipes[name] else { return nil }
        return (number, name.isOurs ? .dialler : .acceptor)
    }

    mutating func transmit(_ bytes: [UInt8], over name: LinkName, from index: Int) {
        guard let (number, end) = end(name, of: index), let pipe = pipes[number] else { return }
        pipes[number]?[end.other].unread += bytes.count
        if pipe[end.other].unread + bytes.count < Self.socketBytes {
            nodes[index].written.append(name)
        } else {
            pipes[number]?[end.other].holdsUp = true
        }
        let target = pipe[end.other].node
        guard !bytes.isEmpty else { return }
        trace.add(.chunkSent, node: index, at: now, bytes)
        links[Link(from: index, to: target), default: Traffic()].messages += 1
        links[Link(from: index, to: target), default: Traffic()].overheadBytes += bytes.count
        guard nodes[index].side == nodes[target].side, pipe.stalled.isEmpty else {
            pipes[number]?.stalled.append((end.other, bytes))
            return
        }
        carry(bytes, to: end.other, of: number)
    }

    private mutating func carry(_ bytes: [UInt8], to end: PipeEnd, of number: UInt64) {
        guard let pipe = pipes[number] else { return }
        let latency = latency(of: Link(from: pipe[end.other].node, to: pipe[end].node))
        let arrival = max(now + latency + retransmission(latency), pipe[end].lastArrival)
        pipes[number]?[end].lastArrival = arrival
        heap.push(.chunk(number, end, bytes), at: arrival)
    }

    /// How much later a segment arrives because it was lost: two round trips for each loss, as the
    /// tail loss probe has it where more segments follow (RFC 8985 section 7.2), and 10 ms.
    private mutating func retransmission(_ latency: Duration) -> Duration {
        let probe = latency * 4 + .milliseconds(10)
        var sum = Duration.zero
        while sum < .seconds(60),
            Double(lossDice.below(1 << 30)) < options.link.loss * Double(1 << 30)
        {
            sum += probe
        }
        return sum
    }

    mutating func chunk(_ bytes: [UInt8], of number: UInt64, at end: PipeEnd) {
        guard pipes[number].map({ isAlive($0[end]) }) == true else { return }
        if !bytes.isEmpty { pipes[number]?[end].waiting.append(bytes) }
        pump(number, end)
    }

    private mutating func pump(_ number: UInt64, _ end: PipeEnd) {
        guard let side = pipes[number]?[end], side.isReady, !side.waiting.isEmpty,
            let name = side.name
        else { return }
        pipes[number]?[end].isReady = false
        let bytes = pipes[number]?[end].waiting.removeFirst() ?? []
        pipes[number]?[end].unread -= bytes.count
        deliver([.received(name, bytes)], to: side.node)
        guard let other = pipes[number]?[end.other], pipes[number]?[end].holdsUp == true,
            pipes[number]?[end].unread ?? 0 < Self.socketBytes, isAlive(other),
            let otherName = other.name
        else { return }
        pipes[number]?[end].holdsUp = false
        deliver([.written(otherName)], to: other.node)
    }

    mutating func read(_ name: LinkName, of index: Int) {
        guard let (number, end) = end(name, of: index) else { return }
        pipes[number]?[end].isReady = true
        // Not at once: the effects of the input that said so are still being carried out.
        if pipes[number]?[end].waiting.isEmpty == false {
            heap.push(.chunk(number, end, []), at: now)
        }
    }

    mutating func unlink(_ name: LinkName, of index: Int) {
        guard let (number, end) = end(name, of: index), pipes[number]?[end].isOver == false else {
            return
        }
        endPipe(number, at: end, in: .zero)
        guard let pipe = pipes[number], nodes[index].side == nodes[pipe[end.other].node].side else {
            return
        }
        let latency = latency(of: Link(from: index, to: pipe[end.other].node))
        endPipe(number, at: end.other, in: latency)
    }

    private mutating func endPipe(_ number: UInt64, at end: PipeEnd, in wait: Duration) {
        let last = pipes[number]?[end].lastArrival ?? .zero
        heap.push(.unlinked(number, end), at: max(now + wait, wait == .zero ? now : last))
    }

    mutating func unlinked(_ number: UInt64, at end: PipeEnd) {
        guard let side = pipes[number]?[end], !side.isOver else { return }
        pipes[number]?[end].isOver = true
        let isAlive = nodes[side.node].life == side.life && nodes[side.node].isUp
        if pipes[number]?[end.other].isOver == true { pipes[number] = nil }
        guard let name = side.name, isAlive else { return }
        nodes[side.node].pipes[name] = nil
        deliver([.unlinked(name, nil)], to: side.node)
    }

    /// A node has crashed: its kernel resets what was open.
    mutating func breakPipes(of index: Int) {
        for number in nodes[index].pipes.values.sorted() {
            guard let pipe = pipes[number] else { continue }
            let end: PipeEnd = pipe[.dialler].node == index ? .dialler : .acceptor
            pipes[number]?[end].isOver = true
            let other = pipe[end.other]
            if other.isOver || other.name == nil {
                pipes[number] = nil
            } else if nodes[other.node].side == nodes[index].side {
                heap.push(
                    .unlinked(number, end.other),
                    at: now + latency(of: Link(from: index, to: other.node)))
            }
        }
        nodes[index].pipes = [:]
        nodes[index].written = []
    }

    /// After a partition: what was sent meanwhile is sent again.
    mutating func releaseStalled() {
        for number in pipes.keys.sorted() {
            guard let pipe = pipes[number], !pipe.stalled.isEmpty,
                nodes[pipe[.dialler].node].side == nodes[pipe[.acceptor].node].side
            else { continue }
            pipes[number]?.stalled = []
            for (end, bytes) in pipe.stalled { carry(bytes, to: end, of: number) }
        }
    }
}
