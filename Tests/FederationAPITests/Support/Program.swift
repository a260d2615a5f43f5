import Foundation

/// A program of the system, run to its end.
enum Program {
    /// What it writes to both of its outputs; nil, said aloud, where it is not installed.
    static func run(
        _ path: String, _ arguments: [String], input: String = "", in folder: String? = nil
    ) async throws -> String? {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            print("skipped: no \(path)")
            return nil
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        let (stdin, output) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = output
        process.standardError = output
        try process.run()
        return try await Task.detached {
            try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try stdin.fileHandleForWriting.close()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return String(decoding: data, as: UTF8.self)
        }.value
    }
}
