import Core
import Federation

/// The virtual network: every message is bytes, arrives late or never, and is counted.
extension Simulation {
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
            stream: isStream ? StreamState() : nil)
        if isStream {
            nodes[caller].streams[token] = number
        } else {
            requestsInFlight += 1
        }
        guard let callee, callee != caller else {
            return giveUp(number, .unreachable("nobody is there"), at: now)
        }
        let bytes = request.encoded()
        let arrival = transmit(
            bytes, events: request.eventBytes, Link(from: caller, to: callee), .requestSent)
        if let arrival { heap.push(.request(number, bytes), at: arrival) }
        // Requests always have a timer; a stream that is open has none.
        if !isStream || arrival == nil { giveUp(number, .timedOut, at: now + options.link.timeout) }
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

    /// Counts a message and draws its fate: when it arrives, or nil where it is lost.
    private mutating func transmit(
        _ bytes: [UInt8], events: Int, _ link: Link, _ kind: TraceHash.Kind
    ) -> Instant? {
        trace.add(kind, node: link.from, at: now, bytes)
        var traffic = links[link] ?? Traffic()
        traffic.messages += 1
        traffic.eventBytes += events
        traffic.overheadBytes += bytes.count - events
        // Both are drawn for each message, so that a fault that is switched on reshuffles nothing
        // else.
        let latency = latency(of: link)
        let isLost = Double(lossDice.below(1 << 30)) < options.link.loss * Double(1 << 30)
        let isCut = nodes[link.from].side != nodes[link.to].side
        if isLost || isCut {
            traffic.lostMessages += 1
            traffic.lostBytes += bytes.count
            trace.add(.lost, node: link.to, at: now)
        }
        links[link] = traffic
        return isLost || isCut ? nil : now + latency
    }

    /// A request reaches its callee.
    mutating func arrive(_ number: UInt64, _ bytes: [UInt8]) {
        guard let call = calls[number] else { return }
        guard nodes[call.callee].isUp else {
            return giveUp(number, .unreachable("nobody listens"), at: now + latency())
        }
        // What can't be decoded is what the receiver's shell would refuse.
        guard let request = try? Request(decoding: bytes) else {
            return reply(.refused(Refusal(.malformed)), to: number)
        }
        calls[number]?.hasArrived = true
        let caller = Caller(node: nodes[call.caller].key.node)
        deliver([.request(Exchange(number: number), caller, request)], to: call.callee)
    }

    mutating func latency() -> Duration {
        .microseconds(options.link.latency.draw(&latencyDice))
    }

    /// What a message needs now from one node to another.
    mutating func latency(of link: Link) -> Duration {
        guard options.link.isConstant else { return latency() }
        let pair = Link(from: min(link.from, link.to), to: max(link.from, link.to))
        if let known = pairLatencies[pair] { return known }
        var dice = seeds.dice("pair", pair.from << 20 | pair.to)
        let drawn = Duration.microseconds(options.link.latency.draw(&dice))
        pairLatencies[pair] = drawn
        return drawn
    }

    mutating func giveUp(_ number: UInt64, _ failure: TransportFailure, at time: Instant) {
        heap.push(.failed(number, failure), at: time)
    }

    /// Puts an answer, or a page of a stream, on the wire.
    mutating func reply(_ response: Response, to number: UInt64) {
        guard let call = calls[number] else { return }
        let bytes = response.encoded()
        let link = Link(from: call.callee, to: call.caller)
        let kind: TraceHash.Kind = call.stream == nil ? .responseSent : .pageSent
        guard let arrival = transmit(bytes, events: response.eventBytes, link, kind) else {
            if call.stream != nil { breakStream(number, at: now + options.link.timeout) }
            return
        }
        let ordered = max(arrival, call.stream?.lastArrival ?? arrival)
        calls[number]?.stream?.lastArrival = ordered
        heap.push(.answer(number, bytes), at: ordered)
    }

    /// An answer reaches whoever asked.
    mutating func answer(_ number: UInt64, _ bytes: [UInt8]) {
        guard let call = calls[number] else { return }
        // What can't be decoded is what the receiver's shell would refuse.
        guard let response = try? Response(decoding: bytes) else {
            return fail(number, .malformed("the answer is not canonical"))
        }
        guard call.stream == nil else { return take(response, from: number) }
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
        guard call.hasArrived else { return }
        heap.push(.abandoned(number, callee: call.callee), at: now + latency())
    }

    /// Ends the call for the network; whatever still arrives for it is dropped.
    mutating func forget(_ number: UInt64) {
        guard let call = calls.removeValue(forKey: number) else { return }
        if call.stream != nil {
            nodes[call.caller].streams[call.token] = nil
        } else {
            requestsInFlight -= 1
        }
    }
}
