import ArgumentParser
import Core
import FederationAPI
import Foundation

/// Whether an invite is drawn as a QR code too.
struct QROption: ParsableArguments {
    @Flag(name: .customLong("no-qr"), help: "Leave out the QR code.")
    var isLeftOut = false
}

/// The text side of `federate invite` and `federate join`.
enum InviteText {
    /// Prints a code on a line of its own, then as a picture, unless that is left out or does not
    /// fit; as JSON without one. What it means goes to standard error.
    static func show(_ code: InviteCode, _ qr: QROption, _ format: JSONFlag) throws {
        if format.json {
            return try Terminal.json(
                View(code: code.text, node: code.node.hex, expires: code.expires))
        }
        Terminal.out(code.text)
        if !qr.isLeftOut { picture(of: code.text, columns: Terminal.columns) }
        let date = Date(timeIntervalSince1970: Double(code.expires)).formatted(.iso8601)
        Terminal.note("There: federate join CODE. It is good once, until \(date).")
        Terminal.note("Whoever reads the code can join: send it only to whom you invite.")
    }

    /// Reads what was given to `federate join`; "-" is the first line of standard input, which
    /// keeps the secret out of the list of processes and the shell's history.
    ///
    /// Throws what is wrong with it, expiry included, and what to do.
    static func read(_ argument: String, at now: WallTime) throws -> InviteCode {
        var text = argument
        if argument == "-" {
            var lines = try LineReader("-")
            text = String(decoding: try lines.next() ?? [], as: UTF8.self)
        }
        do throws(InviteCodeError) {
            let code = try InviteCode(text)
            try code.check(at: now)
            // Core checks characters only; whoever made it may have written anything.
            guard code.endpoints.allSatisfy({ Endpoint($0) != nil }) else {
                throw InviteCodeError.malformed
            }
            return code
        } catch {
            throw UserError("\(error)")
        }
    }

    private static func picture(of text: String, columns: Int?) {
        guard let code = QRCode(text) else { return }
        if let columns, columns < code.columns {
            return Terminal.note(
                "(no QR code: it needs \(code.columns) columns, the terminal has \(columns))")
        }
        for line in code.lines(Terminal.isOutputTerminal ? .colours : .plain) {
            Terminal.out(line)
        }
    }

    private struct View: Codable {
        var code: String
        var node: String
        /// Seconds since 1970.
        var expires: UInt64
    }
}
