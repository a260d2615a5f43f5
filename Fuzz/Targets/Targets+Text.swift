import Core
import Discovery
import FederationAPI

extension FuzzTarget {
    /// What is read from text: the first byte says as what. Each value has one text, and that text
    /// gives the value back.
    static let text = FuzzTarget(
        name: "text", longest: 700, mutations: 6000,
        seeds: {
            let node = Samples.key(1).node.hex
            let texts: [[String]] = [
                ["\(Samples.cursor.text)", "\(String(repeating: "0", count: 32)).0"],
                [
                    "https://a.example:7443", "https://A.example/", "https://192.0.2.1:1",
                    "https://[2001:db8::1]:65535", "https://[fe80::1%25eth0]:7443",
                    "https://[::ffff:192.0.2.1]/", "HTTPS://x_y-z.example:443",
                ],
                ["", "AA", "AAA", "AAAA", "_-9z", "3q2-7w"], ["", "00", "deadbeef"], [node],
                ["ai:assistant-1", "human:alice", "node:n.1_x"],
            ]
            var seeds = texts.enumerated().flatMap { kind, texts in
                texts.map { [UInt8(kind)] + Array($0.utf8) }
            }
            for label in ["", "office", "Büro 2"] {
                let items = [["txtvers=1", "id=\(node)", "proto=1-3"], ["net=\(label)"]]
                var writer = FeedWriter()
                writer.byte(6)
                for item in items[0] + (label.isEmpty ? [] : items[1]) { writer.piece(item) }
                seeds.append(writer.bytes)
            }
            return seeds
        },
        body: .plain { input in
            var feed = Feed(input)
            let kind = feed.below(7)
            if kind == 6 { return try checkTextRecord(&feed) }
            let text = String(decoding: feed.remainder(), as: UTF8.self)
            switch kind {
            case 0: try checkSame(text, Cursor(text)?.text)
            case 1: try checkEndpoint(text)
            case 2: try checkSame(text, Base64URL.decode(text).map(Base64URL.encode))
            case 3: try checkSame(text, Hex.decode(text).map { Hex.encode($0) })
            case 4: try checkSame(text, NodeID(hex: text)?.hex)
            default: try checkSame(text, Author(text)?.description)
            }
        })

    /// `again` is what the value that was read from `text` writes; nil where none was read.
    private static func checkSame(_ text: String, _ again: String?) throws(Finding) {
        guard let again else { return }
        // By bytes: equal strings may differ in them.
        try check(Array(again.utf8) == Array(text.utf8), "\(text) is a second text of \(again)")
    }

    private static func checkEndpoint(_ text: String) throws(Finding) {
        guard let endpoint = Endpoint(text) else { return }
        try check((1...65_535).contains(endpoint.port), "port \(endpoint.port)")
        try check(!endpoint.host.isEmpty && endpoint.host.utf8.count <= 300, "a host")
        try check(
            endpoint.host.utf8.allSatisfy { (0x21...0x7e).contains($0) },
            "a host with characters that no host has")
        let again = Endpoint(endpoint.description)
        try check(again == endpoint, "\(text) is read as \(endpoint), which is read otherwise")
    }

    private static func checkTextRecord(_ feed: inout Feed) throws {
        var items: [[UInt8]] = []
        while !feed.isAtEnd, items.count < 16 { items.append(feed.piece()) }
        guard let record = attempt({ try TextRecord(items: items) }) else { return }
        try check(Advertisement.isLabel(record.label), "a label that is none")
        let advertisement = try Advertisement(node: record.node, port: 1, label: record.label)
        let again = try TextRecord(items: advertisement.text.map { Array($0.utf8) })
        try check(again == record, "what is published is read otherwise")
        let bytes = (Array(again.label.utf8), Array(record.label.utf8))
        try check(bytes.0 == bytes.1, "a label has two texts")
    }
}
