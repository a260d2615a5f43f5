import Core
import Testing

/// Expected digits were computed by another implementation (Python: hashlib).
@Suite(.timeLimit(.minutes(1)))
struct SafetyNumberTests {
    private func key(_ byte: UInt8) throws -> NodeID {
        try #require(SecretKey(seed: [UInt8](repeating: byte, count: 32))).node
    }

    @Test func itIsThatOfTheVectors() throws {
        let first = try #require(SecretKey(seed: Array(0..<32))).node
        let ones = NodeID(words: .max, .max, .max, .max)
        #expect(
            SafetyNumber(a: first, b: try key(7)).description == "4655 4960 1584 4849 6748 7637")
        #expect(SafetyNumber(a: .zero, b: ones).description == "9981 9579 3139 2793 8401 4950")
        #expect(SafetyNumber(a: first, b: first).description == "8562 5418 6883 5056 6439 8548")
    }

    @Test func leadingZerosAreShown() {
        let number = SafetyNumber(a: .zero, b: .zero)
        #expect(number.description == "6660 4893 3778 0999 3661 5121")
        #expect(number.groups == [6660, 4893, 3778, 999, 3661, 5121])
    }

    @Test func bothSidesSeeTheSame() throws {
        for byte in UInt8(1)..<20 {
            let a = try key(byte)
            let b = try key(byte + 1)
            #expect(SafetyNumber(a: a, b: b) == SafetyNumber(a: b, b: a))
            #expect(SafetyNumber(a: a, b: b) != SafetyNumber(a: a, b: try key(byte + 2)))
        }
    }
}
