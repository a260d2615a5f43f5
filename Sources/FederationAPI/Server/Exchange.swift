import Federation
import HTTPTypes
import HummingbirdCore
import NIOCore

/// One request on a server's connection, while it is read and answered.
struct Exchange {
    let method: String
    /// Path and query as they came.
    let target: String
    let headers: HTTPFields
    let channel: any Channel
    /// From here to the end of the body; then the connection is closed.
    let bodyTimeout: Duration
    private var body: RequestBody.AsyncIterator
    private var isBodyRead = false

    init(
        _ request: HummingbirdCore.Request, _ channel: any Channel, bodyTimeout: Duration
    ) {
        self.bodyTimeout = bodyTimeout
        method = request.method.rawValue
        target = request.head.path ?? ""
        headers = request.headers
        self.channel = channel
        body = request.body.makeAsyncIterator()
    }

    /// The lines of a header field.
    func values(_ name: String) -> [String] {
        HTTPField.Name(name).map { headers[values: $0] } ?? []
    }

    func value(_ name: String) -> String? { values(name).first }

    var wantsCBOR: Bool {
        values("accept").contains { $0.lowercased().contains(MediaType.cbor) }
    }

    /// Whether the body comes as it is or in chunks. Any other coding would be read as one that it
    /// is not.
    var isBodyPlain: Bool {
        values("transfer-encoding").allSatisfy { $0.lowercased() == "chunked" }
    }

    /// Whether the body is of `type`; parameters are not looked at.
    func isBody(_ type: String) -> Bool {
        guard let value = value("content-type") else { return false }
        return value.split(separator: ";")[...].first.map { $0.lowercased() } == type
    }

    /// The whole body; nil when it is larger than `limit`. The connection is closed when it takes
    /// longer than `bodyTimeout`.
    @concurrent
    mutating func collect(_ limit: Int) async throws -> [UInt8]? {
        let declared = value("content-length").flatMap { Int($0) }
        if let declared, declared > limit { return nil }
        let timer = close(in: bodyTimeout)
        defer { timer.cancel() }
        var bytes: [UInt8] = []
        while let piece = try await body.next() {
            guard bytes.count + piece.readableBytes <= limit else { return nil }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        // A connection that ends early looks like the end of the body.
        if let declared, declared != bytes.count { throw ChannelError.eof }
        isBodyRead = true
        return bytes
    }

    /// Whether what is left of the body is small enough to be read and dropped.
    private var isRestSmall: Bool {
        guard !isBodyRead else { return true }
        guard value("transfer-encoding") == nil else { return false }
        return (value("content-length").flatMap { Int($0) } ?? 0) <= 65_536
    }

    /// Thrown after an answer that ends its connection, so that nothing more of it is read.
    struct IsOver: Error {}

    /// Writes the answer. A connection on which a large body is still under way is closed after it;
    /// a small one is read and dropped, in its time.
    @concurrent
    mutating func answer(
        _ reply: ServerReply, _ writer: consuming ResponseWriter
    ) async throws {
        let closes = reply.closes || !isRestSmall
        let buffer = channel.allocator.buffer(bytes: reply.body)
        try await writer.write(
            response: reply.head(closing: closes), body: ResponseBody(byteBuffer: buffer))
        guard closes || !isBodyRead else { return }
        // Closing with unread bytes would reset the connection, and the answer with it.
        let timer = close(in: closes ? .seconds(1) : bodyTimeout)
        defer { timer.cancel() }
        while try await body.next() != nil {}
        isBodyRead = true
        guard closes else { return }
        channel.close(mode: .all, promise: nil)
        throw IsOver()
    }

    private func close(in time: Duration) -> Scheduled<Void> {
        let channel = channel
        return channel.eventLoop.scheduleTask(in: TimeAmount(time)) {
            channel.close(mode: .all, promise: nil)
        }
    }
}

extension Caller {
    /// The other end of a channel, nothing proved yet.
    init(_ channel: any Channel) {
        let remote = channel.remoteAddress?.ipAddress
        let local = channel.localAddress?.ipAddress
        let isLoopback = remote.map { address in
            let plain = address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
            return plain == "::1" || plain.hasPrefix("127.")
        }
        self.init(
            node: nil, isSameHost: isLoopback == true || (remote != nil && remote == local),
            address: remote ?? "a Unix socket")
    }
}
