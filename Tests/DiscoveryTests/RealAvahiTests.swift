import Core
import Foundation
import Testing

/// Against the real daemon; each simulated node is a process.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: AvahiLab.isPossible(), "needs root, network namespaces and avahi-daemon"))
struct RealAvahiTests {
    private let ann = node(0xa)
    private let ben = node(0xb)
    private let cem = node(0xc)

    @Test func twoNodesOfOneHostSeeEachOtherWithinTwoSeconds() async throws {
        try await AvahiLab.run { lab in
            let a = try ProbeProcess(ann, port: 4_001, label: "lab", in: lab)
            let b = try ProbeProcess(ben, port: 4_002, in: lab)
            let atA = try await a.next(.state("connecting"), .appeared(ben))
            let atB = try await b.next(.state("connecting"), .appeared(ann))
            #expect(atA[1].time - atB[0].time < 2)
            #expect(atB[1].time - atA[0].time < 2)
            #expect(atA[1].endpoints == ["127.0.0.1 4002"])
            #expect(atB[1].endpoints == ["127.0.0.1 4001"])
            #expect(atB[1].label == "lab")
            #expect(atB[1].isLocalHost == true)
        }
    }

    @Test func aKilledNodeVanishes() async throws {
        try await AvahiLab.run { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            let b = try ProbeProcess(ben, port: 4_002, in: lab)
            try await a.next(.appeared(ben))
            let killed = Date().timeIntervalSince1970
            b.send(SIGKILL)
            #expect(try await a.next(.vanished(ben))[0].time - killed < 3)
        }
    }

    @Test func aNodeThatEndsSaysGoodbyeAndReturnsAtOnce() async throws {
        try await AvahiLab.run { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            let b = try ProbeProcess(ben, port: 4_002, in: lab)
            try await a.next(.appeared(ben))
            try await expectPromptEnd(of: b)
            try await a.next(.vanished(ben))
        }
    }

    @Test(arguments: ["daemon", "bus"])
    func nodesPublishAndSeeAgainAfterARestart(of part: String) async throws {
        try await AvahiLab.run { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            let b = try ProbeProcess(ben, port: 4_002, in: lab)
            try await a.next(.appeared(ben))
            try await b.next(.appeared(ann))
            try lab.avahi("stop-\(part)", lab.folder, "KILL")
            try await a.next(.state("unavailable"))
            try await b.next(.state("unavailable"))
            if part == "bus" {
                // Avahi leaves with its bus.
                try lab.avahi("stop-daemon", lab.folder)
                try lab.avahi("start-bus", lab.folder)
            }
            try lab.avahi("start-daemon", lab.folder)
            try await a.next(.state("published"))
            try await b.next(.state("published"))
            let c = try ProbeProcess(cem, port: 4_003, in: lab)
            try await a.next(.appeared(cem))
            try await c.next(.appeared(ann), .appeared(ben))
            // Not seen anew but never lost: its end is noticed, so it was seen by the new daemon.
            b.send(SIGKILL)
            try await a.next(.vanished(ben))
        }
    }

    @Test func aBusThatComesLateIsFound() async throws {
        try await AvahiLab.run(withAvahi: false) { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            let text = try await a.next(.state("unavailable"))[0].text
            #expect(text?.contains("reaching Avahi over D-Bus failed") == true)
            try lab.startAvahi()
            try await a.next(.state("running"))
            try await a.next(.state("published"))
        }
    }

    @Test func withoutABusANodeEndsAtOnce() async throws {
        try await AvahiLab.run(withAvahi: false) { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            try await a.next(.state("unavailable"))
            try await expectPromptEnd(of: a)
        }
    }

    @Test(arguments: ["bus", "daemon"])
    func aNodeEndsInTimeWhereABusOrDaemonHangs(_ part: String) async throws {
        try await AvahiLab.run(withAvahi: false) { lab in
            let pids = try lab.startAvahi()
            let hanging = part == "bus" ? pids.bus : pids.daemon
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            try await a.next(.state("published"))
            kill(hanging, SIGSTOP)
            defer { kill(hanging, SIGCONT) }
            try await expectPromptEnd(of: a)
            let late = try ProbeProcess(ben, port: 4_002, in: lab)
            try await late.next(.state("connecting"))
            try await expectPromptEnd(of: late)
        }
    }

    @Test func twoNodesOfOneNameBothAppear() async throws {
        try await AvahiLab.run { lab in
            let a = try ProbeProcess(ann, port: 4_001, label: "x", instance: "twin", in: lab)
            try await a.next(.state("published"))
            let b = try ProbeProcess(ben, port: 4_002, label: "x", instance: "twin", in: lab)
            let atB = try await b.next(.state("published"), .appeared(ann))
            #expect(atB[0].text?.contains("twin #2") == true)
            try await a.next(.appeared(ben))
        }
    }

    @Test func junkOnTheLANIsPassedOverAndCounted() async throws {
        try await AvahiLab.run { lab in
            let good = ["txtvers=1", "proto=1"]
            try lab.announce("no id", good)
            try lab.announce("half an id", good + ["id=00ff"])
            try lab.announce("another version", ["txtvers=2", "id=\(cem.hex)", "proto=1"])
            try lab.announce("another protocol", ["txtvers=1", "id=\(cem.hex)", "proto=2-9"])
            try lab.announce(
                "long label", good + ["id=\(cem.hex)", "net=" + String(repeating: "x", count: 90)])
            try lab.announce("our key", good + ["id=\(ann.hex)"])
            try lab.announce("ünï çødé; \"quotes\" \\ . %s", good + ["id=\(ben.hex)"])
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            let first = try await a.next(.appeared(ben))
            #expect(first[0].endpoints == ["127.0.0.1 9"])
            let c = try ProbeProcess(cem, port: 4_003, in: lab)
            #expect(try await a.next(.appeared(cem))[0].endpoints == ["127.0.0.1 4003"])
            try await c.next(.appeared(ann))
            a.send(SIGTERM)
            #expect(
                try await a.next(.state("refusals"))[0].text
                    == "badIdentifier badLabel ownIdentifier wrongProtocol wrongTextVersion")
        }
    }

    private func expectPromptEnd(of probe: ProbeProcess) async throws {
        let start = ContinuousClock.now
        probe.send(SIGTERM)
        #expect(await probe.end() == 0)
        #expect(ContinuousClock.now - start < promptly)
    }
}
