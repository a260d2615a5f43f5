import Core
import Federation
import FederationAPI

extension FuzzTarget {
    /// Server-sent events: the frames do not depend on the pieces in which their bytes come, and a
    /// page in a frame is written again byte for byte.
    static let stream = FuzzTarget(
        name: "stream", longest: 8192, mutations: 3000,
        seeds: {
            let pages = Samples.batches.map { Page(next: Samples.cursor, isEnd: false, events: $0) }
            let frames = pages.map { page in
                "id: \(page.next.text)\nevent: page\ndata: "
                    + Base64URL.encode(Response.page(page).encoded()) + "\n\n"
            }
            let texts =
                frames + [
                    ": hello\n\n" + frames[0] + ": ping\n\n" + frames[1], "data:x\r\n\r\n",
                    "event\nid\ndata\n\n", "data: a\ndata: b\n\n", "retry: 5\n\n\n\n",
                ]
            return texts.enumerated().map { [UInt8($0.offset)] + Array($0.element.utf8) }
        },
        body: .plain { input in
            var feed = Feed(input)
            var dice = Dice(seed: UInt64(feed.byte()))
            let bytes = feed.remainder()
            let limit = 4096
            let whole = frames(in: [bytes[...]], limit)
            var pieces: [ArraySlice<UInt8>] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = 1 + dice.below(64)
                pieces.append(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            try check(frames(in: pieces, limit) == whole, "frames depend on how bytes come")
            for frame in whole ?? [] {
                try check(frame.data.utf8.count <= 3 * limit, "a frame beyond the limit")
                guard let bytes = Base64URL.decode(frame.data),
                    case .page(let page)? = attempt({ try Response(decoding: bytes) }),
                    page.events.malformed.isEmpty
                else { continue }
                try check(Response.page(page).encoded() == bytes, "a page is written otherwise")
            }
        })

    /// Nil where the stream is refused.
    private static func frames(
        in pieces: [ArraySlice<UInt8>], _ limit: Int
    ) -> [StreamParser.Frame]? {
        var parser = StreamParser(lineBytes: limit)
        var frames: [StreamParser.Frame] = []
        for piece in pieces {
            guard let found = attempt({ () throws(StreamParser.Problem) in try parser.feed(piece) })
            else { return nil }
            frames += found
        }
        return frames
    }
}
