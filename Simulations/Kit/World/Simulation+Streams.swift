import Core
import Federation

/// Streams: pages in order, one in flight, the next one read only when the reader says so.
extension Simulation {
    /// A page reaches the reader's socket.
    mutating func take(_ response: Response, _ bytes: Int, from number: UInt64) {
        switch response {
        case .page(let page):
            calls[number]?.stream?.waiting.append((page, bytes))
            pump(number)
        case .refused(let refusal): end(number, StreamEnd(failure: .refused(refusal)))
        default: end(number, StreamEnd(failure: .malformed("a stream has pages")))
        }
    }

    /// Hands on what waits in the reader's socket, as far as the reader is ready.
    mutating func pump(_ number: UInt64) {
        guard let call = calls[number], var stream = call.stream, stream.isReady else { return }
        if stream.waiting.isEmpty {
            if let end = stream.end { finish(number, end) }
            return
        }
        if let reading = readingTime(stream.waiting[0].bytes, stream.readAt, at: call.caller) {
            if reading > now, stream.readAt == nil { heap.push(.pump(number), at: reading) }
            calls[number]?.stream?.readAt = reading
            if reading > now { return }
        }
        let page = stream.waiting.removeFirst().page
        stream.isReady = false
        stream.readAt = nil
        calls[number]?.stream = stream
        deliver([.page(call.token, page)], to: call.caller)
        deliver([.drained(Exchange(number: number))], to: call.callee)
    }

    /// When a reader has read what is first in its socket; nil where it reads at once.
    mutating func readingTime(_ bytes: Int, _ planned: Instant?, at reader: Int) -> Instant? {
        guard nodes[reader].reader != nil else { return nil }
        return planned ?? nodes[reader].reader?.read(bytes, now)
    }

    /// The reader has taken in its last page.
    mutating func proceed(_ token: Token, of reader: Int) {
        guard let number = nodes[reader].streams[token] else { return }
        calls[number]?.stream?.isReady = true
        // Not at once: the effects of the input that said so are still being carried out.
        if calls[number]?.stream.map({ !$0.waiting.isEmpty || $0.end != nil }) == true {
            heap.push(.pump(number), at: now)
        }
    }

    /// The reader lets go.
    mutating func cancel(_ token: Token, of reader: Int) {
        guard let number = nodes[reader].streams[token], let call = calls[number] else { return }
        abandon(number, call)
    }

    /// The writer ends a stream.
    mutating func close(_ number: UInt64, _ refusal: Refusal?) {
        guard let call = calls[number], let stream = call.stream else { return }
        if let refusal { return reply(.refused(refusal), to: number) }
        let wait = latency(of: call.wayBack, call.luck.next(call.replies))
        let arrival = max(now + .microseconds(wait), stream.lastArrival)
        plan(.ended(number, StreamEnd(failure: nil)), 0, to: call.caller, at: arrival)
    }

    /// Both ends learn that a stream is broken.
    mutating func breakStream(_ number: UInt64, at time: Instant) {
        guard let call = calls[number] else { return }
        heap.push(.ended(number, StreamEnd(failure: .timedOut)), at: time)
        heap.push(.abandoned(number, callee: call.callee), at: time)
    }

    /// The end of a stream reaches its reader, behind the pages that wait.
    mutating func end(_ number: UInt64, _ end: StreamEnd) {
        guard calls[number]?.stream != nil else { return }
        calls[number]?.stream?.end = end
        if calls[number]?.stream?.waiting.isEmpty == true { finish(number, end) }
    }

    private mutating func finish(_ number: UInt64, _ end: StreamEnd) {
        guard let call = calls[number] else { return }
        forget(number)
        deliver([.closed(call.token, end.failure)], to: call.caller)
    }
}
