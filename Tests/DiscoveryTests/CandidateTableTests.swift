import Core
import Testing

@testable import Discovery

@Suite(.timeLimit(.minutes(1)))
struct CandidateTableTests {
    @Test func oneNodeOnSeveralInterfacesIsOneCandidateInOrderOfDialling() throws {
        var script = Script.running()
        let changes = script.tell([
            .resolved(key("a", isIPv6: true), try resolution(node(1), "fe80::1")),
            .resolved(key("a", interface: 3, isIPv6: true), try resolution(node(1), "fd00::1")),
            .resolved(key("a"), try resolution(node(1), "10.0.0.1")),
        ])
        #expect(
            changes == [
                .appeared(candidate(node(1), ["fe80::1%2"])),
                .changed(candidate(node(1), ["fd00::1", "fe80::1%2"])),
                .changed(candidate(node(1), ["10.0.0.1", "fd00::1", "fe80::1%2"])),
            ])
    }

    @Test func aNodeVanishesWithItsLastRecord() throws {
        var script = Script.running()
        script.tell([
            .resolved(key("a"), try resolution(node(1), "10.0.0.1")),
            .resolved(key("a", isIPv6: true), try resolution(node(1), "fd00::1")),
        ])
        #expect(
            script.tell([.removed(key("a"))]) == [.changed(candidate(node(1), ["fd00::1"]))])
        #expect(script.tell([.unresolved(key("a", isIPv6: true))]) == [.vanished(node(1))])
        #expect(script.tell([.removed(key("a", isIPv6: true))]) == [])
    }

    @Test func oneAddressOnTwoInterfacesStaysUntilBothAreGone() throws {
        var script = Script.running()
        let record = try resolution(node(1), "10.0.0.1")
        script.tell([.resolved(key("a"), record)])
        #expect(script.tell([.resolved(key("a", interface: 3), record)]) == [])
        #expect(script.tell([.removed(key("a"))]) == [])
        #expect(script.tell([.removed(key("a", interface: 3))]) == [.vanished(node(1))])
    }

    @Test func aRenamedNodeNeverVanishes() throws {
        var script = Script.running()
        let record = try resolution(node(1), "10.0.0.1")
        script.tell([.resolved(key("a"), record)])
        #expect(script.tell([.resolved(key("a #2"), record), .removed(key("a"))]) == [])
        #expect(script.machine.table.candidates == [candidate(node(1), ["10.0.0.1"])])
    }

    @Test func aNameThatPassesToAnotherNodeMovesItsRecord() throws {
        var script = Script.running()
        script.tell([.resolved(key("a"), try resolution(node(1), "10.0.0.1"))])
        #expect(
            script.tell([.resolved(key("a"), try resolution(node(2), "10.0.0.2"))]) == [
                .vanished(node(1)), .appeared(candidate(node(2), ["10.0.0.2"])),
            ])
    }

    @Test func aNewPortOrLabelIsAChangeAndTheSameAgainIsNone() throws {
        var script = Script.running()
        script.tell([.resolved(key("a"), try resolution(node(1), "10.0.0.1"))])
        #expect(
            script.tell([.resolved(key("a"), try resolution(node(1), "10.0.0.1"))]) == [])
        let labelled = try resolution(node(1), "10.0.0.1", label: "lab")
        #expect(
            script.tell([.resolved(key("a"), labelled)])
                == [.changed(candidate(node(1), ["10.0.0.1"], label: "lab"))])
        let moved = script.tell([
            .resolved(key("a"), try resolution(node(1), "10.0.0.1", port: 9, label: "lab"))
        ])
        guard case .changed(let now)? = moved.first else { throw Missing() }
        #expect(now.endpoints.map(\.port) == [9])
    }

    @Test func aLiarCanNeitherDisplaceEndpointsNorChangeTheLabel() throws {
        var script = Script.running()
        script.tell([
            .resolved(key("real"), try resolution(node(1), "192.168.7.7", label: "home"))
        ])
        for number in 1...100 {
            let lie = try resolution(node(1), "10.0.0.\(number)", label: "lie")
            script.tell([.resolved(key("lie \(number)"), lie)])
        }
        let seen = try #require(script.machine.table.candidates.first)
        #expect(seen.endpoints.count == DiscoveryLimits.endpointsPerCandidate)
        #expect(seen.endpoints.contains { $0.address == "192.168.7.7" })
        #expect(seen.label == "home")
    }

    @Test func onlyTheEndpointThatIsLocalIsMarkedLocal() throws {
        var script = Script.running()
        script.tell([
            .resolved(key("a"), try resolution(node(1), "127.0.0.1", isLocal: true)),
            .resolved(key("b"), try resolution(node(1), "10.0.0.66")),
        ])
        let seen = try #require(script.machine.table.candidates.first)
        #expect(seen.isLocalHost)
        #expect(
            seen.endpoints == [
                Endpoint(address: "127.0.0.1", port: 7_000, isLocalHost: true),
                Endpoint(address: "10.0.0.66", port: 7_000, isLocalHost: false),
            ])
    }

    /// The candidates follow from the records held, in whatever way they came about.
    @Test(arguments: 0..<20)
    func changesAddUpToTheTable(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        var script = Script.running()
        var held: [ServiceKey: NodeID] = [:]
        var told: [NodeID: Candidate] = [:]
        for _ in 0..<150 {
            let name = key("s\(dice.next() % 12)", interface: Int32(dice.next() % 3 + 1))
            let id = node(dice.next() % 6 + 1)
            let isGone = dice.next() % 3 == 0
            let address = "10.0.\(dice.next() % 2).\(dice.next() % 4)"
            held[name] = isGone ? nil : id
            let event: AvahiEvent =
                isGone ? .removed(name) : .resolved(name, try resolution(id, address))
            for change in script.tell([event]) {
                switch change {
                case .appeared(let new):
                    #expect(told.updateValue(new, forKey: new.node) == nil)
                case .changed(let new): #expect(told.updateValue(new, forKey: new.node) != new)
                case .vanished(let node): #expect(told.removeValue(forKey: node) != nil)
                case .state: Issue.record("no state changes here")
                }
            }
            #expect(told.keys.sorted() == Set(held.values).sorted())
            #expect(script.machine.table.candidates == told.values.sorted { $0.node < $1.node })
        }
    }
}

struct Missing: Error {}
