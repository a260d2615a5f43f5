import Core
import Foundation
import Testing

@testable import MerkleSearchTree

/// The code of our tree, with another system's scheme, makes that system's roots: what it inserts,
/// splits, removes and joins is a correct Merkle Search Tree.
@Suite(.timeLimit(.minutes(1)))
struct RepositoryTreeTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../shared/vectors/atproto-firehose").standardizedFileURL

    private static let present = ConditionTrait.enabled(
        if: FileManager.default.fileExists(atPath: folder.path),
        "no ../shared/vectors beside the package")

    private struct Case: Decodable {
        var comment: String
        var leafValue: String
        var keys: [String]
        var adds: [String]
        var dels: [String]
        var rootBeforeCommit: String
        var rootAfterCommit: String
    }

    /// Content of the records in the known roots.
    private static let leaf = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454"

    /// The SHA-256 of a CID of version 1, DAG-CBOR, in base32.
    private func digest(_ cid: String) throws -> Digest {
        var (bits, count, bytes) = (UInt64(0), 0, [UInt8]())
        for letter in cid.dropFirst().utf8 {
            let digit = letter >= 97 ? letter - 97 : letter - 50 + 26
            bits = bits << 5 | UInt64(digit)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> UInt64(count) & 255))
            }
        }
        #expect(bytes.prefix(4) == [1, 0x71, 0x12, 32])
        return try #require(Digest(bytes: bytes.dropFirst(4)))
    }

    private func removeAll(_ paths: [String], from tree: inout RepositoryTree) {
        for path in paths {
            let isRemoved = tree.remove(path)
            #expect(isRemoved, "\(path)")
        }
    }

    @Test func smallRootsAreThoseOfOthers() throws {
        var tree = RepositoryTree()
        #expect(
            try tree.root == digest("bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm"))
        tree.set("com.example.record/3jqfcqzm3fo2j", to: try digest(Self.leaf))
        #expect(
            try tree.root == digest("bafyreibj4lsc3aqnrvphp5xmrnfoorvru4wynt6lwidqbm2623a6tatzdu"))
        let isRemoved = tree.remove("com.example.record/3jqfcqzm3fo2j")
        #expect(isRemoved)
        #expect(tree.root == RepositoryTree().root)
    }

    @Test(present) func rootsBeforeAndAfterCommitsAreThoseOfOthers() throws {
        let file = Self.folder.appendingPathComponent("commit-proof-fixtures.json")
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
        #expect(cases.count == 6)
        for test in cases {
            let content = try digest(test.leafValue)
            var tree = RepositoryTree()
            for key in test.keys.reversed() { tree.set(key, to: content) }
            #expect(try tree.root == digest(test.rootBeforeCommit), "\(test.comment)")
            for key in test.adds { tree.set(key, to: content) }
            removeAll(test.dels, from: &tree)
            #expect(try tree.root == digest(test.rootAfterCommit), "\(test.comment)")
            // And back.
            removeAll(test.adds, from: &tree)
            for key in test.dels { tree.set(key, to: content) }
            #expect(try tree.root == digest(test.rootBeforeCommit), "\(test.comment), undone")
        }
    }

    @Test func theOrderOfChangesLeavesNoTrace() throws {
        var dice = Dice(2)
        let paths = (0..<400).map { "org.example.thing/\($0 * 7919 % 100_003)" }
        let content = try digest(Self.leaf)
        var (forward, mixed) = (RepositoryTree(), RepositoryTree())
        for path in paths { forward.set(path, to: content) }
        for path in paths.shuffled(using: &dice) { mixed.set(path, to: .zero) }
        for path in paths.shuffled(using: &dice) { mixed.set(path, to: content) }
        #expect(forward.root == mixed.root)
        #expect(forward.count == 400)
        removeAll(Array(paths.prefix(390)), from: &forward)
        var rest = RepositoryTree()
        for path in paths.suffix(10) { rest.set(path, to: content) }
        #expect(forward.root == rest.root)
        let isThere = forward.remove("org.example.thing/none")
        #expect(!isThere)
    }
}
