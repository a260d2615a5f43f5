import Core
import Federation
import Testing

/// Several nodes, joined by encoded bytes. Packets travel when the test says so: in order, at
/// random, or not at all.
final class World {
    struct Packet {
        enum Content {
            case request(Token, [UInt8], isStream: Bool)
            case response(Token, [UInt8])
            case page(Token, [UInt8])
            case failure(Token, TransportFailure)
            case closed(Token, TransportFailure?)
        }
        var from: Int
        var to: Int
        /// Which life of the client this belongs to.
        var life: Int
        var content: Content

        /// Whether it crosses the network, where it may be lost; else its receiver found out by
        /// itself.
        var travels: Bool {
            switch content {
            case .failure, .closed: false
            default: true
            }
        }
    }

    /// What each answer is said to have cost on the network.
    var wireBytes = WireBytes()

    /// Where the answers to an exchange go.
    private struct Route {
        var client: Int
        var token: Token
        var life: Int
        var isStream: Bool
    }

    /// A stream as its reader sees it.
    private struct Reading {
        var server: Int
        var exchange: Exchange
        var isReady = true
    }

    private struct Name: Hashable {
        var node: Int
        var number: UInt64
    }

    let nodes: [Node]
    private(set) var wire: [Packet] = []
    private(set) var reports: [[Report]]
    /// Packets that are lost, by the test's choice.
    var loses: (Packet) -> Bool = { _ in false }
    var isSameHost = false
    /// What a client sees as the server's TLS key, where it is not the server's own.
    var presentedTLSKeys: [Int: Digest] = [:]
    private var routes: [Name: Route] = [:]
    private var readings: [Name: Reading] = [:]
    private var lives: [Int]

    init(_ nodes: [Node]) {
        self.nodes = nodes
        reports = nodes.map { _ in [] }
        lives = nodes.map { _ in 0 }
        for place in nodes.indices { collect(place) }
    }

    /// `count` nodes called 1, 2, 3…, each an active peer of all others.
    static func federation(_ count: UInt8, _ settings: Settings) -> World {
        World(
            (1...count).map { name in
                let others = (1...count).filter { $0 != name }
                return Node(name, peers: others.map { .active($0) }, settings: settings)
            })
    }

    /// `count` nodes that know nobody.
    static func strangers(_ count: UInt8, _ change: (inout Settings) -> Void = { _ in }) -> World {
        World(
            (1...count).map { name in
                var settings = Settings(
                    label: "n\(name)", endpoints: ["https://n\(name)"],
                    tlsKey: Digest(words: UInt64(name), 0, 0, 0), isAutomatic: false)
                change(&settings)
                return Node(name, settings: settings)
            })
    }

    func with<Value>(_ place: Int, _ body: (Node) -> Value) -> Value {
        defer { collect(place) }
        return body(nodes[place])
    }

    func give(_ place: Int, _ input: Input) { with(place) { $0.give(input) } }

    /// Takes up what a node wants to send.
    private func collect(_ place: Int) {
        for effect in nodes[place].take() {
            switch effect {
            case .send(let token, let to, let request):
                send(token, to, request.encoded(), from: place, isStream: false)
            case .open(let token, let to, let since):
                send(token, to, Request.stream(since: since).encoded(), from: place, isStream: true)
            case .reply(let exchange, let response): reply(exchange, response, from: place)
            case .close(let exchange, let refusal):
                close(exchange, of: place, refusal.map { .refused($0) })
            case .proceed(let token):
                readings[Name(node: place, number: token.number)]?.isReady = true
            case .cancel(let token): cancel(token, of: place)
            case .report(let report): reports[place].append(report)
            case .verify, .load, .store, .link, .transmit, .read, .unlink: break
            }
        }
    }

