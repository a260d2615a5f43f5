import Core
import Federation
import FederationAPI

extension FuzzTarget {
    /// Method, target and header fields as a stranger sends them: the route has one target, and a
    /// signature holds for one request to one receiver.
    static let http = FuzzTarget(
        name: "http", longest: 4096, mutations: 3000,
        seeds: {
            let requests = Samples.requests.map { HTTPSample($0) }
            return requests.map(\.pieces) + [requests[9].pieces(challenge: "abc")]
        },
        body: .plain { input in
            var feed = Feed(input)
            let method = String(decoding: feed.piece(), as: UTF8.self)
            let target = String(decoding: feed.piece(), as: UTF8.self)
            var fields: [String: [String]] = [:]
            while !feed.isAtEnd {
                let name = String(decoding: feed.piece(), as: UTF8.self).lowercased()
                fields[name, default: []].append(String(decoding: feed.piece(), as: UTF8.self))
            }
            try checkRoute(method, target, fields["last-event-id"]?.first)
            for text in fields["signature-input"] ?? [] { try checkInputs(text) }
            for text in fields["signature"] ?? [] { try checkSignatures(text) }
            try checkSignature(method, target, fields)
        })

    private static func checkRoute(_ method: String, _ target: String, _ last: String?) throws {
        let route = attempt { () throws(Route.Problem) in
            try Route(method: method, target: target, lastEventID: last)
        }
        guard let route else { return }
        guard let request = route.bodiless else { return }
        let wire: WireRequest
        if case .leave(let node) = route {
            wire = WireRequest(request, of: node)
        } else {
            wire = WireRequest(request, of: Samples.key(1).node)
        }
        let again = try Route(method: wire.method, target: wire.target)
        try check(again == route, "\(method) \(target) is not the route that its message takes")
    }

    private static func checkInputs(_ text: String) throws(Finding) {
        guard let inputs = SignatureFields.inputs(text) else { return }
        try check((1...4).contains(inputs.count), "\(inputs.count) members")
        try check(Set(inputs.map(\.label)).count == inputs.count, "a label twice")
        for input in inputs {
            // What is signed is a part of what came.
            try check(text.contains("\(input.label)=\(input.text)"), "a member's text")
            let alone = SignatureFields.inputs("\(input.label)=\(input.text)")
            try check(alone == [input], "a member alone is read otherwise")
        }
    }

    private static func checkSignatures(_ text: String) throws(Finding) {
        guard let found = SignatureFields.signatures(text) else { return }
        let again = found.map { "\($0.label)=:\($0.base64):" }.joined(separator: ", ")
        let twice = SignatureFields.signatures(again)
        try check(
            twice.map { $0.map(\.label) } == found.map(\.label)
                && twice.map { $0.map(\.base64) } == found.map(\.base64),
            "signatures are written otherwise than they were read")
    }

    private static func checkSignature(
        _ method: String, _ target: String, _ fields: [String: [String]]
    ) throws(Finding) {
        func verified(_ method: String, _ target: String, by receiver: NodeID) -> NodeID? {
            attempt { () throws(SignatureProblem) in
                try RequestSignature.claim(
                    method: method, target: target, values: { fields[$0] ?? [] },
                    receiver: receiver)
            }.flatMap { $0.holds() ? $0.node : nil }
        }
        let receiver = HTTPSample.receiver
        guard let node = verified(method, target, by: receiver) else { return }
        try check(node == HTTPSample.sender.node, "a signature of a key that signed nothing")
        try check(verified(method + "X", target, by: receiver) == nil, "the method is not signed")
        try check(verified(method, target + "x", by: receiver) == nil, "the target is not signed")
        try check(verified(method, target, by: node) == nil, "the receiver is not signed")
    }
}

/// A request as a client signs it, at a time at which every server of these targets stands.
struct HTTPSample {
    static let sender = Samples.key(1)
    static let receiver = Samples.key(2).node

    var method: String
    var target: String
    var body: [UInt8]
    var isUnsigned = false
    var contentType = "application/cbor"

    init(method: String, target: String, body: [UInt8]) {
        self.method = method
        self.target = target
        self.body = body
    }

    init(_ request: Request) {
        let wire = WireRequest(request, of: Self.sender.node)
        self.init(method: wire.method, target: wire.target, body: wire.body)
        isUnsigned = wire.isUnsigned
    }

    /// The header fields of a signed request.
    func headers(challenge: String? = nil) -> [(name: String, value: String)] {
        RequestSignature.headers(
            method: method, target: target, contentType: contentType, body: body,
            to: Self.receiver, challenge: challenge, key: Self.sender, now: Samples.wall,
            nonce: Nonce(instance: 5, serial: 5))
    }

    var pieces: [UInt8] { pieces() }

    /// As the target `http` reads it.
    func pieces(challenge: String? = nil) -> [UInt8] {
        var writer = FeedWriter()
        writer.piece(method)
        writer.piece(target)
        for header in headers(challenge: challenge) {
            writer.piece(header.name)
            writer.piece(header.value)
        }
        return writer.bytes
    }

    /// As HTTP/1.1 carries it.
    func message(accept: String = "application/cbor") -> [UInt8] {
        var lines = ["\(method) \(target) HTTP/1.1", "host: n2.example", "accept: \(accept)"]
        let fields =
            isUnsigned ? [(name: "content-type", value: contentType)] : headers()
        lines += fields.map { "\($0.name): \($0.value)" }
        if !body.isEmpty { lines.append("content-length: \(body.count)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }
}
