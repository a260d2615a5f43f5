import Core
import Federation
import HummingbirdCore
import NIOCore

/// Answers requests on the operator's socket, in JSON.
struct OperatorResponder: Sendable {
    /// A thousand drafts with full bodies in JSON's longest escapes would be more; nobody types
    /// that.
    static let bodyBytes = 16 << 20

    let port: any OperatorPort
    let limits: ServerLimits

    @concurrent
    func respond(
        to request: HummingbirdCore.Request, _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        var exchange = Exchange(request, channel, bodyTimeout: limits.bodyTimeout)
        let route: OperatorRoute
        do throws(Route.Problem) {
            route = try OperatorRoute(
                method: exchange.method, target: exchange.target,
                lastEventID: exchange.value("last-event-id"))
        } catch {
            return try await exchange.answer(ServerReply(error, asCBOR: false), writer)
        }
        let body = try await exchange.collect(Self.bodyBytes)
        guard let body else {
            let refusal = Refusal(.tooLarge, "at most \(Self.bodyBytes) bytes")
            return try await exchange.answer(ServerReply(refusal, asCBOR: false), writer)
        }
        if case .stream(let since) = route {
            return try await stream(since, &exchange, writer)
        }
        let reply: ServerReply
        do throws(Refusal) {
            reply = try await answer(route, body)
        } catch {
            reply = ServerReply(error, asCBOR: false)
        }
        try await exchange.answer(reply, writer)
    }

    @concurrent
    private func stream(
        _ since: Cursor?, _ exchange: inout Exchange, _ writer: consuming ResponseWriter
    ) async throws {
        let source: any PageSource
        do throws(Refusal) {
            source = try await port.pages(since: since)
        } catch {
            return try await exchange.answer(ServerReply(error, asCBOR: false), writer)
        }
        // A terminal that watches stays open for as long as its user wants.
        let stream = PageStream(source: source, ping: limits.ping, life: .seconds(30 * 86_400)) {
            String(decoding: ViewJSON.encode(PageView($0)), as: UTF8.self)
        }
        try await stream.run(writer, exchange.channel)
    }

    @concurrent
    private func answer(
        _ route: OperatorRoute, _ body: [UInt8]
    ) async throws(Refusal) -> ServerReply {
        switch route {
        case .status: return .json(await port.status())
        case .identity: return .json(await port.identity())
        case .peers: return .json(await port.peers())
        case .addPeer:
            let url = try Self.read(body, as: AddPeerBody.self).url
            return .json(try await port.addPeer(url: url))
        case .approve(let node): return .json(try await port.approve(node))
        case .reject(let node): return .json(try await port.reject(node))
        case .remove(let node): return .json(try await port.remove(node))
        case .revoke(let node):
            try await port.revoke(node)
            return .json(DoneView())
        case .join: return .json(try await port.join(try Self.read(body, as: InviteView.self)))
        case .invite:
            let seconds = try Self.read(body, as: InviteBody.self).seconds
            return .json(try await port.invite(seconds: seconds), status: 201)
        case .exposure: return .json(try await port.exposure())
        case .explain(let id): return .json(try await port.explain(id))
        case .policy: return .json(await port.policy())
        case .gossip: return .json(await port.gossip())
        case .setGossip(let mode): return .json(try await port.setGossip(mode))
        case .reloadPolicy: return .json(await port.reloadPolicy())
        case .post: return try await post(body)
        case .importEvents:
            let events = try Self.read(body, as: [EventView].self)
            guard events.count <= Limits.batchEvents else {
                throw Refusal(.tooLarge, "at most \(Limits.batchEvents) events at once")
            }
            return .json(try await port.importEvents(events))
        case .page(let since, let limit):
            return .json(PageView(try await port.page(since: since, limit: limit)))
        case .sync: return .json(try await port.sync(with: try Self.syncPeer(body)))
        case .shutdown:
            await port.shutdown()
            return .json(DoneView())
        case .stream: preconditionFailure("streams are answered before")
        }
    }

    /// One draft or a list of them; the answer has the same shape.
    @concurrent
    private func post(_ body: [UInt8]) async throws(Refusal) -> ServerReply {
        let isList = body.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: "[")
        guard !isList else {
            let drafts = try Self.read(body, as: [PostDraft].self)
            guard drafts.count <= Limits.batchEvents else {
                throw Refusal(.tooLarge, "at most \(Limits.batchEvents) events at once")
            }
            return .json(try await port.post(drafts), status: 201)
        }
        let receipts = try await port.post([try Self.read(body, as: PostDraft.self)])
        guard let receipt = receipts.first else {
            throw Refusal(.cannotStore, "the node gave no receipt")
        }
        return .json(receipt, status: 201)
    }

    private static func syncPeer(_ body: [UInt8]) throws(Refusal) -> NodeID? {
        guard !body.isEmpty, let text = try read(body, as: SyncBody.self).peer else { return nil }
        guard let node = NodeID(hex: text) else {
            throw Refusal(.malformed, "\(text) is no node id of 64 hexadecimal digits")
        }
        return node
    }

    private static func read<View: Decodable>(
        _ body: [UInt8], as: View.Type
    ) throws(Refusal) -> View {
        do {
            return try ViewJSON.decode(body)
        } catch {
            throw Refusal(.malformed, "the body is not the JSON that this route takes: \(error)")
        }
    }
}
