import FederationAPI
import Foundation
import Testing

/// Two copies of one folder that run at a time: the worst mistake of an operator.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct DuplicateKeyTests {
    @Test func aThirdNodeSeesItAndBothCopiesAreTold() async throws {
        let (a, third) = (try NodeUnderTest("copied"), try NodeUnderTest("third"))
        let address = try await third.start()
        try await a.start()
        try await connect(a, to: third, at: address)
        try await waitUntilEqual(a, third)
        let node = try await a.status().node
        #expect(a.interrupt() == 0)
        #expect(try await third.status().alarms.isEmpty)
        let copy = try NodeUnderTest(copyOf: a, "copy")
        let began = ContinuousClock.now
        try await a.start()
        try await copy.start()
        try await eventually("the third node sees it", within: .seconds(90)) {
            try await third.status().alarms.first { $0.kind == "duplicate-key" }
        }
        let seen = ContinuousClock.now - began
        for one in [a, copy] {
            try await eventually("a copy is told", within: .seconds(90)) {
                try await one.status().alarms.first { $0.kind == "own-key-twice" }
            }
        }
        print("duplicate-key after \(seen), own-key-twice after \(ContinuousClock.now - began)")
        let alarm = try #require(try await third.status().alarms.first)
        #expect(alarm.node == node)
        let told = try #require(try await copy.status().alarms.first)
        #expect(told.node == node)

        // The evidence stays, with the time when it was first seen.
        #expect(third.interrupt() == 0)
        #expect(copy.interrupt() == 0)
        try await third.start()
        #expect(try await third.status().alarms.contains(alarm))
        try await copy.start()
        #expect(try await copy.status().alarms.contains(told))
        let text = try third.run(["status"]).output
        #expect(text.contains("duplicate-key") && text.contains(node.prefix(10)), "\(text)")
    }
}
