import Core
import Federation
import SimulationKit

/// A node that registers as the protocol says: an engine too, whose questions go to the node under
/// siege.
struct Registrant {
    private var engine: Engine
    private var log = MemoryLog(id: Samples.log(6))
    private var waiting: [UInt64: Token] = [:]
    private var lastExchange: UInt64 = 1 << 50
    private var lastToken: UInt64 = 1 << 41

    init() {
        engine = Engine(
            key: Arsenal.stranger, state: log.state, settings: Settings(label: "n6"),
            dice: Dice(seed: 6), secrets: Secrets(seed: Digest(words: 6, 6, 6, 6)))
    }

    /// Introduces itself to the node under siege.
    mutating func begin(_ siege: Siege) throws {
        lastToken += 1
        try give(.operate(Token(number: lastToken), .add(endpoint: "https://n2")), siege)
    }

    mutating func answered(_ response: Response, _ exchange: Exchange, _ siege: Siege) throws {
        guard let token = waiting.removeValue(forKey: exchange.number) else { return }
        try give(
            .response(token, from: Arsenal.own.node, tlsKey: .zero, response), siege)
    }

    private mutating func give(_ input: Input, _ siege: Siege) throws {
        var inbox = [Input.wall(siege.wall), input]
        while !inbox.isEmpty {
            var effects: [Effect] = []
            engine.handle(inbox.removeFirst(), at: siege.now, into: &effects)
            for effect in effects {
                switch effect {
                case .verify(let token, let events):
                    inbox.append(.verified(token, events.map(Verdicts.isSigned)))
                case .load(let token, let query): inbox.append(.loaded(token, log.answer(query)))
                case .store(let token, let write):
                    log.apply(write)
                    inbox.append(.stored(token))
                case .send(let token, _, let request):
                    lastExchange += 1
                    waiting[lastExchange] = token
                    let isProof =
                        switch request {
                        case .introduce, .confirm: true
                        default: false
                        }
                    siege.later(
                        .request(
                            Exchange(number: lastExchange),
                            Caller(node: isProof ? nil : Arsenal.stranger.node), request))
                default: break
                }
            }
        }
    }
}
