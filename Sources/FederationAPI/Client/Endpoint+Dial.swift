import NIOCore
import NIOPosix

extension Endpoint {
    /// Connects, and sets the connection up by `setup`.
    func dial<Value: Sendable>(
        _ limits: ClientLimits,
        _ setup: @escaping @Sendable (any Channel) -> EventLoopFuture<Value>
    ) async throws(TransportError) -> Value {
        let bootstrap = ClientBootstrap.limited(limits)
        do {
            guard isIPv6Literal else {
                return try await bootstrap.connect(
                    host: host, port: port, channelInitializer: setup)
            }
            // Only the resolver understands a scope; for a literal it asks nobody.
            let address = try SocketAddress.makeAddressResolvingHost(host, port: port)
            return try await bootstrap.connect(to: address, channelInitializer: setup)
        } catch {
            if let forbidden = ForbiddenAddress(in: error) {
                throw .forbidden("\(self): \(forbidden)")
            }
            throw Task.isCancelled ? .cancelled : .cannotConnect("\(self): \(error)")
        }
    }
}

extension ClientBootstrap {
    /// Connections under the limits.
    static func limited(_ limits: ClientLimits) -> ClientBootstrap {
        ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(TimeAmount(limits.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
    }
}
