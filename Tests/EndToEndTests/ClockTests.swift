import FederationAPI
import Foundation
import Testing

/// A node whose machine's clock is wrong: it hears of it, and what it signs early is taken in late.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: NodeUnderTest.hasFaketime(), "needs faketime"))
struct ClockTests {
    @Test func theOneWithTheWrongClockReadsItInItsStatusAndItsEventsAreTakenWhenDue()
        async throws
    {
        let right = try NodeUnderTest("right")
        let wrong = try NodeUnderTest("wrong")
        let address = try await right.start()
        // Of the tolerated 60 seconds all but the last few are over.
        try await wrong.start(clockAhead: 73)
        try await connect(wrong, to: right, at: address)
        let warning = try await eventually("the wrong one is told") {
            try await wrong.status().warnings.first { $0.contains("ahead of") }
        }
        let seconds = warning.matches(of: /[0-9]+/).first.flatMap { Int($0.output) } ?? 0
        #expect((71...75).contains(seconds), "\(warning)")
        #expect(try await right.status().warnings.contains { $0.contains("behind") })

        #expect(try wrong.run(["post", "from the future"]).code == 0)
        let event = try await eventually("it is set aside") {
            try await right.status().aside > 0 ? try wrong.run(["export"]).output : nil
        }
        #expect(event.contains("from the future"))
        #expect(!(try right.run(["log", "-n", "0"]).output.contains("from the future")))
        let peer = try right.run(["explain", try wrong.node()])
        #expect(peer.output.contains("ahead of ours"), "\(peer.output)")
        try await eventually("it is taken in when due") {
            try right.run(["log", "-n", "0"]).output.contains("from the future") ? true : nil
        }
        #expect(try await right.status().aside == 0)
    }
}
