import Core
import Federation

extension FuzzTarget {
    /// A whole node among hostile peers, strangers, a failing disk and a wrong clock: bounded,
    /// every request answered once, nothing stored but what is signed, and in the end engine and
    /// disk agree.
    static let engine = FuzzTarget(
        name: "engine", longest: 4096, mutations: 300,
        seeds: { EngineSeeds.all },
        body: .plain { input in
            let siege = Siege()
            var feed = Feed(input)
            while !feed.isAtEnd { try siege.step(&feed) }
            try siege.finish()
        })
}

/// Sequences of steps that reach each part of the engine; numbers are those of `Siege.step`.
private enum EngineSeeds {
    static let all: [[UInt8]] = {
        let raw = Samples.requests.map { request in
            var writer = FeedWriter()
            writer.byte(0)
            writer.byte(0)
            writer.piece(request.encoded())
            return writer.bytes
        }
        let push: [UInt8] = [1, 11, 0, 1, 2, 3, 4, 8, 9, 15, 19, 25, 30, 0]
        return raw + [
            push, push + [2, 0, 1] + [3, 4, 0] + push + [18, 0],
            push + [4, 3] + [5, 0, 5, 0, 5, 2, 5, 0],
            // Sessions of ours: status asked, answered; stream opened, page taken.
            [20, 3, 9, 1, 9, 4, 14, 0, 3, 40, 16, 0, 7, 1, 0, 2, 0, 1, 17, 1, 9, 3],
            // Registration, approval, more pages.
            [8, 9, 1, 19, 4, 0, 1, 8, 9, 3, 14, 0, 3, 2, 15, 0],
            // Held work, a failing disk, a restart.
            [11, 0] + push + push + [20, 2, 13, 12, 0, 12, 0, 12, 0, 11, 1] + push + [21, 0],
            // A clock that jumps while events wait for their time.
            [1, 4, 19, 20, 21, 22, 0, 10, 2, 9, 2, 10, 1, 9, 4, 20, 1, 10, 3, 9, 5, 20, 1],
            [21, 3, 4, 0, 9, 2, 21, 1, 4, 21, 2, 6, 15, 16, 17, 18, 19, 20],
            [7, 3, 0, 26, 27, 0, 19, 0, 0, 6, 19, 0, 1, 5, 14, 0, 0, 0, 0, 19, 0, 0, 3],
        ]
    }()
}
