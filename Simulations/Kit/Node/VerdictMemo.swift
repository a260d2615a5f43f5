import Core

/// Whether signatures hold, of what was lately verified: each is verified once for all nodes, and
/// not once at each. Named by SHA-256(header || signature).
///
/// Two generations: where the younger one is full, the older one is forgotten. What is forgotten is
/// verified again, with the same verdict, so a run does not depend on it.
struct VerdictMemo: Sendable {
    private var young: [Digest: Bool] = [:]
    private var old: [Digest: Bool] = [:]

    /// Events of a generation: 3 MB each.
    static let generation = 32_768

    /// Verdicts that are remembered.
    var count: Int { young.count + old.count }

    /// Whether the event's signatures hold.
    mutating func isSigned(_ event: Event) -> Bool {
        let key = event.verificationKey
        if let verdict = young[key] { return verdict }
        let verdict = old[key] ?? event.isSigned()
        if young.count >= Self.generation {
            old = young
            young = [:]
        }
        young[key] = verdict
        return verdict
    }
}
