import Core
import Federation

/// What callers who have proved nothing may cost, by the address that they come from.
///
/// At most `addresses` addresses are remembered, in two generations: a full one becomes the
/// previous one, and what was in neither has a full budget. So a flood from many addresses costs a
/// bounded amount of memory, and makes this forget before it makes this refuse anybody else.
struct AddressBudget: Sendable {
    /// What is paid for.
    enum Cost: Hashable, Sendable, CaseIterable {
        /// A connection: a TLS handshake.
        case connection
        /// A request without a signature, or one that was refused before its signature was checked.
        case unproved
        /// A signature that was checked and did not hold.
        case failedSignature
    }

    private struct Account {
        var connection = TokenBucket()
        var unproved = TokenBucket()
        var failedSignature = TokenBucket()

        subscript(_ cost: Cost) -> TokenBucket {
            get {
                switch cost {
                case .connection: connection
                case .unproved: unproved
                case .failedSignature: failedSignature
                }
            }
            set {
                switch cost {
                case .connection: connection = newValue
                case .unproved: unproved = newValue
                case .failedSignature: failedSignature = newValue
                }
            }
        }
    }

    private let limits: AddressLimits
    private var current: [SourceAddress: Account] = [:]
    private var previous: [SourceAddress: Account] = [:]

    init(_ limits: AddressLimits) { self.limits = limits }

    /// Addresses that are remembered.
    var count: Int { current.count + previous.count }

    /// How long until `address` may cost one more; nil where it may now. Takes nothing.
    func wait(
        for cost: Cost, from address: SourceAddress, at now: Instant
    ) -> Duration? {
        let account = current[address] ?? previous[address]
        return account?[cost].wait(for: 1, limits.rate(of: cost, from: address), at: now)
    }

    /// Pays for one, as far as there is something to pay with.
    mutating func charge(_ cost: Cost, to address: SourceAddress, at now: Instant) {
        var account =
            current[address] ?? previous.removeValue(forKey: address) ?? Account()
        account[cost].take(1, limits.rate(of: cost, from: address), at: now)
        if current[address] == nil, current.count >= max(1, limits.addresses / 2) {
            previous = current
            current = [:]
        }
        current[address] = account
    }
}
