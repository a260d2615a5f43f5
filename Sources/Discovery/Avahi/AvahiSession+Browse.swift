import CAvahi

/// Browsing and resolving. Resolvers stay open: they report changed TXT records, and the death of a
/// host long before the browser does (SRV lives 120 s, PTR 75 minutes).
extension AvahiSession {
    func browse(_ client: OpaquePointer) {
        guard unsafe browser == nil else { return }
        unsafe browser = avahi_service_browser_new(
            client, AvahiIfIndex(AVAHI_IF_UNSPEC), AvahiProtocol(AVAHI_PROTO_UNSPEC), Self.type,
            Self.domain, AvahiLookupFlags(rawValue: 0), onBrowserEvent, context)
        if unsafe browser == nil { unsafe fail("browsing the LAN", avahi_client_errno(client)) }
    }

    func browserFailed(_ browser: OpaquePointer) {
        let client = unsafe avahi_service_browser_get_client(browser)
        unsafe fail("browsing the LAN", client.map { unsafe avahi_client_errno($0) } ?? 0)
    }

    func appeared(_ key: ServiceKey, _ flags: AvahiLookupResultFlags, at browser: OpaquePointer) {
        func has(_ flag: AvahiLookupResultFlags) -> Bool { flags.rawValue & flag.rawValue != 0 }
        guard !has(AVAHI_LOOKUP_RESULT_OUR_OWN),
            let client = unsafe avahi_service_browser_get_client(browser)
        else { return }
        let service = ServiceRoster.Service(
            key: key, isLocalHost: has(AVAHI_LOOKUP_RESULT_LOCAL))
        switch roster.admit(service) {
        case .resolve: unsafe resolve(service, client)
        case .refuse: post(.refused(nil, .tooManyServices))
        case .wait, .known: break
        }
    }

    func disappeared(_ key: ServiceKey, at browser: OpaquePointer) {
        closeResolver(of: key)
        post(.removed(key))
        guard let next = roster.withdraw(key),
            let client = unsafe avahi_service_browser_get_client(browser)
        else { return }
        unsafe resolve(next, client)
    }

    private func resolve(_ service: ServiceRoster.Service, _ client: OpaquePointer) {
        let key = service.key
        let wanted = AvahiProtocol(key.isIPv6 ? AVAHI_PROTO_INET6 : AVAHI_PROTO_INET)
        let context = unsafe Unmanaged.passRetained(
            ResolverContext(session: self, service: service))
        // Of the protocol's own address family: else an AAAA record heard over IPv4 might stand for
        // both.
        let made = unsafe avahi_service_resolver_new(
            client, key.interface, wanted, key.name, Self.type, Self.domain, wanted,
            AvahiLookupFlags(rawValue: 0), onResolverEvent, context.toOpaque())
        if let made = unsafe made {
            unsafe resolvers[key] = OpenResolver(resolver: made, context: context)
        } else {
            unsafe context.release()
            unsafe fail("resolving a service", avahi_client_errno(client))
        }
    }
}

/// What a resolver's callback is given; retained while the resolver is open.
final class ResolverContext {
    unowned let session: AvahiSession
    let service: ServiceRoster.Service

    init(session: AvahiSession, service: ServiceRoster.Service) {
        self.session = session
        self.service = service
    }

    func found(
        _ address: UnsafePointer<AvahiAddress>, port: UInt16,
        text: UnsafeMutablePointer<AvahiStringList>?
    ) {
        guard let address = unsafe NumericAddress(address.pointee) else {
            session.post(.refused(service.key, .uselessAddress))
            return
        }
        guard let items = unsafe Self.items(of: text) else {
            session.post(.refused(service.key, .oversizeText))
            return
        }
        let resolution = Resolution(
            address: address, port: port, text: items, isLocalHost: service.isLocalHost)
        session.post(.resolved(service.key, resolution))
    }

    /// In wire order, which is the reverse of the list's; nil beyond the limits.
    private static func items(of text: UnsafeMutablePointer<AvahiStringList>?) -> [[UInt8]]? {
        var items: [[UInt8]] = []
        var bytes = 0
        var next = unsafe text
        while let item = unsafe next {
            let count = unsafe avahi_string_list_get_size(item)
            bytes += count + 1
            guard bytes <= DiscoveryLimits.textBytes, items.count < DiscoveryLimits.textItems
            else { return nil }
            if let start = unsafe avahi_string_list_get_text(item) {
                unsafe items.append(Array(UnsafeBufferPointer(start: start, count: count)))
            }
            unsafe next = avahi_string_list_get_next(item)
        }
        return items.reversed()
    }
}

extension NumericAddress {
    fileprivate init?(_ address: AvahiAddress) {
        switch Int(address.proto) {
        case Int(AVAHI_PROTO_INET):
            let bits = unsafe address.data.ipv4.address
            self = .v4(UInt32(bigEndian: bits))
        case Int(AVAHI_PROTO_INET6):
            let bytes = unsafe withUnsafeBytes(of: address.data.ipv6.address) { unsafe Array($0) }
            self.init(bytes: bytes)
        default: return nil
        }
    }
}
