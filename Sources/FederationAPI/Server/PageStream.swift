import Core
import Federation
import HTTPTypes
import HummingbirdCore
import NIOCore
import ServiceLifecycle

/// Writes a log's pages as server-sent events until the source, the stream's life, the node or the
/// receiver ends.
struct PageStream {
    /// What a wait brought.
    private enum Turn: Sendable {
        case page(Page?)
        case ping
        case end
    }

    let source: any PageSource
    let ping: Duration
    let life: Duration
    /// The payload of one page.
    let encode: @Sendable (Page) -> String

    static var head: HTTPResponse {
        var fields = HTTPFields()
        fields[.contentType] = MediaType.events
        fields[.cacheControl] = "no-store"
        return HTTPResponse(status: .ok, headerFields: fields)
    }

    /// The frame of a page: its id is where the next one goes on.
    func frame(_ page: Page) -> String {
        "id: \(page.next.text)\nevent: page\ndata: \(encode(page))\n\n"
    }

    @concurrent
    func run(_ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        var body: any ResponseBodyWriter = try await writer.writeHead(Self.head)
        // The head alone: a receiver knows that it was accepted before there is a page.
        try await body.write(ByteBuffer(string: ": hello\n\n"))
        try await pages(&body, channel)
        try await body.finish(nil)
    }

    @concurrent
    private func pages(_ body: inout any ResponseBodyWriter, _ channel: any Channel) async throws {
        let closed = AsyncStream<Never> { continuation in
            channel.closeFuture.whenComplete { _ in continuation.finish() }
        }
        try await withThrowingTaskGroup(of: Turn.self) { group in
            defer { group.cancelAll() }
            addPage(&group)
            addPing(&group)
            group.addTask { [life] in
                // Cancelled or over: in both cases this is the end.
                try? await Task.sleep(for: life)
                return .end
            }
            group.addTask {
                // Cancelled or asked to end: in both cases this is the end.
                try? await gracefulShutdown()
                return .end
            }
            group.addTask {
                for await _ in closed {}
                return .end
            }
            while let turn = try await group.next() {
                switch turn {
                case .page(let page?):
                    try await body.write(ByteBuffer(string: frame(page)))
                    addPage(&group)
                case .ping:
                    try await body.write(ByteBuffer(string: ": ping\n\n"))
                    addPing(&group)
                case .page(nil), .end: return
                }
            }
        }
    }

    private func addPage(_ group: inout ThrowingTaskGroup<Turn, any Error>) {
        group.addTask { [source] in .page(await source.next()) }
    }

    private func addPing(_ group: inout ThrowingTaskGroup<Turn, any Error>) {
        group.addTask { [ping] in
            // Cancelled: nobody takes the turn any more.
            try? await Task.sleep(for: ping)
            return .ping
        }
    }
}
