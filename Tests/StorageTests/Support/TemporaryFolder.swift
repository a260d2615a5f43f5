import Foundation

/// A folder that is removed with its last holder.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/federate-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
    }

    // A deinit can't throw; the system clears what stays.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var logPath: String { path + "/log.sqlite" }

    /// Every file's name and bytes.
    func contents() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            contents[name] = try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
        }
        return contents
    }

    func read(_ name: String = "log.sqlite") throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
    }

    func write(_ data: Data, to name: String = "log.sqlite") throws {
        try data.write(to: URL(fileURLWithPath: path + "/" + name))
    }
}
