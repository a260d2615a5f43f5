import Core

/// A node that came out of a backup has its key, not its latest events. Were it to sign, it would
/// sign places of its chain that are taken, which every peer records as equivocation for good.
extension Engine {
    /// Why nothing may be signed yet; nil for a node that was not restored, or has caught up.
    var restoreRefusal: Refusal? {
        guard let known = settings.restoredSequence else { return nil }
        let behind =
            ownSequence < known ? " (of its own \(known) events it holds \(ownSequence))" : ""
        return Refusal(
            .cannotStore,
            "restored from a backup\(behind): sync with a peer first, or, if none is left, stop "
                + "the node and run `federate identity alone`")
    }

    /// Lets a restored node sign again after a session that proved it equal to an active peer.
    ///
    /// A peer that holds less of our chain than the backup knew is no proof: it is behind.
    mutating func catchUp(
        with node: NodeID, _ verdict: Comparison.Verdict, _ effects: inout [Effect]
    ) {
        guard let known = settings.restoredSequence, peers[node]?.isActive == true,
            verdict.showsCommonLog, ownSequence >= known
        else { return }
        settings.restoredSequence = nil
        report(.caughtUp(with: node), &effects)
    }
}
