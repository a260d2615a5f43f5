/// A word (with its `@` or `#`) or a single mark of Swift code.
struct Token: Equatable {
    var text: String
    /// From 1.
    var line: Int
    /// Whether nothing stands between it and the token before: `try!`, not `try !isEmpty`.
    var isAttached: Bool

    var isWord: Bool { text.utf8.first.map(Token.isWordByte) ?? false }

    /// The tokens of masked code, in order.
    static func all(in code: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var line = 1
        var index = 0
        while index < code.count {
            let start = index
            index += 1
            if code[start] == .newline { line += 1 }
            guard !isBlank(code[start]) else { continue }
            if isWordByte(code[start]) || code[start] == UInt8(ascii: "@") || isHash(code[start]) {
                while index < code.count, isWordByte(code[index]) { index += 1 }
            }
            let text = String(decoding: code[start..<index], as: UTF8.self)
            let isAttached = start > 0 && !isBlank(code[start - 1])
            tokens.append(
                Token(text: text.filter { $0 != "`" }, line: line, isAttached: isAttached))
        }
        return tokens
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == .newline || byte == .space || byte == UInt8(ascii: "\t")
    }

    private static func isHash(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "#") }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"),
            UInt8(ascii: "`"), 0x80...:
            true
        default: false
        }
    }
}
