import Core
import Gossip

/// Questions and answers, which go over a link where there is one.
extension Engine {
    /// Asks a peer; the answer comes for `token`.
    mutating func ask(
        _ node: NodeID, _ request: Request, _ token: Token, _ effects: inout [Effect]
    ) {
        guard let peer = peers[node] else { return }
        if request.goesOverLinks, let link = gossip.link(to: node) {
            let bytes = request.encoded()
            var wanted: [GossipEffect] = []
            let message = LinkMessage.ask(number: token.number, bytes)
            let isSent = gossip.send(
                message, eventBytes: request.eventBytes, over: link, into: &wanted)
            if isSent {
                linkWork.questions[token] = LinkWork.Question(
                    link: link, node: node, asked: now, due: now + EngineLimits.answerLife,
                    sentBytes: bytes.count + LinkMessage.overhead)
                for case .transmit(let link, let bytes) in wanted {
                    effects.append(.transmit(link, bytes))
                }
                return
            }
        }
        effects.append(.send(token, to: peer.destination(policy), request))
    }

    /// Answers whoever asked, on the way that the question came.
    mutating func reply(
        _ exchange: Exchange, _ response: Response, _ effects: inout [Effect]
    ) {
        guard exchange.isOverLink else { return effects.append(.reply(exchange, response)) }
        guard let asked = linkWork.exchanges.removeValue(forKey: exchange) else { return }
        var wanted: [GossipEffect] = []
        let message = LinkMessage.answer(number: asked.number, response.encoded())
        // Where there is no room the asker waits in vain, and begins anew.
        let isSent = gossip.send(
            message, eventBytes: response.eventBytes, over: asked.link, into: &wanted)
        if !isSent { count(.busy) }
        for case .transmit(let link, let bytes) in wanted { effects.append(.transmit(link, bytes)) }
    }

    mutating func askedOverLink(
        _ bytes: [UInt8], _ number: UInt64, _ link: LinkName, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let node = gossip.peer(of: link) else { return }
        let exchange = linkWork.exchange(link, number)
        // What is no request of those that links carry is answered, so that its sender can mend it.
        guard let request = try? Request(decoding: bytes), request.goesOverLinks else {
            return refuse(exchange, Refusal(.malformed, "links carry no such request"), &effects)
        }
        answer(request, exchange, Caller(node: node), now, &effects)
    }

    mutating func answeredOverLink(
        _ bytes: [UInt8], _ number: UInt64, _ link: LinkName, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        let token = Token(number: number)
        guard let question = linkWork.questions[token], question.link == link else { return }
        linkWork.questions[token] = nil
        // What is no response is reported as a failure.
        guard let response = try? Response(decoding: bytes) else {
            return failed(token, .malformed("the answer is not canonical"), now, &effects)
        }
        let received = bytes.count + LinkMessage.overhead
        charge(WireBytes(sent: question.sentBytes, received: received), for: token)
        self.received(response, token, from: question.node, tlsKey: .zero, now, &effects)
    }
}

extension Exchange {
    /// Whether the question came over a link; shells number theirs from 1.
    var isOverLink: Bool { number >= 1 << 63 }
}

extension LinkMessage {
    /// What a short message takes beside its bytes: head, number, piece and length.
    static let overhead = 16
}

extension Request {
    /// Whether a link may carry it: what belongs to sessions.
    var goesOverLinks: Bool {
        switch self {
        case .push, .reconcile, .fetch, .bodies, .status, .admissions: true
        case .introduce, .confirm, .pull, .stream, .ownRecord, .leave: false
        }
    }
}
