import Core

/// How much an engine holds at this moment: what its bounds are checked by.
package struct Held: Hashable, Sendable {
    /// Batches between arrival and durability, and their bytes.
    package var jobs: Int
    package var jobBytes: Int
    /// Sessions that others hold open here; the most that one of them has.
    package var sessions: Int
    package var sessionsOfOnePeer: Int
    /// Registrations that others began and did not finish.
    package var introductions: Int
    package var streams: Int
    package var sightings: Int
    /// Records of nodes whose registration waits.
    package var pendingPeers: Int
    /// Answers that are waited for.
    package var questions: Int
    /// Own events waiting for the peer that has most of them.
    package var uploads: Int

    /// Whether every count is within the bound that `EngineLimits` sets for it; the answer names
    /// the first that is not. One batch may pass the bound of bytes, because it is what reaches it.
    package var excess: String? {
        let bounds = [
            ("jobs", jobs, EngineLimits.jobs + slack),
            ("job bytes", jobBytes, EngineLimits.jobBytes + slack * Limits.batchBytes),
            ("sessions", sessions, EngineLimits.sessions),
            ("sessions of one peer", sessionsOfOnePeer, EngineLimits.sessionsPerPeer),
            ("introductions", introductions, EngineLimits.introductions),
            ("streams", streams, EngineLimits.streams),
            ("sightings", sightings, EngineLimits.sightings),
            ("uploads", uploads, EngineLimits.uploads),
        ]
        return bounds.first { $0.1 > $0.2 }.map { "\($0.0): \($0.1), at most \($0.2)" }
    }

    /// Jobs that carry no events of others are taken in a full queue too: an answer that this node
    /// asked for, a record, what is due.
    private var slack: Int { 16 }
}

extension Engine {
    /// Counts what is held. O(peers + sessions).
    package var held: Held {
        let sessions = Dictionary(grouping: responders.keys, by: \.peer)
        return Held(
            jobs: intake.jobs, jobBytes: intake.bytes, sessions: responders.count,
            sessionsOfOnePeer: sessions.values.map(\.count).max() ?? 0,
            introductions: introductions.count, streams: streams.count,
            sightings: sightings.count,
            pendingPeers: peers.values.count { $0.record.state == .pending },
            questions: asked.count, uploads: peers.values.map(\.upload.ids.count).max() ?? 0)
    }
}
