import Core
import Federation
import Gossip

/// Long-lived links: what TCP and TLS are to the running node. A lost segment is sent again, and
/// what comes behind it waits.
extension Simulation {
    /// Both handshakes and the proof of the key: two round trips before the first frame.
    private static let openingLatencies: Int64 = 3
    /// What the kernels of both sides hold for one that does not read.
    private static let socketBytes = 256 << 10
    /// Microseconds after which the network carries a segment, however much it loses.
    private static let patience: Int64 = 60_000_000

    mutating func dial(_ name: LinkName, _ destination: Destination, from index: Int) {
        let life = nodes[index].life
        guard let node = destination.node, let callee = indices[node], callee != index else {
            return failDial(name, index, life, .unreachable("nobody is there"), in: .zero)
        }
        // A handshake needs both directions.
        if isCut(from: index, to: callee) || isCut(from: callee, to: index) {
            return failDial(name, index, life, .timedOut, in: options.link.timeout)
        }
        let link = Link(from: index, to: callee)
        nodes[index].dials += 1
        // Apart from the numbers of requests.
        let luck = Luck(networkSeed, link, nodes[index].dials).next(0)
        let latency = latency(of: link, luck)
        guard nodes[callee].isUp else {
            return failDial(
                name, index, life, .unreachable("nobody listens"), in: .microseconds(latency * 2))
        }
        pipeCount += 1
        pipes[pipeCount] = Pipe(
            dialler: Pipe.Side(node: index, life: life, name: name),
            acceptor: Pipe.Side(node: callee, life: nodes[callee].life), luck)
        nodes[index].pipes[name] = pipeCount
        let wait = latency * Self.openingLatencies + retransmission(latency, on: link, luck)
        heap.push(.dialled(pipeCount), at: now + .microseconds(wait))
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
        let isCut =
            isCut(from: dialler.node, to: acceptor.node)
            || isCut(from: acceptor.node, to: dialler.node)
        guard !isCut, pipe.failure == nil, nodes[acceptor.node].life == acceptor.life,
            nodes[acceptor.node].isUp
        else {
            pipes[number]?[.acceptor].isOver = true
            return endPipe(number, at: .dialler, in: .zero)
        }
        nodes[acceptor.node].linkCount += 1
        let name = LinkName(number: nodes[acceptor.node].linkCount, isOurs: false)
        pipes[number]?[.acceptor].name = name
        nodes[acceptor.node].pipes[name] = number
        let way = Link(from: acceptor.node, to: dialler.node)
        let wait = latency(of: way, pipe.luck(to: .dialler))
        heap.push(.opened(number), at: now + .microseconds(wait))
        let caller = caller(
            dialler.node, life: dialler.life, signedAt: wall(of: dialler.node))
        deliver([.linked(name, caller)], to: acceptor.node)
    }

    mutating func opened(_ number: UInt64) {
        guard let pipe = pipes[number], pipe.failure == nil, let name = pipe[.dialler].name,
            isAlive(pipe[.dialler])
        else { return }
        let acceptor = pipe[.acceptor]
        let caller = caller(
            acceptor.node, life: acceptor.life, signedAt: wall(of: acceptor.node))
        deliver([.linked(name, caller)], to: pipe[.dialler].node)
    }

    /// Whoever was dialled has not answered, as a process that is stopped.
    mutating func dialExpired(_ number: UInt64) {
        guard let side = pipes[number]?[.acceptor], side.name == nil else { return }
        pipes[number]?[.acceptor].isOver = true
        pipes[number]?.failure = .timedOut
        endPipe(number, at: .dialler, in: .zero)
    }

    private func isAlive(_ side: Pipe.Side) -> Bool {
        !side.isOver && nodes[side.node].life == side.life && nodes[side.node].isUp
    }

    private func end(_ name: LinkName, of index: Int) -> (UInt64, PipeEnd)? {
        guard let number = nodes[index].pipes[name] else { return nil }
        return (number, name.isOurs ? .dialler : .acceptor)
    }

