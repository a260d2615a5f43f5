import Foundation

/// What commands print: results to standard output, everything else to standard error.
enum Terminal {
    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// How wide the terminal is; nil where output is none.
    static var columns: Int? {
        var size = winsize()
        guard isOutputTerminal, unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0,
            size.ws_col > 0
        else { return nil }
        return Int(size.ws_col)
    }

    static func out(_ text: String, terminator: String = "\n") {
        write(text + terminator, to: FileHandle.standardOutput)
    }

    static func note(_ text: String, terminator: String = "\n") {
        write(text + terminator, to: FileHandle.standardError)
    }

    /// Prints a view as one line of JSON with sorted keys.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        out(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Writes all of it; ends the program in peace where the reader went away, as `head` does.
    static func write(_ bytes: [UInt8], to handle: FileHandle) throws {
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch let error as CocoaError where error.isBrokenPipe {
            Foundation.exit(0)
        }
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // Where even messages can't be written, there is nobody left to tell.
        do { try write(Array(text.utf8), to: handle) } catch {}
    }
}

extension String {
    /// Without what moves a terminal's cursor or hides text: labels, kinds and reasons come from
    /// strangers.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.filter { scalar in
                    scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value)
                        && scalar.properties.generalCategory != .format
                }))
    }
}

/// A bar on a terminal, nothing where errors are piped.
struct Progress {
    private let title: String
    private let total: Int?
    private var last = -1

    init(_ title: String, total: Int?) {
        self.title = title
        self.total = total
    }

    mutating func show(_ count: Int) {
        guard Terminal.isErrorTerminal else { return }
        guard let total, total > 0 else {
            Terminal.note("\r\(title): \(count)", terminator: "")
            return
        }
        let percent = min(100, count * 100 / total)
        guard percent != last else { return }
        last = percent
        let filled = percent * 30 / 100
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 30 - filled)
        Terminal.note("\r\(title) [\(bar)] \(percent) %", terminator: "")
    }

    func end() {
        guard Terminal.isErrorTerminal else { return }
        Terminal.note("\r\u{1b}[2K", terminator: "")
    }
}

extension CocoaError {
    /// Whether the other end of a pipe was closed.
    fileprivate var isBrokenPipe: Bool {
        unsafe (userInfo[NSUnderlyingErrorKey] as? NSError)?.code == Int(EPIPE)
    }
}
