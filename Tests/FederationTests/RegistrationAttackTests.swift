import Core
import Federation
import Testing

/// Registrations by somebody who does not keep to the protocol.
@Suite(.timeLimit(.minutes(10)))
struct RegistrationAttackTests {
    private let node: Node
    private let eve = Node.key(66)

    init() {
        var settings = Settings(
            label: "n1", endpoints: ["https://n1"], tlsKey: Digest(words: 1, 0, 0, 0),
            isAutomatic: false)
        settings.policy.autoAcceptLAN = true
        settings.joinSecret = [UInt8](repeating: 7, count: 16)
        node = Node(1, settings: settings)
    }

    private func introduction(_ node: NodeID, nonce: UInt64 = 1) -> Introduction {
        Introduction(
            node: node, nonce: Digest(words: nonce, 0, 0, 0),
            card: NodeCard(label: "eve", endpoints: ["https://n66"]), time: self.node.wall)
    }

    private func challenge(_ introduction: Introduction) -> Challenge? {
        guard case .challenge(let challenge)? = node.ask(.introduce(introduction), as: nil) else {
            return nil
        }
        return challenge
    }

    private func confirmation(
        _ challenge: Challenge, signature: [UInt8], joinProof: Digest? = nil
    ) -> Request {
        .confirm(
            Confirmation(
                node: eve.node, nonce: challenge.nonce, signature: signature, joinProof: joinProof,
                isApproved: true))
    }

    @Test func aConfirmationWithoutTheKeyIsRefused() throws {
        let challenge = try #require(self.challenge(introduction(eve.node)))
        let forged = confirmation(challenge, signature: [UInt8](repeating: 0, count: 64))
        #expect(node.ask(forged, as: nil)?.refusal == .badSignature)
        #expect(node.disk.peers.isEmpty)
    }

    /// What the node signed for the challenge is no confirmation of anybody.
    @Test func aReflectedSignatureIsRefused() throws {
        let challenge = try #require(self.challenge(introduction(eve.node)))
        let reflected = confirmation(
            challenge, signature: challenge.signature, joinProof: challenge.joinProof)
        #expect(node.ask(reflected, as: nil)?.refusal == .badSignature)
    }

    @Test func aNodeWithOurKeyIsRefused() {
        #expect(node.ask(.introduce(introduction(node.id)), as: nil)?.refusal == .misaddressed)
        #expect(node.disk.peers.isEmpty)
        // Nothing is proved, so there is nothing to report.
        #expect(!node.alarms.contains(.ownKeyTwice))
    }

    @Test func aChallengeThatNobodyGaveIsRefused() {
        let signature = [UInt8](repeating: 1, count: 64)
        let request = Request.confirm(
            Confirmation(
                node: eve.node, nonce: .zero, signature: signature, joinProof: nil,
                isApproved: true))
        #expect(node.ask(request, as: nil)?.refusal == .unauthenticated)
    }

