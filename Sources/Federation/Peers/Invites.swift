import Core

/// Invites: made for the operator, used once.
extension Engine {
    mutating func makeInvite(
        life: Duration, _ token: Token, _ effects: inout [Effect]
    ) {
        let gone = invites.values.filter { $0.expires <= wall.microseconds }.map(\.id).sorted()
        for id in gone {
            invites[id] = nil
            endedInvites.append(id)
        }
        guard invites.values.count(where: { $0.usedBy == nil }) < EngineLimits.invites else {
            let refusal = Refusal(
                .busy, "\(EngineLimits.invites) invites are open: wait until one is used or ends")
            return report(.operation(token, .failed(refusal)), &effects)
        }
        let invite = Invite(
            id: secrets.word(), secret: secrets.draw(16),
            expires: (wall + min(life, EngineLimits.inviteLife)).microseconds)
        invites[invite.id] = invite
        dirtyInvites.append(invite.id)
        submit(Job(.records(.invite(token, invite))), &effects)
    }

    /// The invite that a registration proves, nil where it names none.
    func invite(
        _ confirmation: Confirmation, _ transcript: Transcript
    ) throws(Refusal) -> UInt64? {
        guard let proof = confirmation.invite else { return nil }
        guard let invite = invites[proof.id], invite.expires > wall.microseconds,
            // Whoever used it may come again: the answer may have been lost.
            invite.usedBy ?? confirmation.node == confirmation.node,
            Authentication.isValid(
                proof.proof, of: transcript.invite, secret: invite.secret)
        else {
            throw Refusal(
                .badInvite, "the invite is not known here, used or expired: ask for a new one")
        }
        return invite.id
    }

    mutating func use(_ id: UInt64, by node: NodeID) {
        invites[id]?.usedBy = node
        dirtyInvites.append(id)
    }

    /// What an invite's proof of ours is made over.
    func proof(of invite: Invite?, _ transcript: Transcript) -> InviteProof? {
        invite.map {
            InviteProof(
                id: $0.id, proof: Authentication.code(of: transcript.invite, secret: $0.secret))
        }
    }
}
