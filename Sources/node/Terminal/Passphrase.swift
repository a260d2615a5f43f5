import ArgumentParser
import Core
import Foundation

/// Where a passphrase comes from: the terminal, a file, or a pipe. Never an argument or the
/// environment, which other users and programs can see.
struct PassphraseOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file whose first line is the passphrase; - is standard input.",
            discussion: "Without it, it is asked for on the terminal, or read from a pipe."),
        completion: .file())
    var passphraseFile: String?

    /// The passphrase in UTF-8, NFC; the caller wipes it. `isNew` asks twice on a terminal, and
    /// refuses one that is unfit.
    func read(isNew: Bool) throws(UserError) -> [UInt8] {
        var passphrase: [UInt8]
        if let passphraseFile, passphraseFile != "-" {
            passphrase = try Passphrase.line(of: passphraseFile)
        } else if passphraseFile == nil, isatty(STDIN_FILENO) == 1 {
            passphrase = try Passphrase.ask(isNew ? "Passphrase for the backup: " : "Passphrase: ")
            if isNew { try Passphrase.confirm(&passphrase) }
        } else {
            passphrase = try Passphrase.line(STDIN_FILENO)
        }
        if isNew, !SealedBackup.isFit(passphrase) {
            SecretKey.wipe(&passphrase)
            throw UserError("\(BackupError.unfitPassphrase)")
        }
        return passphrase
    }
}

/// Reading one secret line.
enum Passphrase {
    private static let interrupt: UInt8 = 3
    /// A line that is longer is no passphrase.
    private static let limit = 4096

    /// The first line of a file.
    static func line(of path: String) throws(UserError) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            let why = unsafe String(cString: strerror(errno))
            throw UserError("\(path) can't be read: \(why)")
        }
        defer { close(file) }
        return try line(file)
    }

    /// Asks on the terminal; what is typed is not shown.
    ///
    /// Signals from the keyboard are off meanwhile, so that the terminal always shows again what is
    /// typed afterwards; Ctrl-C ends the line and cancels.
    static func ask(_ prompt: String) throws(UserError) -> [UInt8] {
        var before = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw UserError("the terminal can't be silenced: use --passphrase-file")
        }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
        silent.c_lflag |= tcflag_t(ECHONL | ICANON)
        unsafe withUnsafeMutableBytes(of: &silent.c_cc) { unsafe $0[Int(VEOL)] = interrupt }
        Terminal.note(prompt, terminator: "")
        guard unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else {
            throw UserError("the terminal can't be silenced: use --passphrase-file")
        }
        defer { unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) }
        return try line(STDIN_FILENO)
    }

    /// Asks again; throws, with the first one wiped, where the second one differs.
    static func confirm(_ first: inout [UInt8]) throws(UserError) {
        do throws(UserError) {
            var second = try ask("The same again: ")
            defer { SecretKey.wipe(&second) }
            guard first == second else {
                throw UserError("the two passphrases differ; nothing was written")
            }
        } catch {
            SecretKey.wipe(&first)
            throw error
        }
    }

    /// Reads up to the end of a line, byte by byte, so that nothing secret stays in a buffer that
    /// nobody wipes, and what follows is left for others.
    static func line(_ file: Int32) throws(UserError) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(limit)
        do throws(UserError) {
            var byte: UInt8 = 0
            while true {
                let count = unsafe Foundation.read(file, &byte, 1)
                guard count >= 0 else {
                    let why = unsafe String(cString: strerror(errno))
                    throw UserError("the passphrase can't be read: \(why)")
                }
                if count == 0 || byte == 0x0a { break }
                guard byte != interrupt else { throw UserError("cancelled; nothing was changed") }
                guard line.count < limit else { throw UserError("the passphrase is too long") }
                line.append(byte)
            }
            if line.last == 0x0d { line.removeLast() }
            guard !line.isEmpty else { throw UserError("no passphrase was given") }
            return try normalized(line)
        } catch {
            SecretKey.wipe(&line)
            throw error
        }
    }

    /// The same text in Unicode's form NFC, so that every keyboard writes the same bytes.
    private static func normalized(_ line: [UInt8]) throws(UserError) -> [UInt8] {
        guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw UserError("the passphrase holds a control character: type or paste it again")
        }
        // Nothing to do in ASCII: it never becomes a String, which can't be wiped.
        guard line.contains(where: { $0 >= 0x80 }) else { return line }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw UserError("the passphrase is not UTF-8: set the terminal or the file to it")
        }
        return Array(text.precomposedStringWithCanonicalMapping.utf8)
    }
}
