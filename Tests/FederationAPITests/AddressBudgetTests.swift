import Core
import Federation
import NIOCore
import Testing

@testable import FederationAPI

@Suite(.timeLimit(.minutes(1)))
struct SourceAddressTests {
    func address(_ text: String) throws -> SourceAddress {
        SourceAddress(try SocketAddress(ipAddress: text, port: 1))
    }

    @Test func addressesOfOneCallerAreOne() throws {
        #expect(try address("192.0.2.1") == .v4(0xc000_0201))
        #expect(try address("::ffff:192.0.2.1") == address("192.0.2.1"))
        #expect(try address("192.0.2.1") != address("192.0.2.2"))
        #expect(try address("2001:db8:1:2::1") == address("2001:db8:1:2:ffff::9"))
        #expect(try address("2001:db8:1:2::1") != address("2001:db8:1:3::1"))
        #expect(try address("2001:db8:1:2::1") == .v6(0x2001_0db8_0001_0002))
    }

    @Test func thisHostIsOneCaller() throws {
        for text in ["127.0.0.1", "127.255.3.4", "::1", "::ffff:127.0.0.1"] {
            #expect(try address(text) == .loopback, "\(text)")
        }
        #expect(SourceAddress(try SocketAddress(unixDomainSocketPath: "/tmp/x")) == .loopback)
        #expect(SourceAddress(nil) == .loopback)
        #expect(try address("128.0.0.1") != .loopback)
        #expect(try address("::2") != .loopback)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct AddressBudgetTests {
    func at(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }

    var limits: AddressLimits {
        var limits = AddressLimits()
        limits.connection = Rate(burst: 3, perSecond: 1)
        limits.unproved = Rate(burst: 2, perSecond: 1)
        limits.failedSignature = Rate(burst: 1, perSecond: 1)
        limits.loopbackFactor = 10
        limits.addresses = 100
        return limits
    }

    /// How many of `cost` an address may have at once.
    func count(
        _ cost: AddressBudget.Cost, _ address: SourceAddress, _ budget: inout AddressBudget,
        at now: Instant
    ) -> Int {
        var count = 0
        while budget.wait(for: cost, from: address, at: now) == nil {
            budget.charge(cost, to: address, at: now)
            count += 1
        }
        return count
    }

    @Test func everyAddressAndEveryCostHasItsOwnBucket() {
        var budget = AddressBudget(limits)
        for number: UInt32 in 1...5 {
            #expect(count(.connection, .v4(number), &budget, at: at(9)) == 3)
            #expect(count(.unproved, .v4(number), &budget, at: at(9)) == 2)
            #expect(count(.failedSignature, .v4(number), &budget, at: at(9)) == 1)
        }
        #expect(count(.connection, .v6(1), &budget, at: at(9)) == 3)
        #expect(count(.connection, .v4(1), &budget, at: at(10)) == 1)
        #expect(budget.wait(for: .connection, from: .v4(1), at: at(10)) == .seconds(1))
    }

    @Test func thisHostHasMore() {
        var budget = AddressBudget(limits)
        #expect(count(.connection, .loopback, &budget, at: .zero) == 30)
        #expect(count(.connection, .loopback, &budget, at: at(1)) == 10)
    }

    @Test func askingTakesNothingAndRemembersNothing() {
        var budget = AddressBudget(limits)
        for number: UInt32 in 0..<1000 {
            #expect(budget.wait(for: .unproved, from: .v4(number), at: .zero) == nil)
        }
        #expect(budget.count == 0)
        #expect(count(.unproved, .v4(1), &budget, at: .zero) == 2)
    }

    @Test func aFloodFromManyAddressesIsBoundedAndDrainedBucketsOutliveHalfOfIt() {
        var budget = AddressBudget(limits)
        #expect(count(.unproved, .v6(7), &budget, at: .zero) == 2)
        for number: UInt32 in 0..<50 { budget.charge(.unproved, to: .v4(number), at: .zero) }
        #expect(budget.wait(for: .unproved, from: .v6(7), at: .zero) == .seconds(1))
        for number: UInt32 in 50..<100_000 {
            budget.charge(.unproved, to: .v4(number), at: .zero)
            #expect(budget.count <= 100)
        }
        // Forgotten: that is the price of the bound.
        #expect(budget.wait(for: .unproved, from: .v6(7), at: .zero) == nil)
    }

    @Test func whoKeepsAskingIsNotForgotten() {
        var budget = AddressBudget(limits)
        #expect(count(.unproved, .v6(7), &budget, at: .zero) == 2)
        for number: UInt32 in 0..<10_000 {
            budget.charge(.unproved, to: .v4(number), at: .zero)
            if number % 40 == 0 { budget.charge(.unproved, to: .v6(7), at: .zero) }
            #expect(budget.wait(for: .unproved, from: .v6(7), at: .zero) == .seconds(1))
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ConnectionRoomTests {
    var limits: ServerLimits {
        var limits = ServerLimits()
        limits.connections = 20
        limits.newcomers = 5
        limits.connectionsPerPeer = 3
        limits.address.connections = 8
        limits.address.loopbackConnections = 100
        return limits
    }

    @Test func aFloodFromOneAddressEndsItsOwnOldest() {
        var room = ConnectionRoom<Int>(limits)
        #expect(room.enter(1000, from: .v4(2)) == nil)
        for id in 0..<8 { #expect(room.enter(id, from: .v4(1)) == nil) }
        for id in 8..<100 { #expect(room.enter(id, from: .v4(1)) == id - 8) }
        #expect(room.count == 9)
    }

    @Test func whoHoldsMostGoesFirst() {
        var room = ConnectionRoom<Int>(limits)
        #expect(room.enter(1000, from: .v4(99)) == nil)
        for id in 0..<19 { #expect(room.enter(id, from: .v4(UInt32(id / 8))) == nil) }
        // 8, 8 and 3 of the flood, one honest newcomer that came first of all.
        for id in 19..<200 {
            let loser = room.enter(id, from: .v4(UInt32(id)))
            #expect(loser != nil && loser != id)
            if id < 30 { #expect(loser != 1000) }
        }
        #expect(room.count == 20)
    }

    @Test func strangersNeverEndAPeersConnection() {
        var room = ConnectionRoom<Int>(limits)
        for id in 0..<12 {
            #expect(room.enter(id, from: .v4(UInt32(id))) == nil)
            room.prove(id, SecretKey.test(UInt8(1 + id / 3)).node)
            #expect(room.isProven(id))
        }
        for id in 100..<2000 {
            if let loser = room.enter(id, from: .v4(UInt32(id % 300))) { #expect(loser >= 100) }
        }
        #expect((0..<12).allSatisfy(room.isProven))
        #expect(room.count == 20)
    }

    @Test func peersHoldOnlyTheirShareForGood() {
        var room = ConnectionRoom<Int>(limits)
        let node = SecretKey.test(1).node
        for id in 0..<5 {
            #expect(room.enter(id, from: .v4(UInt32(id))) == nil)
            room.prove(id, node)
        }
        #expect((0..<5).map(room.isProven) == [true, true, true, false, false])
        room.leave(0)
        room.prove(3, node)
        #expect(room.isProven(3))
    }

    @Test func thereIsAlwaysRoomForNewcomers() {
        var room = ConnectionRoom<Int>(limits)
        for id in 0..<20 {
            #expect(room.enter(id, from: .v4(UInt32(id))) == nil)
            room.prove(id, SecretKey.test(UInt8(1 + id)).node)
        }
        #expect((0..<20).count { room.isProven($0) } == 15)
        let loser = room.enter(50, from: .v4(77))
        #expect(loser == 15)
        var full = limits
        full.newcomers = 0
        room = ConnectionRoom<Int>(full)
        for id in 0..<20 {
            #expect(room.enter(id, from: .v4(UInt32(id))) == nil)
            room.prove(id, SecretKey.test(UInt8(1 + id)).node)
        }
        #expect(room.enter(50, from: .v4(77)) == 50)
        #expect(room.count == 20)
    }

    @Test func aDoubtedConnectionIsAStrangersAgain() {
        var room = ConnectionRoom<Int>(limits)
        let node = SecretKey.test(1).node
        #expect(room.enter(1, from: .loopback) == nil)
        room.prove(1, node)
        room.doubt(1)
        #expect(!room.isProven(1))
        room.doubt(1)
        room.doubt(2)
        room.prove(2, node)
        #expect(room.count == 1)
        room.prove(1, node)
        #expect(room.isProven(1))
        room.leave(1)
        room.leave(1)
        #expect(room.count == 0)
    }

    @Test(arguments: 1...20) func anyOrderKeepsTheCountsRight(_ seed: Int) {
        var dice = Dice(seed: UInt64(seed))
        var room = ConnectionRoom<Int>(limits)
        // The model: who is in.
        var open: Set<Int> = []
        for id in 0..<2000 {
            switch dice.below(5) {
            case 0, 1:
                let loser = room.enter(id, from: .v4(UInt32(dice.below(6))))
                open.insert(id)
                if let loser { #expect(open.remove(loser) != nil) }
            case 2: room.prove(dice.below(id + 1), SecretKey.test(UInt8(1 + dice.below(9))).node)
            case 3: room.doubt(dice.below(id + 1))
            default:
                guard let gone = open.sorted().last else { continue }
                room.leave(gone)
                open.remove(gone)
            }
            #expect(room.count == open.count)
            #expect(room.count <= 20)
        }
        for id in open { room.leave(id) }
        #expect(room.count == 0)
        // Nothing is left behind: a whole address fits again.
        for id in 5000..<5008 { #expect(room.enter(id, from: .v4(1)) == nil) }
    }
}
