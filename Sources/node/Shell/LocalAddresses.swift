import FederationAPI
import NIOCore

/// Where a listening node can be reached.
enum LocalAddresses {
    /// The endpoints of a node that listens on `host`: of every interface where that is a wildcard.
    static func endpoints(host: String, port: Int) -> [String] {
        guard host == "::" || host == "0.0.0.0" else {
            return [Endpoint(host: host, port: port).description]
        }
        var addresses: [String] = []
        var loopback: [String] = []
        // Without a list of interfaces, peers are told nothing.
        for device in (try? System.enumerateDevices()) ?? [] {
            guard let address = device.address, let ip = address.ipAddress else { continue }
            // Link-local addresses mean nothing to others without their own scope.
            if ip.hasPrefix("fe80:") || (host == "0.0.0.0" && ip.contains(":")) { continue }
            if ip.hasPrefix("127.") || ip == "::1" {
                loopback.append(ip)
            } else {
                addresses.append(ip)
            }
        }
        // Numbers with dots first: they work in more places.
        let ordered = addresses.filter { !$0.contains(":") } + addresses.filter { $0.contains(":") }
        let reachable = ordered.isEmpty ? Array(loopback.prefix(1)) : ordered
        return reachable.map { Endpoint(host: $0, port: port).description }
    }
}
