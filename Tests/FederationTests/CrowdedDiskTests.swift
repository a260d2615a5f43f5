import Core
import Testing

@testable import Federation

/// What waits for a slow disk is bounded, whoever sends it.
@Suite(.timeLimit(.minutes(1)))
struct CrowdedDiskTests {
    /// Hands the answer to `introduce` back to who asked, and gives what that one says next.
    private func confirmation(of stranger: Node, to node: Node) throws -> Request {
        let token = stranger.newToken()
        stranger.give(.operate(token, .add(endpoint: "https://n2")))
        let hello = try #require(stranger.sends.last)
        let answer = try #require(node.ask(hello.request, as: nil))
        stranger.give(.response(hello.token, from: node.id, tlsKey: .zero, answer))
        return try #require(stranger.sends.last).request
    }

    @Test func confirmationsOfStrangersDoNotFillWhatWaitsForTheDisk() throws {
        let node = Node(2)
        node.holds = [.store]
        var refusals = 0
        for round in 0..<100 {
            let stranger = Node(10, settings: .manual)
            let request = try confirmation(of: stranger, to: node)
            let answer = node.ask(request, as: nil)
            #expect(node.engine.intake.jobs <= EngineLimits.jobs)
            if round < EngineLimits.jobs {
                #expect(answer == nil, "it waits for the disk")
            } else {
                #expect(answer?.refusal == .busy)
                refusals += 1
            }
        }
        #expect(refusals == 100 - EngineLimits.jobs)
        node.releaseAll()
        #expect(node.engine.intake.jobs == 0)
    }

    @Test func aPeerThatLeavesAgainAndAgainDoesNotEither() {
        let node = Node(2, peers: [.active(1)])
        node.holds = [.store]
        var answers: [Response?] = []
        for _ in 0..<100 { answers.append(node.ask(.leave, as: Node.key(1).node)) }
        #expect(node.engine.intake.jobs <= EngineLimits.jobs)
        #expect(answers.last??.refusal == .busy)
    }
}
