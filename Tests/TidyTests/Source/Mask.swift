/// Splits Swift text in what the compiler runs and what people read.
///
/// Both halves keep the length of the text: what belongs to the other half, and what stands in
/// string literals, is blanked, so that a word in a string is never taken for code. Code in an
/// interpolation stays code. Regex literals are not known: one that holds a quotation mark would be
/// misread.
struct Mask {
    private(set) var code: [UInt8]
    private(set) var comments: [UInt8]

    private enum Context {
        case code
        /// Code in `\( … )`; `depth` counts the parentheses that are open in it.
        case interpolation(depth: Int)
        case string(hashes: Int, isMultiline: Bool)
    }

    private let bytes: [UInt8]
    private var index = 0
    private var contexts: [Context] = [.code]

    init(_ text: String) {
        bytes = Array(text.utf8)
        let blank = bytes.map { $0 == .newline ? $0 : .space }
        code = blank
        comments = blank
        while index < bytes.count { step() }
    }

    private mutating func step() {
        switch contexts[contexts.count - 1] {
        case .code:
            stepInCode()
        case .interpolation(let depth):
            contexts[contexts.count - 1] = .interpolation(depth: depth + depthChange)
            let isOver = bytes[index] == UInt8(ascii: ")") && depth == 0
            stepInCode()
            if isOver { contexts.removeLast() }
        case .string(let hashes, let isMultiline):
            stepInString(hashes: hashes, isMultiline: isMultiline)
        }
    }

    private var depthChange: Int {
        switch bytes[index] {
        case UInt8(ascii: "("): 1
        case UInt8(ascii: ")"): -1
        default: 0
        }
    }

    private mutating func stepInCode() {
        if starts(with: "//") {
            while index < bytes.count, bytes[index] != .newline { takeComment() }
        } else if starts(with: "/*") {
            takeBlockComment()
        } else if let string = stringStart() {
            take(string.length)
            contexts.append(.string(hashes: string.hashes, isMultiline: string.isMultiline))
        } else {
            take(1)
        }
    }

    private mutating func stepInString(hashes: Int, isMultiline: Bool) {
        let marks = String(repeating: "#", count: hashes)
        if starts(with: "\\" + marks + "(") {
            take(hashes + 2)
            contexts.append(.interpolation(depth: 0))
        } else if starts(with: "\\" + marks) {
            index = min(index + hashes + 2, bytes.count)
        } else if starts(with: (isMultiline ? "\"\"\"" : "\"") + marks) {
            take((isMultiline ? 3 : 1) + hashes)
            contexts.removeLast()
        } else if bytes[index] == .newline, !isMultiline {
            contexts.removeLast()
        } else {
            index += 1
        }
    }

    private func stringStart() -> (length: Int, hashes: Int, isMultiline: Bool)? {
        var end = index
        while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
        let hashes = end - index
        let isMultiline = bytes[end...].starts(with: "\"\"\"".utf8)
        return (hashes + (isMultiline ? 3 : 1), hashes, isMultiline)
    }

    private mutating func takeBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                takeComment()
            } else if starts(with: "*/") {
                depth -= 1
                takeComment()
            }
            if index < bytes.count { takeComment() }
        } while depth > 0 && index < bytes.count
    }

    private mutating func take(_ count: Int) {
        for place in index..<min(index + count, bytes.count) { code[place] = bytes[place] }
        index += count
    }

    private mutating func takeComment() {
        comments[index] = bytes[index]
        index += 1
    }

    private func starts(with text: String) -> Bool { bytes[index...].starts(with: text.utf8) }
}

extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
}
