/// Which of the services that are browsed get a resolver: as many as `DiscoveryLimits.services`, in
/// the order of their coming; others wait for a place.
struct ServiceRoster: Equatable {
    struct Service: Equatable {
        var key: ServiceKey
        var isLocalHost: Bool
    }

    enum Admission: Equatable {
        case resolve
        case wait
        case refuse
        /// Avahi told us before.
        case known
    }

    private var resolving: Set<ServiceKey> = []
    private var waiting: [Service] = []

    mutating func admit(_ service: Service) -> Admission {
        if resolving.contains(service.key) || waiting.contains(where: { $0.key == service.key }) {
            return .known
        }
        if resolving.count < DiscoveryLimits.services {
            resolving.insert(service.key)
            return .resolve
        }
        guard waiting.count < DiscoveryLimits.waitingServices else { return .refuse }
        waiting.append(service)
        return .wait
    }

    /// Forgets the service. Returns the one that takes its place and must be resolved now.
    mutating func withdraw(_ key: ServiceKey) -> Service? {
        guard resolving.remove(key) != nil else {
            waiting.removeAll { $0.key == key }
            return nil
        }
        guard !waiting.isEmpty else { return nil }
        let next = waiting.removeFirst()
        resolving.insert(next.key)
        return next
    }
}
