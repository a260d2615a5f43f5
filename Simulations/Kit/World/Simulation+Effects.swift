import Core
import Federation
import Gossip

/// The shell of one node: inputs in, effects carried out.
extension Simulation {
    /// Hands inputs to a node's engine, after the reading of its wall clock, and carries out what
    /// it wants.
    mutating func deliver(_ inputs: [Input], to index: Int) {
        guard !nodes[index].isPaused else {
            return hold(.handed(index, life: nodes[index].life, inputs), for: index)
        }
        var effects: [Effect] = []
        let (wall, now) = (wall(of: index), now)
        let inputs = adversaries.isEmpty ? inputs : overhear(inputs, of: index)
        nodes[index].engine?.handle(.wall(wall), at: now, into: &effects)
        for input in inputs { nodes[index].engine?.handle(input, at: now, into: &effects) }
        settle(index, effects)
    }

    mutating func wake(_ index: Int, life: Int) {
        guard nodes[index].life == life, nodes[index].wakeAt == now else { return }
        nodes[index].wakeAt = nil
        var effects: [Effect] = []
        let (wall, now) = (wall(of: index), now)
        nodes[index].engine?.handle(.wall(wall), at: now, into: &effects)
        nodes[index].engine?.advance(to: now, into: &effects)
        settle(index, effects)
    }

    private mutating func settle(_ index: Int, _ effects: [Effect]) {
        guard nodes[index].isUp else { return }
        perform(adversaries.isEmpty ? effects : twist(effects, of: index), of: index)
    }

    /// Carries out effects as they are.
    mutating func perform(_ effects: [Effect], of index: Int) {
        for effect in effects { carryOut(effect, of: index) }
        // The network takes what fits into its buffers at once.
        while let link = nodes[index].written.popLast() {
            var more: [Effect] = []
            nodes[index].engine?.handle(.written(link), at: now, into: &more)
            if !adversaries.isEmpty { more = twist(more, of: index) }
            for effect in more { carryOut(effect, of: index) }
        }
        planWake(index)
    }

    /// At most one wake-up of a node counts: an earlier deadline makes the later one in the heap
    /// void.
    private mutating func planWake(_ index: Int) {
        guard let deadline = nodes[index].nextDeadline() else { return }
        // A deadline that stays due would keep time from passing.
        let time = max(deadline, now + .microseconds(1))
        if let planned = nodes[index].wakeAt, planned <= time { return }
        nodes[index].wakeAt = time
        heap.push(.wake(index, life: nodes[index].life), at: time)
    }

    private mutating func carryOut(_ effect: Effect, of index: Int) {
        switch effect {
        case .verify(let token, let events): verify(events, token, at: index)
        case .load(let token, let query):
            begin(
                .loaded(index, life: nodes[index].life, token, query), at: now + options.costs.load)
        case .store(let token, let write): store(write, token, at: index)
        case .reply(let exchange, let response): reply(response, to: exchange.number)
        case .close(let exchange, let refusal): close(exchange.number, refusal)
        case .send(let token, let destination, let request):
            send(request, token, to: destination, from: index, isStream: false)
        case .open(let token, let destination, let cursor):
            send(.stream(since: cursor), token, to: destination, from: index, isStream: true)
        case .proceed(let token): proceed(token, of: index)
        case .cancel(let token): cancel(token, of: index)
        case .link(let name, let destination): dial(name, destination, from: index)
        case .transmit(let name, let bytes): transmit(bytes, over: name, from: index)
        case .read(let name): read(name, of: index)
        case .unlink(let name): unlink(name, of: index)
        case .report(.delivered(let id, let hop)): noteHop(hop, of: id, at: index)
        case .report(let report):
            // The mark of a restored node is gone for good.
            if case .caughtUp = report { nodes[index].settings.restoredSequence = nil }
            record(report, of: index)
            checks?.note(report, of: index, at: now)
            if options.keepsReports {
                reports.append(KeptReport(node: index, time: now, report: report))
            }
        }
    }
}

/// A node's own work: it takes virtual time, and a crash loses what is under way.
extension Simulation {
    private mutating func begin(_ work: Happening, at time: Instant) {
        workInFlight += 1
        heap.push(work, at: time)
    }

    private mutating func verify(_ events: [Event], _ token: Token, at index: Int) {
        let verdicts = events.map { self.verdicts.isSigned($0) }
        let cost = options.costs.verify * events.count
        nodes[index].busyUntil = max(nodes[index].busyUntil, now) + cost
        begin(
            .verified(index, life: nodes[index].life, token, verdicts),
            at: nodes[index].busyUntil)
    }

    private mutating func store(_ write: LogWrite, _ token: Token, at index: Int) {
        nodes[index].diskUntil = max(nodes[index].diskUntil, now) + storeCost(of: index)
        noteWrite(write, token, at: index)
        begin(
            .durable(index, life: nodes[index].life, token, write), at: nodes[index].diskUntil)
    }

    mutating func verified(_ index: Int, _ life: Int, _ token: Token, _ verdicts: [Bool]) {
        workInFlight -= 1
        guard nodes[index].life == life else { return }
        deliver([.verified(token, verdicts)], to: index)
    }

    mutating func loaded(_ index: Int, _ life: Int, _ token: Token, _ query: Query) {
        workInFlight -= 1
        guard nodes[index].life == life else { return }
        deliver([.loaded(token, nodes[index].log.answer(query))], to: index)
    }

    mutating func durable(_ index: Int, _ life: Int, _ token: Token, _ write: LogWrite) {
        workInFlight -= 1
        guard nodes[index].life == life else { return }
        if let cause = finishWrite(write, token, at: index) {
            return deliver([.storeFailed(token, cause)], to: index)
        }
        put(write, on: index)
        deliver([.stored(token)], to: index)
    }

    mutating func noteGoal(_ index: Int) {
        guard reachedGoal[index] == nil, nodes[index].log.count >= goal else { return }
        reachedGoal[index] = now
    }
}
