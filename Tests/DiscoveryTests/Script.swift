import Core
import Testing

@testable import Discovery

/// Drives a machine with scripted Avahi events, as the shell would, and keeps what it answers.
struct Script {
    var machine: DiscoveryMachine
    var now = Instant.zero
    var refusals: [Refusal] = []

    init(own: NodeID? = node(0)) { machine = DiscoveryMachine(own: own) }

    /// A machine whose first client runs and is published.
    static func running(own: NodeID? = node(0)) -> Script {
        var script = Script(own: own)
        script.start()
        script.tell([.began, .running(host: "h"), .published(name: "n")])
        return script
    }

    mutating func start() {
        var effects: [DiscoveryMachine.Effect] = []
        machine.start(into: &effects)
        #expect(effects == [.report(.state(.connecting)), .connect])
    }

    /// The changes that the events cause; refusals are kept aside.
    @discardableResult
    mutating func tell(_ events: [AvahiEvent]) -> [DiscoveryChange] {
        var effects: [DiscoveryMachine.Effect] = []
        for event in events { machine.handle(event, at: now, into: &effects) }
        return effects.compactMap { effect in
            switch effect {
            case .report(let change): return change
            case .count(let refusal):
                refusals.append(refusal)
                return nil
            case .connect:
                Issue.record("no event asks for a client at once")
                return nil
            }
        }
    }

    /// What falls due within `duration`, at the machine's own deadlines.
    mutating func wait(_ duration: Duration) -> [DiscoveryMachine.Effect] {
        let end = now + duration
        var effects: [DiscoveryMachine.Effect] = []
        while let deadline = machine.nextDeadline, deadline <= end {
            now = max(now, deadline)
            machine.advance(to: now, into: &effects)
        }
        now = end
        return effects
    }
}

func node(_ number: UInt64) -> NodeID { NodeID(words: number << 48, 2, 3, 4) }

func key(_ name: String, interface: Int32 = 2, isIPv6: Bool = false) -> ServiceKey {
    ServiceKey(interface: interface, isIPv6: isIPv6, name: name)
}

func resolution(
    _ id: NodeID, _ address: String, port: UInt16 = 7_000, label: String = "", isLocal: Bool = false
) throws -> Resolution {
    let text = ["txtvers=1", "id=\(id.hex)", "proto=1", "net=\(label)"].map { Array($0.utf8) }
    return Resolution(
        address: try parse(address), port: port, text: text, isLocalHost: isLocal)
}

func candidate(_ id: NodeID, _ addresses: [String], label: String = "") -> Candidate {
    Candidate(
        node: id,
        endpoints: addresses.map { Endpoint(address: $0, port: 7_000, isLocalHost: false) },
        label: label)
}
