import Core
import Testing

@testable import node

/// What `federate join` is given.
@Suite(.timeLimit(.minutes(1)))
struct InviteTextTests {
    private let now = WallTime(microseconds: 1_700_000_000_000_000)

    private func code(_ endpoint: String, expires: UInt64 = 1_700_000_001) throws -> InviteCode {
        try #require(
            InviteCode(
                endpoints: [endpoint], node: NodeID(words: 1, 2, 3, 4),
                invite: [UInt8](repeating: 5, count: 8), secret: [UInt8](repeating: 6, count: 16),
                expires: expires))
    }

    private func problem(_ text: String) -> String? {
        do {
            _ = try InviteText.read(text, at: now)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func aCodeIsRead() throws {
        let code = try code("https://192.0.2.7:7443")
        #expect(try InviteText.read(code.text, at: now) == code)
        #expect(try InviteText.read(code.text.lowercased() + "\n", at: now) == code)
    }

    @Test func eachKindOfProblemSaysWhatToDo() throws {
        let good = try code("https://192.0.2.7:7443").text
        #expect(problem("hello")?.contains("no invite") == true)
        #expect(problem(String(good.dropLast()))?.contains("typing mistake") == true)
        #expect(
            problem(try code("https://a:1", expires: 1_700_000_000).text)?.contains("expired")
                == true)
        #expect(problem("FED2:" + good.dropFirst(5))?.contains("newer federate") == true)
        #expect(problem(try code("https://[::1").text)?.contains("broken") == true)
        #expect(problem(try code("https://a:99999").text)?.contains("broken") == true)
    }
}
