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
            let (startOfA, startOfB) = (try await a.next("connecting"), try await b.next("connecting"))
            let (seenByA, seenByB) = (
                try await a.next("appeared", of: ben), try await b.next("appeared", of: ann)
            )
            #expect(seenByA.time - startOfB.time < 2)
            #expect(seenByB.time - startOfA.time < 2)
            #expect(seenByA.endpoints == ["127.0.0.1 4002"])
            #expect(seenByB.endpoints == ["127.0.0.1 4001"])
            #expect(seenByB.label == "lab")
            #expect(seenByB.isLocalHost == true)
        }
    }

    @Test func aKilledNodeVanishes() async throws {
        try await AvahiLab.run { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            let b = try ProbeProcess(ben, port: 4_002, in: lab)
            try await a.next("appeared", of: ben)
            let killed = Date().timeIntervalSince1970
            b.send(SIGKILL)
            #expect(try await a.next("vanished", of: ben).time - killed < 3)
        }
    }

    @Test func aNodeThatEndsSaysGoodbyeAndReturnsAtOnce() async throws {
        try await AvahiLab.run { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            let b = try ProbeProcess(ben, port: 4_002, in: lab)
            try await a.next("appeared", of: ben)
            try await expectPromptEnd(of: b)
            try await a.next("vanished", of: ben)
        }
    }

    @Test(arguments: ["daemon", "bus"])
    func nodesPublishAndSeeAgainAfterARestart(of part: String) async throws {
        try await AvahiLab.run { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            let b = try ProbeProcess(ben, port: 4_002, in: lab)
            try await a.next("appeared", of: ben)
            try await b.next("appeared", of: ann)
            try lab.avahi("stop-\(part)", lab.folder, "KILL")
            try await a.next("unavailable")
            try await b.next("unavailable")
            if part == "bus" {
                // Avahi leaves with its bus.
                try lab.avahi("stop-daemon", lab.folder)
                try lab.avahi("start-bus", lab.folder)
            }
            try lab.avahi("start-daemon", lab.folder)
            try await a.next("published")
            try await b.next("published")
            let c = try ProbeProcess(cem, port: 4_003, in: lab)
            try await a.next("appeared", of: cem)
            try await c.next("appeared", of: ann)
            try await c.next("appeared", of: ben)
            // Not seen anew but never lost: its end is noticed, so it was seen by the new daemon.
            b.send(SIGKILL)
            try await a.next("vanished", of: ben)
        }
    }

    @Test func aBusThatComesLateIsFound() async throws {
        try await AvahiLab.run(withAvahi: false) { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            let text = try await a.next("unavailable").text
            #expect(text?.contains("reaching Avahi over D-Bus failed") == true)
            try lab.startAvahi()
            try await a.next("running")
            try await a.next("published")
        }
    }

    @Test func withoutABusANodeEndsAtOnce() async throws {
        try await AvahiLab.run(withAvahi: false) { lab in
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            try await a.next("unavailable")
            try await expectPromptEnd(of: a)
        }
    }

    @Test(arguments: ["bus", "daemon"])
    func aNodeEndsInTimeWhereABusOrDaemonHangs(_ part: String) async throws {
        try await AvahiLab.run(withAvahi: false) { lab in
            let pids = try lab.startAvahi()
            let hanging = part == "bus" ? pids.bus : pids.daemon
            let a = try ProbeProcess(ann, port: 4_001, in: lab)
            try await a.next("published")
            kill(hanging, SIGSTOP)
            defer { kill(hanging, SIGCONT) }
            try await expectPromptEnd(of: a)
            let late = try ProbeProcess(ben, port: 4_002, in: lab)
            try await late.next("connecting")
            try await expectPromptEnd(of: late)
        }
    }

    @Test func twoNodesOfOneNameBothAppear() async throws {
        try await AvahiLab.run { lab in
            let a = try ProbeProcess(ann, port: 4_001, label: "x", instance: "twin", in: lab)
            try await a.next("published")
            let b = try ProbeProcess(ben, port: 4_002, label: "x", instance: "twin", in: lab)
            #expect(try await b.next("published").text?.contains("twin #2") == true)
            try await a.next("appeared", of: ben)
            try await b.next("appeared", of: ann)
        }
    }

    private func expectPromptEnd(of probe: ProbeProcess) async throws {
        let start = ContinuousClock.now
        probe.send(SIGTERM)
        #expect(await probe.end() == 0)
        #expect(ContinuousClock.now - start < .milliseconds(1_500))
    }
}
