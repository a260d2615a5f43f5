import Core
public import Federation

/// A peer's answer as JSON, for readers with `Accept: application/json`.
enum ResponseView: Encodable {
    /// Second message of a registration.
    struct ChallengeView: Encodable {
        var node: String
        var nonce: String
        var card: IdentityView
        var signature: String
        var joinProof: String?
    }

    /// How a registration stands.
    struct RegistrationView: Encodable {
        var state: String
        var approved: Bool
        var notices: [String]
    }

    /// One message of a reconcile session.
    struct MessageView: Encodable {
        var message: String
        var notices: [String]
    }

    /// An origin that is admitted, and up to where; absent where all of it is.
    struct AdmissionView: Encodable {
        var origin: String
        var upToSequence: UInt64?
        var upToID: String?
    }

    /// What a peer may know of a node.
    struct PeerStatusView: Encodable {
        var log: String
        var position: UInt64
        var eventCount: UInt64
        var root: String
        var missingBodies: UInt64
    }

    case challenge(ChallengeView)
    case registration(RegistrationView)
    case outcomes([String])
    case page(PageView)
    case message(MessageView)
    case events([EventView])
    case status(PeerStatusView)
    case problem(ProblemView)
    case admissions([AdmissionView])

    init(_ response: Federation.Response) {
        switch response {
        case .challenge(let challenge):
            self = .challenge(
                ChallengeView(
                    node: challenge.node.hex, nonce: challenge.nonce.hex,
                    card: IdentityView(challenge.node, challenge.card),
                    signature: Base64URL.encode(challenge.signature),
                    joinProof: challenge.joinProof?.hex))
        case .registration(let state):
            self = .registration(
                RegistrationView(
                    state: state.state.rawValue, approved: state.isApproved,
                    notices: state.notices.words))
        case .outcomes(let outcomes): self = .outcomes(outcomes.map(Self.word))
        case .page(let page): self = .page(PageView(page))
        case .message(let bytes, let notices):
            self = .message(
                MessageView(message: Base64URL.encode(bytes), notices: notices.words))
        case .events(let batch): self = .events(batch.events.map(EventView.init))
        case .status(let status):
            self = .status(
                PeerStatusView(
                    log: status.log.hex, position: status.position, eventCount: status.eventCount,
                    root: status.root.hex, missingBodies: status.missingBodies))
        case .refused(let refusal):
            self = .problem(ProblemView(refusal, status: refusal.code.httpStatus))
        case .admissions(let list):
            self = .admissions(
                list.map { line in
                    AdmissionView(
                        origin: line.origin.hex, upToSequence: line.extent.cut?.sequence,
                        upToID: line.extent.cut?.id?.hex)
                })
        }
    }

    private static func word(_ outcome: Outcome) -> String {
        switch outcome {
        case .stored: "stored"
        case .alreadyHeld: "already-held"
        case .setAside: "set-aside"
        case .refused(let code): code.rawValue
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .challenge(let view): try view.encode(to: encoder)
        case .registration(let view): try view.encode(to: encoder)
        case .outcomes(let words): try ["outcomes": words].encode(to: encoder)
        case .page(let view): try view.encode(to: encoder)
        case .message(let view): try view.encode(to: encoder)
        case .events(let views): try ["events": views].encode(to: encoder)
        case .status(let view): try view.encode(to: encoder)
        case .problem(let view): try view.encode(to: encoder)
        case .admissions(let views): try ["admissions": views].encode(to: encoder)
        }
    }
}

extension Notices {
    /// For JSON and for people.
    public var words: [String] {
        let all: [(Notices, String)] = [
            (.missesBodies, "misses-bodies"), (.keyTwice, "key-twice"),
            (.unreachable, "unreachable"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