    mutating func transmit(_ bytes: [UInt8], over name: LinkName, from index: Int) {
        guard let (number, end) = end(name, of: index),
            let taken = pipes[number]?.accept(
                bytes.count, for: end.other, room: Self.socketBytes)
        else { return }
        if taken.isTaken { nodes[index].written.append(name) }
        guard !bytes.isEmpty else { return }
        let link = Link(from: index, to: taken.target)
        trace.add(.chunkSent, node: index, at: now, bytes)
        links[link, default: Traffic()].sentOverLink(bytes.count)
        inFlightBytes += bytes.count
        nodes[link.to].traffic.socketHighWater = max(
            nodes[link.to].traffic.socketHighWater, taken.unread)
        let left = depart(bytes.count, from: index)
        guard !taken.isBehind, !isCut(from: index, to: link.to) else {
            pipes[number]?.stalled.append((end.other, bytes))
            return
        }
        carry(bytes, to: end.other, of: number, on: link, from: left)
    }

    /// Sends bytes that leave the node at `start`.
    private mutating func carry(
        _ bytes: [UInt8], to end: PipeEnd, of number: UInt64, on link: Link, from start: Instant
    ) {
        guard let luck = pipes[number]?.nextLuck(to: end) else { return }
        let latency = latency(of: link, luck)
        let wait = latency + retransmission(latency, on: link, luck)
        let time = Instant(microseconds: start.microseconds + wait)
        guard let arrival = pipes[number]?.arrival(time, at: end) else { return }
        plan(.chunk(number, end, bytes), bytes.count, to: link.to, at: arrival)
    }

    /// How much later a segment arrives because it was lost: two round trips for each loss, as the
    /// tail loss probe has it where more segments follow (RFC 8985 section 7.2), and 10 ms.
    /// Microseconds.
    private mutating func retransmission(
        _ latency: Int64, on link: Link, _ luck: Luck
    ) -> Int64 {
        guard options.link.loss > 0 || options.link.bursts != nil else { return 0 }
        let probe = latency * 4 + 10_000
        var tries: UInt64 = 0
        while probe * Int64(tries) < Self.patience, isLost(on: link, luck.next(tries)) {
            tries += 1
        }
        return probe * Int64(tries)
    }

    mutating func chunk(_ bytes: [UInt8], of number: UInt64, at end: PipeEnd) {
        guard let node = listener(of: number, at: end) else { return drop(bytes.count) }
        if !bytes.isEmpty {
            land(bytes.count, at: node)
            pipes[number]?[end].waiting.append(bytes)
        }
        pump(number, end, of: node)
    }

    /// The node at one end, where the pipe is whole and the engine that has this end runs. Changes
    /// nothing: of what may be changed no copy is made in order to be read.
    private mutating func listener(of number: UInt64, at end: PipeEnd) -> Int? {
        guard pipes[number]?[end].isOver == false, pipes[number]?.failure == nil,
            let node = pipes[number]?[end].node, let life = pipes[number]?[end].life,
            nodes[node].isUp, nodes[node].life == life
        else { return nil }
        return node
    }

    private mutating func pump(_ number: UInt64, _ end: PipeEnd, of node: Int) {
        guard pipes[number]?[end].isReady == true, let name = pipes[number]?[end].name,
            let next = pipes[number]?[end].waiting.first?.count
        else { return }
        let readAt = pipes[number]?[end].readAt
        if let reading = readingTime(next, readAt, at: node) {
            if reading > now, readAt == nil { heap.push(.chunk(number, end, []), at: reading) }
            pipes[number]?[end].readAt = reading
            if reading > now { return }
        }
        guard let bytes = pipes[number]?.takeFirst(at: end) else { return }
        deliver([.received(name, bytes)], to: node)
        acknowledge(bytes.count, of: number, at: end, of: node)
    }

