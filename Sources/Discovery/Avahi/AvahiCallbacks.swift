import CAvahi

// Top-level closures that capture nothing and belong to no actor: on Avahi's thread Swift's check
// of isolation would trap anything else. A name or type that is not UTF-8 never becomes a key:
// repaired, it would be another's.

let onClientState: AvahiClientCallback = { client, state, context in
    guard let client = unsafe client, let session = unsafe session(context) else { return }
    unsafe session.clientChanged(client, to: state)
}

let onGroupState: AvahiEntryGroupCallback = { group, state, context in
    guard let group = unsafe group, let session = unsafe session(context) else { return }
    unsafe session.groupChanged(group, to: state)
}

let onBrowserEvent: AvahiServiceBrowserCallback = {
    browser, interface, family, event, name, type, domain, flags, context in
    guard let browser = unsafe browser, let session = unsafe session(context) else { return }
    switch event {
    case AVAHI_BROWSER_FAILURE: unsafe session.browserFailed(browser)
    case AVAHI_BROWSER_NEW, AVAHI_BROWSER_REMOVE:
        guard let name = unsafe text(name), (1...63).contains(name.utf8.count),
            unsafe text(type) == AvahiSession.type
        else {
            session.post(.refused(nil, .badName))
            return
        }
        guard unsafe text(domain) == AvahiSession.domain else {
            session.post(.refused(nil, .foreignDomain))
            return
        }
        let key = ServiceKey(
            interface: interface, isIPv6: Int(family) == Int(AVAHI_PROTO_INET6), name: name)
        if event == AVAHI_BROWSER_NEW {
            unsafe session.appeared(key, flags, at: browser)
        } else {
            unsafe session.disappeared(key, at: browser)
        }
    default: break
    }
}

let onResolverEvent: AvahiServiceResolverCallback = {
    _, _, _, event, _, _, _, _, address, port, text, _, context in
    guard let context = unsafe context else { return }
    let resolver = unsafe Unmanaged<ResolverContext>.fromOpaque(context).takeUnretainedValue()
    if event == AVAHI_RESOLVER_FOUND, let address = unsafe address {
        unsafe resolver.found(address, port: port, text: text)
    } else {
        resolver.session.post(.unresolved(resolver.service.key))
    }
}

private func session(_ context: UnsafeMutableRawPointer?) -> AvahiSession? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<AvahiSession>.fromOpaque(context).takeUnretainedValue()
}

private func text(_ string: UnsafePointer<CChar>?) -> String? {
    guard let string = unsafe string else { return nil }
    return unsafe String(validatingCString: string)
}
