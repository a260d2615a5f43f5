import Core
import Federation
import Gossip

/// Keeping a record of a run.
extension Simulation {
    /// From now on what a report shows is kept; what was before is left out. All nodes must have
    /// been added. Without options as much is kept as a page of many such runs can hold.
    public mutating func record(_ options: RecordOptions? = nil) {
        let options = options ?? RecordOptions(nodes: nodes.count)
        var recorder = Recorder(options, nodes: nodes.count, at: now)
        recorder.bytesBefore = ByteSums(self)
        recorder.figuresBefore = figures
        recorder.trafficBefore = traffic
        recorder.happeningsBefore = happeningCount
        recorder.eventCount = nodes.map(\.log.count).max() ?? 0
        recorder.heldByAll = nodes.map(\.log.count).min() ?? 0
        recorder.registered = nodes.map { node in
            node.log.peers.filter { $0.state == .active }.compactMap { indices[$0.node] }.sorted()
        }
        for index in nodes.indices {
            for neighbor in neighbors(of: index) {
                recorder.note(neighbor, of: index, isUp: true, at: now)
            }
        }
        self.recorder = recorder
        takeSample(at: now)
    }

    /// What was kept until now; nil where nobody has asked for a record.
    public func runRecord(_ label: RunLabel, wallTime: Duration? = nil) -> RunRecord? {
        guard let recorder else { return nil }
        var samples = recorder.samples
        if samples.last?.time != now - recorder.start { samples.append(sample(at: now)) }
        return RunRecord(
            label: label, nodes: nodes.count, events: recorder.eventCount,
            duration: now - recorder.start, samples: samples, latencies: recorder.latencies,
            catchUp: recorder.catchUp, figures: figures(since: recorder.figuresBefore),
            registered: recorder.registered, neighborChanges: recorder.neighborChanges,
            spreads: recorder.eventSpreads,
            faults: faults.filter { $0.hadEffect && $0.time >= recorder.start }.map {
                RunRecord.Fault($0, since: recorder.start)
            },
            bytes: ByteSums(self) - recorder.bytesBefore,
            messages: traffic.messages - recorder.trafficBefore.messages,
            roundTrips: traffic.roundTrips - recorder.trafficBefore.roundTrips,
            happenings: happeningCount - recorder.happeningsBefore,
            dishonest: nodes.indices.filter { !isHonest($0) }, wallTime: wallTime,
            traceHash: traceHash.hex)
    }

    /// Whether every node that is up was part of a session, since the record began, that ended with
    /// proven equal logs, and whose root is the one that all of them have now.
    public var isProvenEqual: Bool {
        guard let recorder, let first = nodes.firstIndex(where: \.isUp) else { return false }
        let root = root(of: first)
        return nodes.indices.allSatisfy { index in
            !nodes[index].isUp
                || (recorder.provenRoots[index] == root && self.root(of: index) == root)
        }
    }
}

/// What the shell tells the recorder.
extension Simulation {
    mutating func record(_ entries: [LogEntry], at index: Int) {
        guard recorder != nil else { return }
        for entry in entries {
            let id = entry.event.id
            guard let sender = entry.sender else {
                recorder?.bear(id, by: index, at: now, nodes: nodes.count)
                continue
            }
            recorder?.arrive(
                id, origin: indices[entry.event.header.origin], at: index, from: indices[sender],
                now: now, nodes: nodes.count)
        }
    }

    mutating func record(_ report: Report, of index: Int) {
        guard recorder != nil else { return }
        switch report {
        case .neighbor(let node, let isUp, _):
            guard let neighbor = indices[node] else { return }
            recorder?.note(neighbor, of: index, isUp: isUp, at: now)
        case .compared(let node, let comparison) where comparison.verdict == .equal:
            guard let peer = indices[node] else { return }
            recorder?.prove(comparison.root, of: [index, peer])
        default: break
        }
    }

    /// The sample that is due before `time`, where anything has changed.
    mutating func takeSamples(before time: Instant) {
        guard let due = recorder?.sampleAt, due < time else { return }
        let lives = nodes.reduce(0) { $0 + $1.life }
        if recorder?.rests(until: time, lives: lives) == true { return }
        takeSample(at: due)
        // Nothing happens from the sample to `time`.
        _ = recorder?.rests(until: time, lives: lives)
    }

    private mutating func takeSample(at time: Instant) {
        let sample = sample(at: time)
        recorder?.add(sample)
    }

    private func sample(at time: Instant) -> RunRecord.Sample {
        let base = recorder?.heldByAll ?? 0
        let all = (recorder?.eventCount ?? 0) - base
        let before = recorder?.bytesBefore ?? ByteSums()
        let held = nodes.map { node -> Int16 in
            guard node.isUp else { return -1 }
            return all > 0 ? Int16(max(0, min(1000, (node.log.count - base) * 1000 / all))) : 1000
        }
        let complete = nodes.count { $0.isUp && $0.log.count >= (recorder?.eventCount ?? 0) }
        return RunRecord.Sample(
            time: time - (recorder?.start ?? .zero), held: held, complete: complete,
            deliveries: (recorder?.latencies.count ?? 0) + (recorder?.catchUp.count ?? 0),
            bytes: ByteSums(self) - before)
    }
}

/// Figures of nodes.
extension Simulation {
    private func neighbors(of index: Int) -> [Int] {
        guard let engine = nodes[index].engine, engine.gossip.isOn else { return [] }
        return engine.gossip.standing.neighbors.compactMap { indices[$0.node] }.sorted()
    }

    private var figures: [RunRecord.NodeFigures] {
        var figures = nodes.indices.map { index in
            let node = nodes[index]
            var tally = node.past
            tally += node.engine?.gossip.tally ?? LinkTally()
            let received = Int(node.pastReceived + (node.engine?.receivedEvents ?? 0))
            var figures = RunRecord.NodeFigures()
            figures.delivered = node.log.entries.count { $0.sender != nil }
            figures.duplicates = received + tally.duplicates - figures.delivered
            figures.isUp = node.isUp
            figures.neighbors =
                node.engine?.gossip.isOn == true ? neighbors(of: index).count : node.log.peers.count
            return figures
        }
        for (link, traffic) in links {
            figures[link.from].bytesUp += traffic.bytes
            figures[link.to].bytesDown += traffic.bytes
        }
        return figures
    }

    private func figures(since before: [RunRecord.NodeFigures]) -> [RunRecord.NodeFigures] {
        zip(figures, before).map { now, before in
            var figures = now
            figures.bytesUp -= before.bytesUp
            figures.bytesDown -= before.bytesDown
            figures.delivered -= before.delivered
            figures.duplicates = max(0, now.duplicates - before.duplicates)
            return figures
        }
    }
}
