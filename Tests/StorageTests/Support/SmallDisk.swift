import Foundation

/// A file system of its own in memory, to be filled or made read-only. Nil where this process may
/// not mount.
final class SmallDisk: Sendable {
    let path: String
    private let folder: TemporaryFolder

    init?(bytes: Int) throws {
        folder = try TemporaryFolder()
        path = folder.path + "/disk"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
        guard try Self.run("mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path]) else {
            return nil
        }
    }

    // A deinit can't throw; a file system that stays is seen in `mount`.
    deinit { _ = try? Self.run("umount", ["-l", path]) }

    // Whatever fails, the tests that need one are skipped and say so.
    static let isPossible = (try? SmallDisk(bytes: 1 << 16)) != nil

    func makeReadOnly() throws -> Bool {
        try Self.run("mount", ["-o", "remount,ro", path])
    }

    private static func run(_ name: String, _ arguments: [String]) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
