import Core
import Foundation
import Testing

@testable import MerkleSearchTree

/// Heights of another Merkle Search Tree, which counts the leading zero bits of a key's SHA-256 in
/// twos where ours counts those of an id in fours.
@Suite(.timeLimit(.minutes(1)))
struct KeyHeightVectorTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../shared/vectors/atproto-mst").standardizedFileURL

    private static let present = ConditionTrait.enabled(
        if: FileManager.default.fileExists(atPath: folder.path),
        "no ../shared/vectors beside the package")

    private struct Case: Decodable {
        var key: String
        var height: Int
    }

    private func level(_ text: some StringProtocol) -> Int {
        let id: EventID = SHA256.hash(Array(text.utf8))
        return MerkleSearchTree.level(of: EventKey(physical: 0, counter: 0, id: id))
    }

    @Test(present) func levelsAreHalfTheHeightsOfATreeOfBaseFour() throws {
        let bytes = try Data(contentsOf: Self.folder.appendingPathComponent("key_heights.json"))
        let cases = try JSONDecoder().decode([Case].self, from: bytes)
        #expect(cases.count == 9)
        for test in cases { #expect(level(test.key) == test.height / 2, "\(test.key)") }
        #expect(cases.contains { $0.height >= 8 }, "a level above the first few is among them")
    }

    @Test(present) func theDigitInAnExampleKeyIsItsHeight() throws {
        let file = Self.folder.appendingPathComponent("example_keys.txt")
        let keys = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(keys.count == 156)
        for key in keys {
            let height = try #require(key.dropFirst().first?.wholeNumberValue)
            #expect(level(key) == height / 2, "\(key)")
        }
    }
}
