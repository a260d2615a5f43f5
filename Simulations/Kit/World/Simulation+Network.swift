import Core
import Federation

/// Requests and answers: every message is bytes, arrives late, twice or never, and is counted.
extension Simulation {
    /// How much later a request comes again.
    private static let repetition: ClosedRange<Duration> = .zero...(.seconds(1))

    /// Puts a request on the wire.
    mutating func send(
        _ request: Request, _ token: Token, to destination: Destination, from caller: Int,
        isStream: Bool
    ) {
        callCount += 1
        let number = callCount
        let callee = index(of: destination)
        calls[number] = Call(
            caller: caller, callerLife: nodes[caller].life, token: token, callee: callee ?? caller,
            signedAt: wall(of: caller), luck: .none, stream: isStream ? StreamState() : nil)
        if isStream {
            nodes[caller].streams[token] = number
        } else {
            requestsInFlight += 1
        }
        guard let callee, callee != caller else {
            return giveUp(number, .unreachable("nobody is there"), at: now)
        }
        let bytes = request.encoded()
        let link = Link(from: caller, to: callee)
        let luck = nextLuck(on: link)
        calls[number]?.luck = luck
        let fate = transmit(bytes, events: request.eventBytes, link, luck, .requestSent)
        if !fate.isLost { plan(.request(number, bytes), bytes.count, to: callee, at: fate.arrival) }
        // Requests always have a timer; a stream that is open has none.
        if !isStream || fate.isLost {
            giveUp(number, .timedOut, at: now + options.link.timeout)
        }
        if !isStream { mayRepeat(number, bytes, events: request.eventBytes, fate.arrival) }
    }

    /// A request that comes a second time: the same bytes from the same caller, which has no use
    /// for the second answer.
    private mutating func mayRepeat(
        _ number: UInt64, _ bytes: [UInt8], events: Int, _ first: Instant
    ) {
        guard options.link.duplication > 0, var call = calls[number] else { return }
        var dice = call.luck.dice(.duplication)
        let isRepeated = Self.happens(options.link.duplication, &dice)
        let wait = dice.duration(in: Self.repetition)
        guard isRepeated, !isCut(from: call.caller, to: call.callee) else { return }
        callCount += 1
        call.isRepeat = true
        calls[callCount] = call
        let link = call.way
        trace.add(.requestSent, node: call.caller, at: now, bytes)
        count(bytes.count, events: events, on: link)
        nodes[call.caller].traffic.sentBytes += bytes.count
        inFlightBytes += bytes.count
        plan(.request(callCount, bytes), bytes.count, to: call.callee, at: first + wait)
    }

    /// The luck of the next request from node to node.
    private mutating func nextLuck(on link: Link) -> Luck {
        Luck(networkSeed, link, links[link, default: Traffic()].number())
    }

    private func index(of destination: Destination) -> Int? {
        if let node = destination.node { return indices[node] }
        for endpoint in destination.endpoints where endpoint.hasPrefix("sim://") {
            if let index = Int(endpoint.dropFirst(6)), nodes.indices.contains(index) {
                return index
            }
        }
        return nil
    }

    /// Counts a message and draws its fate: when it is there, unless it is lost.
    private mutating func transmit(
        _ bytes: [UInt8], events: Int, _ link: Link, _ luck: Luck, _ kind: TraceHash.Kind
    ) -> (arrival: Instant, isLost: Bool) {
        trace.add(kind, node: link.from, at: now, bytes)
        count(bytes.count, events: events, on: link)
        let latency = latency(of: link, luck)
        let isHit = isLost(on: link, luck)
        let left = depart(bytes.count, from: link.from)
        let arrival = Instant(microseconds: left.microseconds + latency + overtaken(luck))
        let isLost = isHit || isCut(from: link.from, to: link.to)
        if isLost {
            lose(bytes.count, on: link)
        } else {
            inFlightBytes += bytes.count
        }
        return (arrival, isLost)
    }

    private mutating func count(_ bytes: Int, events: Int, on link: Link) {
        links[link, default: Traffic()].sent(bytes, events: events)
    }

    private mutating func lose(_ bytes: Int, on link: Link) {
        links[link, default: Traffic()].lost(bytes)
        trace.add(.lost, node: link.to, at: now)
    }

    /// Microseconds by which a message is later than it should be.
    private mutating func overtaken(_ luck: Luck) -> Int64 {
        guard let reordering = options.link.reordering else { return 0 }
        var dice = luck.dice(.reordering)
        let isLate = Self.happens(reordering.share, &dice)
        let delay = Int64(reordering.delay.draw(&dice))
        return isLate ? delay : 0
    }

