import Core

/// A key that ends in favour of another one: this node's own, and those of peers.
extension Engine {
    /// Ends this node's key with the event that names its successor.
    mutating func rotate(
        to successor: NodeID, _ proof: [UInt8], _ token: Token, _ effects: inout [Effect]
    ) {
        let statement = Statement.rotate(successor: successor, proof: proof)
        guard let author = Author(role: .node, name: "operator") else { return }
        if let refusal = rotationRefusal(successor, proof) {
            count(refusal.code)
            return report(.appendFailed(token, refusal), &effects)
        }
        let draft = Draft(author: author, kind: statement.kind, body: statement.encoded())
        submit(Job(.append(token), drafts: [draft]), &effects)
    }

    private func rotationRefusal(_ successor: NodeID, _ proof: [UInt8]) -> Refusal? {
        if let refusal = signingRefusal { return refusal }
        guard statements.isEmpty, intake.hasRoom else {
            return Refusal(.busy, "what this key has to say is on its way to the disk")
        }
        // Of one origin only the first statements count.
        guard index.controls[key.node].count < MembershipLimits.statementsPerOrigin else {
            return Refusal(
                .tooLarge,
                "this key has made \(MembershipLimits.statementsPerOrigin) statements, peers would "
                    + "not hear of one more: make a new node")
        }
        guard successor != key.node, peers[successor] == nil,
            Signature.verify(
                proof, of: Statement.rotationMessage(from: key.node), by: successor)
        else { return Refusal(.badRotation, "the successor's proof does not hold") }
        return nil
    }

    /// The key that a registration takes over from: an approved peer whose signed event names the
    /// newcomer, or a former key of it. Nil where none is named.
    func predecessor(_ confirmation: Confirmation) throws(Refusal) -> NodeID? {
        var successor = confirmation.node
        for event in confirmation.predecessors.reversed() {
            let old = event.header.origin
            guard case .rotate(successor, let proof)? = Statement(event), event.bodyMatches,
                event.isSigned(),
                Signature.verify(proof, of: Statement.rotationMessage(from: old), by: successor)
            else {
                throw Refusal(.badRotation, "what names this key as a successor does not hold")
            }
            if peers[old]?.record.isApprovedHere == true {
                let isContradicted = membership.rotations[old].map { $0.successor != successor }
                guard isContradicted != true, !membership.contested.contains(old),
                    membership.revocations[old] == nil
                else { return nil }
                return old
            }
            successor = old
        }
        return nil
    }
}