    /// Bytes were read: whoever sent them has room again, as soon as it hears of it.
    private mutating func acknowledge(
        _ bytes: Int, of number: UInt64, at end: PipeEnd, of node: Int
    ) {
        guard let other = pipes[number]?[end.other].node else { return }
        guard !isCut(from: node, to: other) else {
            pipes[number]?[end].unacknowledged += bytes
            return
        }
        let mayGoOn =
            pipes[number]?.acknowledge(bytes, at: end, room: Self.socketBytes) ?? false
        guard mayGoOn, let side = pipes[number]?[end.other], isAlive(side), let name = side.name
        else { return }
        pipes[number]?[end].holdsUp = false
        deliver([.written(name)], to: other)
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
        guard let pipe = pipes[number] else { return }
        let other = pipe[end.other].node
        guard !isCut(from: index, to: other) else { return }
        let wait = latency(of: Link(from: index, to: other), pipe.luck(to: end.other))
        endPipe(number, at: end.other, in: .microseconds(wait))
    }

    private mutating func endPipe(_ number: UInt64, at end: PipeEnd, in wait: Duration) {
        let last = pipes[number]?[end].lastArrival ?? .zero
        guard let node = pipes[number]?[end].node else { return }
        let time = max(now + wait, wait == .zero ? now : last)
        // Behind what was sent before, where that has to queue.
        if wait == .zero {
            heap.push(.unlinked(number, end), at: time)
        } else {
            plan(.unlinked(number, end), 0, to: node, at: time)
        }
    }

    mutating func unlinked(_ number: UInt64, at end: PipeEnd) {
        guard let side = pipes[number]?[end], !side.isOver else { return }
        pipes[number]?[end].isOver = true
        let isAlive = nodes[side.node].life == side.life && nodes[side.node].isUp
        let failure = pipes[number]?.failure
        if pipes[number]?[end.other].isOver == true { remove(number) }
        guard let name = side.name, isAlive else { return }
        nodes[side.node].pipes[name] = nil
        deliver([.unlinked(name, failure)], to: side.node)
    }

    /// A link is over on both sides; what a cut kept back is lost.
    private mutating func remove(_ number: UInt64) {
        guard let pipe = pipes.removeValue(forKey: number) else { return }
        for (_, bytes) in pipe.stalled { drop(bytes.count) }
    }

    /// A node has crashed: its kernel resets what was open.
    mutating func breakPipes(of index: Int) {
        for number in nodes[index].pipes.values.sorted() {
            guard let pipe = pipes[number] else { continue }
            let end: PipeEnd = pipe[.dialler].node == index ? .dialler : .acceptor
            pipes[number]?[end].isOver = true
            let other = pipe[end.other]
            if other.isOver || other.name == nil {
                remove(number)
            } else if !isCut(from: index, to: other.node) {
                let way = Link(from: index, to: other.node)
                let wait = latency(of: way, pipe.luck(to: end.other))
                heap.push(.unlinked(number, end.other), at: now + .microseconds(wait))
            }
        }
        nodes[index].pipes = [:]
        nodes[index].written = []
    }

    /// After a cut: what was sent meanwhile is sent again, and what was read is acknowledged.
    mutating func releaseStalled() {
        for number in pipes.keys.sorted() {
            sendAgain(number)
            for end in [PipeEnd.dialler, .acceptor] { acknowledgeAgain(number, at: end) }
        }
    }

    private mutating func sendAgain(_ number: UInt64) {
        guard let pipe = pipes[number], !pipe.stalled.isEmpty else { return }
        pipes[number]?.stalled = []
        for (end, bytes) in pipe.stalled {
            let link = Link(from: pipe[end.other].node, to: pipe[end].node)
            if isCut(from: link.from, to: link.to) {
                pipes[number]?.stalled.append((end, bytes))
            } else {
                carry(bytes, to: end, of: number, on: link, from: now)
            }
        }
    }

    private mutating func acknowledgeAgain(_ number: UInt64, at end: PipeEnd) {
        guard let side = pipes[number]?[end], side.unacknowledged > 0 else { return }
        // Counted anew where it is still cut.
        pipes[number]?[end].unacknowledged = 0
        acknowledge(side.unacknowledged, of: number, at: end, of: side.node)
    }
}
