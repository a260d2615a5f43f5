import CAvahi

/// Publishing: one entry group with one service; a name that is taken is changed as Avahi proposes.
extension AvahiSession {
    private static let action = "advertising this node"

    /// Adds and commits our service unless it stands already; called when the client runs.
    func publish(_ client: OpaquePointer) {
        guard let advertisement else { return }
        if unsafe group == nil {
            unsafe group = avahi_entry_group_new(client, onGroupState, context)
        }
        guard let group = unsafe group else {
            unsafe fail(Self.action, avahi_client_errno(client))
            return
        }
        guard unsafe avahi_entry_group_is_empty(group) != 0 else { return }
        var code = unsafe add(advertisement, to: group)
        // Another node of this host has the name; from afar a collision comes as a group state.
        while code == AVAHI_ERR_COLLISION, rename() {
            unsafe avahi_entry_group_reset(group)
            code = unsafe add(advertisement, to: group)
        }
        if code == 0 { code = unsafe avahi_entry_group_commit(group) }
        if code < 0 { fail(Self.action, code) }
    }

    func groupChanged(_ group: OpaquePointer, to state: AvahiEntryGroupState) {
        guard let client = unsafe avahi_entry_group_get_client(group) else { return }
        switch state {
        case AVAHI_ENTRY_GROUP_ESTABLISHED: post(.published(name: instance))
        case AVAHI_ENTRY_GROUP_COLLISION:
            guard rename() else {
                fail(Self.action, Int32(AVAHI_ERR_COLLISION))
                return
            }
            unsafe avahi_entry_group_reset(group)
            unsafe publish(client)
        case AVAHI_ENTRY_GROUP_FAILURE: unsafe fail(Self.action, avahi_client_errno(client))
        default: break
        }
    }

    /// False once so many names were taken that somebody must be taking them on purpose.
    private func rename() -> Bool {
        guard renames < DiscoveryLimits.renames,
            let proposal = unsafe avahi_alternative_service_name(instance)
        else { return false }
        renames += 1
        instance = unsafe String(cString: proposal)
        unsafe avahi_free(proposal)
        return true
    }

    /// Returns 0, or Avahi's code of what went wrong.
    private func add(_ advertisement: Advertisement, to group: OpaquePointer) -> Int32 {
        // Adding prepends, but Avahi serialises from the tail: natural order here is wire order.
        var text: UnsafeMutablePointer<AvahiStringList>?
        for item in advertisement.text { unsafe text = avahi_string_list_add(text, item) }
        defer { unsafe avahi_string_list_free(text) }
        return unsafe avahi_entry_group_add_service_strlst(
            group, AvahiIfIndex(AVAHI_IF_UNSPEC), AvahiProtocol(AVAHI_PROTO_UNSPEC),
            AvahiPublishFlags(rawValue: 0), instance, Self.type, Self.domain, nil,
            advertisement.port, text)
    }
}
