import Foundation
import Testing

/// A passphrase that is typed on a terminal.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct PassphraseTests {
    /// A command whose standard input is a terminal that the test types on.
    private final class Session {
        let process = Process()
        private let master: FileHandle
        private let slave: FileHandle
        private let messages: String

        init(_ arguments: [String]) throws {
            let descriptor = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
            var lock: Int32 = 0
            var number: Int32 = 0
            // TIOCSPTLCK and TIOCGPTN of Linux: glibc's functions for them are not in Foundation.
            guard descriptor >= 0, unsafe ioctl(descriptor, 0x4004_5431, &lock) == 0,
                unsafe ioctl(descriptor, 0x8004_5430, &number) == 0
            else { throw Failure("no terminal") }
            master = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            slave = FileHandle(
                fileDescriptor: unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY),
                closeOnDealloc: true)
            messages = NSTemporaryDirectory() + "federate-pty-\(UUID().uuidString)"
            try Data().write(to: URL(fileURLWithPath: messages))
            process.executableURL = NodeUnderTest.binary
            process.arguments = arguments
            process.standardInput = slave
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle(forWritingAtPath: messages)
            try process.run()
        }

        deinit {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            // A temporary file.
            try? FileManager.default.removeItem(atPath: messages)
        }

        func errors() throws -> String { try String(contentsOfFile: messages, encoding: .utf8) }

        /// Types `text` when `prompt` has appeared and the terminal is silent: what is typed before
        /// is thrown away.
        func type(_ text: String, at prompt: String) async throws {
            try await eventually(prompt) {
                try self.errors().hasSuffix(prompt) && !self.echoes ? true : nil
            }
            try master.write(contentsOf: Data(text.utf8))
        }

        /// Whether the terminal shows what is typed.
        var echoes: Bool {
            var settings = termios()
            guard unsafe tcgetattr(slave.fileDescriptor, &settings) == 0 else { return false }
            return settings.c_lflag & tcflag_t(ECHO) != 0
        }

        /// What the terminal has shown of what was typed.
        func shown() -> String {
            let descriptor = master.fileDescriptor
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = unsafe read(descriptor, &bytes, bytes.count)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }

        func end() -> Int32 {
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    private func export(_ node: NodeUnderTest, _ file: String) throws -> Session {
        try Session(["identity", "export", file, "--data", node.folder])
    }

    private let first = "Passphrase for the backup: "
    private let second = "The same again: "

    @Test func itIsAskedForTwiceAndNotShown() async throws {
        let node = try NodeUnderTest("typed")
        let file = node.folder + "/bak"
        let session = try export(node, file)
        try await session.type("correct horse battery\n", at: first)
        try await session.type("correct horse battery\n", at: second)
        #expect(session.end() == 0)
        let shown = session.shown()
        #expect(!shown.contains("horse") && shown.contains("\n"), "\(shown)")
        #expect(session.echoes)
        let restored = try NodeUnderTest.run(
            ["identity", "import", file, "--data", node.folder + "/new"],
            input: "correct horse battery\n")
        #expect(restored.code == 0, "\(restored.errors)")
    }

    @Test func twoThatDifferMakeNoFile() async throws {
        let node = try NodeUnderTest("differ")
        let session = try export(node, node.folder + "/bak")
        try await session.type("correct horse battery\n", at: first)
        try await session.type("correct horse batterz\n", at: second)
        #expect(session.end() == 1)
        #expect(try session.errors().contains("differ"))
        #expect(!FileManager.default.fileExists(atPath: node.folder + "/bak"))
    }

    @Test func controlCEndsItAndTheTerminalShowsAgain() async throws {
        let node = try NodeUnderTest("cancelled")
        let session = try export(node, node.folder + "/bak")
        #expect(session.echoes)
        try await session.type("half a pass\u{3}", at: first)
        #expect(session.end() == 1)
        #expect(try session.errors().contains("cancelled"))
        #expect(session.echoes)
        #expect(!FileManager.default.fileExists(atPath: node.folder + "/bak"))
    }
}
