import Core
import Federation

/// What the engine takes; inside of `Configuration` both its names mean other things.
typealias EnginePolicy = Federation.Policy

extension Configuration {
    /// The engine's policy; the error names the setting that has no meaning.
    func policy() throws(UserError) -> EnginePolicy {
        let given = federation?.policy ?? Policy()
        var policy = EnginePolicy()
        if let name = given.minAuthTier {
            guard let tier = AuthTier.allCases.first(where: { $0.name == name }) else {
                let names = AuthTier.allCases.map(\.name).joined(separator: ", ")
                throw UserError("min_auth_tier = \"\(name)\" is none of \(names)")
            }
            policy.minAuthTier = tier
        }
        policy.requireMutual = given.requireMutual ?? policy.requireMutual
        policy.autoAcceptKnown = given.autoAcceptKnown ?? policy.autoAcceptKnown
        policy.autoAcceptLAN = given.autoAcceptLAN ?? policy.autoAcceptLAN
        policy.vouchForApproved = given.vouchForApproved ?? policy.vouchForApproved
        policy.maxPeers = given.maxPeers ?? policy.maxPeers
        guard policy.maxPeers >= 0 else { throw UserError("max_peers is 0 (no bound) or more") }
        policy.origins = try Self.nodes(given.origins, "origins")
        policy.revocationsFrom = try Self.nodes(given.revocationsFrom, "revocations_from")
        for text in given.allowAddresses ?? [] {
            guard let range = AddressRange(text) else {
                throw UserError(
                    "allow_addresses: \"\(text)\" is no address or range such as \"127.0.0.0/8\"")
            }
            policy.allowAddresses.append(range)
        }
        return policy
    }

    private static func nodes(
        _ texts: [String]?, _ setting: String
    ) throws(UserError) -> Set<NodeID> {
        var nodes: Set<NodeID> = []
        for text in texts ?? [] {
            guard let node = NodeID(hex: text) else {
                throw UserError("\(setting): \"\(text)\" is no node id of 64 hexadecimal digits")
            }
            nodes.insert(node)
        }
        return nodes
    }
}

extension Configuration.Policy {
    /// The table's lines, with a comment on each setting.
    func lines(_ quote: (String) -> String) -> [String] {
        let standard = EnginePolicy()
        func list(_ values: [String]?) -> String {
            "[" + (values ?? []).map(quote).joined(separator: ", ") + "]"
        }
        return [
            "# What a peer must prove: device-bound (its key). Higher tiers let nobody in yet.",
            "min_auth_tier = \(quote(minAuthTier ?? standard.minAuthTier.name))",
            "# Whether both operators must approve; else the other side's approval is enough here.",
            "require_mutual = \(requireMutual ?? standard.requireMutual)",
            "# Whether nodes that approved peers vouch for are let in.",
            "auto_accept_known = \(autoAcceptKnown ?? standard.autoAcceptKnown)",
            "# Whether nodes of the LAN are approved without the operator.",
            "auto_accept_lan = \(autoAcceptLAN ?? standard.autoAcceptLAN)",
            "# Active peers at most, 0 for no bound.",
            "max_peers = \(maxPeers ?? standard.maxPeers)",
            "# Whether this node vouches for the nodes that its operator approves.",
            "vouch_for_approved = \(vouchForApproved ?? standard.vouchForApproved)",
            "# Node ids whose events are admitted though they are no peers.",
            "origins = \(list(origins))",
            "# Node ids whose revocations are honoured.",
            "revocations_from = \(list(revocationsFrom))",
            "# Address ranges that may be dialled though only a peer's word names them.",
            "allow_addresses = \(list(allowAddresses))",
        ]
    }
}
