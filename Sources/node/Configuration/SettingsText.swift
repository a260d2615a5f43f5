import Foundation

/// Looks through a settings file for what the TOML parser would end the process on, by an assertion
/// of its own, instead of refusing it: a table's name that begins like no name, a list that ends as
/// a table does, and numbers of unusual kinds. No setting needs any of them.
struct SettingsText {
    /// Which numbers a file may hold.
    enum Numbers {
        /// A configuration's.
        case whole
        /// A scenario's: also such as 0.05.
        case decimal
    }

    /// What was found, and in which line.
    struct Problem: Equatable {
        var line: Int
        var what: String
    }

    private let numbers: Numbers
    private var rest: Substring.UTF8View
    private var line = 1
    /// Nothing but blanks stands before this place in its line.
    private var isLineStart = true
    /// The last byte that was neither blank nor of a comment; of a string or word, its first.
    private var last: UInt8 = 0

    private init(_ text: String, _ numbers: Numbers) {
        self.numbers = numbers
        rest = Substring(text).utf8
        // A byte order mark stands outside of the text.
        if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
    }

    /// The first problem; nil where the parser can be let go at it.
    static func problem(in text: String, numbers: Numbers = .whole) -> Problem? {
        var reader = SettingsText(text, numbers)
        while let byte = reader.rest.first {
            if let what = reader.pass(byte) { return Problem(line: reader.line, what: what) }
        }
        return nil
    }

    /// Passes what begins with `byte`.
    private mutating func pass(_ byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "\n"):
            line += 1
            isLineStart = true
            rest = rest.dropFirst()
            return nil
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
            rest = rest.dropFirst()
            return nil
        case UInt8(ascii: "#"):
            rest = rest.drop { $0 != UInt8(ascii: "\n") }
            return nil
        case UInt8(ascii: "}") where last == UInt8(ascii: "[") || last == UInt8(ascii: ","):
            return "a list ends with ], and a value stands before }"
        case UInt8(ascii: "\""), UInt8(ascii: "'"): passString(byte)
        case UInt8(ascii: "[") where isLineStart:
            isLineStart = false
            return passTableBegin()
        case _ where Self.isOfWord(byte):
            last = byte
            return passWord()
        default: rest = rest.dropFirst()
        }
        isLineStart = false
        last = byte
        return nil
    }

    private mutating func passTableBegin() -> String? {
        rest = rest.dropFirst()
        if rest.first == UInt8(ascii: "[") { rest = rest.dropFirst() }
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard let first = rest.first,
            Self.isOfName(first) || [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(first)
        else { return "a table's name begins with a letter or digit, or is quoted" }
        return nil
    }

    /// A run of characters of names and numbers.
    private mutating func passWord() -> String? {
        let word = rest.prefix(while: Self.isOfWord)
        rest = rest.dropFirst(word.count)
        isLineStart = false
        let digits = word.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        guard let first = digits.first, Self.isDigit(first) else { return nil }
        let isWhole = digits.allSatisfy { Self.isDigit($0) || $0 == UInt8(ascii: "_") }
        if isWhole || (numbers == .decimal && Self.isDecimal(digits)) { return nil }
        let wanted = numbers == .whole ? "whole number" : "number such as 5 or 0.05"
        return "\(String(Substring(word))) is no \(wanted)"
    }

    /// Up to 15 digits, a point, up to 15 digits: what a `Double` holds, and no more.
    private static func isDecimal(_ text: Substring.UTF8View) -> Bool {
        guard let point = text.firstIndex(of: UInt8(ascii: ".")) else { return false }
        let (whole, part) = (text[..<point], text[text.index(after: point)...])
        return [whole, part].allSatisfy { (1...15).contains($0.count) && $0.allSatisfy(isDigit) }
            && (whole.count == 1 || whole.first != UInt8(ascii: "0"))
    }

    private mutating func passString(_ quote: UInt8) {
        let isLong = rest.prefix(3).count == 3 && rest.prefix(3).allSatisfy { $0 == quote }
        let end = isLong ? [quote, quote, quote] : [quote]
        rest = rest.dropFirst(end.count)
        while let byte = rest.first, !rest.starts(with: end) {
            if byte == UInt8(ascii: "\n") {
                // A short string ends with its line at the latest.
                guard isLong else { return }
                line += 1
            }
            let isEscape = byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"")
            if isEscape, rest.dropFirst().first == UInt8(ascii: "\n") { line += 1 }
            rest = rest.dropFirst(isEscape ? 2 : 1)
        }
        rest = rest.dropFirst(end.count)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: isDigit(byte)
        }
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        isOfName(byte) || [UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: ":")].contains(byte)
            || byte >= 0x80
    }
}

extension SettingsText {
    /// The text of a file that the TOML parser can be let go at; the error names the line.
    static func read(
        _ path: String, numbers: Numbers = .whole
    ) throws(UserError) -> String {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw UserError("\(path) can't be read: \(error.localizedDescription)")
        }
        if let problem = problem(in: text, numbers: numbers) {
            throw UserError("\(path) line \(problem.line): \(problem.what)")
        }
        return text
    }
}