    /// A request reaches its callee.
    mutating func arrive(_ number: UInt64, _ bytes: [UInt8]) {
        guard let call = calls[number], !call.isBroken else { return drop(bytes.count) }
        guard nodes[call.callee].isUp else {
            drop(bytes.count)
            guard !call.isRepeat else { return forget(number) }
            let wait = latency(of: call.wayBack, call.luck.next(0))
            return giveUp(
                number, .unreachable("nobody listens"), at: now + .microseconds(wait))
        }
        land(bytes.count, at: call.callee)
        // What can't be decoded is what the receiver's shell would refuse.
        guard let request = try? Request(decoding: bytes) else {
            return reply(.refused(Refusal(.malformed)), to: number)
        }
        calls[number]?.hasArrived = true
        let caller = caller(call.caller, life: call.callerLife, signedAt: call.signedAt)
        deliver([.request(Exchange(number: number), caller, request)], to: call.callee)
    }

    mutating func giveUp(_ number: UInt64, _ failure: TransportFailure, at time: Instant) {
        heap.push(.failed(number, failure), at: time)
    }

    /// Puts an answer, or a page of a stream, on the wire.
    mutating func reply(_ response: Response, to number: UInt64) {
        guard let call = calls[number], !call.isBroken else { return }
        let bytes = response.encoded()
        let link = call.wayBack
        guard !call.isRepeat else { return replyInVain(bytes, response.eventBytes, link, number) }
        calls[number]?.replies += 1
        let luck = call.luck.next(call.replies)
        let kind: TraceHash.Kind = call.stream == nil ? .responseSent : .pageSent
        let fate = transmit(bytes, events: response.eventBytes, link, luck, kind)
        guard !fate.isLost else {
            if call.stream != nil { breakStream(number, at: now + options.link.timeout) }
            return
        }
        let ordered = max(fate.arrival, call.stream?.lastArrival ?? fate.arrival)
        calls[number]?.stream?.lastArrival = ordered
        plan(.answer(number, bytes), bytes.count, to: call.caller, at: ordered)
    }

    /// The second answer, which nobody waits for. It draws nothing, so that others' draws stay.
    private mutating func replyInVain(
        _ bytes: [UInt8], _ events: Int, _ link: Link, _ number: UInt64
    ) {
        trace.add(.responseSent, node: link.from, at: now, bytes)
        count(bytes.count, events: events, on: link)
        nodes[link.from].traffic.sentBytes += bytes.count
        lose(bytes.count, on: link)
        forget(number)
    }

    /// An answer reaches whoever asked.
    mutating func answer(_ number: UInt64, _ bytes: [UInt8]) {
        guard let call = calls[number], !call.isBroken else { return drop(bytes.count) }
        land(bytes.count, at: call.caller)
        // What can't be decoded is what the receiver's shell would refuse.
        guard let response = try? Response(decoding: bytes) else {
            return fail(number, .malformed("the answer is not canonical"))
        }
        guard call.stream == nil else { return take(response, bytes.count, from: number) }
        forget(number)
        links[Link(from: call.caller, to: call.callee), default: Traffic()].roundTrips += 1
        let callee = nodes[call.callee]
        deliver(
            [
                .response(
                    call.token, from: callee.key.node, tlsKey: callee.settings.tlsKey, response)
            ], to: call.caller)
    }

    /// The caller of a request, or the reader of a stream, learns that nothing comes.
    mutating func fail(_ number: UInt64, _ failure: TransportFailure) {
        guard let call = calls[number] else { return }
        if call.stream != nil { return end(number, StreamEnd(failure: failure)) }
        abandon(number, call)
        trace.add(.timedOut, node: call.caller, at: now)
        deliver([.failed(call.token, failure)], to: call.caller)
    }

    /// Ends the call from the caller's side: the connection closes, which the callee sees if it
    /// ever saw it open.
    mutating func abandon(_ number: UInt64, _ call: Call) {
        forget(number)
        guard call.hasArrived, !call.isBroken else { return }
        let wait = latency(of: call.way, call.luck.next(.max))
        heap.push(.abandoned(number, callee: call.callee), at: now + .microseconds(wait))
    }

    /// Ends the call for the network; whatever still arrives for it is dropped.
    mutating func forget(_ number: UInt64) {
        guard let call = calls.removeValue(forKey: number), !call.isRepeat else { return }
        if call.stream != nil {
            nodes[call.caller].streams[call.token] = nil
        } else {
            requestsInFlight -= 1
        }
    }
}