    private func send(
        _ token: Token, _ to: Destination, _ bytes: [UInt8], from place: Int, isStream: Bool
    ) {
        let target = to.endpoints.lazy.compactMap { endpoint in
            self.nodes.firstIndex { "https://n\($0.key.seed()[0])" == endpoint }
        }.first
        let failure: TransportFailure? =
            switch target {
            case nil: .unreachable("nobody there")
            case .some(let target) where to.node != nil && nodes[target].id != to.node:
                .wrongIdentity("somebody else")
            default: nil
            }
        let content: Packet.Content =
            switch failure {
            case nil: .request(token, bytes, isStream: isStream)
            case .some(let failure): isStream ? .closed(token, failure) : .failure(token, failure)
            }
        let receiver = failure == nil ? target ?? place : place
        wire.append(Packet(from: place, to: receiver, life: lives[place], content: content))
    }

    private func reply(_ exchange: Exchange, _ response: Response, from place: Int) {
        let name = Name(node: place, number: exchange.number)
        guard let route = routes[name] else { return }
        let content: Packet.Content
        if route.isStream {
            guard case .page = response else {
                let failure: TransportFailure? =
                    if case .refused(let refusal) = response { .refused(refusal) } else { nil }
                return close(exchange, of: place, failure)
            }
            content = .page(route.token, response.encoded())
        } else {
            routes[name] = nil
            content = .response(route.token, response.encoded())
        }
        wire.append(Packet(from: place, to: route.client, life: route.life, content: content))
    }

    private func close(_ exchange: Exchange, of place: Int, _ failure: TransportFailure?) {
        let name = Name(node: place, number: exchange.number)
        guard let route = routes.removeValue(forKey: name) else { return }
        wire.append(
            Packet(
                from: place, to: route.client, life: route.life,
                content: .closed(route.token, failure)))
    }

    private func cancel(_ token: Token, of place: Int) {
        guard let reading = readings.removeValue(forKey: Name(node: place, number: token.number))
        else { return }
        routes[Name(node: reading.server, number: reading.exchange.number)] = nil
        give(reading.server, .abandoned(reading.exchange))
    }
}

/// Delivery.
extension World {
    /// Places in `wire` of packets that may arrive now: a stream's packets stay in order, and wait
    /// for their reader.
    var deliverable: [Int] {
        var seen: Set<[UInt64]> = []
        return wire.indices.filter { place in
            let packet = wire[place]
            switch packet.content {
            case .page(let token, _):
                guard seen.insert([UInt64(packet.to), token.number]).inserted else { return false }
                let reading = readings[Name(node: packet.to, number: token.number)]
                return reading?.isReady ?? true
            case .closed(let token, _):
                return seen.insert([UInt64(packet.to), token.number]).inserted
            default: return true
            }
        }
    }

    func deliver(_ place: Int) {
        let packet = wire.remove(at: place)
        if packet.travels, loses(packet) { return lose(packet) }
        switch packet.content {
        case .request(let token, let bytes, let isStream):
            request(token, bytes, packet, isStream: isStream)
        case .response(let token, let bytes):
            guard packet.life == lives[packet.to] else { return }
            guard let response = attempt({ try Response(decoding: bytes) }) else {
                return give(packet.to, .failed(token, .malformed("not of the protocol")))
            }
            let tlsKey = presentedTLSKeys[packet.from] ?? nodes[packet.from].settings.tlsKey
            give(
                packet.to,
                .response(
                    token, from: nodes[packet.from].id, tlsKey: tlsKey, response, wire: wireBytes))
        case .page(let token, let bytes): page(token, bytes, packet)
        case .failure(let token, let failure):
            guard packet.life == lives[packet.to] else { return }
            give(packet.to, .failed(token, failure))
        case .closed(let token, let failure):
            guard packet.life == lives[packet.to] else { return }
            readings[Name(node: packet.to, number: token.number)] = nil
            give(packet.to, .closed(token, failure))
        }
    }

