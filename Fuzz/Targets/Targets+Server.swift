import Core
import Federation
import FederationAPI
import Logging
import NIOCore
import NIOEmbedded

extension FuzzTarget {
    /// The public port over an open connection: raw bytes, or whole requests for each route that
    /// are signed here. The server answers well formed, never with its own failure, and asks the
    /// node only what the caller has proved.
    static let server = FuzzTarget(
        name: "server", longest: 8192, mutations: 250,
        seeds: {
            let samples = Samples.requests.map { HTTPSample($0) }
            let others = ["GET", "POST", "DELETE", "PUT", "OPTIONS"].map {
                HTTPSample(method: $0, target: "/api/federation/identity", body: [])
            }
            let raw = (samples + others).map { [0] + $0.message() }
            let json = samples.map { [0] + $0.message(accept: "application/json") }
            let signed = samples.map { sample in
                var writer = FeedWriter()
                writer.byte(1)
                writer.byte(sample.isUnsigned ? 1 : 0)
                writer.piece(sample.method)
                writer.piece(sample.target)
                writer.piece(sample.body)
                return writer.bytes
            }
            let chunked =
                "POST /api/federation/register HTTP/1.1\r\nhost: a\r\n"
                + "content-type: application/cbor\r\ntransfer-encoding: chunked\r\n\r\n"
                + "3\r\nabc\r\n0\r\n\r\nGET /api/federation/identity HTTP/1.1\r\nhost: a\r\n\r\n"
            return raw + json + signed + [[0] + Array(chunked.utf8)]
        },
        body: .waiting { input in
            var feed = Feed(input)
            guard feed.below(2) == 1 else { return try await serve(feed.remainder()) }
            let isUnsigned = feed.below(2) == 1
            var sample = HTTPSample(
                method: token(feed.piece()), target: token(feed.piece()), body: feed.piece())
            sample.isUnsigned = isUnsigned
            let accept = feed.below(2) == 1 ? "*/*" : "application/cbor"
            try await serve(sample.message(accept: accept))
        })

    /// Without what would end a request line.
    private static func token(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
    }

    private static func serve(_ bytes: [UInt8]) async throws {
        guard let certificate = SampleCertificate.own else { throw Finding("no certificate") }
        let port = StubPort(node: HTTPSample.receiver, peer: HTTPSample.sender.node)
        let server = FederationServer(
            port: port, certificate: certificate, host: "", portNumber: 0,
            wall: { Samples.wall },
            logger: Logger(label: "") { _ in SwiftLogNoOpLogHandler() },
            onListening: { _, _ in })
        let channel = NIOAsyncTestingChannel()
        try await channel.connect(to: SocketAddress(ipAddress: "192.0.2.9", port: 9))
        try await server.serve(channel) {
            channel.eventLoop.execute {
                channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes))
                channel.pipeline.fireChannelReadComplete()
                channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            }
        }
        var answer: [UInt8] = []
        while let buffer = try await channel.readOutbound(as: ByteBuffer.self) {
            answer += buffer.readableBytesView
        }
        try ServerAnswer.check(answer[...])
        if let problem = port.problem { throw Finding(problem) }
    }
}

/// What a server wrote on a connection: responses, one after the other.
enum ServerAnswer {
    static func check(_ bytes: ArraySlice<UInt8>) throws(Finding) {
        var rest = bytes
        while !rest.isEmpty {
            let end = Array("\r\n\r\n".utf8)
            guard let head = rest.firstRange(of: end) else { throw Finding("half a head") }
            let text = String(decoding: rest[..<head.lowerBound], as: UTF8.self)
            let lines = text.split(separator: "\r\n").map { $0.lowercased() }
            let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            guard let status, lines[0].hasPrefix("http/1.1 ") else {
                throw Finding("no status line: \(lines.first ?? "")")
            }
            guard [200, 400, 401, 403, 404, 405, 410, 413, 415, 421, 425, 503].contains(status)
            else { throw Finding("status \(status)") }
            // A web page of elsewhere may not read the answer.
            if lines.contains(where: { $0.hasPrefix("access-control-") }) {
                throw Finding("an answer for pages of other servers")
            }
            rest = rest[head.upperBound...]
            // A stream has no length: it ends with the connection.
            guard let length = value("content-length", in: lines).flatMap({ Int($0) }) else {
                return
            }
            guard length <= rest.count else { throw Finding("a body of \(rest.count)") }
            try checkBody(Array(rest.prefix(length)), value("content-type", in: lines) ?? "")
            rest = rest.dropFirst(length)
        }
    }

    private static func value(_ name: String, in lines: [String]) -> String? {
        lines.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    private static func checkBody(_ body: [UInt8], _ type: String) throws(Finding) {
        guard type == "application/cbor" else { return }
        let response = attempt { () throws(CBORError) in try Response(decoding: body) }
        guard let response else { throw Finding("an answer that can't be read") }
        guard response.encoded() == body else { throw Finding("an answer with two encodings") }
    }
}
