import Core
import Federation
import FederationAPI
import Synchronization

/// What the public port asks of the engine.
extension NodeShell: FederationPort {
    nonisolated var node: NodeID { key.node }

    func state(of node: NodeID) -> PeerRecord.State? { engine.view(of: node)?.record.state }

    nonisolated func refused(_ code: RefusalCode, by node: NodeID?, address: String) {
        refusedAtDoor.withLock { $0[code, default: 0] += 1 }
    }

    func card() -> NodeCard {
        NodeCard(label: engine.settings.label, endpoints: engine.settings.endpoints)
    }

    func respond(
        to request: Request, from caller: FederationAPI.Caller
    ) async -> Response {
        guard !isOver else { return .refused(Self.over) }
        let exchange = Exchange(number: number())
        return await withCheckedContinuation { continuation in
            replies[exchange] = continuation
            deliver(.request(exchange, caller.proven, request))
        }
    }

    func pages(
        since: Cursor?, for caller: FederationAPI.Caller
    ) async throws(Refusal) -> any PageSource {
        guard !isOver else { throw Self.over }
        let exchange = Exchange(number: number())
        let channel = PageChannel(
            onDrained: { await self.deliver(.drained(exchange)) },
            onAbandoned: { await self.abandon(exchange) })
        channels[exchange] = channel
        deliver(.request(exchange, caller.proven, .stream(since: since)))
        try await channel.begin()
        return channel
    }

    static var over: Refusal {
        Refusal(.busy, "the node shuts down", retryAfter: .seconds(5))
    }

    private func abandon(_ exchange: Exchange) {
        channels[exchange] = nil
        deliver(.abandoned(exchange))
    }

    /// Hands an answer of the engine to whoever waits for it.
    func reply(_ exchange: Exchange, _ response: Response) {
        if let reply = replies.removeValue(forKey: exchange) {
            reply.resume(returning: response)
        } else if let channel = channels[exchange] {
            switch response {
            case .page(let page): channel.put(page)
            case .refused(let refusal):
                channels[exchange] = nil
                channel.end(refusal)
            default: break
            }
        }
    }
}

extension FederationAPI.Caller {
    var proven: Federation.Caller {
        Federation.Caller(
            node: node, isSameHost: isSameHost, instance: instance,
            signedAt: signedAt.map { seconds in
                let whole = min(UInt64(clamping: seconds), Limits.integer / 1_000_000)
                // Half of the second that was cut off.
                return WallTime(microseconds: whole * 1_000_000 + 500_000)
            })
    }
}
