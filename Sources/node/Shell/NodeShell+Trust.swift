import Core
import Federation
import FederationAPI
import Foundation
import Logging
import Storage

/// Invites, revocation and policy, as the operator asks for them.
extension NodeShell {
    func join(_ invite: InviteView) async throws(Refusal) -> PeerView {
        guard let node = NodeID(hex: invite.node), let secret = Hex.decode(invite.secret),
            secret.count == InviteCode.secretBytes,
            let id = UInt64(invite.invite, radix: 16), invite.invite.utf8.count == 16,
            (1...InviteCode.maximumEndpoints).contains(invite.endpoints.count),
            invite.endpoints.allSatisfy({ Endpoint($0) != nil })
        else { throw Refusal(.malformed, "this is no invite: see docs/PROTOCOL-invite.md") }
        let (expires, overflows) = invite.expires.multipliedReportingOverflow(by: 1_000_000)
        guard !overflows else { throw Refusal(.malformed, "the invite never ends") }
        let accepted = Invite(id: id, secret: secret, expires: expires)
        return try peer(
            await operate(.join(node, endpoints: invite.endpoints, accepted)))
    }

    func invite(seconds: Int) async throws(Refusal) -> InviteView {
        guard (60...30 * 86_400).contains(seconds) else {
            throw Refusal(.malformed, "an invite is good for 60 seconds to 30 days")
        }
        guard !card().endpoints.isEmpty else {
            throw Refusal(
                .notAllowed,
                "nobody could use it: the node does not run and has no endpoints in config.toml. "
                    + "Start it first: federate start")
        }
        switch await operate(.invite(life: .seconds(seconds))) {
        case .invite(let invite):
            let endpoints = card().endpoints.prefix(InviteCode.maximumEndpoints)
            let digits = String(invite.id, radix: 16)
            return InviteView(
                node: key.node.hex, endpoints: Array(endpoints),
                invite: String(repeating: "0", count: 16 - digits.count) + digits,
                secret: Hex.encode(invite.secret), expires: invite.expires / 1_000_000)
        case .failed(let refusal): throw refusal
        case .done, .peer, .synced: throw Refusal(.busy, "the node made no invite: try again")
        }
    }

    func exposure() async throws(Refusal) -> ExposureView {
        let hidden = engine.hiddenEvents
        do throws(StorageError) {
            let (kinds, authors, bytes) = try log.exposure { !hidden.contains($0) }
            return ExposureView(
                events: UInt64(engine.eventCount), kinds: kinds.mapValues(UInt64.init),
                authors: authors.mapValues(UInt64.init),
                origins: engine.membership.extents.count, bytes: bytes)
        } catch {
            throw Refusal(.cannotStore, "\(error)")
        }
    }

    func revoke(_ node: NodeID) async throws(Refusal) {
        if case .failed(let refusal) = await operate(.revoke(node, nil)) { throw refusal }
    }

    func policy() -> PolicyView { view(engine.settings.policy, error: policyError) }

    func reloadPolicy() async -> PolicyView {
        do throws(UserError) {
            let policy = try readPolicy()
            policyError = nil
            if case .failed(let refusal) = await operate(.setPolicy(policy)) {
                policyError = "\(refusal.code.rawValue): \(refusal.detail)"
            }
        } catch {
            policyError = error.description
        }
        if let policyError {
            logger.error("the policy stays as it was", metadata: ["reason": "\(policyError)"])
        } else {
            logger.notice("the policy was read again")
        }
        return policy()
    }

    private func view(_ policy: EnginePolicy, error: String?) -> PolicyView {
        let records = engine.peerRecords
        let active = records.count { $0.state == .active }
        var admitted: [String: String] = [:]
        for (origin, extent) in engine.membership.extents {
            admitted[origin.hex] =
                words(engine.membership.reasons[origin]) + words(extent.cut)
        }
        return PolicyView(
            rules: PolicyRules(policy: policy, records: records, active: active).rules,
            admitted: admitted, error: error)
    }

    /// What a reason means, for people.
    func words(_ reason: AdmissionReason?) -> String {
        switch reason {
        case nil: "not admitted"
        case .own?: "this node"
        case .policy?: "listed in config.toml"
        case .approved(let approval)?: "approved (\(approval.rawValue))"
        case .ended(let state)?: "\(state.rawValue) peer"
        case .vouched(let voucher, let steps)?: "vouched for by \(voucher.short), step \(steps)"
        case .successor(let old)?: "successor of \(old.short)"
        }
    }

    func words(_ cut: Cut?) -> String {
        guard let cut else { return "" }
        return cut.sequence == 0 ? ", nothing of it" : ", up to its event \(cut.sequence)"
    }
}

/// Each setting of the policy with what it does now.
private struct PolicyRules {
    let policy: EnginePolicy
    let records: [PeerRecord]
    let active: Int

    var rules: [PolicyView.Rule] { people + origins }

    private var people: [PolicyView.Rule] {
        let waiting = records.count { $0.state == .pending && $0.approval == nil }
        let tooLow = AuthTier.deviceBound < policy.minAuthTier
        return [
            .init(
                "min_auth_tier", policy.minAuthTier.name,
                tooLow
                    ? "nobody can prove this yet: no peer is served or becomes active"
                    : "a peer's key is enough"),
            .init(
                "require_mutual", "\(policy.requireMutual)",
                policy.requireMutual
                    ? "both operators approve; \(waiting) wait for this one"
                    : "who approves this node is approved here"),
            .init(
                "auto_accept_known", "\(policy.autoAcceptKnown)",
                policy.autoAcceptKnown
                    ? "whom approved peers vouch for is admitted, and approved when it registers"
                    : "vouching admits nobody"),
            .init(
                "auto_accept_lan", "\(policy.autoAcceptLAN)",
                policy.autoAcceptLAN
                    ? "who proves the join secret (without one: who runs on this host) is approved"
                    : "nobody is approved for being near"),
            .init("max_peers", "\(policy.maxPeers)", room),
            .init(
                "vouch_for_approved", "\(policy.vouchForApproved)",
                policy.vouchForApproved
                    ? "others hear whom this node's operator approves"
                    : "this node vouches for nobody"),
        ]
    }

    private var room: String {
        if policy.maxPeers == 0 { return "no bound; \(active) are active" }
        let surplus = active - policy.maxPeers
        return surplus > 0
            ? "\(active) are active, \(surplus) too many: remove some"
            : "\(active) of it are active"
    }

    private var origins: [PolicyView.Rule] {
        func short(_ nodes: Set<NodeID>) -> String {
            nodes.isEmpty ? "none" : nodes.sorted().map(\.short).joined(separator: " ")
        }
        let ranges = policy.allowAddresses.map(\.text).joined(separator: " ")
        return [
            .init(
                "origins", short(policy.origins), "admitted as if they were peers"),
            .init(
                "revocations_from", short(policy.revocationsFrom),
                "what they revoke is revoked here, as is what this node or a key itself revokes"
            ),
            .init(
                "allow_addresses", ranges.isEmpty ? "none" : ranges,
                "may be dialled though only a peer names them; else never loopback, link-local or "
                    + "metadata addresses"),
        ]
    }
}
