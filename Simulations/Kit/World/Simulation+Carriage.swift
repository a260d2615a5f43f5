import Core
import Federation

/// How bytes get from node to node: what both kinds of carriage share.
extension Simulation {
    /// Microseconds that a message needs now from one node to another, queues left out.
    mutating func latency(of link: Link, _ luck: Luck) -> Int64 {
        // Most worlds are like that: nothing is copied.
        if !options.link.isConstant, options.link.regions == nil {
            var dice = luck.dice(.latency)
            return Int64(options.link.latency.draw(&dice))
        }
        var base = 0
        if let regions = options.link.regions {
            if regionOf.count != nodes.count { regionOf = regions.regions(count: nodes.count) }
            base = regions.latency(from: regionOf[link.from], to: regionOf[link.to])
        }
        let spread = options.link.regions?.jitter ?? options.link.latency
        guard options.link.isConstant else {
            var dice = luck.dice(.latency)
            return Int64(base + spread.draw(&dice))
        }
        let pair = Link(from: min(link.from, link.to), to: max(link.from, link.to))
        if let known = pairLatencies[pair] { return Int64(base) + known }
        var dice = seeds.dice("pair", pair.from << 20 | pair.to)
        let drawn = Int64(spread.draw(&dice))
        pairLatencies[pair] = drawn
        return Int64(base) + drawn
    }

    /// Whether a message that is sent now is lost on its way.
    mutating func isLost(on link: Link, _ luck: Luck) -> Bool {
        var isLost = false
        if options.link.loss > 0 {
            var dice = luck.dice(.loss)
            isLost = Self.happens(options.link.loss, &dice)
        }
        guard let bursts = options.link.bursts else { return isLost }
        var dice = luck.dice(.bursts)
        if illLinks.contains(link) {
            if Self.happens(bursts.leave, &dice) { illLinks.remove(link) }
        } else if Self.happens(bursts.enter, &dice) {
            illLinks.insert(link)
        }
        let isHit = Self.happens(bursts.loss, &dice)
        return isLost || (isHit && illLinks.contains(link))
    }

    static func happens(_ chance: Double, _ dice: inout Dice) -> Bool {
        Double(dice.below(1 << 30)) < chance * Double(1 << 30)
    }

    /// Takes bytes into a node's uplink; returns when the last of them has left.
    mutating func depart(_ bytes: Int, from index: Int) -> Instant {
        nodes[index].traffic.sentBytes += bytes
        let pace = (nodes[index].bandwidth ?? options.link.bandwidth).up
        guard pace > 0 else { return now }
        let start = max(now, nodes[index].line.upUntil)
        let end = nodes[index].line.send(bytes, at: pace, now)
        let waiting = Int((end - now).microseconds) * pace / 1_000_000
        nodes[index].traffic.uplinkHighWater = max(
            nodes[index].traffic.uplinkHighWater, waiting)
        nodes[index].traffic.uplinkWait += start - now
        return end
    }

    /// Plans what arrives at a node, which may have to queue before its downlink.
    mutating func plan(_ happening: Happening, _ bytes: Int, to index: Int, at time: Instant) {
        let pace = (nodes[index].bandwidth ?? options.link.bandwidth).down
        let queues = pace > 0 || isReadSlowly(happening, at: index)
        heap.push(queues ? .queued(index, bytes, happening) : happening, at: time)
    }

    /// Something has come to the far end of a node's downlink.
    mutating func queue(_ happening: Happening, _ bytes: Int, at index: Int) {
        let pace = (nodes[index].bandwidth ?? options.link.bandwidth).down
        var time = nodes[index].line.receive(bytes, at: pace, now)
        if isReadSlowly(happening, at: index), let read = nodes[index].reader?.read(bytes, now) {
            time = max(time, read)
        }
        heap.push(happening, at: time)
    }

    /// Whether a slow reader reads this as a whole; what comes by links and streams waits in their
    /// sockets instead.
    private func isReadSlowly(_ happening: Happening, at index: Int) -> Bool {
        guard nodes[index].reader != nil else { return false }
        switch happening {
        case .request: return true
        case .answer(let call, _): return calls[call].map { $0.stream == nil } ?? false
        default: return false
        }
    }

    /// Bytes that were on their way are there.
    mutating func land(_ bytes: Int, at index: Int) {
        inFlightBytes -= bytes
        nodes[index].traffic.receivedBytes += bytes
    }

    /// Bytes that were on their way found nobody.
    mutating func drop(_ bytes: Int) {
        inFlightBytes -= bytes
        droppedBytes += bytes
    }

    /// Carries messages otherwise from now on.
    mutating func use(_ model: LinkModel) {
        if model.regions != options.link.regions { regionOf = [] }
        // A pair that was slow stays slow: it takes the same place in the new distribution.
        pairLatencies = [:]
        if model.bursts == nil { illLinks = [] }
        options.link = model
    }
}

/// What is known of who asks, as a signature would prove it.
extension Simulation {
    /// A life of a node is a process, and has a number of its own; signatures have whole seconds.
    func caller(_ index: Int, life: Int, signedAt time: WallTime) -> Caller {
        var dice = Dice(seed: networkSeed ^ UInt64(index << 20 | life))
        let second: UInt64 = 1_000_000
        return Caller(
            node: nodes[index].key.node, instance: dice.next(),
            signedAt: WallTime(microseconds: time.microseconds / second * second))
    }
}

/// What is counted.
extension Simulation {
    /// Where all bytes are.
    public var accounting: Accounting {
        var sum = Accounting(inFlight: inFlightBytes)
        for node in nodes {
            sum.sent += node.traffic.sentBytes
            sum.received += node.traffic.receivedBytes
        }
        sum.lost = links.values.reduce(droppedBytes) { $0 + $1.lostBytes }
        return sum
    }

    /// What a node's line carried since the start of the run.
    public func traffic(of index: Int) -> NodeTraffic { nodes[index].traffic }

    /// The name of a node's region; nil where there are none.
    public func region(of index: Int) -> String? {
        guard let regions = options.link.regions else { return nil }
        return regions.names[regions.regions(count: index + 1)[index]]
    }
}