    private func request(
        _ token: Token, _ bytes: [UInt8], _ packet: Packet, isStream: Bool
    ) {
        guard let request = attempt({ try Request(decoding: bytes) }) else { return }
        let exchange = nodes[packet.to].newExchange()
        routes[Name(node: packet.to, number: exchange.number)] = Route(
            client: packet.from, token: token, life: packet.life, isStream: isStream)
        if isStream, packet.life == lives[packet.from] {
            readings[Name(node: packet.from, number: token.number)] = Reading(
                server: packet.to, exchange: exchange)
        }
        let isSigned =
            switch request {
            case .introduce, .confirm: false
            default: true
            }
        let caller = Caller(
            node: isSigned ? nodes[packet.from].id : nil, isSameHost: isSameHost)
        give(packet.to, .request(exchange, caller, request))
    }

    private func page(_ token: Token, _ bytes: [UInt8], _ packet: Packet) {
        let name = Name(node: packet.to, number: token.number)
        guard packet.life == lives[packet.to], let reading = readings[name] else { return }
        guard case .page(let page)? = attempt({ try Response(decoding: bytes) }) else { return }
        readings[name]?.isReady = false
        give(packet.to, .page(token, page))
        give(reading.server, .drained(reading.exchange))
    }

    private func lose(_ packet: Packet) {
        switch packet.content {
        case .request(let token, _, isStream: false):
            wire.append(
                Packet(
                    from: packet.to, to: packet.from, life: packet.life,
                    content: .failure(token, .timedOut)))
        case .request(let token, _, isStream: true):
            wire.append(
                Packet(
                    from: packet.to, to: packet.from, life: packet.life,
                    content: .closed(token, .timedOut)))
        case .response(let token, _):
            wire.append(
                Packet(
                    from: packet.from, to: packet.to, life: packet.life,
                    content: .failure(token, .timedOut)))
        case .page(let token, _): cut(token, packet)
        case .failure, .closed: break
        }
    }

    /// The connection breaks: both sides see it, what was under way on it is gone.
    private func cut(_ token: Token, _ packet: Packet) {
        let name = Name(node: packet.to, number: token.number)
        guard packet.life == lives[packet.to], let reading = readings.removeValue(forKey: name)
        else { return }
        wire.removeAll { other in
            guard other.to == packet.to, other.life == packet.life else { return false }
            switch other.content {
            case .page(token, _), .closed(token, _): return true
            default: return false
            }
        }
        routes[Name(node: reading.server, number: reading.exchange.number)] = nil
        give(reading.server, .abandoned(reading.exchange))
        give(packet.to, .closed(token, .timedOut))
    }

    /// Delivers until nothing is under way.
    func settle() {
        var left = 100_000
        while let first = deliverable.first {
            left -= 1
            guard left > 0 else {
                Issue.record("the network never comes to rest: \(wire[first])")
                return
            }
            deliver(first)
        }
    }

    /// Time passes for all; every timer that is due fires.
    func run(for duration: Duration, step: Duration = .milliseconds(250)) {
        var left = duration
        while left > .zero {
            settle()
            for place in nodes.indices { with(place) { $0.sleep(step) } }
            left -= step
        }
        settle()
    }

    /// A node's process dies and starts again; everybody finds out.
    func crash(_ place: Int, afterStoring: Bool) {
        lives[place] += 1
        nodes[place].restart(afterStoring: afterStoring)
        let asked = routes.filter { $0.key.node == place }.sorted { $0.key.number < $1.key.number }
        for (name, route) in asked {
            routes[name] = nil
            let content: Packet.Content =
                route.isStream
                ? .closed(route.token, .unreachable("gone"))
                : .failure(route.token, .unreachable("gone"))
            wire.append(
                Packet(from: place, to: route.client, life: route.life, content: content))
        }
        let read = readings.filter { $0.key.node == place }.sorted { $0.key.number < $1.key.number }
        for (name, reading) in read {
            readings[name] = nil
            routes[Name(node: reading.server, number: reading.exchange.number)] = nil
            give(reading.server, .abandoned(reading.exchange))
        }
        collect(place)
    }
}
