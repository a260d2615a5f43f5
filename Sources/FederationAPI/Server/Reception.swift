import Core
import Federation
import NIOCore
import NIOSSL
import Synchronization

/// The door of the public port: counts and bounds what callers cost who have proved nothing.
///
/// `AddressBudget` and `ConnectionRoom` decide; this brings them the time and carries out what they
/// say.
final class Reception: Sendable {
    private struct State {
        var budget: AddressBudget
        var room: ConnectionRoom<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let port: any FederationPort
    private let state: Mutex<State>
    private let start = ContinuousClock.now

    init(port: any FederationPort, limits: ServerLimits) {
        self.port = port
        state = Mutex(
            State(budget: AddressBudget(limits.address), room: ConnectionRoom(limits)))
    }

    private var now: Instant {
        Instant(microseconds: start.duration(to: .now).microseconds)
    }

    /// Connections that are open.
    var connections: Int { state.withLock { $0.room.count } }

    /// Whether a new connection may go on to its handshake; otherwise it is to be closed at once.
    func enter(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let address = SourceAddress(channel.remoteAddress)
        let now = now
        let (isWelcome, loser) = state.withLock { state -> (Bool, (any Channel)?) in
            guard state.budget.wait(for: .connection, from: address, at: now) == nil else {
                return (false, nil)
            }
            state.budget.charge(.connection, to: address, at: now)
            let leaving = state.room.enter(id, from: address)
            guard leaving != id else { return (false, nil) }
            state.channels[id] = channel
            return (true, leaving.flatMap { state.channels.removeValue(forKey: $0) })
        }
        if let loser {
            count(.overBudget, by: nil, loser)
            Self.cut(loser)
        }
        guard isWelcome else {
            count(.overBudget, by: nil, channel)
            return false
        }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { state in
                state.room.leave(id)
                state.channels[id] = nil
            }
        }
        return true
    }

    /// Ends a connection at once: the goodbye of TLS would keep its place for another second.
    private static func cut(_ channel: any Channel) {
        channel.eventLoop.execute {
            do {
                try channel.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
                    .close(mode: .all, promise: nil)
            } catch {
                // It has not come to TLS yet.
                channel.close(mode: .all, promise: nil)
            }
        }
    }

    /// Lets a caller go on who is to be charged for it where it proves nothing; throws where its
    /// address has had its share. A signature on a connection that is a peer's is always looked at:
    /// whoever shares the peer's address can't prevent it.
    func require(_ cost: AddressBudget.Cost, of channel: any Channel) throws(Refusal) {
        let id = ObjectIdentifier(channel)
        let address = SourceAddress(channel.remoteAddress)
        let now = now
        let wait = state.withLock { state in
            cost == .failedSignature && state.room.isProven(id)
                ? nil : state.budget.wait(for: cost, from: address, at: now)
        }
        guard let wait else { return }
        throw Refusal(
            .overBudget, "too much from this address that proves nobody", retryAfter: wait)
    }

    /// Charges the caller's address.
    func charge(_ cost: AddressBudget.Cost, to channel: any Channel) {
        let address = SourceAddress(channel.remoteAddress)
        let now = now
        state.withLock { $0.budget.charge(cost, to: address, at: now) }
    }

    /// A request of an active peer held.
    func prove(_ channel: any Channel, _ node: NodeID) {
        state.withLock { $0.room.prove(ObjectIdentifier(channel), node) }
    }

    /// A request did not hold: its connection proves nothing any more.
    func doubt(_ channel: any Channel) {
        state.withLock { $0.room.doubt(ObjectIdentifier(channel)) }
    }

    /// What came can't be read as HTTP; the connection ends.
    func unreadable(_ channel: any Channel) {
        charge(.unproved, to: channel)
        count(.malformed, by: nil, channel)
    }

    /// Tells the node what was refused before it saw it.
    func count(_ code: RefusalCode, by node: NodeID?, _ channel: any Channel) {
        port.refused(code, by: node, address: Caller(channel).address)
    }
}
