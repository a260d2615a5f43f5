import Foundation
import Testing

/// The process `storage-probe`, which stands beside the test's own program.
final class Probe {
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()
    private var pending = Data()

    init(_ arguments: [String]) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(fileURLWithPath: own).deletingLastPathComponent()
        let path = try #require(
            [folder, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
                .map { $0.appendingPathComponent("storage-probe") }
                .first { FileManager.default.isExecutableFile(atPath: $0.path) },
            "storage-probe is built with the tests and stands beside them")
        process.executableURL = path
        process.arguments = arguments
        process.standardOutput = output
        process.standardInput = input
        try process.run()
    }

    deinit { if process.isRunning { kill() } }

    var id: Int32 { process.processIdentifier }

    /// The next line; nil at the end.
    func line() -> String? {
        while true {
            if let end = pending.firstIndex(of: 10) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending = Data(pending[(end + 1)...])
                return line
            }
            guard let more = more() else { return nil }
            pending += more
        }
    }

    /// Foundation's own way stops this process when a signal interrupts it.
    private func more() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(
                output.fileHandleForReading.fileDescriptor, &bytes, bytes.count)
            if count > 0 { return Array(bytes[..<count]) }
            if count == 0 || errno != EINTR { return nil }
        }
    }

    /// `kill -9`, and waits until the process is gone.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Lets a probe that waits go on, and waits until it has ended.
    func finish() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
