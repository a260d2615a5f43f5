/// Finds the declarations in the tokens of a file. A scanner, not a parser: it knows just enough of
/// the grammar to find where a declaration begins, what its name is and where it ends.
struct DeclarationScanner {
    private static let modifiers: Set<String> = [
        "public", "open", "package", "internal", "fileprivate", "private", "static", "class",
        "final", "mutating", "nonmutating", "consuming", "borrowing", "nonisolated", "isolated",
        "override", "convenience", "required", "lazy", "weak", "unowned", "indirect", "dynamic",
        "distributed", "prefix", "postfix", "infix",
    ]
    /// A line that begins with one of these goes on with the signature of the line before.
    private static let continuing: Set<String> = [
        "{", "-", "throws", "rethrows", "async", "where", ":", "&", ",", ".", "(", ")",
    ]

    private let tokens: [Token]
    private let closing: [Int: Int]
    private let opening: [Int: Int]
    private var declarations: [Declaration] = []
    /// Declarations whose body is open, with the index of its closing brace.
    private var open: [(declaration: Int, end: Int)] = []

    static func declarations(in tokens: [Token]) -> [Declaration] {
        var scanner = DeclarationScanner(tokens)
        for index in tokens.indices { scanner.visit(index) }
        return scanner.declarations
    }

    private init(_ tokens: [Token]) {
        self.tokens = tokens
        var stack: [Int] = []
        var closing: [Int: Int] = [:]
        for (index, token) in tokens.enumerated() {
            if ["(", "{", "["].contains(token.text) { stack.append(index) }
            if [")", "}", "]"].contains(token.text), let start = stack.popLast() {
                closing[start] = index
            }
        }
        self.closing = closing
        opening = Dictionary(uniqueKeysWithValues: closing.map { ($0.value, $0.key) })
    }

    private mutating func visit(_ index: Int) {
        while let last = open.last, index > last.end { open.removeLast() }
        guard let kind = kind(at: index) else { return }
        let start = prefixStart(before: index)
        let nameEnd = nameEnd(of: kind, at: index)
        let bodyStart = bodyStart(of: kind, after: nameEnd)
        let bodyEnd = bodyStart.flatMap { closing[$0] }
        let body = bodyStart.flatMap { start in bodyEnd.map { start + 1..<$0 } }
        let signatureEnd = bodyStart ?? nameEnd
        declarations.append(
            Declaration(
                kind: kind, name: name(of: kind, at: index, until: nameEnd),
                firstLine: tokens[start].line, line: tokens[index].line,
                lastLine: bodyEnd.map { tokens[$0].line } ?? tokens[index].line,
                prefix: tokens[start..<index].map(\.text),
                signature: tokens[nameEnd..<signatureEnd].map(\.text),
                body: body, parent: open.last?.declaration))
        if let bodyEnd { open.append((declarations.count - 1, bodyEnd)) }
    }

    private func kind(at index: Int) -> Declaration.Kind? {
        guard let kind = Declaration.Kind(rawValue: tokens[index].text),
            index + 1 < tokens.count
        else { return nil }
        let before = index > 0 ? tokens[index - 1].text : ""
        let next = tokens[index + 1]
        if before == "." || before == "import" { return nil }
        switch kind {
        case .`init`: return ["(", "?", "<"].contains(next.text) ? kind : nil
        case .deinit: return next.text == "{" ? kind : nil
        case .subscript: return ["(", "<"].contains(next.text) ? kind : nil
        case .func: return kind
        case .var, .let: return next.isWord || next.text == "(" ? kind : nil
        case .class where Declaration.Kind(rawValue: next.text) != nil: return nil
        default: return next.isWord ? kind : nil
        }
    }

    private func prefixStart(before index: Int) -> Int {
        var start = index
        while start > 0 {
            var word = start - 1
            if tokens[word].text == ")", let open = opening[word], open > 0 { word = open - 1 }
            let text = tokens[word].text
            guard Self.modifiers.contains(text) || text.hasPrefix("@") else { break }
            start = word
        }
        return start
    }

    private func nameEnd(of kind: Declaration.Kind, at index: Int) -> Int {
        switch kind {
        case .`init`, .deinit, .subscript: return index + 1
        case .func:
            var end = index + 2
            while end < tokens.count, !tokens[index + 1].isWord, tokens[end].text != "(" {
                end += 1
            }
            return min(end, tokens.count)
        case .extension:
            var end = index + 2
            while end + 1 < tokens.count, tokens[end].text == "." { end += 2 }
            return end
        default: return index + 2
        }
    }

    private func name(of kind: Declaration.Kind, at index: Int, until end: Int) -> String {
        let words = tokens[index..<end].map(\.text)
        return words.count == 1 ? words[0] : words.dropFirst().joined()
    }

    private func bodyStart(of kind: Declaration.Kind, after nameEnd: Int) -> Int? {
        guard kind.hasCode || kind.isType else { return nil }
        var index = nameEnd
        while index < tokens.count {
            let text = tokens[index].text
            if text == "{" { return index }
            if ["=", "}", ";"].contains(text) || isNewStatement(at: index) { return nil }
            index = (text == "{" ? nil : closing[index]).map { $0 + 1 } ?? index + 1
        }
        return nil
    }

    private func isNewStatement(at index: Int) -> Bool {
        guard tokens[index].line > tokens[index - 1].line else { return false }
        let before = tokens[index - 1].text
        let isArrow = before == ">" && tokens[index - 2].text == "-"
        return !Self.continuing.contains(tokens[index].text) && !isArrow
            && ![",", ":", "&", "where", "."].contains(before)
    }
}
