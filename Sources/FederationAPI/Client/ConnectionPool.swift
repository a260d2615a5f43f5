import Core
import NIOCore
import NIOSSL
import Synchronization

/// Connections that wait for their next request, by endpoint.
final class ConnectionPool: Sendable {
    private struct Idle: Sendable {
        var connection: HTTPConnection
        var timer: Scheduled<Void>
    }

    private struct State {
        var idle: [Endpoint: [Idle]] = [:]
        /// All open connections, so that they can be counted and closed.
        var open: [ObjectIdentifier: any Channel] = [:]
        /// Connections that are being made.
        var opening = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let limits: ClientLimits
    private let context: Result<NIOSSLContext, TransportError>
    private let linkContext: Result<NIOSSLContext, TransportError>

    init(limits: ClientLimits) {
        self.limits = limits
        context = Result { try ServerCheck.context(["http/1.1"]) }.mapError { .tls("\($0)") }
        linkContext = Result { try ServerCheck.context([LinkHello.alpn]) }
            .mapError { .tls("\($0)") }
    }

    /// How many connections are open, in use or not.
    var openConnections: Int { state.withLock { $0.open.count } }

    /// An idle connection to the node that `pin` names, if there is one.
    func idle(_ endpoint: Endpoint, pin: NodeID) async -> HTTPConnection? {
        while let found = takeIdle(endpoint) {
            guard found.identity?.node == pin, await found.isQuiet() else {
                found.close()
                continue
            }
            return found
        }
        return nil
    }

    private func takeIdle(_ endpoint: Endpoint) -> HTTPConnection? {
        let idle = state.withLock { $0.idle[endpoint]?.popLast() }
        idle?.timer.cancel()
        return idle?.connection
    }

    /// A new connection, its server checked.
    func open(
        _ endpoint: Endpoint, pin: NodeID?, guardedBy dialGuard: DialGuard? = nil
    ) async throws(TransportError) -> HTTPConnection {
        let context = try context.get()
        return try await counted(endpoint, \.channel) { () throws(TransportError) in
            try await HTTPConnection.open(
                endpoint, pin: pin, guardedBy: dialGuard, context: context, limits: limits)
        }
    }

    /// A new connection on which a link may be opened, its server checked.
    func link(
        _ endpoint: Endpoint, pin: NodeID, guardedBy dialGuard: DialGuard?
    ) async throws(TransportError) -> LinkOpening {
        let context = try linkContext.get()
        return try await counted(endpoint, \.connection.channel) { () throws(TransportError) in
            try await LinkOpening(
                endpoint, pin: pin, guardedBy: dialGuard, context: context, limits: limits)
        }
    }

    /// Opens a connection of any kind among the others, as far as there is room.
    private func counted<Connection: Sendable>(
        _ endpoint: Endpoint, _ channel: (Connection) -> any Channel,
        _ open: () async throws(TransportError) -> Connection
    ) async throws(TransportError) -> Connection {
        let mayOpen: Bool? = state.withLock { state in
            guard !state.isClosed else { return nil }
            guard state.open.count + state.opening < limits.connections else { return false }
            state.opening += 1
            return true
        }
        guard let mayOpen else { throw .closed }
        guard mayOpen else { throw .tooManyConnections }
        let connection: Connection
        do throws(TransportError) {
            connection = try await open()
        } catch {
            state.withLock { $0.opening -= 1 }
            throw error
        }
        let channel = channel(connection)
        let isClosed = state.withLock { state in
            state.opening -= 1
            state.open[ObjectIdentifier(channel)] = channel
            return state.isClosed
        }
        channel.closeFuture.whenComplete { [self] _ in forget(channel, at: endpoint) }
        guard !isClosed else {
            channel.close(mode: .all, promise: nil)
            throw .closed
        }
        return connection
    }

    private func forget(_ channel: any Channel, at endpoint: Endpoint) {
        let timers = state.withLock { state in
            state.open[ObjectIdentifier(channel)] = nil
            let gone = state.idle[endpoint]?.filter { $0.connection.channel === channel } ?? []
            state.idle[endpoint]?.removeAll { $0.connection.channel === channel }
            if state.idle[endpoint]?.isEmpty == true { state.idle[endpoint] = nil }
            return gone.map(\.timer)
        }
        for timer in timers { timer.cancel() }
    }

    /// Takes a connection back whose response has ended.
    func putBack(_ connection: HTTPConnection, to endpoint: Endpoint) {
        let timer = connection.channel.eventLoop.scheduleTask(in: TimeAmount(limits.idleTimeout)) {
            connection.close()
        }
        let isKept = state.withLock { state in
            let idle = state.idle[endpoint, default: []]
            guard !state.isClosed, connection.isActive, idle.count < limits.idlePerEndpoint else {
                return false
            }
            state.idle[endpoint] = idle + [Idle(connection: connection, timer: timer)]
            return true
        }
        guard !isKept else { return connection.rest() }
        timer.cancel()
        connection.close()
    }

    /// Closes all, for good.
    func close() async {
        let channels = state.withLock { state in
            state.isClosed = true
            return Array(state.open.values)
        }
        for channel in channels { channel.close(mode: .all, promise: nil) }
        // However it ended, it is closed.
        for channel in channels { try? await channel.closeFuture.get() }
    }
}
