import Core
import Foundation
import Testing

/// Every file of vectors is either checked by a test that is named here, or named with the reason
/// why it does not apply; how many cases it holds is written down, so that an emptied file is
/// noticed.
@Suite(.timeLimit(.minutes(1)))
struct FileVectorTests {
    private struct Entry {
        var cases: Int
        /// The test that looks at every case.
        var test: String?
        /// Why no test does.
        var reason: String?
    }

    private static let files: [String: Entry] = [
        "wycheproof/ed25519_test.json": Entry(
            cases: 151, test: "SignatureTests.wycheproofsCasesAreDecidedAsExpected"),
        "zip215_small_order_generated.json": Entry(
            cases: 196, test: "SignatureTests.nothingOfSmallOrderIsValid"),
        "divergence_generated.json": Entry(
            cases: 3, test: "SignatureTests.casesThatVerifiersDisagreeOnAreInvalid"),
        "mixed_order_points_generated.json": Entry(
            cases: 8, test: "SignatureTests.aKeyOfMixedOrderIsInvalid"),
        "torsion_encodings_generated.json": Entry(
            cases: 14, test: "SignatureTests.noTorsionEncodingIsAKeyOrAnR"),
        "rfc8032_section7_1.json": Entry(
            cases: 5, test: "SignatureTests.theStandardsCasesAreSignedAndVerified"),
        "rfc9421_b26_recomputed.json": Entry(
            cases: 1, test: "RequestSignatureTests.theVectorOfRFC9421SectionB26Holds"),
        "cbor/appendix_a.json": Entry(
            cases: 82, test: "CBORReaderTests.theVectorsOfTheStandardAreReadOrRefused"),
        "atproto-mst/key_heights.json": Entry(
            cases: 9, test: "KeyHeightVectorTests.levelsAreHalfTheHeightsOfATreeOfBaseFour"),
        "atproto-mst/example_keys.txt": Entry(
            cases: 156, test: "KeyHeightVectorTests.theDigitInAnExampleKeyIsItsHeight"),
        "atproto-mst/common_prefix.json": Entry(
            cases: 13,
            reason: "its pages compress text keys by shared prefixes; ours hold keys of 42 bytes"),
        "atproto-firehose/commit-proof-fixtures.json": Entry(
            cases: 6,
            reason: "its roots are content ids of DAG-CBOR blocks; ours hash another page format"),
        "cpace/testvectors.json": Entry(
            cases: 14, reason: "no password-authenticated key exchange is part of the protocol"),
    ]

    /// Texts that go with the files, and hold no case.
    private static let companions: Set<String> = [
        "atproto-mst/LICENSE-CC0", "wycheproof/LICENSE", "wycheproof/eddsa_verify_schema_v1.json",
    ]

    @Test(.enabled(if: Vectors.arePresent, "no ../shared/vectors beside the package"))
    func everyFileIsCheckedOrNamedWithAReason() throws {
        let paths = FileManager.default.enumerator(atPath: Vectors.folder.path)
        var found: Set<String> = []
        while let path = paths?.nextObject() as? String {
            var isFolder: ObjCBool = false
            let full = Vectors.folder.appendingPathComponent(path).path
            _ = unsafe FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
            if !isFolder.boolValue { found.insert(path) }
        }
        #expect(found.subtracting(Self.companions) == Set(Self.files.keys))
        for (name, entry) in Self.files.sorted(by: { $0.key < $1.key }) {
            #expect(try count(name) == entry.cases, "\(name)")
            #expect((entry.test == nil) != (entry.reason == nil), "\(name)")
            if let reason = entry.reason {
                print("not applicable: \(entry.cases) cases of \(name): \(reason)")
            }
        }
    }

    /// The tests that the table names exist; those of other targets are looked up by their text.
    @Test func everyTestThatIsNamedExists() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("..").standardizedFileURL
        for name in Self.files.values.compactMap(\.test) {
            let parts = name.split(separator: ".").map(String.init)
            let files = ["CoreTests", "FederationAPITests", "MerkleSearchTreeTests"].map {
                tests.appendingPathComponent("\($0)/\(parts[0]).swift")
            }
            let file = try #require(
                files.first { FileManager.default.fileExists(atPath: $0.path) }, "\(name)")
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains("func \(parts[1])("), "\(name)")
        }
    }

    private func count(_ name: String) throws -> Int {
        let bytes = try Data(contentsOf: Vectors.folder.appendingPathComponent(name))
        if name.hasSuffix(".txt") {
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").count
        }
        switch try JSONSerialization.jsonObject(with: bytes) {
        case let list as [Any]: return list.count
        case let table as [String: Any]:
            if let groups = table["testGroups"] as? [[String: Any]] {
                return groups.reduce(0) { $0 + (($1["tests"] as? [Any])?.count ?? 0) }
            }
            return table["signature_base"] == nil ? table.count : 1
        default: return 0
        }
    }
}