    @Test func aReplayedConfirmationIsRefused() throws {
        let world = World.strangers(2)
        var confirmations: [[UInt8]] = []
        world.loses = { packet in
            if packet.from == 1, case .request(_, let bytes, _) = packet.content {
                confirmations.append(bytes)
            }
            return false
        }
        world.with(1) { node in _ = node.operate(.add(endpoint: "https://n1")) }
        world.settle()
        #expect(confirmations.count == 2)
        let replayed = try Request(decoding: try #require(confirmations.last))
        #expect(world.nodes[0].ask(replayed, as: nil)?.refusal == .unauthenticated)
        // Nor is it good for another challenge.
        guard case .introduce(let introduction) = try Request(decoding: confirmations[0]),
            case .confirm(var confirmation) = replayed,
            case .challenge(let fresh)? = world.nodes[0].ask(.introduce(introduction), as: nil)
        else {
            Issue.record("a handshake is an introduction and a confirmation")
            return
        }
        confirmation.nonce = fresh.nonce
        #expect(world.nodes[0].ask(.confirm(confirmation), as: nil)?.refusal == .badSignature)
    }

    @Test func aChangedDecisionIsRefused() throws {
        let world = World.strangers(2)
        var last: Request?
        world.loses = { packet in
            guard packet.from == 1, case .request(_, let bytes, _) = packet.content else {
                return false
            }
            last = attempt({ try Request(decoding: bytes) })
            if case .confirm = last { return true }
            return false
        }
        world.with(1) { node in _ = node.operate(.add(endpoint: "https://n1")) }
        world.settle()
        guard case .confirm(var confirmation)? = last else {
            Issue.record("a confirmation was sent")
            return
        }
        confirmation.isApproved.toggle()
        #expect(world.nodes[0].ask(.confirm(confirmation), as: nil)?.refusal == .badSignature)
    }

    @Test func anExpiredChallengeIsRefused() throws {
        let challenge = try #require(self.challenge(introduction(eve.node)))
        node.sleep(.seconds(61))
        let late = confirmation(challenge, signature: [UInt8](repeating: 0, count: 64))
        #expect(node.ask(late, as: nil)?.refusal == .unauthenticated)
        #expect(node.engine.nextDeadline == nil)
    }

    /// A flood keeps nobody out: the oldest introduction makes room for the newest.
    @Test func aFloodOfIntroductionsIsBounded() throws {
        let first = try #require(challenge(introduction(eve.node)))
        for number in 0..<1000 {
            #expect(challenge(introduction(eve.node, nonce: UInt64(number))) != nil)
        }
        #expect(node.disk.peers.isEmpty)
        let nothing = [UInt8](repeating: 0, count: 64)
        let forgotten = confirmation(first, signature: nothing)
        #expect(node.ask(forgotten, as: nil)?.refusal == .unauthenticated)
        let last = try #require(challenge(introduction(eve.node)))
        let known = confirmation(last, signature: nothing)
        #expect(node.ask(known, as: nil)?.refusal == .badSignature)
    }

    @Test func noVersionInCommonIsSaid() {
        var introduction = introduction(eve.node)
        introduction.card.versions = [2, 3]
        #expect(node.ask(.introduce(introduction), as: nil)?.refusal == .noCommonVersion)
    }

    /// An active peer's answers, made by hand.
    private func respond(_ response: Response, to token: Token, as node: NodeID) {
        self.node.give(.response(token, from: node, tlsKey: .zero, response))
    }

    @Test func aRegistrationInsteadOfAChallengeFailsTheOperation() throws {
        let token = node.newToken()
        node.give(.operate(token, .add(endpoint: "https://n66")))
        let send = try #require(node.sends.last)
        let state = RegistrationState(state: .active, isApproved: true)
        respond(.registration(state), to: send.token, as: eve.node)
        guard case .failed? = node.result(of: token) else {
            Issue.record("the operation is answered")
            return
        }
        #expect(node.disk.peers.isEmpty)
    }

    @Test func anUnknownChallengerIsRefused() throws {
        let token = node.newToken()
        node.give(.operate(token, .add(endpoint: "https://n66")))
        let send = try #require(node.sends.last)
        let challenge = Challenge(
            node: eve.node, nonce: .zero, card: NodeCard(label: "", endpoints: []),
            time: self.node.wall, signature: [UInt8](repeating: 0, count: 64), joinProof: nil)
        respond(.challenge(challenge), to: send.token, as: eve.node)
        guard case .failed(let refusal)? = node.result(of: token) else {
            Issue.record("the operation is answered")
            return
        }
        #expect(refusal.code == .badSignature)
    }

    /// 256 strangers wait for the operator: they must not keep the operator's own peers out.
    @Test func aCrowdOfStrangersDoesNotBlockTheOperator() {
        let crowd = (0..<256).map { number in
            PeerRecord(node: NodeID(words: UInt64(number + 1), 1, 1, 1))
        }
        let settings = Settings(
            label: "n1", endpoints: ["https://n1"], tlsKey: Digest(words: 1, 0, 0, 0),
            isAutomatic: false)
        let crowded = Node(1, peers: crowd, settings: settings)
        var other = settings
        other.label = "n2"
        other.endpoints = ["https://n2"]
        other.tlsKey = Digest(words: 2, 0, 0, 0)
        let world = World([crowded, Node(2, settings: other), Node(3, settings: other)])
        world.with(2) { node in _ = node.operate(.add(endpoint: "https://n1")) }
        world.settle()
        #expect(crowded.disk.peer(Node.key(3).node) == nil)
        world.with(0) { node in _ = node.operate(.add(endpoint: "https://n2")) }
        world.settle()
        #expect(crowded.disk.peer(Node.key(2).node)?.isApprovedHere == true)
    }

    @Test(arguments: [1000])
    func aFloodOfSightingsIsBounded(_ count: Int) {
        for number in 0..<count {
            node.give(
                .sighted(
                    Sighting(
                        node: NodeID(words: UInt64.max - UInt64(number), 0, 0, 0),
                        endpoints: ["https://nowhere"], label: "", isSameHost: false)))
        }
        #expect(node.sends.count < count)
    }
}
