import Core
import Federation

/// Registers a thousand made-up identities a second, each with a key of its own that it proves.
struct JoinStorm: Attack {
    private static let atOnce = 50

    var period: Duration? { .milliseconds(50) }
    private var identities = 0
    /// Introductions that were not answered yet.
    private var open: [Token: (identity: Int, introduction: Introduction)] = [:]

    mutating func act(_ scene: inout Scene) {
        for _ in 0..<Self.atOnce {
            guard let peer = scene.draw(scene.peers) else { return }
            identities += 1
            let introduction = Introduction(
                node: Self.key(identities, scene).node, nonce: scene.nothing(),
                card: NodeCard(label: "node \(identities)", endpoints: ["sim://0"]),
                time: scene.wall)
            let token = scene.ask(peer, .introduce(introduction))
            open[token] = (identities, introduction)
            scene.acted()
        }
    }

    mutating func restarted() { open = [:] }

    mutating func hears(_ input: Input, _ scene: inout Scene) -> Bool {
        switch input {
        case .response(let token, from: let node, let tlsKey, let response, wire: _):
            guard let line = open.removeValue(forKey: token),
                case .challenge(let challenge) = response
            else { return true }
            let transcript = Transcript(
                first: line.introduction, second: challenge.node, nonce: challenge.nonce,
                card: challenge.card, time: challenge.time, tlsKey: tlsKey)
            let confirmation = Confirmation(
                node: line.introduction.node, nonce: challenge.nonce,
                signature: Self.key(line.identity, scene).sign(
                    transcript.confirmation(isApproved: true)),
                joinProof: nil, isApproved: true)
            scene.ask(node, .confirm(confirmation))
        case .failed(let token, _): open[token] = nil
        default: break
        }
        return true
    }

    /// Made anew each time: a key takes locked memory.
    private static func key(_ number: Int, _ scene: Scene) -> SecretKey {
        scene.seeds.key(1 << 40 | number)
    }
}
