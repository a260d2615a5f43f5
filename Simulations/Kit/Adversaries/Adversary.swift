import Core
import Federation
import Gossip

/// What is left of an attack that is over.
private struct Reformed: Attack {}

/// A dishonest node: its attack, and what that needs between one moment and the next.
struct Adversary: Sendable {
    let kind: AdversaryKind
    let since: Instant
    let victim: Int
    private(set) var attack: any Attack
    var dice: Dice
    var acts = 0
    var lastNumber: UInt64 = 0
    /// Its engine's life that `wires` are of.
    private(set) var life: Int
    private(set) var wires: [LinkName: Wire]
    /// What its disk is put back to.
    var snapshot: MemoryLog?
    /// What it wants done as soon as its engine has had its say.
    var wishes: [Scene.Wish] = []

    init(
        _ kind: AdversaryKind, since: Instant, victim: Int, dice: Dice, life: Int,
        wires: [LinkName: Wire]
    ) {
        self.kind = kind
        self.since = since
        self.victim = victim
        self.dice = dice
        self.life = life
        self.wires = wires
        attack = kind.attack
    }

    /// Keeps of a scene what has become of it.
    mutating func keep(_ scene: Scene) {
        dice = scene.dice
        lastNumber = scene.lastNumber
        acts += scene.acts
        wishes += scene.wishes
    }

    /// Sees to it that nothing of a former life of its engine is left.
    mutating func lives(_ life: Int) {
        guard self.life != life else { return }
        self.life = life
        wires = [:]
        wishes = []
        attack.restarted()
    }

    /// Ends the attack; what was numbered otherwise on links stays so.
    mutating func reform() { attack = Reformed() }

    mutating func act(_ scene: inout Scene) { attack.act(&scene) }

    mutating func hears(_ input: Input, _ scene: inout Scene) -> Bool {
        let isHeard = attack.hears(input, &scene)
        switch input {
        case .response(let token, from: _, tlsKey: _, _, wire: _), .failed(let token, _):
            return isHeard && !Scene.isOwn(token)
        case .unlinked(let link, _): wires[link] = nil
        default: break
        }
        return isHeard
    }

    /// What becomes of one of its engine's effects.
    mutating func twist(_ effect: Effect, _ scene: inout Scene) -> [Effect] {
        switch effect {
        case .transmit(let link, let bytes):
            let pieces = wires[link, default: Wire()].read(bytes).flatMap {
                twist($0, over: link, &scene)
            }
            return [.transmit(link, wires[link, default: Wire()].write(pieces))]
        case .send(let token, let destination, let request):
            if let twisted = attack.twist(request, &scene) {
                return [.send(token, to: destination, twisted)]
            }
            scene.wish(.input(.failed(token, .timedOut)))
            return []
        case .reply(let exchange, let response):
            return attack.twist(response, &scene).map { [.reply(exchange, $0)] } ?? []
        default: return attack.twist(effect, &scene)
        }
    }

    private mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece] {
        guard case .message(let message) = piece else {
            return attack.twist(piece, over: link, &scene)
        }
        return twist(message, &scene).map { attack.twist(.message($0), over: link, &scene) } ?? []
    }

    private mutating func twist(_ message: LinkMessage, _ scene: inout Scene) -> LinkMessage? {
        switch message {
        case .ask(let number, let bytes):
            // Its engine writes nothing that can't be read.
            guard let request = try? Request(decoding: bytes) else { return message }
            return attack.twist(request, &scene).map { .ask(number: number, $0.encoded()) }
        case .answer(let number, let bytes):
            // As above.
            guard let response = try? Response(decoding: bytes) else { return message }
            return attack.twist(response, &scene).map { .answer(number: number, $0.encoded()) }
        }
    }

    /// What is to be carried out for its wishes; the others are handed back.
    mutating func effects() -> (effects: [Effect], others: [Scene.Wish]) {
        var effects: [Effect] = []
        var others: [Scene.Wish] = []
        for wish in wishes {
            switch wish {
            case .put(let pieces, over: let link):
                effects.append(.transmit(link, wires[link, default: Wire()].write(pieces)))
            case .effect(let effect): effects.append(effect)
            case .input, .rollBack: others.append(wish)
            }
        }
        wishes = []
        return (effects, others)
    }
}
