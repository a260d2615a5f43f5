import Core
import Foundation
import Testing

@testable import FuzzTargets

/// Every target of `scripts/fuzz`, without libFuzzer: on what it was found to fail on, on its
/// seeds, and on a few thousand bent seeds.
@Suite(.timeLimit(.minutes(10)))
struct FuzzTargetTests {
    @Test(arguments: FuzzTarget.all)
    func crashersAreMended(_ target: FuzzTarget) async throws {
        for file in try Crashers.files(of: target.name) {
            let input = [UInt8](try Data(contentsOf: file))
            await expectHolds(target, input, "\(target.name)/\(file.lastPathComponent)")
        }
    }

    @Test func everyFolderOfCrashersBelongsToATarget() throws {
        let names = Set(FuzzTarget.all.map(\.name))
        #expect(names.count == FuzzTarget.all.count)
        #expect(try Crashers.folders().allSatisfy(names.contains))
    }

    @Test(arguments: FuzzTarget.all)
    func seedsHoldAndAreTheSameEveryTime(_ target: FuzzTarget) async {
        let seeds = target.seeds()
        #expect(!seeds.isEmpty)
        #expect(seeds == target.seeds())
        for (place, seed) in seeds.enumerated() {
            #expect(seed.count <= target.longest, "seed \(place) is longer than the target takes")
            await expectHolds(target, seed, "seed \(place) of \(target.name)")
        }
    }

    @Test(arguments: FuzzTarget.all)
    func bentSeedsHold(_ target: FuzzTarget) async {
        let seed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? 1
        var mutator = Mutator(
            seeds: target.seeds(), longest: target.longest, dice: Dice(seed: seed))
        for number in 0..<target.mutations {
            let input = mutator.next()
            await expectHolds(target, input, "input \(number) of SEED \(seed)")
        }
    }

    /// A suite that can't fail would prove nothing.
    @Test func aBrokenPropertyIsReported() async {
        let target = FuzzTarget.all[0]
        let broken = FuzzTarget(
            name: "broken", longest: 8, mutations: 1, seeds: target.seeds,
            body: .plain { input in
                if input.count > 3 { throw CocoaError(.fileReadUnknown) }
            })
        await #expect(throws: CocoaError.self) { try await broken.run([1, 2, 3, 4]) }
        await #expect(throws: Never.self) { try await broken.run([1]) }
    }

    private func expectHolds(_ target: FuzzTarget, _ input: [UInt8], _ name: String) async {
        do {
            try await target.run(input)
        } catch {
            Issue.record("\(target.name): \(error), \(name): \(Hex.encode(input.prefix(4096)))")
        }
    }
}

/// Inputs that libFuzzer found: Fuzz/Crashers/TARGET/NAME.
private enum Crashers {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Fuzz/Crashers").standardizedFileURL

    static func folders() throws -> [String] {
        try contents(of: folder).map(\.lastPathComponent)
    }

    static func files(of name: String) throws -> [URL] {
        let files = folder.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: files.path) else { return [] }
        return try contents(of: files)
    }

    private static func contents(of folder: URL) throws -> [URL] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return names.filter { !$0.hasPrefix(".") && $0 != "README.md" }
            .map { folder.appendingPathComponent($0) }
    }
}
