import Testing

@testable import Discovery

@Suite(.timeLimit(.minutes(1)))
struct ServiceRosterTests {
    private func service(_ number: Int) -> ServiceRoster.Service {
        ServiceRoster.Service(key: key("s\(number)"), isLocalHost: number % 2 == 0)
    }

    private func full() -> ServiceRoster {
        var roster = ServiceRoster()
        for number in 0..<DiscoveryLimits.services {
            #expect(roster.admit(service(number)) == .resolve)
        }
        return roster
    }

    @Test func aServiceIsAdmittedOnce() {
        var roster = ServiceRoster()
        #expect(roster.admit(service(1)) == .resolve)
        #expect(roster.admit(service(1)) == .known)
        #expect(roster.withdraw(key("s1")) == nil)
        #expect(roster.admit(service(1)) == .resolve)
    }

    @Test func whoeverComesTooManyWaitsForAPlace() {
        var roster = full()
        #expect(roster.admit(service(1_000)) == .wait)
        #expect(roster.admit(service(1_000)) == .known)
        #expect(roster.admit(service(1_001)) == .wait)
        #expect(roster.withdraw(key("s7")) == service(1_000))
        #expect(roster.withdraw(key("s1000")) == service(1_001))
        #expect(roster.withdraw(key("s8")) == nil)
    }

    @Test func whoeverWaitsMayLeave() {
        var roster = full()
        _ = roster.admit(service(1_000))
        _ = roster.admit(service(1_001))
        #expect(roster.withdraw(key("s1000")) == nil)
        #expect(roster.withdraw(key("s0")) == service(1_001))
    }

    @Test func theQueueIsBounded() {
        var roster = full()
        for number in 0..<DiscoveryLimits.waitingServices {
            #expect(roster.admit(service(10_000 + number)) == .wait)
        }
        #expect(roster.admit(service(99_999)) == .refuse)
        #expect(roster.withdraw(key("s99999")) == nil)
        #expect(roster.withdraw(key("s0")) == service(10_000))
        #expect(roster.admit(service(99_999)) == .wait)
    }
}
